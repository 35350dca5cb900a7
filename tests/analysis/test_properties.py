"""What must hold for any survey: laws of weighted shares, and agreement with the variance written out row by row."""

from __future__ import annotations

import os
from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from plain_variance import mean_and_variance

from analysis import Design, Target, cells, difference, judge, mean, rate, rate_by

EXAMPLES = 400 if os.environ.get("HAILONG_FULL_COUNTS") else 12
quick = settings(
    max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)
METHODS = ["guarded", "nchs", "jeffreys", "uniform", "wilson-guarded", "gamma", "beta", "logit"]
RULES = st.sampled_from(["remove", "certainty", "adjust", "average"])


@st.composite
def surveys(draw: st.DrawFn) -> pd.DataFrame:
    """Responses in 1-4 strata of 1-8, some unanswered, with weights and populations."""
    seed = draw(st.integers(0, 2**32 - 1))
    sizes = draw(st.lists(st.integers(1, 8), min_size=1, max_size=4).filter(lambda sizes: sum(sizes) >= 3))
    rng = np.random.default_rng(seed)
    stratum = np.repeat(np.arange(len(sizes)), sizes)
    n = len(stratum)
    frame = pd.DataFrame(
        {
            "stratum": [f"S{h}" for h in stratum],
            "row": np.arange(n),
            "N": (np.array(sizes) + rng.integers(0, 9, len(sizes)))[stratum].astype(float),
            "w": rng.choice([0.5, 1.0, 2.5, 4.0], n),
            "sex": rng.choice(["F", "M"], n),
            "y": np.where(rng.random(n) < 0.1, np.nan, (rng.random(n) < draw(st.sampled_from([0.5, 0.9]))) * 1.0),
        }
    )
    assume(frame["y"].notna().any())
    return frame


@st.composite
def clustered_surveys(draw: st.DrawFn) -> pd.DataFrame:
    """Two stages: clusters in strata, responses in clusters, with populations of both stages."""
    frame = draw(surveys())
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    frame = frame.loc[np.repeat(frame.index, rng.integers(1, 4, len(frame)))].reset_index(drop=True)
    frame["cluster"], frame["row"] = frame["row"], np.arange(len(frame))
    frame["M"] = frame.groupby("cluster")["row"].transform("size") + rng.integers(0, 3, len(frame)).max()
    answers = (rng.random(len(frame)) < 0.7) * 1.0
    return frame.assign(y=np.where(frame["y"].isna(), np.nan, answers), score=rng.normal(size=len(frame)))


@quick
@given(surveys(), RULES, st.booleans())
def test_a_domain_has_the_variance_of_the_textbook(frame: pd.DataFrame, rule: str, finite: bool) -> None:
    population = "N" if finite else None
    design = Design(weight="w", stratum="stratum", population=population, lonely_psu=rule)
    inside = (frame["sex"] == "F").to_numpy()
    assume((inside & frame["y"].notna()).any())
    populations = ["N"] if finite else None
    share, variance = mean_and_variance(
        frame, "y", inside, units=["row"], strata="stratum", populations=populations, rule=rule
    )
    found = rate(frame, design, "y", within="sex == 'F'")
    assert found.rate == pytest.approx(share, abs=1e-12)
    assert found.variance == pytest.approx(variance, rel=1e-9, abs=1e-15)


@quick
@given(clustered_surveys(), st.sampled_from(["remove", "certainty", "adjust"]))
def test_two_stages_have_the_variance_of_the_textbook(frame: pd.DataFrame, rule: str) -> None:
    for last in ("row", None):
        design = Design(
            weight="w", stratum="stratum", psu=["cluster", last], population=["N", "M"], lonely_psu=rule, nest=True
        )
        inside = (frame["sex"] == "F").to_numpy()
        assume(inside.any())
        share, variance = mean_and_variance(
            frame, "score", inside, units=["cluster", "row"], strata="stratum", populations=["N", "M"], rule=rule
        )
        found = mean(frame, design, "score", within="sex == 'F'")
        assert found.rate == pytest.approx(share, abs=1e-10)
        assert found.variance == pytest.approx(variance, rel=1e-8, abs=1e-14)


@quick
@given(surveys())
def test_equal_weights_give_the_plain_share(frame: pd.DataFrame) -> None:
    found = rate(frame.assign(w=3.0), Design(weight="w", stratum="stratum"), "y")
    assert found.rate == pytest.approx(frame["y"].mean(), abs=1e-12)
    assert found.successes == int(frame["y"].sum())
    assert found.n == frame["y"].notna().sum()


@quick
@given(surveys(), st.sampled_from([1e-3, 7.0, 1e6]))
def test_scaling_all_weights_changes_nothing_but_the_population(frame: pd.DataFrame, scale: float) -> None:
    design = Design(weight="w", stratum="stratum")
    before, after = rate(frame, design, "y"), rate(frame.assign(w=frame["w"] * scale), design, "y")
    for name in ("rate", "se", "low", "high", "n_effective", "kish_deff"):
        assert getattr(after, name) == pytest.approx(getattr(before, name), rel=1e-9, abs=1e-12)
    assert after.population == pytest.approx(before.population * scale)


@quick
@given(surveys(), st.integers(0, 2**32 - 1))
def test_the_order_of_rows_changes_nothing(frame: pd.DataFrame, seed: int) -> None:
    design = Design(weight="w", stratum="stratum", population="N")
    shuffled = frame.sample(frac=1, random_state=seed)
    before, after = rate(frame, design, "y"), rate(shuffled, design, "y")
    assert after.rate == pytest.approx(before.rate, abs=1e-13)
    assert after.se == pytest.approx(before.se, rel=1e-9, abs=1e-12)
    assert (after.low, after.high) == pytest.approx((before.low, before.high), abs=1e-9)


@quick
@given(surveys(), st.integers(2, 5))
def test_splitting_a_row_of_counts_changes_nothing(frame: pd.DataFrame, times: int) -> None:
    """A row of 2 x `times` alike responses is two rows of `times`."""
    design = Design(weight="w", stratum="stratum", count="n")
    whole, parts = frame.assign(n=2 * times), pd.concat([frame, frame]).assign(n=times)
    before, after = rate(whole, design, "y"), rate(parts, design, "y")
    assert (after.n, after.df, after.successes) == (before.n, before.df, before.successes)
    assert (after.rate, after.low, after.high) == pytest.approx((before.rate, before.low, before.high), abs=1e-9)


@quick
@given(
    surveys(), st.sampled_from(["guarded", "nchs", "jeffreys", "uniform", "wilson-guarded", "gamma", "beta", "logit"])
)
def test_the_interval_holds_the_estimate_and_is_never_empty(frame: pd.DataFrame, method: str) -> None:
    found = rate(frame, Design(weight="w", stratum="stratum"), "y", method=method)
    assert 0 <= found.low <= found.rate + 1e-12
    assert found.rate - 1e-12 <= found.high <= 1
    assert found.low < found.high
    assert found.n_effective > 0


@quick
@given(surveys(), st.sampled_from([0.5, 0.8, 0.9]))
def test_the_verdict_and_its_p_value_agree(frame: pd.DataFrame, target: float) -> None:
    found = rate(frame, Design(weight="w", stratum="stratum"), "y")
    verdict = judge(found, Target(rate=target), on=date(2026, 11, 24))
    assert (found.low >= target) == (verdict.p_met <= 0.025 + 1e-9)
    assert (found.high < target) == (verdict.p_not < 0.025 + 1e-9)


@quick
@given(surveys())
def test_domains_add_up_to_the_whole(frame: pd.DataFrame) -> None:
    design = Design(weight="w", stratum="stratum")
    whole, parts = rate(frame, design, "y"), rate_by(frame, design, "y", "sex")
    assert parts["n"].sum() == whole.n
    assert (parts["rate"] * parts["population"]).sum() / whole.population == pytest.approx(whole.rate, abs=1e-12)


@quick
@given(surveys())
def test_a_difference_turned_round_changes_its_sign_only(frame: pd.DataFrame) -> None:
    design = Design(weight="w", stratum="stratum")
    assume(set(frame["sex"][frame["y"].notna()]) == {"F", "M"})
    there, back = (difference(frame, design, "y", "sex", *pair) for pair in (("F", "M"), ("M", "F")))
    assert there.difference == pytest.approx(-back.difference, abs=1e-14)
    assert (there.se, there.p_value) == pytest.approx((back.se, back.p_value), abs=1e-12)


@quick
@given(surveys())
def test_cells_of_any_granularity_give_the_same_rate(frame: pd.DataFrame) -> None:
    design = Design(weight="w", stratum="stratum", population="N")
    expected = rate(frame, design, "y")
    for by in ((), ("sex",), ("sex", "row")):
        found = rate(cells(frame, design, "y", by=by), design, "y")
        assert (found.rate, found.n, found.df) == (pytest.approx(expected.rate, abs=1e-13), expected.n, expected.df)
        assert found.variance == pytest.approx(expected.variance, rel=1e-9, abs=1e-16)
