"""Verdicts against a target: what one interval allows to be said, and what it does not.

A 95 % interval gives each claim, "met" and "not met", its own one-sided error of 2.5 %. Before a target's due date
nobody has missed it, so "not met" does not exist there.

That an interval and its two tests say the same: Lehmann and Romano, Testing Statistical Hypotheses, 2005, 3.5.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import Protocol

from scipy import special

from analysis.adequacy import answers_needed
from analysis.errors import AnalysisError
from analysis.estimate import Estimate

CODES_DUE = ("met", "not_met", "not_shown", "too_few")
CODES_BEFORE = ("above", "on_track", "off_track", "cannot_tell", "too_few")


class BadTarget(AnalysisError):
    """A target must be a share between 0 and 1."""


@dataclass(frozen=True, slots=True)
class Target:
    """A rate to reach, from a date on; without a date it is in force."""

    rate: float
    due: date | None = None
    name: str = ""

    def __post_init__(self) -> None:
        if not 0 < self.rate < 1:
            raise BadTarget(f"target {self.rate!r}: write 90 % as 0.9")

    def is_due(self, on: date) -> bool:
        return self.due is None or on >= self.due


@dataclass(frozen=True, slots=True)
class Minimum:
    """Below any of these no verdict is given (Parker et al., Vital and Health Statistics 2(175), 2017)."""

    n_effective: float = 30.0
    df: float = 8.0
    coverage: float = 0.95


@dataclass(frozen=True, slots=True)
class Verdict:
    """What may be said on a date: `code`, the one-sided p-values, a stable `reason` and the numbers it speaks of."""

    code: str
    p_met: float
    p_not: float
    reason: str
    numbers: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def decided(self) -> bool:
        return self.code in ("met", "not_met", "above")

    def explain(self) -> str:
        """Say the reason in one English sentence; pages translate `reason` and `numbers` instead."""
        return REASONS[self.reason].format(**self.numbers)


class Course(Protocol):
    """What `judge` needs of a trend: `forecast.Outlook` has it."""

    @property
    def code(self) -> str: ...
    @property
    def numbers(self) -> Mapping[str, float]: ...


REASONS = {
    "few_effective_answers": "{n_effective:.0f} effective answers, at least {minimum:.0f} are required",
    "few_degrees_of_freedom": "{df:.0f} degrees of freedom, at least {minimum:.0f} are required",
    "low_coverage": "the strata with answers hold {coverage:.1%} of the population, {minimum:.0%} are required",
    "lower_limit_reaches_target": "the lower limit {low:.2%} reaches the target {target:.2%}",
    "upper_limit_below_target": "the upper limit {high:.2%} is below the target {target:.2%}",
    "interval_straddles": "the interval {low:.2%} to {high:.2%} holds the target {target:.2%}: "
    "about {answers_needed:.0f} more answers would decide",
    "rate_at_target": "the rate {rate:.2%} is too close to the target {target:.2%} for any number of answers to decide",
    "trend_reaches_target": "the trend is at least as steep as the target asks",
    "trend_falls_short": "the trend is flatter than the target asks",
    "trend_uncertain": "the trend's interval holds the slope that the target asks",
}
COURSE_REASONS = {
    "on_track": "trend_reaches_target",
    "off_track": "trend_falls_short",
    "cannot_tell": "trend_uncertain",
}


def judge(
    estimate: Estimate,
    target: Target | float,
    on: date,
    minimum: Minimum | None = None,
    trend: Course | None = None,
) -> Verdict:
    """Say whether a rate meets its target on a date; a number is a target that is in force.

    On or after the due date: `met` when the lower limit reaches the target, `not_met` when the upper limit is below
    it, else `not_shown`. Before it: `above` when the lower limit reaches it, else what `trend` says of the way there
    (`on_track`, `off_track`), else `cannot_tell`. `too_few` under the minimum, whatever the date.
    """
    target = target if isinstance(target, Target) else Target(target)
    p_met, p_not = one_sided_p(estimate, target.rate)
    shortage = _find_shortage(estimate, minimum or Minimum())
    if shortage:
        return Verdict("too_few", p_met, p_not, *shortage)
    claim, reason = _read_interval(estimate, target.rate)
    numbers = _collect_numbers(estimate, target.rate)
    if claim == "not_shown" and math.isinf(numbers["answers_needed"]):
        reason = "rate_at_target"
    if target.is_due(on):
        return Verdict(claim, p_met, p_not, reason, numbers)
    if claim == "met":
        return Verdict("above", p_met, p_not, reason, numbers)
    if trend is None:
        return Verdict("cannot_tell", p_met, p_not, reason, numbers)
    return Verdict(trend.code, p_met, p_not, COURSE_REASONS[trend.code], MappingProxyType({**numbers, **trend.numbers}))


def one_sided_p(estimate: Estimate, target: float) -> tuple[float, float]:
    """Give (p_met, p_not): the evidence against "below the target" and against "at the target or above".

    Exact binomial tails at the effective size: p_met = P(X >= n*p | n*, T), p_not = P(X <= n*p | n*, T). They agree
    with the limits of `guarded`, `beta` and `nchs` to the last digit; for `guarded` the tails of a finite population's
    unobserved part count too, the larger of both.
    """
    if estimate.census:
        return (0.0, 1.0) if estimate.rate >= target else (1.0, 0.0)
    p, size = min(1.0, max(0.0, estimate.rate)), estimate.n_effective
    rest = 1 - estimate.fraction if estimate.method == "guarded" else 1.0
    if not 0 < rest < 1:
        return _tails(p, size, target)
    unobserved = p - (p - target) / rest  # the target for the part of the population that nobody was asked in
    inner = _tails(p, size * (rest * rest), unobserved)
    outer = _tails(p, size, target)
    return max(outer[0], inner[0]), max(outer[1], inner[1])


def _tails(rate: float, size: float, target: float) -> tuple[float, float]:
    yes, no, t = size * rate, size * (1 - rate), min(1.0, max(0.0, target))
    p_met = float(special.betainc(yes, no + 1, t)) if yes > 0 else 1.0
    p_not = float(special.betaincc(yes + 1, no, t)) if no > 0 else 1.0
    return p_met, p_not


def _find_shortage(estimate: Estimate, minimum: Minimum) -> tuple[str, Mapping[str, float]] | None:
    shortages = {
        "few_effective_answers": ("n_effective", estimate.n_effective, minimum.n_effective, not estimate.census),
        "few_degrees_of_freedom": ("df", estimate.df, minimum.df, not estimate.census),
        "low_coverage": ("coverage", estimate.coverage, minimum.coverage, True),
    }
    for reason, (name, value, least, applies) in shortages.items():
        if applies and not value >= least:
            return reason, MappingProxyType({name: value, "minimum": least})
    return None


def _read_interval(estimate: Estimate, target: float) -> tuple[str, str]:
    if estimate.low >= target:
        return "met", "lower_limit_reaches_target"
    if estimate.high < target:
        return "not_met", "upper_limit_below_target"
    return "not_shown", "interval_straddles"


def _collect_numbers(estimate: Estimate, target: float) -> Mapping[str, float]:
    needed = answers_needed(estimate, target)
    return MappingProxyType(
        {
            "rate": estimate.rate,
            "low": estimate.low,
            "high": estimate.high,
            "target": target,
            "answers_needed": math.inf if needed is None else float(needed),
        }
    )
