"""Verdicts: what an interval allows to be said, on which date, and that p-values never contradict them."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from analysis.decisions import BadTarget, Minimum, Target, judge, one_sided_p
from analysis.estimate import Estimate
from analysis.forecast import Outlook
from analysis.intervals import interval

DUE = date(2030, 12, 31)
BEFORE = date(2027, 6, 30)


def estimate(
    x: int, n: int, *, deff: float = 1.0, df: float = 200, fraction: float = 0.0, **changes: object
) -> Estimate:
    p, rest = x / n, 1 - fraction
    known = interval(
        rate=p, variance=rest * deff * p * (1 - p) / n, n=n, successes=x, df=df, kish_deff=rest, fraction=fraction
    )
    made = Estimate(p, 0.0, known.low, known.high, df, n, known.n_effective, known.deff, known.method, 0.95)
    return replace(made, fraction=fraction, **changes)


def outlook(code: str) -> Outlook:
    return Outlook(code, 0.1, 0.01, 0.08, 0.12, 0.05, 0.9, 0.85, 0.93, 0.0, 4)


@pytest.mark.parametrize(
    ("x", "after", "before", "reason"),
    [
        (385, "met", "above", "lower_limit_reaches_target"),
        (300, "not_met", "cannot_tell", "upper_limit_below_target"),
        (362, "not_shown", "cannot_tell", "interval_straddles"),
    ],
)
def test_not_met_exists_only_from_the_due_date_on(x, after, before, reason):
    """385, 300 and 362 of 400 against 90 %: .9625 lies above, .75 below, .905 is not decided by 400 answers."""
    made, target = estimate(x, 400), Target(0.9, DUE)
    due, early = judge(made, target, DUE), judge(made, target, BEFORE)
    assert (due.code, early.code) == (after, before)
    assert due.reason == early.reason == reason
    assert due.decided is (after in ("met", "not_met"))
    assert due.explain()


def test_a_target_without_a_date_is_in_force():
    assert judge(estimate(300, 400), Target(0.9), BEFORE).code == "not_met"
    assert judge(estimate(300, 400), 0.9, BEFORE) == judge(estimate(300, 400), Target(0.9), BEFORE)
    with pytest.raises(BadTarget, match=r"write 90 % as 0\.9"):
        judge(estimate(300, 400), 90, BEFORE)


@pytest.mark.parametrize("code", ["on_track", "off_track", "cannot_tell"])
def test_before_the_date_a_trend_may_speak(code):
    verdict = judge(estimate(300, 400), Target(0.9, DUE), BEFORE, trend=outlook(code))
    assert verdict.code == code
    assert verdict.numbers["required"] == 0.05
    assert "trend" in verdict.explain()


def test_a_rate_already_above_needs_no_trend():
    assert judge(estimate(390, 400), Target(0.9, DUE), BEFORE, trend=outlook("off_track")).code == "above"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"n_effective": 29.9}, "few_effective_answers"),
        ({"df": 7.0}, "few_degrees_of_freedom"),
        ({"coverage": 0.94}, "low_coverage"),
    ],
)
@pytest.mark.parametrize("on", [BEFORE, DUE])
def test_too_few_comes_before_any_claim(change, reason, on):
    verdict = judge(estimate(400, 400, **change), Target(0.9, DUE), on)
    assert (verdict.code, verdict.reason, verdict.decided) == ("too_few", reason, False)
    assert "required" in verdict.explain()


def test_a_stricter_rule_is_obeyed():
    assert judge(estimate(59, 60), Target(0.85), DUE, Minimum(n_effective=100)).code == "too_few"


def test_a_census_needs_neither_size_nor_degrees_of_freedom():
    """Nine of nine asked is the fact itself; 8 of 9 is .889, below 90 % without any error."""
    whole = estimate(9, 10, census=True, low=0.9, high=0.9, df=0.0)
    assert judge(whole, Target(0.9), DUE).code == "met"
    missed = judge(replace(whole, rate=0.889, low=0.889, high=0.889), Target(0.9), DUE)
    assert (missed.code, missed.p_met, missed.p_not) == ("not_met", 1.0, 0.0)


def test_the_reason_says_how_many_more_answers_would_decide():
    """.95 against .90 needs 231 answers (exact binomial, power .8): 100 are there, so 131 are missing at deff 1."""
    verdict = judge(estimate(95, 100, df=math.inf), Target(0.9), DUE)
    assert verdict.code == "not_shown"
    assert verdict.numbers["answers_needed"] == pytest.approx(131, abs=2)
    assert "more answers" in verdict.explain()


def test_a_rate_that_equals_its_target_cannot_be_decided():
    verdict = judge(estimate(90, 100), Target(0.9), DUE)
    assert (verdict.code, verdict.reason) == ("not_shown", "rate_at_target")
    assert math.isinf(verdict.numbers["answers_needed"])
    assert "too close" in verdict.explain()


@pytest.mark.parametrize("rate", [0.0, 1.0, 90.0])
def test_a_target_is_a_share(rate):
    with pytest.raises(BadTarget, match=r"0\.9"):
        Target(rate)


@given(
    n=st.integers(30, 800),
    part=st.floats(0, 1),
    deff=st.floats(0.5, 4),
    target=st.sampled_from([0.85, 0.9, 0.95]),
    fraction=st.one_of(st.just(0.0), st.floats(0, 0.95)),
)
@settings(max_examples=300, deadline=None)
def test_verdict_and_p_values_agree(n, part, deff, target, fraction):
    """The limits and the tails are one computation: met means p_met <= .025, not met means p_not <= .025."""
    made = estimate(round(part * n), n, deff=deff, df=50, fraction=fraction)
    p_met, p_not = one_sided_p(made, target)
    assume(abs(p_met - 0.025) > 1e-9)
    assume(abs(p_not - 0.025) > 1e-9)
    verdict = judge(made, Target(target), DUE, Minimum(0, 0, 0))
    assert (verdict.code == "met") == (p_met < 0.025)
    assert (verdict.code == "not_met") == (p_not < 0.025)
    assert (verdict.p_met, verdict.p_not) == (p_met, p_not)
