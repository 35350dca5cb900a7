"""Honest people of a synthetic country: who answers where, when, how, and how much honest agencies differ."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import special

from analysis.screening_evidence import OFFICE, OWN

Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]

PERIODS, DAYS_A_PERIOD, SLOTS_A_DAY = 6, 11, 3
DAYS = PERIODS * DAYS_A_PERIOD
SLOTS = DAYS * SLOTS_A_DAY  # morning, afternoon, after hours
CLOSING_DAYS = 2
ITEMS, LEVELS = 15, 5
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
class People:
    """One entry a person; `levels` has the overall answer first, `slot` is a half-day of the quarter."""

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

    @property
    def straight(self) -> NDArray[np.bool_]:
        """Whether all items have one answer."""
        return np.asarray((self.levels[:, 1:] == self.levels[:, 1:2]).all(axis=1))

    def only(self, kept: NDArray[np.bool_]) -> People:
        return People(*(getattr(self, name)[kept] for name in self.__slots__))

    def joined(self, more: People) -> People:
        return People(*(np.concatenate([getattr(self, name), getattr(more, name)]) for name in self.__slots__))


def honest_people(c: Country, chance: np.random.Generator) -> tuple[People, Ints]:
    """A quarter's answers of every agency, and how many were invited by (agency, channel)."""
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
    levels = draw_levels(place, varied(c.straight, c.straight_spread)[agency], chance)
    device = _devices(agency, varied(c.shared, c.shared_spread), chance)
    people = People(
        agency,
        channel,
        slot,
        levels,
        chance.random(n) < varied(c.fast, c.fast_spread)[agency],
        chance.random(n) < varied(c.overdue, c.overdue_spread)[agency],
        device,
    )
    answered = count_in_places(agency * 2 + channel, agencies)
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
    weight[:, is_closing(), :] *= np.exp(_heavy(c, c.closing_spread, agencies, chance))[:, None, None]
    reached = np.cumsum(weight.reshape(agencies, SLOTS), axis=1)
    scaled = reached / reached[:, -1:] + np.arange(agencies)[:, None]
    found = np.searchsorted(scaled.ravel(), agency + chance.random(agency.size), side="right")
    return np.minimum(found, (agency + 1) * SLOTS - 1) - agency * SLOTS


def is_closing() -> NDArray[np.bool_]:
    """Whether each day is one of its period's last."""
    return np.arange(DAYS) % DAYS_A_PERIOD >= DAYS_A_PERIOD - CLOSING_DAYS


def draw_levels(place: Floats, straight: Floats, chance: np.random.Generator) -> Ints:
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


def count_in_places(places: Ints, agencies: int, periods: int = 0) -> Floats:
    """How many stand in each place (agency x channel, and period where there are periods), shaped so."""
    counted = np.bincount(places, minlength=agencies * 2 * max(1, periods)).astype(float)
    return counted.reshape(agencies, 2, periods) if periods else counted.reshape(agencies, 2)
