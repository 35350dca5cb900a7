"""What works on numbers refuses missing, impossible and ill-fitting ones by name: no NaN, no words of NumPy."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

import analysis as a
from analysis.certificate import BadCertificate
from analysis.errors import AnalysisError
from analysis.forecast import BadSeries
from analysis.planning import BadPlan
from analysis.ranks import BadRanking
from analysis.response import BadResponse
from analysis.smallarea import BadSmallAreas
from analysis.sufficient import BadStatistic
from analysis.weight_checks import BadWeights

NAN = float("nan")
WAVES = [date(2024, 1, 1), date(2025, 1, 1), date(2026, 1, 1)]
DUE = date(2030, 12, 31)
ONES = [[1.0]] * 5
RATES, SIZES, PEOPLE = [0.9, 0.8, 0.7, 0.9, 0.95], [10, 2, 3, 4, 5], [1, 1, 1, 1, 1]
KNOWN = {"rate": [0.9], "variance": [0.01], "n": [10], "successes": [9], "df": [9]}

Case = tuple[Callable[[], object], type[AnalysisError], str]


def guard(**change: list[float]) -> Callable[[], object]:
    return lambda: a.guarded_intervals(**{**KNOWN, **change})  # type: ignore[arg-type]


def look(rates: list[float], covariance: list[float], target: float = 0.95) -> Callable[[], object]:
    return lambda: a.look_ahead(WAVES, rates, covariance, target, DUE)


CASES: dict[str, Case] = {
    "an sd for each stratum": (lambda: a.neyman([9, 9], [0.3, 0.3, 0.3], 6), BadPlan, "sd must be one finite number"),
    "an sd that is missing": (lambda: a.neyman([9, 9], [0.3, NAN], 6), BadPlan, "sd must be one finite number"),
    "no sd above 0": (lambda: a.neyman([9, 9], [0, 0], 6), BadPlan, "nothing varies in any stratum"),
    "a cost of nothing": (
        lambda: a.neyman([9, 9], [0.3, 0.3], 6, cost=[0, 1]),
        BadPlan,
        "every cost must be above 0",
    ),
    "a power of no spread": (
        lambda: a.power_allocation([9, 9], [NAN, 1], 6),
        BadPlan,
        "sd must be one finite number",
    ),
    "a population without end": (lambda: a.proportional([9, float("inf")], 6), BadPlan, "a population above 0"),
    "a wish that is missing": (lambda: a.allocate([NAN, 1], [9, 9], 6), BadPlan, "wanted must be one finite number"),
    "a wish below 0": (lambda: a.allocate([-1, 1], [9, 9], 6), BadPlan, "wanted must be one finite number"),
    "too few wishes": (lambda: a.allocate([1], [9, 9], 6), BadPlan, "for each of the 2 strata"),
    "a level of 95": (
        lambda: a.precision_size(0.03, confidence_level=95),
        BadPlan,
        "confidence_level must be a share",
    ),
    "an alpha of 2": (lambda: a.decision_size(0.9, 0.95, alpha=2), BadPlan, "alpha must be a share"),
    "certain power": (lambda: a.decision_size(0.9, 0.95, power=1), BadPlan, "power must be a share"),
    "a size that is missing": (lambda: a.decision_power(NAN, 0.9, 0.95), BadPlan, "must be a number of answers"),
    "a take below one": (lambda: a.cluster_deff(-3, 0.1), BadPlan, "at least one answer"),
    "categories of other cells": (
        lambda: a.representativity([9, 9], [5, 4], {"age": ["x"]}),
        BadResponse,
        "age must name one category for each of the 2 cells",
    ),
    "a figure that is missing": (
        lambda: a.fay_herriot([0.1, NAN, 0.2, 0.3], ONES[:4], [0.1] * 4),
        BadSmallAreas,
        "is missing",
    ),
    "rows of other areas": (lambda: a.fay_herriot([0.1, 0.2], ONES, [0.1] * 2), BadSmallAreas, "do not fit together"),
    "an area without answers": (
        lambda: a.small_areas("abcde", RATES, [10, 0, 3, 4, 5], PEOPLE, 0.9),
        BadSmallAreas,
        "area 'b' has a rate of 0.8 from 0.0 effective answers",
    ),
    "a rate above 1": (
        lambda: a.small_areas("abcde", [*RATES[:4], 1.95], SIZES, PEOPLE, 0.9),
        BadSmallAreas,
        "area 'e'",
    ),
    "a name too few": (lambda: a.small_areas("abcd", RATES, SIZES, PEOPLE, 0.9), BadSmallAreas, "4 names"),
    "a population too few": (
        lambda: a.small_areas("abcde", RATES, SIZES, [1] * 4, 0.9),
        BadSmallAreas,
        "for each area",
    ),
    "a benchmark without weights": (lambda: a.benchmark([0.9, 0.8], [0, 0], 0.88), BadSmallAreas, "not all 0"),
    "a benchmark of nothing": (
        lambda: a.benchmark([0.9, NAN], [1, 1], 0.88),
        BadSmallAreas,
        "an estimate and a weight",
    ),
    "counts of others": (lambda: a.check_weights([1, 2], [1, 2, 3]), BadWeights, "for each of the 2 weights"),
    "a count below 0": (lambda: a.check_weights([1, 2], [-1, 3]), BadWeights, "at least 0"),
    "an outcome that is missing": (
        lambda: a.spencer_deff([1, 2], [1, NAN]),
        BadWeights,
        "every weight needs an outcome",
    ),
    "an outcome too few": (lambda: a.spencer_deff([1, 2], [1]), BadWeights, "every weight needs an outcome"),
    "a target of 95": (look([0.8, 0.81, 0.87], [1e-4] * 3, 95), BadSeries, "write 90 % as 0.9"),
    "a wave without a rate": (look([0.8, NAN, 0.87], [1e-4] * 3), BadSeries, "a rate is missing"),
    "a wave without an error": (look([0.8, 0.81, 0.87], [1e-4, NAN, 1e-4]), BadSeries, "a variance is missing"),
    "an error below 0": (look([0.8, 0.81, 0.87], [-1e-4] * 3), BadSeries, "below 0"),
    "a variance below 0": (lambda: a.rank_sets("ab", [0.9, 0.8], [-1, 1]), BadRanking, "a variance below 0 is none"),
    "an error of 2": (lambda: a.comparison_factor([0.1, 0.1], 2), BadRanking, "error is 2"),
    "classes that do not fit": (
        lambda: a.SimulatedDesign.read([0, 0], [5], [1.0, 1.0]),
        BadCertificate,
        "one entry each per class of answers",
    ),
    "limits of no rate": (guard(rate=[NAN]), BadStatistic, "missing where there are answers"),
    "limits of no variance": (guard(variance=[NAN]), BadStatistic, "missing where there are answers"),
    "limits of no df": (guard(df=[NAN]), BadStatistic, "missing where there are answers"),
}


@pytest.mark.parametrize(("ask", "error", "message"), CASES.values(), ids=CASES.keys())
def test_it_is_refused_by_name(ask: Callable[[], object], error: type[AnalysisError], message: str) -> None:
    with pytest.raises(error, match=message):
        ask()


@pytest.mark.parametrize("change", [{"variance": NAN}, {"variance": -0.1}, {"df": NAN}])
def test_one_interval_is_refused_as_many_are(change: dict[str, float]) -> None:
    known = {"rate": 0.9, "variance": 0.01, "n": 10, "successes": 9, "df": 9}
    with pytest.raises(BadStatistic, match="makes no interval"):
        a.interval(**{**known, **change})  # type: ignore[arg-type]


def test_a_cost_or_a_wish_may_be_one_number_for_all() -> None:
    """By hand: 2 : 1 of six is 4 and 2, whatever everybody costs."""
    assert a.neyman([200, 100], 0.3, 6, cost=4.0).tolist() == pytest.approx([4, 2])
    assert a.allocate(1.0, [9, 9], 6).tolist() == [3, 3]
