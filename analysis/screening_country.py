"""A synthetic country to try the fraud screen on: honest agencies that differ, and frauds written as scripts.

Honest agencies differ in satisfaction, response, speed, hours, shared telephones, straight-lining and how the counter
compares with the telephone, by heavy-tailed amounts: a screen that only stands agreeable agencies is worth nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import special

from analysis.screening_evidence import OFFICE, OWN, TARGETS, Evidence
from analysis.screening_duplicates import near_pairs, permutation_moments

Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]

PERIODS, DAYS_A_PERIOD, SLOTS_A_DAY = 6, 11, 3
DAYS = PERIODS * DAYS_A_PERIOD
SLOTS = DAYS * SLOTS_A_DAY  # morning, afternoon, after hours
CLOSING_DAYS = 2
ITEMS, LEVELS = 6, 5
CUTS = (-1.5, -0.8, 0.0, 1.1)
ITEM_CORRELATION = 0.65
POOL = 1_000_000  # device numbers from here on are shared ones


@dataclass(frozen=True, slots=True)
class Country:
    """How honest agencies are and how much they differ; spreads are of a t distribution with `tail` degrees of freedom,
    on the logit scale but for `satisfaction_spread` (normal scale) and `size_spread` (logarithm)."""

    agencies: int = 150
    answers: float = 220.0
    size_spread: float = 0.45
    tail: float = 6.0
    satisfaction: float = 0.88
    satisfaction_spread: float = 0.25
    office_share: float = 0.6
    office_spread: float = 0.35
    counter_effect: float = 0.08
    counter_spread: float = 0.12
    response: float = 0.45
    response_spread: float = 0.25
    drift: float = 0.08
    straight: float = 0.22
    straight_spread: float = 0.3
    fast: float = 0.04
    fast_spread: float = 0.4
    shared: float = 0.05
    shared_spread: float = 0.5
    after_hours: float = 0.12
    after_hours_spread: float = 0.35
    closing_spread: float = 0.2
    unevenness: float = 0.35
    overdue: float = 0.1
    overdue_spread: float = 0.35


@dataclass(frozen=True, slots=True)
class Fraud:
    """What a dishonest agency does in its office channel; shares are of what it touches.

    `stuffed` is the share of the agency's answers that are added on citizens' unspent invitations: `satisfied` of
    them, with answers that are `copied` from one of a few forms (one item changed) or else as a person's, `fast`, sent
    from `own_devices` telephones of the staff (0: a new one each time), `in_sessions` half-days (0: spread as honest
    ones are), `after_hours`, `closing` (in the last days), with codes that are `overdue`. `silenced` is the share of
    dissatisfied citizens at the counter who never get to answer; with `withheld` their slip is never handed out, yet
    stays counted as an invitation. `pressed` is the share of the dissatisfied who answer under the clerk's eyes and say
    "satisfied". `quota` fills every period to the same rate, `reach` up to just above a target.
    """

    stuffed: float = 0.0
    satisfied: float = 0.97
    copied: float = 0.0
    fast: float = 0.0
    own_devices: int = 0
    in_sessions: int = 0
    after_hours: float = 0.0
    closing: float = 0.0
    overdue: float = 0.0
    silenced: float = 0.0
    pressed: float = 0.0
    quota: bool = False
    reach: bool = False


CLERK = Fraud(copied=0.5, fast=0.5, own_devices=2, in_sessions=10, after_hours=0.3)
"""Ordinary stuffing: a clerk with the slips that nobody used, two telephones and ten sittings; half of it is done
quickly, half of the forms are one form with an answer changed."""

CAREFUL = Fraud(satisfied=0.93)
"""Stuffing that imitates people in everything but how many of them there are and how pleased."""

SCRIPTS: Mapping[str, Fraud] = {
    "fast stuffing": Fraud(stuffed=0.4, satisfied=1.0, copied=1.0, fast=0.95, own_devices=1, in_sessions=6),
    "slow stuffing": Fraud(stuffed=0.4, own_devices=2, in_sessions=12),
    "rotated devices": Fraud(stuffed=0.4, copied=0.5, fast=0.6, in_sessions=10),
    "slips withheld from the dissatisfied": Fraud(silenced=0.8),
    "harvested codes": Fraud(stuffed=0.3, copied=0.3, own_devices=3, in_sessions=4, overdue=0.95),
    "deadline burst": Fraud(stuffed=0.3, copied=0.2, own_devices=4, closing=0.95),
    "copied and edited": Fraud(stuffed=0.4, copied=1.0),
    "stopping above the target": Fraud(reach=True, own_devices=2),
    "kiosk grab": Fraud(stuffed=0.4, satisfied=1.0, fast=0.8, in_sessions=12, after_hours=0.5),
    "answered under the clerk's eyes": Fraud(pressed=0.7),
    "a quota each half-month": Fraud(quota=True, own_devices=2),
    "patient imitation": Fraud(stuffed=0.1, satisfied=0.93),
}


def simulate_evidence(country: Country, frauds: Mapping[int, Fraud], seed: int) -> Evidence:
    """One quarter: the evidence on every agency, with the frauds of some of them. The seed decides everything."""
    chance = np.random.default_rng(seed)
    people, invited = _honest_people(country, chance)
    for agency, fraud in frauds.items():
        people = _defraud(people, invited, agency, fraud, chance)
    return _count(people, invited, country.agencies)


@dataclass(frozen=True, slots=True)
class _People:
    """One entry a person; `levels` has the overall answer first."""

    agency: Ints
    channel: Ints
    slot: Ints
    levels: Ints
    fast: NDArray[np.bool_]
    overdue: NDArray[np.bool_]
    device: Ints

    @property
    def period(self) -> Ints:
        return self.slot // (SLOTS_A_DAY * DAYS_A_PERIOD)

    def only(self, kept: NDArray[np.bool_]) -> _People:
        return _People(*(getattr(self, name)[kept] for name in self.__slots__))

    def joined(self, more: _People) -> _People:
        return _People(*(np.concatenate([getattr(self, name), getattr(more, name)]) for name in self.__slots__))


def _honest_people(c: Country, chance: np.random.Generator) -> tuple[_People, Ints]:
    agencies = c.agencies

    def varied(share: float, spread: float) -> Floats:
        return np.asarray(special.expit(special.logit(share) + _heavy(c, spread, agencies, chance)))

    size = np.maximum(60, c.answers * np.exp(c.size_spread * chance.standard_normal(agencies))).astype(np.int64)
    office = varied(c.office_share, c.office_spread)
    agency = np.repeat(np.arange(agencies), size)
    n = agency.size
    channel = np.where(chance.random(n) < office[agency], OFFICE, OWN)
    slot = _slots(c, agency, varied(c.after_hours, c.after_hours_spread), chance)
    shift = special.ndtri(c.satisfaction) + _heavy(c, c.satisfaction_spread, agencies, chance)
    counter = c.counter_effect + _heavy(c, c.counter_spread, agencies, chance)
    drift = c.drift * chance.standard_normal((agencies, PERIODS))
    place = shift[agency] + drift[agency, slot // (SLOTS_A_DAY * DAYS_A_PERIOD)] + counter[agency] * (channel == OFFICE)
    levels = _levels(place, varied(c.straight, c.straight_spread)[agency], chance)
    device = _devices(agency, varied(c.shared, c.shared_spread), chance)
    people = _People(
        agency,
        channel,
        slot,
        levels,
        chance.random(n) < varied(c.fast, c.fast_spread)[agency],
        chance.random(n) < varied(c.overdue, c.overdue_spread)[agency],
        device,
    )
    answered = _by_agency_and_channel(people, agencies)
    response = np.stack([varied(c.response, c.response_spread), varied(c.response, c.response_spread)], axis=-1)
    invited = answered + chance.negative_binomial(answered + 1, response)
    return people, invited.astype(np.int64)


def _heavy(c: Country, spread: float, size: int, chance: np.random.Generator) -> Floats:
    """Student's t, scaled to a standard deviation."""
    return np.asarray(spread * chance.standard_t(c.tail, size) * np.sqrt((c.tail - 2) / c.tail))


def _slots(c: Country, agency: Ints, after_hours: Floats, chance: np.random.Generator) -> Ints:
    """A half-day for each person, by an uneven calendar of each agency's own."""
    agencies = after_hours.size
    weight = chance.gamma(1 / c.unevenness, c.unevenness, (agencies, DAYS, SLOTS_A_DAY))
    weight *= np.stack([0.55 * (1 - after_hours), 0.45 * (1 - after_hours), after_hours], axis=-1)[:, None, :]
    weight[:, _is_closing(), :] *= np.exp(_heavy(c, c.closing_spread, agencies, chance))[:, None, None]
    reached = np.cumsum(weight.reshape(agencies, SLOTS), axis=1)
    scaled = reached / reached[:, -1:] + np.arange(agencies)[:, None]
    found = np.searchsorted(scaled.ravel(), agency + chance.random(agency.size), side="right")
    return np.minimum(found, (agency + 1) * SLOTS - 1) - agency * SLOTS


def _is_closing() -> NDArray[np.bool_]:
    return np.arange(DAYS) % DAYS_A_PERIOD >= DAYS_A_PERIOD - CLOSING_DAYS


def _levels(place: Floats, straight: Floats, chance: np.random.Generator) -> Ints:
    """The overall answer and the items, 1..5; straight-liners give every item their overall answer."""
    mood = chance.standard_normal(place.size, dtype=np.float32)
    own = chance.standard_normal((place.size, ITEMS), dtype=np.float32)
    latent = ITEM_CORRELATION * mood[:, None] + (1 - ITEM_CORRELATION**2) ** 0.5 * own + place[:, None]
    overall = 1 + np.searchsorted(CUTS, mood + place)
    items = 1 + np.searchsorted(CUTS, latent)
    items = np.where((chance.random(place.size) < straight)[:, None], overall[:, None], items)
    return np.concatenate([overall[:, None], items], axis=1)


def _devices(agency: Ints, shared: Floats, chance: np.random.Generator) -> Ints:
    """A device number for each person: their own, or one of three that neighbours or helpers lend."""
    lends = chance.random(agency.size) < shared[agency]
    pool = POOL + 10 * agency + chance.integers(0, 3, agency.size)
    return np.where(lends, pool, np.arange(agency.size))


def _defraud(people: _People, invited: Ints, agency: int, fraud: Fraud, chance: np.random.Generator) -> _People:
    touched = (people.agency == agency) & (people.channel == OFFICE)
    unhappy = touched & (people.levels[:, 0] < 4)
    people = people.only(~(unhappy & (chance.random(unhappy.size) < fraud.silenced)))
    if fraud.pressed:
        _press(people, agency, fraud.pressed, chance)
    for period, count in _wanted(people, agency, fraud):
        room = int(invited[agency, OFFICE] - ((people.agency == agency) & (people.channel == OFFICE)).sum())
        people = people.joined(_stuffing(people, agency, min(count, room), period, fraud, chance))
    return people


def _press(people: _People, agency: int, share: float, chance: np.random.Generator) -> None:
    unhappy = (people.agency == agency) & (people.channel == OFFICE) & (people.levels[:, 0] < 4)
    pressed = unhappy & (chance.random(unhappy.size) < share)
    people.levels[pressed] = np.maximum(people.levels[pressed], 4)


def _wanted(people: _People, agency: int, fraud: Fraud) -> list[tuple[int | None, int]]:
    """How many answers are added, in which period (None: any)."""
    mine = people.agency == agency
    if fraud.stuffed:
        return [(None, round(fraud.stuffed / (1 - fraud.stuffed) * int(mine.sum())))]
    if not (fraud.quota or fraud.reach):
        return []
    n = np.bincount(people.period[mine], minlength=PERIODS)
    s = np.bincount(people.period[mine & (people.levels[:, 0] >= 4)], minlength=PERIODS)
    overall = s.sum() / n.sum()
    goal = (
        min(t for t in TARGETS if t > overall or t == TARGETS[-1]) if fraud.reach else min(0.97, float((s / n).max()))
    )
    needed = np.maximum(0, np.ceil((goal * n - s) / (1 - goal) - 1e-9)).astype(int)
    return [(period, int(count)) for period, count in enumerate(needed) if count]


def _stuffing(
    people: _People, agency: int, count: int, period: int | None, fraud: Fraud, chance: np.random.Generator
) -> _People:
    count = max(0, count)
    satisfied = 1.0 if period is not None else fraud.satisfied
    devices = np.arange(count) + POOL * 10 + int(chance.integers(POOL))
    if fraud.own_devices:
        devices = POOL * 5 + 100 * agency + chance.integers(0, fraud.own_devices, count)
    return _People(
        np.full(count, agency),
        np.full(count, OFFICE),
        _stuffed_slots(people, agency, count, period, fraud, chance),
        _stuffed_levels(count, satisfied, fraud.copied, chance),
        chance.random(count) < max(fraud.fast, 0.03),
        chance.random(count) < max(fraud.overdue, 0.1),
        devices,
    )


def _stuffed_slots(
    people: _People, agency: int, count: int, period: int | None, fraud: Fraud, chance: np.random.Generator
) -> Ints:
    mine = people.slot[people.agency == agency]
    slots = mine[chance.integers(0, mine.size, count)]
    if fraud.in_sessions:
        sessions = chance.integers(0, DAYS, fraud.in_sessions) * SLOTS_A_DAY + chance.integers(0, 2, fraud.in_sessions)
        slots = sessions[chance.integers(0, sessions.size, count)]
    late = chance.random(count) < fraud.after_hours
    slots = np.where(late, slots // SLOTS_A_DAY * SLOTS_A_DAY + 2, slots)
    last_days = np.flatnonzero(_is_closing())
    moved = last_days[chance.integers(0, last_days.size, count)] * SLOTS_A_DAY + slots % SLOTS_A_DAY
    slots = np.where(chance.random(count) < fraud.closing, moved, slots)
    if period is not None:
        slots = slots % (DAYS_A_PERIOD * SLOTS_A_DAY) + period * DAYS_A_PERIOD * SLOTS_A_DAY
    return np.asarray(slots, dtype=np.int64)


def _stuffed_levels(count: int, satisfied: float, copied: float, chance: np.random.Generator) -> Ints:
    levels = _levels(np.full(count, 1.6), np.full(count, 0.2), chance)
    pleased = chance.random(count) < satisfied
    levels[:, 0] = np.where(pleased, np.maximum(levels[:, 0], 4), np.minimum(levels[:, 0], 3))
    form = np.array([5, 5, 5, 4, 5, 5, 4])
    copy = np.tile(form, (count, 1))
    edited = 1 + chance.integers(0, ITEMS, count)
    copy[np.arange(count), edited] = chance.integers(4, 6, count)
    return np.where(((chance.random(count) < copied) & pleased)[:, None], copy, levels)


def _count(people: _People, invited: Ints, agencies: int) -> Evidence:
    place = people.agency * 2 + people.channel
    near, mean, variance = _near(people, place, agencies)
    n = _tally(place, agencies)
    crowded, even = _crowding(people, place, agencies)
    same, pairs = _device_pairs(people, place, agencies)
    by_period = place * PERIODS + people.period
    return Evidence(
        invited=invited.astype(float),
        answered=n,
        rated=_tally(by_period, agencies, PERIODS),
        satisfied=_tally(by_period[people.levels[:, 0] >= 4], agencies, PERIODS),
        timed=n,
        fast=_tally(place[people.fast], agencies),
        near_pairs=near,
        near_mean=mean,
        near_variance=variance,
        arrivals=n,
        crowded=crowded,
        crowded_even=even,
        after_hours=_tally(place[people.slot % SLOTS_A_DAY == 2], agencies),
        closing=_tally(place[_is_closing()[people.slot // SLOTS_A_DAY]], agencies),
        overdue=_tally(place[people.overdue], agencies),
        device_pairs=pairs,
        same_device=same,
    )


def _tally(places: Ints, agencies: int, periods: int = 0) -> Floats:
    counted = np.bincount(places, minlength=agencies * 2 * max(1, periods)).astype(float)
    return counted.reshape(agencies, 2, periods) if periods else counted.reshape(agencies, 2)


def _by_agency_and_channel(people: _People, agencies: int) -> Ints:
    return _tally(people.agency * 2 + people.channel, agencies).astype(np.int64)


def _near(people: _People, place: Ints, agencies: int) -> tuple[Floats, Floats, Floats]:
    groups = place * LEVELS + people.levels[:, 0] - 1
    n_groups = agencies * 2 * LEVELS
    observed = near_pairs(people.levels[:, 1:], groups, n_groups)
    choices = LEVELS + 1
    counts = np.stack(
        [
            np.bincount(groups * choices + people.levels[:, item], minlength=n_groups * choices)
            for item in range(1, ITEMS + 1)
        ],
        axis=-1,
    ).reshape(n_groups, choices, ITEMS)
    mean, variance = permutation_moments(np.swapaxes(counts, -1, -2))
    return tuple(each.reshape(agencies, 2, LEVELS).sum(axis=-1).astype(float) for each in (observed, mean, variance))  # type: ignore[return-value]


def _crowding(people: _People, place: Ints, agencies: int) -> tuple[Floats, Floats]:
    """Pairs of one half-day, and how many an even calendar would make, period by period."""
    by_slot = _tally(place * SLOTS + people.slot, agencies, SLOTS)
    crowded = (by_slot * (by_slot - 1) / 2).sum(axis=-1)
    n = _tally(place * PERIODS + people.period, agencies, PERIODS)
    return crowded, (n * (n - 1) / 2).sum(axis=-1) / (DAYS_A_PERIOD * SLOTS_A_DAY)


def _device_pairs(people: _People, place: Ints, agencies: int) -> tuple[Floats, Floats]:
    day = people.slot // SLOTS_A_DAY
    by_day = _tally(place * DAYS + day, agencies, DAYS)
    shared = people.device >= POOL
    key, count = np.unique(
        np.stack([place[shared] * DAYS + day[shared], people.device[shared]]), axis=1, return_counts=True
    )
    same = np.bincount(key[0] // DAYS, weights=count * (count - 1) / 2, minlength=agencies * 2)
    return same.reshape(agencies, 2), (by_day * (by_day - 1) / 2).sum(axis=-1)


def at_rate(fraud: Fraud, stuffed: float) -> Fraud:
    """The same fraud at another rate of stuffing."""
    return replace(fraud, stuffed=stuffed)
