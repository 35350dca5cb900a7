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
Counts = npt.NDArray[np.intp]


def feasible_widths(
    sizes: Sequence[int], weights: Sequence[float], rates: Sequence[float], tolerance: float
) -> list[int]:
    """For each hidden part the range of its satisfied answers (highest less lowest) that an attacker cannot narrow.

    sizes: answers of each part; weights: its share of the whole, summing to 1 or less; rates: its true rate;
    tolerance: how exactly the attacker knows the weighted sum of all of them, from rounded figures (a share).
    """
    grid = _Grid(sizes, weights, rates, tolerance)
    return [grid.width(number, rates[number], enough=n) for number, n in enumerate(sizes)]


def can_vary(
    sizes: Sequence[int], weights: Sequence[float], rates: Sequence[float], tolerance: float, wanted: Sequence[int]
) -> bool:
    """Whether each part's range is at least as wide as `wanted` (0: not asked); the parts are as above."""
    if not any(wanted):
        return True
    grid = _Grid(sizes, weights, rates, tolerance)
    asked = [(number, least) for number, least in enumerate(wanted) if least]
    return all(grid.width(number, rates[number], enough=least) >= least for number, least in asked)


class _Grid:
    """The sums that the parts before and after each may have, on steps of a fraction of the tolerance."""

    def __init__(
        self, sizes: Sequence[int], weights: Sequence[float], rates: Sequence[float], tolerance: float
    ) -> None:
        step = max(tolerance / STEPS_IN_TOLERANCE, FINEST)
        length = int(np.ceil(sum(weights) / step)) + len(sizes) + 2
        known = sum(weight * rate for weight, rate in zip(weights, rates, strict=True))
        self.low, self.high = int(np.floor((known - tolerance) / step)), int(np.ceil((known + tolerance) / step))
        self.places = [
            np.rint(weight * np.arange(n + 1) / n / step).astype(int) for n, weight in zip(sizes, weights, strict=True)
        ]
        self.before = _partial_sums(self.places, length)
        self.after = _partial_sums(self.places[::-1], length)[::-1]

    def width(self, number: int, rate: float, enough: int) -> int:
        """The range of one part; what is near its true value is tried first, until the range is wide enough."""
        one, other = self.before[number], self.after[number + 1]
        few, many = (one, other) if one.sum() <= other.sum() else (other, one)
        starts, counted = np.flatnonzero(few), np.concatenate([[0], np.cumsum(many)])
        places = self.places[number]
        found: list[int] = []
        for s in sorted(range(len(places)), key=lambda s: abs(s - rate * (len(places) - 1))):
            if _any_between(starts, counted, self.low - places[s], self.high - places[s]):
                found.append(s)
            if found and max(found) - min(found) >= enough:
                break
        return max(found) - min(found) if found else 0


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


def _any_between(starts: Counts, counted: Counts, low: int, high: int) -> bool:
    """Whether one of `starts` and one of another set, given by how many it has below each step, add up to a step
    from low to high."""
    last = len(counted) - 1
    below = counted[np.clip(low - starts, 0, last)]
    return bool((counted[np.clip(high + 1 - starts, 0, last)] > below).any())
