"""Frauds as scripts: what a dishonest agency does to its own answers in a synthetic country."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from analysis.screening_evidence import OFFICE, TARGETS
from analysis.screening_people import (
    DAYS,
    DAYS_A_PERIOD,
    ITEMS,
    PERIODS,
    POOL,
    SLOTS_A_DAY,
    Ints,
    People,
    draw_levels,
    is_closing,
)


@dataclass(frozen=True, slots=True)
class Fraud:
    """What a dishonest agency does in its office channel; shares are of what it touches.

    `stuffed` is the share of the agency's answers that are added on citizens' unspent invitations: `satisfied` of
    them, with answers that are `copied` from one of a few forms (one item changed) or else as a person's, `fast`, sent
    from `own_devices` telephones of the staff (0: a new one each time), `in_sessions` half-days (0: spread as honest
    ones are), `after_hours`, `closing` (in the last days), with codes that are `overdue`. `silenced` is the share of
    dissatisfied citizens at the counter who never get to answer; their slip
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
    "stopping above the target": Fraud(reach=True),
    "kiosk grab": Fraud(stuffed=0.4, satisfied=1.0, fast=0.8, in_sessions=12, after_hours=0.5),
    "answered under the clerk's eyes": Fraud(pressed=0.7),
    "a quota each half-month": Fraud(quota=True),
    "patient imitation": Fraud(stuffed=0.1, satisfied=0.93),
}


def at_rate(fraud: Fraud, stuffed: float) -> Fraud:
    """The same fraud at another rate of stuffing."""
    return replace(fraud, stuffed=stuffed)


def defraud(people: People, invited: Ints, agency: int, fraud: Fraud, chance: np.random.Generator) -> People:
    """What the answers are once an agency has had its way with them; nobody answers who was not invited."""
    touched = (people.agency == agency) & (people.channel == OFFICE)
    unhappy = touched & (people.levels[:, 0] < 4)
    people = people.only(~(unhappy & (chance.random(unhappy.size) < fraud.silenced)))
    if fraud.pressed:
        _press(people, agency, fraud.pressed, chance)
    for period, count in _wanted(people, agency, fraud):
        room = int(invited[agency, OFFICE] - ((people.agency == agency) & (people.channel == OFFICE)).sum())
        people = people.joined(_stuffing(people, agency, min(count, room), period, fraud, chance))
    return people


def _press(people: People, agency: int, share: float, chance: np.random.Generator) -> None:
    unhappy = (people.agency == agency) & (people.channel == OFFICE) & (people.levels[:, 0] < 4)
    pressed = unhappy & (chance.random(unhappy.size) < share)
    people.levels[pressed] = np.maximum(people.levels[pressed], 4)


def _wanted(people: People, agency: int, fraud: Fraud) -> list[tuple[int | None, int]]:
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
    people: People, agency: int, count: int, period: int | None, fraud: Fraud, chance: np.random.Generator
) -> People:
    count = max(0, count)
    satisfied = 1.0 if period is not None else fraud.satisfied
    devices = np.arange(count) + POOL * 10 + int(chance.integers(POOL))
    if fraud.own_devices:
        devices = POOL * 5 + 100 * agency + chance.integers(0, fraud.own_devices, count)
    return People(
        np.full(count, agency),
        np.full(count, OFFICE),
        _stuffed_slots(people, agency, count, period, fraud, chance),
        _stuffed_levels(count, satisfied, fraud.copied, chance),
        chance.random(count) < max(fraud.fast, 0.03),
        chance.random(count) < max(fraud.overdue, 0.1),
        devices,
    )


def _stuffed_slots(
    people: People, agency: int, count: int, period: int | None, fraud: Fraud, chance: np.random.Generator
) -> Ints:
    mine = people.slot[people.agency == agency]
    slots = mine[chance.integers(0, mine.size, count)]
    if fraud.in_sessions:
        sessions = chance.integers(0, DAYS, fraud.in_sessions) * SLOTS_A_DAY + chance.integers(0, 2, fraud.in_sessions)
        slots = sessions[chance.integers(0, sessions.size, count)]
    late = chance.random(count) < fraud.after_hours
    slots = np.where(late, slots // SLOTS_A_DAY * SLOTS_A_DAY + 2, slots)
    last_days = np.flatnonzero(is_closing())
    moved = last_days[chance.integers(0, last_days.size, count)] * SLOTS_A_DAY + slots % SLOTS_A_DAY
    slots = np.where(chance.random(count) < fraud.closing, moved, slots)
    if period is not None:
        slots = slots % (DAYS_A_PERIOD * SLOTS_A_DAY) + period * DAYS_A_PERIOD * SLOTS_A_DAY
    return np.asarray(slots, dtype=np.int64)


def _stuffed_levels(count: int, satisfied: float, copied: float, chance: np.random.Generator) -> Ints:
    levels = draw_levels(np.full(count, 1.6), np.full(count, 0.2), chance)
    pleased = chance.random(count) < satisfied
    levels[:, 0] = np.where(pleased, np.maximum(levels[:, 0], 4), np.minimum(levels[:, 0], 3))
    copy = np.full((count, 1 + ITEMS), 5)
    copy[:, 3::4] = 4
    edited = 1 + chance.integers(0, ITEMS, count)
    copy[np.arange(count), edited] = chance.integers(4, 6, count)
    return np.where(((chance.random(count) < copied) & pleased)[:, None], copy, levels)
