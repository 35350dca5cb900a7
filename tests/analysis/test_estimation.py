"""Rates, means, totals, ratios, differences, trends and tests of independence, on numbers to check by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import analysis
from analysis import (
    Design,
    cells,
    chi_square,
    covariance_of,
    difference,
    mean,
    mean_by,
    rate,
    rate_by,
    ratio,
    total,
    trend,
    trends,
)
from analysis.conditions import list_columns
from analysis.pairs import number_pairs

REFERENCE = Path(__file__).parent / "reference"
PLAIN = Design(weight="w", stratum="h")


@pytest.fixture
def frame() -> pd.DataFrame:
    """Two strata of four; the second weighs twice as much."""
    return pd.DataFrame(
        {
            "h": ["a"] * 4 + ["b"] * 4,
            "w": [1.0] * 4 + [2.0] * 4,
            "N": [8.0] * 4 + [16.0] * 4,
            "sex": ["F", "F", "M", "M"] * 2,
            "month": [1, 2, 1, 2] * 2,
            "y": [1.0, 1, 1, 0, 1, 0, 1, 1],
            "z": [5.0, 4, 4, 2, 5, 3, 4, 4],
        }
    )


def test_a_stratified_rate_by_hand(frame: pd.DataFrame) -> None:
    """p = (3 + 2 x 3) / 12; v = Σ W_h² (1 - f) s_h² / n_h with W = 1/3, 2/3, s² = 1/4, f = 1/2, 1/4."""
    found = rate(frame, Design(weight="w", stratum="h", population="N"), "y")
    assert found.rate == pytest.approx(9 / 12)
    assert found.variance == pytest.approx((1 / 9 * 0.5 + 4 / 9 * 0.75) * 0.25 / 4)
    assert (found.n, found.successes, found.df, found.population) == (8, 6, 6, pytest.approx(12.0))
    assert found.kish_deff == pytest.approx(8 * (0.5 * 4 * 1 + 0.75 * 4 * 4) / 144)


def test_the_whole_population_has_no_sampling_error(frame: pd.DataFrame) -> None:
    frame["N"] = 4.0
    found = rate(frame, Design(stratum="h", population="N"), "y")
    assert found.census
    assert (found.low, found.high, found.se) == (found.rate, found.rate, 0.0)
    assert found.notes


def test_a_population_may_be_given_as_a_fraction(frame: pd.DataFrame) -> None:
    by_size = rate(frame, Design(weight="w", stratum="h", population="N"), "y")
    by_fraction = rate(frame.assign(N=4 / frame["N"]), Design(weight="w", stratum="h", population="N"), "y")
    assert by_fraction.se == pytest.approx(by_size.se)


def test_a_lonely_stratum_is_collapsed_with_the_smallest_of_its_agency(frame: pd.DataFrame) -> None:
    """Strata a1 (one response) and a2 of agency a are one stratum of four; b stands alone."""
    frame["cell"] = ["a1", "a2", "a2", "a2", "b1", "b1", "b1", "b1"]
    collapsed = rate(frame, Design(weight="w", stratum="cell", collapse_within="h"), "y")
    assert collapsed.se == pytest.approx(rate(frame, PLAIN, "y").se)
    assert collapsed.df == 6
    assert collapsed.notes == ("collapsed stratum 'a1' with stratum 'a2'",)


def test_lonely_strata_collapse_with_one_another(frame: pd.DataFrame) -> None:
    frame["cell"] = ["a1", "a2", "a3", "a3", "b1", "b1", "b1", "b1"]
    found = rate(frame, Design(weight="w", stratum="cell", collapse_within="h"), "y")
    assert found.notes == ("collapsed stratum 'a1' with stratum 'a2'",)
    assert found.df == 8 - 3


def test_a_stratum_alone_in_its_agency_is_adjusted(frame: pd.DataFrame) -> None:
    """R's "adjust": the lonely response's distance from the mean of all."""
    alone = frame.iloc[[0, 4, 5, 6, 7]]
    collapse = rate(alone, Design(weight="w", stratum="h", collapse_within="h"), "y")
    adjust = rate(alone, Design(weight="w", stratum="h", lonely_psu="adjust"), "y")
    assert collapse.se == pytest.approx(adjust.se)
    assert adjust.se > rate(alone, Design(weight="w", stratum="h", lonely_psu="remove"), "y").se


@pytest.mark.parametrize("rule", ["adjust", "average", "remove"])
def test_a_lonely_stratum_counts_the_same_in_rates_and_their_covariance(frame: pd.DataFrame, rule: str) -> None:
    alone = frame.iloc[[0, 4, 5, 6, 7]]
    table = rate_by(alone, Design(weight="w", stratum="h", lonely_psu=rule), "y", "month")
    expected = table["se"] ** 2 if rule != "average" else np.diag(covariance_of(table))
    assert np.diag(covariance_of(table)) == pytest.approx(np.asarray(expected))


def test_strata_without_responses_are_named_with_their_bounds(frame: pd.DataFrame) -> None:
    """A row of count 0 tells of 6 transactions that nobody answered for: 24 of 30 are covered."""
    empty = pd.DataFrame({"h": ["c"], "N": [6.0], "n": [0], "y": [np.nan], "sex": ["F"]})
    counted = pd.concat([frame.assign(n=1), empty])
    design = Design(stratum="h", population="N", count="n")
    found = rate(counted, design, "y")
    assert found.coverage == pytest.approx(24 / 30)
    assert found.strata_empty == ("stratum 'c'",)
    assert "[0.6000, 0.8000]" in found.notes[0]
    table = rate_by(counted, design, "y", "h")
    assert table["coverage"].tolist() == [1.0, 1.0]
    assert list(table.index) == ["a", "b"]


def test_every_method_is_named_in_the_estimate(frame: pd.DataFrame) -> None:
    for method in ("mean", "xlogit", "asin", "wilson", "gamma", "jeffreys"):
        assert rate(frame, PLAIN, "y", method=method).method == method
        assert set(rate_by(frame, PLAIN, "y", "sex", method=method)["low"].between(0, 1)) <= {True, False}


def test_where_nobody_or_everybody_is_satisfied_the_rate_is_exactly_0_or_1() -> None:
    """Weights that do not add up exactly in binary, 0.1 and 0.2, leave no crumb in the rate."""
    unequal = pd.DataFrame({"h": ["a"] * 3 + ["b"] * 3, "w": [0.1] * 3 + [0.2] * 3})
    assert rate(unequal.assign(y=0), PLAIN, "y").rate == 0.0
    assert rate(unequal.assign(y=1), PLAIN, "y").rate == 1.0


def test_one_stratum_has_exact_finite_limits(frame: pd.DataFrame) -> None:
    """3 of 4 from 8: hypergeometric limits of 3 and 7 or less in 8, in eighths."""
    first = frame[frame["h"] == "a"]
    found = rate(first, Design(stratum="h", population="N"), "y", method="exact-fpc")
    assert found.low * 8 == round(found.low * 8)
    assert found.high * 8 == round(found.high * 8)
    with pytest.raises(analysis.interval.__globals__["MissingStatistic"]):
        rate(frame, Design(stratum="h", population="N"), "y", method="exact-fpc")


def test_rates_by_several_columns_are_sorted_and_indexed(frame: pd.DataFrame) -> None:
    table = rate_by(frame, PLAIN, "y", ["sex", "month"])
    assert list(table.index) == [("F", 1), ("F", 2), ("M", 1), ("M", 2)]
    assert table.index.names == ["sex", "month"]
    assert table.loc[("F", 2), "rate"] == pytest.approx(1 / 3)
    one = rate(frame, PLAIN, "y", within="sex == 'F' & month == 2")
    assert table.loc[("F", 2), ["se", "low", "high"]].tolist() == pytest.approx([one.se, one.low, one.high])


def test_responses_without_a_domain_stay_in_the_sample(frame: pd.DataFrame) -> None:
    frame["sex"] = frame["sex"].where(frame["month"] == 1)
    table = rate_by(frame, PLAIN, "y", "sex")
    assert table["n"].tolist() == [2, 2]
    found = rate(frame, PLAIN, "y", within="sex == 'F'")
    assert table.loc["F", "se"] == pytest.approx(found.se)


def test_the_table_keeps_its_covariance_when_it_is_filtered(frame: pd.DataFrame) -> None:
    table = mean_by(frame, PLAIN, "z", "sex")
    filtered = table[table["n"] > 0].copy()
    assert covariance_of(filtered).loc["F", "M"] == covariance_of(table).loc["M", "F"]
    found = difference(frame, PLAIN, "z", "sex", "F", "M")
    matrix = covariance_of(table)
    expected = matrix.loc["F", "F"] + matrix.loc["M", "M"] - 2 * matrix.loc["F", "M"]
    assert found.se**2 == pytest.approx(expected)
    assert found.difference == pytest.approx(table.loc["F", "rate"] - table.loc["M", "rate"])


def test_a_difference_is_judged_by_its_own_t(frame: pd.DataFrame) -> None:
    found = difference(frame, PLAIN, "z", "sex", "F", "M")
    t = found.difference / found.se
    assert found.p_value == pytest.approx(2 * stats.t.sf(abs(t), found.df))
    assert (found.low + found.high) / 2 == pytest.approx(found.difference)
    pair = difference(frame, PLAIN, "z", ["sex", "month"], ("F", 1), ("M", 2))
    assert pair.difference == pytest.approx(5 - 10 / 3)


def test_a_difference_of_nothing_is_certain_or_unknown(frame: pd.DataFrame) -> None:
    same = difference(frame.assign(z=1.0), PLAIN, "z", "sex", "F", "M")
    assert (same.difference, same.se, same.p_value) == (0, 0, 1)
    two = frame.iloc[[0, 2]]
    unknown = difference(two.assign(h=["a", "b"]), PLAIN, "z", "sex", "F", "M")
    assert (unknown.df, unknown.p_value, unknown.low) == (0, 1, -np.inf)


def test_a_total_and_a_ratio_by_hand(frame: pd.DataFrame) -> None:
    """Σ w y = 9; v = Σ w_h² n_h s_h² = 4 (1 + 4) / 4; the ratio to Σ w z = 47 (15 + 2 x 16)."""
    found = total(frame, PLAIN, "y")
    assert (found.rate, found.variance) == (pytest.approx(9.0), pytest.approx(5.0))
    assert ratio(frame, PLAIN, "y", "z").rate == pytest.approx(9 / 47)
    constant = ratio(frame, PLAIN, "z", "z")
    assert (constant.rate, constant.se, constant.deff) == (1.0, 0.0, 1.0)


def test_a_mean_without_degrees_of_freedom_has_no_limits(frame: pd.DataFrame) -> None:
    found = mean(frame[:1], PLAIN, "z")
    assert (found.df, found.low, found.high) == (0, -np.inf, np.inf)
    assert rate(frame[:1], PLAIN, "y").n_effective <= 1


def test_a_trend_of_two_periods_joins_their_logits(frame: pd.DataFrame) -> None:
    """Saturated: the slope is the difference of the two logits, its df 8 - 2 - 1."""
    table = rate_by(frame, PLAIN, "y", "month")
    found = trend(frame.assign(y=[1.0, 1, 0, 0, 1, 0, 1, 1]), PLAIN, "y", "month")
    first, second = (5 / 6, 3 / 6)
    assert found.slope == pytest.approx(np.log(second / (1 - second)) - np.log(first / (1 - first)))
    assert (found.df, found.n) == (5, 8)
    assert found.low < found.slope < found.high
    assert found.p_value == pytest.approx(2 * stats.t.sf(abs(found.slope / found.slope_se), 5))
    assert len(table) == 2


def test_independence_of_a_simple_sample_is_nearly_pearsons(frame: pd.DataFrame) -> None:
    """Equal weights, no strata: X² of the 2 x 2 table with counts 8, 4, 5, 7 is 1.51."""
    counts = pd.DataFrame({"a": list("xxyy"), "b": list("uvuv"), "n": [8, 4, 5, 7], "w": 1.0})
    found = chi_square(counts, Design(weight="w", count="n"), "a", "b")
    expected = stats.chi2_contingency([[8, 4], [5, 7]], correction=False)
    assert found.chi_square == pytest.approx(expected.statistic)
    assert found.f == pytest.approx(expected.statistic * 23 / 24, rel=1e-6)
    assert (found.ndf, found.ddf, found.n) == (pytest.approx(1), pytest.approx(23), 24)


def test_the_columns_of_a_condition_are_known() -> None:
    assert list_columns("sex == 'F' & !is.na(`an age`) | not api.stu / enroll > 1") == (
        "sex",
        "an age",
        "api.stu",
        "enroll",
    )


@pytest.mark.parametrize(
    ("condition", "kept"),
    [
        ("z > 4 | y == 0", [0, 3, 4, 5]),
        ("!(sex == 'F') and month != 1", [3, 7]),
        ("z - 2 >= 3", [0, 4]),
        ("z * w > 7 & w + w > 2", [4, 6, 7]),
        ("z / w <= 2 && w == 2.0", [5, 6, 7]),
        ("y > -1e0 || sex == 'X'", list(range(8))),
        ("-z < -4", [0, 4]),
        ('is.na(y) or month == 1 & sex == "M"', [2, 6]),
    ],
)
def test_conditions_read_as_in_r(frame: pd.DataFrame, condition: str, kept: list[int]) -> None:
    found = cells(frame.assign(row=range(8)), PLAIN, within=condition, by="row")
    assert found.keys["row"][found.counts[:, 1] > 0].tolist() == kept


def test_many_pairs_are_numbered_by_sorting() -> None:
    member, code = np.array([5_000_000, 3, 5_000_000, 3]), np.array([1, -1, 1, 0])
    pair, held, domain = number_pairs(member, code)
    assert pair.tolist() == [2, 0, 2, 1]
    assert held.tolist() == [3, 3, 5_000_000]
    assert domain.tolist() == [-1, 0, 1]


def test_two_outcomes_are_kept_with_their_cross_products(frame: pd.DataFrame) -> None:
    kept = cells(frame, PLAIN, ["y", "z"])
    assert kept.squares[:, 0, 1].sum() == pytest.approx((frame["w"] * frame["y"] * frame["z"]).sum())
    assert kept.second[:, 2, 3].sum() == pytest.approx((frame["w"] ** 2 * frame["y"] * frame["z"]).sum())
    assert len(kept) == 2


def test_a_cluster_sample_lends_its_design_effect_to_its_parts() -> None:
    """The pooled design effect of the whole steadies the interval of a domain that does not vary."""
    frame = pd.read_csv(REFERENCE / "apiclus1.csv")
    frame = frame.assign(wide=(frame["sch.wide"] == "Yes") * 1.0)
    design = Design(weight="pw", psu="dnum")
    domain = "stype == 'E' & dnum > 600"
    part = rate(frame, design, "wide", within=domain)
    alone = rate(frame, Design(weight="pw"), "wide", within=domain)
    assert part.n_effective < alone.n_effective
    unanimous = rate_by(frame.assign(wide=1.0), design, "wide", "stype")
    assert (unanimous["low"] < 1).all()


def test_the_package_knows_its_names_and_refuses_others() -> None:
    assert {"rate", "cells", "Design"} <= set(dir(analysis))
    assert callable(analysis.cells)
    with pytest.raises(AttributeError, match="no attribute 'ratte'"):
        analysis.ratte  # noqa: B018


def test_later_stages_without_a_population_were_observed_whole(frame: pd.DataFrame) -> None:
    """R's rule: the second stage then adds nothing to the first."""
    frame["psu"] = [1, 1, 2, 2, 3, 3, 4, 4]
    both = Design(weight="w", stratum="h", psu=["psu", None], population="N")
    one = Design(weight="w", stratum="h", psu="psu", population="N")
    assert rate(frame, both, "y").se == pytest.approx(rate(frame, one, "y").se)


def test_the_same_cells_answer_the_same_question_twice(frame: pd.DataFrame) -> None:
    kept = cells(frame, PLAIN, "y", by=["sex", "month"])
    for _ in range(2):
        assert rate_by(kept, PLAIN, "y", "sex")["rate"].tolist() == pytest.approx([4 / 6, 5 / 6])
        assert rate(kept, PLAIN, "y", within="sex == 'F'").rate == pytest.approx(4 / 6)


def test_a_trend_that_does_not_settle_is_refused(frame: pd.DataFrame, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trends, "_STEPS", 1)
    with pytest.raises(trends.NoTrend):
        trend(frame, PLAIN, "y", "month")
