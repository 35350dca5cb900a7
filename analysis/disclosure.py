"""Disclosure control: how far a hidden count may vary when everything around it is published.

Parts of a total add up to it, weighted and to the precision of print; a hidden part of n answers holds 0..n satisfied
ones. What is possible for each hidden part is found by counting on a grid, so that whole numbers, which linear
algebra forgets, are not forgotten (subset sums; Fischetti and Salazar-González 2001 call the range an attacker's).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

STEPS_IN_TOLERANCE = 4
FINEST = 1e-5

Reachable = npt.NDArray[np.bool_]


def feasible_widths(
    sizes: Sequence[int], weights: Sequence[float], rates: Sequence[float], tolerance: float
) -> list[int]:
    """For each hidden part the range of its satisfied answers (highest less lowest) that an attacker cannot narrow.

    sizes: answers of each part; weights: its share of the whole, summing to 1 or less; rates: its true rate;
    tolerance: how exactly the attacker knows the weighted sum of all of them, from rounded figures (a share).
    """
    step = max(tolerance / STEPS_IN_TOLERANCE, FINEST)
    length = int(np.ceil(sum(weights) / step)) + len(sizes) + 2
    known = sum(weight * rate for weight, rate in zip(weights, rates, strict=True))
    low, high = int(np.floor((known - tolerance) / step)), int(np.ceil((known + tolerance) / step))
    places = [
        np.rint(weight * np.arange(n + 1) / n / step).astype(int) for n, weight in zip(sizes, weights, strict=True)
    ]
    before, after = _partial_sums(places, length), _partial_sums(places[::-1], length)[::-1]
    widths = []
    for number, values in enumerate(places):
        others = _sum_sets(before[number], after[number + 1])
        possible = [s for s, place in enumerate(values) if _any_between(others, low - place, high - place)]
        widths.append(max(possible) - min(possible) if possible else 0)
    return widths


def _partial_sums(places: Sequence[npt.NDArray[np.int_]], length: int) -> list[Reachable]:
    """Reachable sums of the first 0, 1, 2 ... parts."""
    nothing = np.zeros(length, dtype=bool)
    nothing[0] = True
    sums = [nothing]
    for values in places:
        grown = np.zeros(length, dtype=bool)
        for place in values:
            grown[place:] |= sums[-1][: length - place]
        sums.append(grown)
    return sums


def _sum_sets(one: Reachable, other: Reachable) -> Reachable:
    """Sums of one reachable value of each."""
    total = np.zeros_like(one)
    few, many = (one, other) if one.sum() <= other.sum() else (other, one)
    for place in np.flatnonzero(few):
        total[place:] |= many[: len(many) - place]
    return total


def _any_between(reachable: Reachable, low: int, high: int) -> bool:
    return bool(high >= 0 and reachable[max(low, 0) : high + 1].any())
