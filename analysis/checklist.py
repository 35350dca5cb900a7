"""Sample adequacy on one page: every check with its value, the limit it is held to, and whether it is passed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from analysis.adequacy import StratumSpread, answers_needed, power_now
from analysis.certificate import LEAST_COVERAGE, Certificate
from analysis.estimate import Estimate
from analysis.planning import POWER
from analysis.reliability import COMPLEMENT, both_sides
from analysis.response import Dispositions, Representativity, coverage_bounds, response_rates, tipping_points
from analysis.weight_checks import WeightChecks

GAP = 0.03
WIDER_THAN_PLANNED = 1.25
LEAST_INDICATOR = 0.8
HEAVIEST = 5.0
LARGEST_DEFF = 2.0
SUSPECT = 0.7
PLAUSIBLE = 0.1  # nonrespondents this close to respondents would already change the verdict


@dataclass(frozen=True, slots=True)
class Plan:
    """What was promised before the wave: margin, response rate (RR2), answers still affordable, and the minima."""

    half_width: float | None = None
    response_rate: float | None = None
    answers_left: int | None = None
    n_effective: float = 30.0
    df: float = 8.0
    coverage: float = 0.95


@dataclass(frozen=True, slots=True)
class Evidence:
    """What else is known of the sample; each part that is given adds its checks."""

    strata: Mapping[str, StratumSpread] | None = None
    outcome: Dispositions | None = None
    representativity: Representativity | None = None
    weights: WeightChecks | None = None
    certificate: Certificate | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """One row: a stable name, the value found, the limit (None: for information) and whether it is a warning."""

    name: str
    value: float
    limit: float | None
    warning: bool


def check_adequacy(
    estimate: Estimate, target: float, plan: Plan | None = None, evidence: Evidence | None = None
) -> list[Check]:
    """Give every check that the evidence allows, in reading order.

    Size and precision; what may be printed of either side (Parker et al. 2017); the decision, the answers it needs
    and the power for a gap of three points; response, representativity, coverage; weights; the certificate; what
    nonrespondents would have to be like to change the verdict.
    """
    plan, evidence = plan or Plan(), evidence or Evidence()
    return [
        *_check_size(estimate, plan),
        *_check_printing(estimate),
        *_check_decision(estimate, target, plan),
        *_check_response(evidence, plan),
        *_check_strata(estimate, evidence, plan),
        *_check_weights(estimate, evidence),
        *_check_certificate(evidence),
        *_check_tipping(estimate, target, evidence),
    ]


def _at_least(name: str, value: float, limit: float) -> Check:
    return Check(name, value, limit, not value >= limit)


def _at_most(name: str, value: float, limit: float) -> Check:
    return Check(name, value, limit, not value <= limit)


def _check_size(e: Estimate, plan: Plan) -> Iterator[Check]:
    yield Check("answers", float(e.n), None, False)
    yield _at_least("effective_answers", e.n_effective, plan.n_effective)
    yield Check("design_effect", e.deff, None, False)
    yield _at_least("degrees_of_freedom", e.df, plan.df)
    if plan.half_width is None:
        yield Check("half_width", e.half_width, None, False)
    else:
        yield _at_most("half_width", e.half_width, WIDER_THAN_PLANNED * plan.half_width)


def _check_printing(e: Estimate) -> Iterator[Check]:
    satisfied, dissatisfied = both_sides(e)
    yield Check("satisfied_printable", float(satisfied.show), 1.0, not satisfied.show or bool(satisfied.flags))
    complement = not dissatisfied.show or COMPLEMENT in satisfied.flags
    yield Check("dissatisfied_printable", float(not complement), 1.0, complement)


def _check_decision(e: Estimate, target: float, plan: Plan) -> Iterator[Check]:
    needed = answers_needed(e, target)
    yield Check("undecided", float(needed != 0), 0.0, needed != 0)
    if needed is not None:
        left = plan.answers_left
        yield Check("answers_needed", float(needed), left, left is not None and needed > left)
    yield _at_least("power_for_three_points", power_now(e, target, GAP), POWER)


def _check_response(evidence: Evidence, plan: Plan) -> Iterator[Check]:
    if evidence.outcome is not None:
        for name, rate in response_rates(evidence.outcome).items():
            planned = plan.response_rate if name == "RR2" else None
            yield Check(name, rate, planned, planned is not None and rate < planned)
    if evidence.representativity is not None:
        yield _at_least("r_indicator", evidence.representativity.indicator, LEAST_INDICATOR)
        yield Check("response_cv", evidence.representativity.cv, None, False)
        for name, partial in evidence.representativity.partials.items():
            yield Check(f"partial:{name}", partial, None, False)
        for name, partial in evidence.representativity.conditional.items():
            yield Check(f"conditional:{name}", partial, None, False)


def _check_strata(e: Estimate, evidence: Evidence, plan: Plan) -> Iterator[Check]:
    yield _at_least("coverage", e.coverage, plan.coverage)
    if e.coverage < 1:
        low, high = coverage_bounds(min(1.0, max(0.0, e.rate)), e.coverage)
        yield Check("lowest_with_empty_strata", low, None, False)
        yield Check("highest_with_empty_strata", high, None, False)
    if evidence.strata is not None:
        for size in (0, 1, 2):
            count = sum(1 for stratum in evidence.strata.values() if stratum.n == size)
            yield Check(f"strata_with_{size}", float(count), None, size < 2 and count > 0)
        short = sum(1 for stratum in evidence.strata.values() if stratum.n < (stratum.planned or 0))
        yield Check("strata_below_plan", float(short), None, short > 0)


def _check_weights(e: Estimate, evidence: Evidence) -> Iterator[Check]:
    if evidence.weights is not None:
        w = evidence.weights
        yield Check("weight_cv", w.cv, None, False)
        yield _at_most("heaviest_over_median", w.max_over_median, HEAVIEST)
        yield Check("top_one_percent", w.top_share, None, False)
        yield _at_most("kish_deff", w.kish_deff, LARGEST_DEFF)
        yield Check("trimmed_share", w.trimmed_share, None, False)
    spread = e.rate * (1 - e.rate)
    if spread > 0 and not e.census:
        yield _at_least("design_over_kish", e.n * e.variance / spread / e.kish_deff, SUSPECT)


def _check_certificate(evidence: Evidence) -> Iterator[Check]:
    if evidence.certificate is not None:
        yield _at_least("certified_coverage", evidence.certificate.coverage, LEAST_COVERAGE)
        yield Check("certified_false_met", evidence.certificate.false_met, None, False)


def _check_tipping(e: Estimate, target: float, evidence: Evidence) -> Iterator[Check]:
    if evidence.outcome is None:
        return
    response = response_rates(evidence.outcome)["RR2"]
    if 0 < response < 1:
        points = tipping_points(min(1.0, max(0.0, e.rate)), target, response)
        yield Check("silent_rate_to_flip", points.silent_rate, None, abs(points.silent_rate - e.rate) < PLAUSIBLE)
        yield Check("correlation_to_flip", points.correlation, None, False)
        yield Check("lowest_possible", points.lowest, None, False)
        yield Check("highest_possible", points.highest, None, False)
