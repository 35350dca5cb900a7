"""What is missing for a verdict, how much of it and where; the whole on one page."""

from __future__ import annotations

from dataclasses import replace

import pytest

from analysis.adequacy import NothingToAsk, StratumSpread, answers_needed, power_now, where_to_ask
from analysis.certificate import Certificate
from analysis.checklist import Evidence, Plan, check_adequacy
from analysis.estimate import Estimate
from analysis.intervals import interval
from analysis.planning import decision_power
from analysis.response import Dispositions, representativity
from analysis.weight_checks import check_weights


def estimate(x: int = 95, n: int = 100, deff: float = 1.0, **changes: object) -> Estimate:
    p = x / n
    known = interval(rate=p, variance=deff * p * (1 - p) / n, n=n, successes=x, df=1e9)
    se = (deff * p * (1 - p) / n) ** 0.5
    return replace(
        Estimate(p, se, known.low, known.high, 99, n, n / deff, deff, "guarded", 0.95, successes=x), **changes
    )


def test_answers_needed_grow_with_the_design_effect():
    """.95 against .90 takes 231 effective answers: 131 more at deff 1, 362 more at deff 2."""
    assert answers_needed(estimate(), 0.9) == 131
    assert answers_needed(estimate(deff=2.0), 0.9) == 362


def test_a_small_population_needs_fewer():
    """100 of 200 asked, .95 against .90: 231 / (1 + 231/200) = 107.2, so 8 more, not 131."""
    half = estimate(deff=0.5, fraction=0.5)
    assert answers_needed(replace(half, low=0.89, high=0.98), 0.9) == 8


def test_a_decided_or_whole_sample_needs_none():
    assert answers_needed(estimate(100, 100), 0.9) == 0
    assert answers_needed(estimate(60, 100), 0.9) == 0
    assert answers_needed(estimate(census=True), 0.9) == 0


def test_at_the_target_no_number_is_enough():
    assert answers_needed(estimate(90, 100), 0.9) is None


def test_one_more_is_asked_for_even_where_the_size_would_do():
    """At least one: a sample of the right size that happened not to decide is asked on."""
    assert answers_needed(estimate(570, 600, low=0.89, high=0.97), 0.9) == 1


def test_invitations_go_where_they_lower_the_variance_most():
    """W² S² (1/n - 1/(n+1)) r by hand: A .81 * .09 / 110 = 6.6e-4, B .01 * .25 / 2 * .5 = 6.25e-4, C all asked."""
    strata = {
        "A": StratumSpread(900, 10, 0.09),
        "B": StratumSpread(100, 1, 0.25, response_rate=0.5),
        "C": StratumSpread(0.5, 1, 0.25),
    }
    order = where_to_ask(strata)
    assert [name for name, _ in order] == ["A", "B", "C"]
    assert order[0][1] == pytest.approx(0.81 * 0.09 / 110, rel=2e-3)
    assert order[1][1] == pytest.approx(0.01 * 0.25 / 4, rel=2e-3)
    assert order[2][1] == 0.0
    with pytest.raises(NothingToAsk, match="observed whole"):
        where_to_ask({"C": StratumSpread(4, 4, 0.2)})


def test_power_now_is_that_of_the_effective_size():
    assert power_now(estimate(deff=2.0), 0.9) == decision_power(50, 0.9, 0.93)
    assert power_now(estimate(), 0.99) == decision_power(100, 0.99, 1.0)


def warnings(checks):
    return {check.name for check in checks if check.warning}


def test_a_large_sound_sample_has_no_warning():
    checks = check_adequacy(
        estimate(1940, 2000, df=1900.0),
        0.9,
        Plan(half_width=0.02, response_rate=0.5, answers_left=100),
        Evidence(
            strata={"A": StratumSpread(900, 10, 0.09), "B": StratumSpread(900, 3, 0.09)},
            outcome=Dispositions(600, refusal=400),
            representativity=representativity([1000, 1000], [600, 610], {"age": ["young", "old"]}),
            weights=check_weights([1.0, 1.5], [1000, 1000]),
            certificate=Certificate(0.9, 0.96, 0.02, 0.02, 0.03, 5000),
        ),
    )
    assert warnings(checks) == set()
    assert {"response_cv", "partial:age", "RR6", "strata_with_2", "certified_coverage", "silent_rate_to_flip"} <= {
        c.name for c in checks
    }


def test_every_defect_of_a_poor_sample_is_named():
    poor = estimate(19, 21, n_effective=20.0, df=5.0, coverage=0.9, kish_deff=2.5)
    checks = check_adequacy(
        poor,
        0.9,
        Plan(half_width=0.03, response_rate=0.5, answers_left=100),
        Evidence(
            strata={"A": StratumSpread(900, 0, 0.09, planned=5), "B": StratumSpread(900, 1, 0.09)},
            outcome=Dispositions(21, refusal=79),
            representativity=representativity([50, 50], [20, 1]),
            weights=check_weights([1.0, 30.0], [20, 1]),
            certificate=Certificate(0.9, 0.91, 0.07, 0.02, 0.3, 5000),
        ),
    )
    assert warnings(checks) == {
        "effective_answers",
        "degrees_of_freedom",
        "half_width",
        "satisfied_printable",
        "dissatisfied_printable",
        "undecided",
        "answers_needed",
        "power_for_three_points",
        "RR2",
        "r_indicator",
        "coverage",
        "strata_with_0",
        "strata_with_1",
        "strata_below_plan",
        "heaviest_over_median",
        "kish_deff",
        "design_over_kish",
        "certified_coverage",
        "silent_rate_to_flip",
    }


def test_without_plan_and_evidence_the_basic_checks_remain():
    names = [check.name for check in check_adequacy(estimate(90, 100, rate=0.9), 0.9)]
    assert "answers_needed" not in names
    assert names[:4] == ["answers", "effective_answers", "design_effect", "degrees_of_freedom"]
    full = check_adequacy(estimate(100, 100), 0.9, evidence=Evidence(outcome=Dispositions(100)))
    assert "silent_rate_to_flip" not in {check.name for check in full}
    assert "design_over_kish" not in {check.name for check in full}
