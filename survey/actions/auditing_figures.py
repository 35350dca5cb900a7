"""The audit of a release before it is released: what an official could narrow with it and all that came before.

The attacker knows every shown figure of every release to its last digit, how many answered everywhere, and the
populations. What is looked for: places with fewer than k answers, and changes by fewer than k, that follow from the
shown figures or may vary by less than `WIDTH` answers (and by less than all there are, where there are fewer).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from scipy import sparse

from survey.actions.narrowing import find_narrowed
from survey.actions.ranging import Equations, Secret

WIDTH = 2.0
ROUNDING = 0.0005  # shares are shown to 0.1 per cent


class Seen(NamedTuple):
    """A figure in one release: how many answered, and its rate where it is shown."""

    n: int
    rate: float | None


@dataclass(frozen=True)
class Lattice:
    """Figures by number: how much each weighs, its parts (none: a place), and what each release said of it.

    `releases` are in order, the last is the one that is being made; a figure that has no entry was not in it.
    `alike` are places where all or none are satisfied, among too few to be told. `truth` is what nobody but the
    publisher knows: the satisfied answers of each place now.
    """

    weights: Sequence[float]
    parts: Mapping[int, Sequence[int]]
    releases: Sequence[Mapping[int, Seen]]
    alike: frozenset[int]
    k: int
    k_new: int
    truth: Mapping[int, float]
    places: Mapping[int, frozenset[int]] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "places", {number: frozenset(self._below(number)) for number in self.parts})

    def _below(self, number: int) -> Iterator[int]:
        for part in self.parts[number]:
            yield from self._below(part) if part in self.parts else (part,)


def find_exposed(lattice: Lattice) -> set[int]:
    """Places whose few answers, now or before or between, the releases together would tell."""
    moments = _Moments(lattice)
    secrets = list(_list_secrets(lattice, moments))
    narrowed = find_narrowed(_list_equations(lattice, moments), [secret for _, secret in secrets]) if secrets else []
    return {secrets[number][0] for number in narrowed}


class _Moments:
    """The variables: satisfied answers of a place at a moment; releases between which nobody came share one."""

    def __init__(self, lattice: Lattice) -> None:
        self.sizes: list[int] = []
        self.bounds: list[tuple[float, float]] = []
        self.at: dict[tuple[int, int], int] = {}
        self.history: dict[int, list[int]] = defaultdict(list)
        leaves = {number for seen in lattice.releases for number in seen} - set(lattice.parts)
        for place in sorted(leaves):
            self._follow(place, [(seen[place], when) for when, seen in enumerate(lattice.releases) if place in seen])

    def _follow(self, place: int, said: list[tuple[Seen, int]]) -> None:
        for seen, when in sorted(said, key=lambda each: (each[0].n, each[1])):
            before = self.history[place]
            if seen.n and (not before or self.sizes[before[-1]] != seen.n):
                before.append(len(self.sizes))
                self.sizes.append(seen.n)
                self.bounds.append((0, seen.n))
            if seen.n:
                self.at[place, when] = before[-1]
                self._print(before[-1], seen)

    def _print(self, variable: int, seen: Seen) -> None:
        """What a shown rate leaves open of its own place."""
        if seen.rate is not None:
            low, high = self.bounds[variable]
            printed = seen.n * (seen.rate - ROUNDING), seen.n * (seen.rate + ROUNDING)
            self.bounds[variable] = max(low, printed[0]), min(high, printed[1])


def _list_secrets(lattice: Lattice, moments: _Moments) -> Iterator[tuple[int, Secret]]:
    """What nobody may learn. Where 30 and more are shown as all satisfied, everybody is: that is told on purpose."""
    told = {number for seen in lattice.releases for number, each in seen.items() if each.rate in (0, 1)}
    for place, history in moments.history.items():
        if place in told:
            continue
        for variable in history:
            n = moments.sizes[variable]
            if n < lattice.k or (place in lattice.alike and variable == history[-1]):
                yield place, Secret(variable, None, min(n, WIDTH))
        for before, after in pairwise(history):
            new = moments.sizes[after] - moments.sizes[before]
            if new < lattice.k_new:
                yield place, Secret(after, before, min(new, WIDTH))


def _list_equations(lattice: Lattice, moments: _Moments) -> Equations:
    """A row for each shown total, and one for each growth: of the new answers none to all were satisfied."""
    rows: list[dict[int, float]] = []
    limits: list[tuple[float, float]] = []
    for when, seen in enumerate(lattice.releases):
        for total, each in seen.items():
            if each.rate is not None and (row := _share(lattice, moments, total, when)):
                rows.append(row)
                limits.append((each.rate - ROUNDING, each.rate + ROUNDING))
    published = len(rows)
    for history in moments.history.values():
        for before, after in pairwise(history):
            rows.append({after: 1, before: -1})
            limits.append((0, moments.sizes[after] - moments.sizes[before]))
    low, high = np.array(limits, dtype=float).reshape(-1, 2).T
    least, most = np.array(moments.bounds, dtype=float).reshape(-1, 2).T
    exact, point = np.arange(len(rows)) < published, np.full(len(least), np.nan)
    for place, satisfied in lattice.truth.items():
        if (variable := moments.at.get((place, len(lattice.releases) - 1))) is not None:
            point[variable] = satisfied
    return Equations(_matrix(rows, len(moments.sizes)), low, high, exact, least, most, point)


def _share(lattice: Lattice, moments: _Moments, total: int, when: int) -> dict[int, float]:
    """The rate of a total as a sum over its places' satisfied answers."""
    inside = [place for place in lattice.places.get(total, ()) if (place, when) in moments.at]
    whole = sum(lattice.weights[place] for place in inside)
    variables = {place: moments.at[place, when] for place in sorted(inside)}
    return {each: lattice.weights[place] / whole / moments.sizes[each] for place, each in variables.items()}


def _matrix(rows: Sequence[Mapping[int, float]], variables: int) -> sparse.csr_array:
    entries = [(number, variable, value) for number, row in enumerate(rows) for variable, value in row.items()]
    numbers, columns, values = zip(*entries, strict=True) if entries else ((), (), ())
    return sparse.csr_array((values, (numbers, columns)), (len(rows), variables))
