"""Two phases: everybody invited, then a subsample of those who did not answer (Hansen and Hurwitz 1946).

Each stratum's invited are a simple random sample of its population; those who answered are all kept, those who did not
are subsampled. The estimate weighs the subsample up to all who were silent. The variance is the full one of R's
`twophase` (Särndal, Swensson and Wretman 1992, 9.4): that of the first phase, estimated by the second's pairwise
inclusion probabilities, and that of the second.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from analysis.errors import AnalysisError
from analysis.intervals import interval

LEAST = 2  # asked in a group, for its variance


class BadTwoPhase(AnalysisError):
    """The counts of a stratum contradict one another, or a group is too small for a variance."""


@dataclass(frozen=True, slots=True)
class TwoPhaseStratum:
    """Counts of one stratum: its population, those who answered and were satisfied, those who were silent,
    those of them who were asked again and answered, and the satisfied among these.
    """

    name: str
    population: float
    answered: int
    satisfied: int
    silent: int
    followed: int
    followed_satisfied: int


@dataclass(frozen=True, slots=True)
class TwoPhaseEstimate:
    """The rate of all, those of the two groups, the standard error with its parts, and a guarded interval."""

    rate: float
    se: float
    low: float
    high: float
    first_rate: float
    silent_rate: float
    first_phase: float
    second_phase: float
    n: int


@dataclass(frozen=True, slots=True)
class _Group:
    """Of a stratum: `n` in the first phase, `m` of them observed, `y` of these satisfied."""

    n: int
    m: int
    y: int


def estimate_two_phases(
    strata: Sequence[TwoPhaseStratum], *, finite: bool = False, confidence_level: float = 0.95
) -> TwoPhaseEstimate:
    """Estimate the rate of the whole population; with `finite`, the first phase has its population correction.

    Raises `BadTwoPhase`.
    """
    for each in strata:
        _check(each)
    total = sum(each.population for each in strata)
    rate = sum(each.population * _mean(each) for each in strata) / total
    first = sum(_first_phase(each, rate, finite=finite) for each in strata) / total**2
    second = sum(_second_phase(each, rate) for each in strata) / total**2
    n = sum(each.answered + each.followed for each in strata)
    satisfied = sum(each.satisfied + each.followed_satisfied for each in strata)
    limits = interval(
        "guarded",
        rate=rate,
        variance=max(0.0, first + second),
        n=n,
        successes=satisfied,
        df=max(1, n - 2 * len(strata)),
        kish_deff=_kish(strata, n),
        confidence_level=confidence_level,
    )
    return TwoPhaseEstimate(
        rate=rate,
        se=math.sqrt(max(0.0, first + second)),
        low=limits.low,
        high=limits.high,
        first_rate=_share([(e.population * e.answered / _invited(e), e.satisfied, e.answered) for e in strata]),
        silent_rate=_share(
            [(e.population * e.silent / _invited(e), e.followed_satisfied, e.followed) for e in strata if e.silent]
        ),
        first_phase=first,
        second_phase=second,
        n=n,
    )


def _check(each: TwoPhaseStratum) -> None:
    wrong = (
        not 0 <= each.satisfied <= each.answered
        or not 0 <= each.followed_satisfied <= each.followed <= each.silent
        or not 2 <= _invited(each) <= each.population
    )
    if wrong:
        raise BadTwoPhase(f"{each.name}: the counts contradict one another; followed are some of the silent")
    if each.silent and each.followed < min(LEAST, each.silent):
        raise BadTwoPhase(f"{each.name}: ask at least {LEAST} of the {each.silent} who were silent, or merge strata")


def _invited(each: TwoPhaseStratum) -> int:
    return each.answered + each.silent


def _groups(each: TwoPhaseStratum) -> list[_Group]:
    both = [
        _Group(each.answered, each.answered, each.satisfied),
        _Group(each.silent, each.followed, each.followed_satisfied),
    ]
    return [group for group in both if group.n]


def _mean(each: TwoPhaseStratum) -> float:
    return sum(group.n * group.y / group.m for group in _groups(each)) / _invited(each)


def _first_phase(each: TwoPhaseStratum, rate: float, *, finite: bool) -> float:
    """N² (1 - f) s² / n, s² by the pairs of the second phase: its expectation is the first phase's own s²."""
    n = _invited(each)
    fraction = n / each.population if finite else 0.0
    groups = _groups(each)
    squares = sum(group.n / group.m * _square(group, rate) for group in groups)
    pairs = sum(_pairs(one, other, rate, same=one is other) for one in groups for other in groups)
    spread = (squares - (squares + pairs) / n) / (n - 1)
    return each.population**2 * (1 - fraction) * spread / n


def _pairs(one: _Group, other: _Group, rate: float, *, same: bool) -> float:
    """Sum of z z' over different persons of two groups, weighted by their joint inclusion."""
    sums = (one.y - one.m * rate) * (other.y - other.m * rate)
    if not same:
        return one.n * other.n / (one.m * other.m) * sums
    if one.m < LEAST:
        return 0.0
    return one.n * (one.n - 1) / (one.m * (one.m - 1)) * (sums - _square(one, rate))


def _square(group: _Group, rate: float) -> float:
    return group.y * (1 - rate) ** 2 + (group.m - group.y) * rate**2


def _second_phase(each: TwoPhaseStratum, rate: float) -> float:
    weight = each.population / _invited(each)
    found = 0.0
    for group in _groups(each):
        if group.m >= LEAST and group.m < group.n:
            spread = (_square(group, rate) - (group.y - group.m * rate) ** 2 / group.m) / (group.m - 1)
            found += weight**2 * group.n**2 * (1 - group.m / group.n) * spread / group.m
    return found


def _kish(strata: Sequence[TwoPhaseStratum], n: int) -> float:
    weighted = [(each.population / _invited(each) * g.n / g.m, g.m) for each in strata for g in _groups(each)]
    return n * sum(m * w * w for w, m in weighted) / sum(m * w for w, m in weighted) ** 2


def _share(parts: Sequence[tuple[float, int, int]]) -> float:
    known = [(weight, y / m) for weight, y, m in parts if m]
    whole = sum(weight for weight, _ in known)
    return sum(weight * mean for weight, mean in known) / whole if whole else math.nan
