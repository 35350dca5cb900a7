"""A synthetic country to try the fraud screen on: a quarter of its evidence, with the frauds of some agencies.

Honest agencies differ in satisfaction, response, speed, hours, shared telephones, straight-lining and how the counter
compares with the telephone, by heavy-tailed amounts: a screen that only stands agreeable agencies is worth nothing.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from analysis.screening_duplicates import near_pairs, permutation_moments
from analysis.screening_evidence import Evidence
from analysis.screening_frauds import Fraud, defraud
from analysis.screening_people import (
    DAYS,
    DAYS_A_PERIOD,
    ITEMS,
    LEVELS,
    PERIODS,
    POOL,
    SLOTS,
    SLOTS_A_DAY,
    Country,
    Floats,
    Ints,
    People,
    count_in_places,
    honest_people,
    is_closing,
)


def simulate_evidence(country: Country, frauds: Mapping[int, Fraud], seed: int) -> Evidence:
    """One quarter: the evidence on every agency, with the frauds of some of them. The seed decides everything."""
    chance = np.random.default_rng(seed)
    people, invited = honest_people(country, chance)
    for agency, fraud in frauds.items():
        people = defraud(people, invited, agency, fraud, chance)
    return _count(people, invited, country.agencies)


def _count(people: People, invited: Ints, agencies: int) -> Evidence:
    place = people.agency * 2 + people.channel
    near, mean, variance = _near(people, place, agencies)
    n = count_in_places(place, agencies)
    crowded, even = _crowding(people, place, agencies)
    same, pairs = _device_pairs(people, place, agencies)
    by_period = place * PERIODS + people.period
    return Evidence(
        invited=invited.astype(float),
        answered=n,
        rated=count_in_places(by_period, agencies, PERIODS),
        satisfied=count_in_places(by_period[people.levels[:, 0] >= 4], agencies, PERIODS),
        timed=n,
        fast=count_in_places(place[people.fast], agencies),
        straight=count_in_places(place[people.straight], agencies),
        near_pairs=near,
        near_mean=mean,
        near_variance=variance,
        arrivals=n,
        crowded=crowded,
        crowded_even=even,
        after_hours=count_in_places(place[people.slot % SLOTS_A_DAY == 2], agencies),
        closing=count_in_places(place[is_closing()[people.slot // SLOTS_A_DAY]], agencies),
        overdue=count_in_places(place[people.overdue], agencies),
        device_pairs=pairs,
        same_device=same,
    )


def _near(people: People, place: Ints, agencies: int) -> tuple[Floats, Floats, Floats]:
    n_groups = agencies * 2 * LEVELS
    mixed = ~people.straight
    levels = people.levels[mixed]
    groups = place[mixed] * LEVELS + levels[:, 0] - 1
    observed = near_pairs(levels[:, 1:], groups, n_groups)
    choices = LEVELS + 1
    counts = np.stack(
        [np.bincount(groups * choices + levels[:, item], minlength=n_groups * choices) for item in range(1, ITEMS + 1)],
        axis=-1,
    ).reshape(n_groups, choices, ITEMS)
    mean, variance = permutation_moments(np.swapaxes(counts, -1, -2))
    return _over_levels(observed), _over_levels(mean), _over_levels(variance)


def _over_levels(by_group: NDArray[np.generic]) -> Floats:
    return np.asarray(by_group.reshape(-1, 2, LEVELS).sum(axis=-1), dtype=float)


def _crowding(people: People, place: Ints, agencies: int) -> tuple[Floats, Floats]:
    """Pairs of one half-day, and how many an even calendar would make, period by period."""
    by_slot = count_in_places(place * SLOTS + people.slot, agencies, SLOTS)
    crowded = (by_slot * (by_slot - 1) / 2).sum(axis=-1)
    n = count_in_places(place * PERIODS + people.period, agencies, PERIODS)
    return crowded, (n * (n - 1) / 2).sum(axis=-1) / (DAYS_A_PERIOD * SLOTS_A_DAY)


def _device_pairs(people: People, place: Ints, agencies: int) -> tuple[Floats, Floats]:
    day = people.slot // SLOTS_A_DAY
    by_day = count_in_places(place * DAYS + day, agencies, DAYS)
    shared = people.device >= POOL
    key, count = np.unique(
        np.stack([place[shared] * DAYS + day[shared], people.device[shared]]), axis=1, return_counts=True
    )
    same = np.bincount(key[0] // DAYS, weights=count * (count - 1) / 2, minlength=agencies * 2)
    return np.asarray(same.reshape(agencies, 2), dtype=float), (by_day * (by_day - 1) / 2).sum(axis=-1)
