"""Bad input gets a named error with the cell, the cause and the way out; never a silent number."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis import (
    Design,
    Replicates,
    calibrate,
    cells,
    chi_square,
    difference,
    mean,
    mean_by,
    post_stratify,
    rake,
    rate,
    rate_by,
    ratio,
    total,
    trend,
    trim,
)
from analysis.errors import (
    AnalysisError,
    BadCondition,
    BadCount,
    BadDesign,
    BadMargin,
    BadPopulation,
    BadWeight,
    BoundsTooTight,
    CalibrationFailed,
    ColumnMissing,
    EmptyDomain,
    LonelyPSU,
    NotBinary,
    PSUInTwoStrata,
    StaleWeights,
    ValueMissing,
)
from analysis.trends import NoTrend

PLAIN = Design(weight="w", stratum="h")


@pytest.fixture
def frame() -> pd.DataFrame:
    """Two strata of three; F and M in both."""
    return pd.DataFrame(
        {
            "h": ["U1", "U1", "U1", "U2", "U2", "U2"],
            "psu": [1, 2, 2, 3, 4, 4],
            "w": [2.0, 2.0, 2.0, 3.0, 3.0, 3.0],
            "N": [6.0, 6.0, 6.0, 9.0, 9.0, 9.0],
            "sex": ["F", "M", "F", "F", "M", "F"],
            "x": [1.0, 2.0, 3.0, 4.0, 5.0, 6.0],
            "y": [1.0, 0.0, 1.0, 1.0, 1.0, 0.0],
        }
    )


@pytest.mark.parametrize("weight", [-1.0, np.nan, np.inf])
def test_a_negative_missing_or_infinite_weight_names_its_stratum(frame: pd.DataFrame, weight: float) -> None:
    frame.loc[4, "w"] = weight
    with pytest.raises(BadWeight, match=r"'w' has negative, missing or infinite weights \(h 'U2'\)"):
        rate(frame, PLAIN, "y")


def test_weights_that_are_all_zero_estimate_nothing(frame: pd.DataFrame) -> None:
    with pytest.raises(BadWeight, match="All weights are zero"):
        rate(frame.assign(w=0.0), PLAIN, "y")


def test_a_domain_without_weight_is_empty(frame: pd.DataFrame) -> None:
    with pytest.raises(EmptyDomain, match=r"Nobody within .* has an answer to 'y' and a positive weight"):
        rate(frame.assign(w=np.where(frame["sex"] == "M", 0.0, 1.0)), PLAIN, "y", within="sex == 'M'")


def test_a_population_below_its_responses_names_the_stratum(frame: pd.DataFrame) -> None:
    frame["N"] = [6, 6, 6, 2, 2, 2]
    with pytest.raises(BadPopulation, match=r"stratum 'U2' has 3 sampled units but a population \('N'\) of 2"):
        rate(frame, Design(weight="w", stratum="h", population="N"), "y")


def test_a_population_that_differs_within_a_stratum_is_refused(frame: pd.DataFrame) -> None:
    frame.loc[5, "N"] = 10
    with pytest.raises(BadPopulation, match="'N' differs within stratum 'U2'"):
        rate(frame, Design(weight="w", stratum="h", population="N"), "y")


def test_a_missing_population_is_refused(frame: pd.DataFrame) -> None:
    frame.loc[3:, "N"] = np.nan
    with pytest.raises(ValueMissing, match=r"'N' \(population\) has missing values"):
        rate(frame, Design(weight="w", stratum="h", population="N"), "y")


def test_a_missing_stratum_is_refused(frame: pd.DataFrame) -> None:
    frame.loc[0, "h"] = None
    with pytest.raises(ValueMissing, match="Column 'h' of the design has missing values"):
        rate(frame, PLAIN, "y")


@pytest.mark.parametrize("question", [rate, rate_by])
def test_a_rate_of_scores_is_refused(frame: pd.DataFrame, question: Any) -> None:
    by = ("sex",) if question is rate_by else ()
    with pytest.raises(NotBinary, match=r"'x' has values other than 0 and 1 \(h 'U1'\); code it, or ask for its mean"):
        question(frame, PLAIN, "x", *by)


def test_a_rate_of_scores_is_refused_from_kept_cells_too(frame: pd.DataFrame) -> None:
    kept = cells(frame, PLAIN, ["x", "y"], by="sex")
    assert mean(kept, PLAIN, "x").rate == pytest.approx(mean(frame, PLAIN, "x").rate)
    assert rate(kept, PLAIN, "y").rate == pytest.approx(rate(frame, PLAIN, "y").rate)
    with pytest.raises(NotBinary, match="'x'"):
        rate(kept, PLAIN, "x")


@pytest.mark.parametrize("question", [rate, mean, total])
def test_an_empty_domain_is_named(frame: pd.DataFrame, question: Any) -> None:
    with pytest.raises(EmptyDomain, match=r"Nobody within \"sex == 'X'\""):
        question(frame, PLAIN, "y", within="sex == 'X'")


def test_domains_that_nobody_answered_are_empty(frame: pd.DataFrame) -> None:
    for question in (rate_by, mean_by):
        with pytest.raises(EmptyDomain, match="Nobody has an answer to 'y'"):
            question(frame.assign(y=np.nan), PLAIN, "y", "sex")


def test_a_difference_needs_both_domains(frame: pd.DataFrame) -> None:
    with pytest.raises(EmptyDomain, match="No response has sex = X"):
        difference(frame, PLAIN, "y", "sex", "F", "X")
    with pytest.raises(EmptyDomain, match="Nobody in 'M' answered 'y'"):
        difference(frame.assign(y=frame["y"].where(frame["sex"] == "F")), PLAIN, "y", "sex", "F", "M")


def test_a_ratio_to_nothing_has_no_value(frame: pd.DataFrame) -> None:
    with pytest.raises(EmptyDomain, match="The total of 'zero' is zero"):
        ratio(frame.assign(zero=0.0), PLAIN, "y", "zero")


@pytest.mark.parametrize("count", [-1.0, 1.5, np.nan])
def test_counts_are_whole_and_not_negative(frame: pd.DataFrame, count: float) -> None:
    with pytest.raises(BadCount, match="'n' has negative, missing or fractional counts"):
        rate(frame.assign(n=[1, 1, count, 1, 1, 1]), Design(weight="w", stratum="h", count="n"), "y")


def test_a_missing_column_lists_those_there_are(frame: pd.DataFrame) -> None:
    for question in (lambda: rate(frame, PLAIN, "z"), lambda: rate(frame, PLAIN, "y", within="z == 1")):
        with pytest.raises(ColumnMissing, match="no column 'z'; it has N, h, psu, sex, w, x, y"):
            question()


def test_kept_cells_answer_only_what_they_kept(frame: pd.DataFrame) -> None:
    kept = cells(frame, PLAIN, "y")
    for question in (
        lambda: rate_by(kept, PLAIN, "y", "sex"),
        lambda: rate(kept, PLAIN, "x"),
        lambda: rate(kept, PLAIN, "y", within="sex == 'F'"),
    ):
        with pytest.raises(ColumnMissing, match="These cells were made without"):
            question()
    with pytest.raises(BadDesign, match="made with another design"):
        rate(kept, Design(weight="w"), "y")


def test_kept_cells_of_several_outcomes_answer_for_the_same_people_only(frame: pd.DataFrame) -> None:
    """Five answered x, four of them y too: y alone, or nobody's answer, is another question than x and y."""
    some = frame.assign(y=frame["y"].where(frame["x"] != 2), x=frame["x"].where(frame["x"] != 6))
    kept = cells(some, PLAIN, ["x", "y"], by=["sex", "h"])
    assert ratio(kept, PLAIN, "y", "x").rate == pytest.approx(ratio(some, PLAIN, "y", "x").rate, rel=1e-12)
    with pytest.raises(BadDesign, match="count the 4 who answered all of 'x', 'y', but 'y' concerns 5"):
        rate(kept, PLAIN, "y")
    with pytest.raises(BadDesign, match="but no outcome concerns 6"):
        chi_square(kept, PLAIN, "sex", "h")
    whole = cells(some, PLAIN, by=["sex", "h"])
    assert chi_square(whole, PLAIN, "sex", "h").f == pytest.approx(chi_square(some, PLAIN, "sex", "h").f, rel=1e-12)


def test_an_outcome_whose_odd_values_cancel_is_not_binary(frame: pd.DataFrame) -> None:
    """Σ y² - Σ y is 0 of 2, 1/2 x 8 with equal weights, but none of them is 0 or 1."""
    odd = pd.DataFrame({"h": "A", "w": 1.0, "y": [2.0] + [0.5] * 8})
    kept = cells(odd, PLAIN, "y")
    assert mean(kept, PLAIN, "y").rate == pytest.approx(6 / 9)
    with pytest.raises(NotBinary, match="'y' has values other than 0 and 1"):
        rate(kept, PLAIN, "y")


def test_a_psu_in_two_strata_needs_nest(frame: pd.DataFrame) -> None:
    frame["psu"] = [1, 2, 2, 1, 3, 3]
    with pytest.raises(PSUInTwoStrata, match=r"PSU 1 is in two strata of 'h'; say nest=True"):
        rate(frame, Design(weight="w", stratum="h", psu="psu"), "y")
    assert rate(frame, Design(weight="w", stratum="h", psu="psu", nest=True), "y").df == 2


def test_a_lonely_psu_fails_by_name(frame: pd.DataFrame) -> None:
    with pytest.raises(LonelyPSU, match="stratum 'U1' has one response at stage 1; choose"):
        rate(frame[2:], Design(weight="w", stratum="h", lonely_psu="fail"), "y")
    with pytest.raises(LonelyPSU, match="stratum 'U1' has one PSU at stage 1"):
        rate(frame[1:], Design(weight="w", stratum="h", psu="psu", lonely_psu="fail"), "y")
    with pytest.raises(LonelyPSU, match="the sample has one response"):
        rate(frame[:1], Design(weight="w", lonely_psu="fail"), "y")
    two_stages = Design(weight="w", stratum="h", psu=["psu", None], population=["N", "x"], lonely_psu="fail")
    with pytest.raises(LonelyPSU, match="PSU 1 of stratum 'U1' has one response at stage 2"):
        rate(frame.assign(x=5.0), two_stages, "y")


@pytest.mark.parametrize(
    "condition",
    [
        "sex = 'F'",
        "sex == ",
        "sex == 'F' &",
        "(sex == 'F'",
        "sex",
        "sex == 'F' extra",
        "1 == 1",
        "sex == 'F",
        "is.na(1)",
    ],
)
def test_a_condition_that_cannot_be_read_is_quoted(frame: pd.DataFrame, condition: str) -> None:
    with pytest.raises(BadCondition, match="Cannot read the condition"):
        rate(frame, PLAIN, "y", within=condition)


def test_a_design_that_contradicts_itself_is_refused() -> None:
    with pytest.raises(BadDesign, match="lonely_psu='drop' is not a rule; choose one of fail, remove"):
        Design(lonely_psu="drop")  # type: ignore[arg-type]
    with pytest.raises(BadDesign, match="only the last stage can be None"):
        Design(psu=[None, "psu"])
    with pytest.raises(BadDesign, match="population has 2 stages but psu has 1"):
        Design(psu="psu", population=["N", "M"])
    with pytest.raises(BadDesign, match="stratum names 2 columns, one for each stage, but psu has 1; join the columns"):
        Design(stratum=["province", "commune"])
    with pytest.raises(BadDesign, match="variance='r' is not known; choose exact or r-rake"):
        rake(pd.DataFrame(), PLAIN, {}, variance="r")  # type: ignore[arg-type]


def test_a_margin_that_no_respondent_belongs_to_is_named(frame: pd.DataFrame) -> None:
    with pytest.raises(BadMargin, match="No respondent belongs to sex = X, whose total is 3; merge it"):
        post_stratify(frame, PLAIN, {"sex": {"F": 9, "M": 3, "X": 3}})
    assert post_stratify(frame, PLAIN, {"sex": {"F": 9, "M": 6, "X": 0}}).steps[0].totals == (9.0, 6.0)


def test_respondents_without_a_total_are_named(frame: pd.DataFrame) -> None:
    with pytest.raises(BadMargin, match="Respondents with sex = M have no total in the margin"):
        rake(frame, PLAIN, {"sex": {"F": 9}})


def test_margins_of_two_populations_are_refused(frame: pd.DataFrame) -> None:
    with pytest.raises(BadMargin, match="margin of 'sex' adds up to 15 but that of 'h' to 16"):
        rake(frame, PLAIN, {"sex": {"F": 9, "M": 6}, "h": {"U1": 8, "U2": 8}})


@pytest.mark.parametrize("wrong", [-1.0, np.nan, np.inf])
def test_a_total_is_finite_and_not_negative(frame: pd.DataFrame, wrong: float) -> None:
    with pytest.raises(BadMargin, match="The total of sex = M is"):
        calibrate(frame, PLAIN, {"sex": {"F": 9, "M": wrong}})


def test_one_margin_at_a_time_where_one_is_meant(frame: pd.DataFrame) -> None:
    with pytest.raises(BadMargin, match="use rake"):
        post_stratify(frame, PLAIN, {"sex": {"F": 9, "M": 6}, "h": {"U1": 6, "U2": 9}})


def test_a_calibration_needs_its_numbers(frame: pd.DataFrame) -> None:
    frame.loc[2, "x"] = np.nan
    with pytest.raises(BadMargin, match="'x' has missing values"):
        calibrate(frame, PLAIN, {"x": 50.0})


def test_totals_that_contradict_one_another_fail(frame: pd.DataFrame) -> None:
    """Every man is counted in both columns, with two different totals."""
    frame["man"] = (frame["sex"] == "M").astype(float)
    with pytest.raises(CalibrationFailed, match="No weights meet these totals"):
        calibrate(frame, PLAIN, {"sex": {"F": 9, "M": 6}, "man": 4.0})


def test_bounds_that_exclude_the_solution_say_how_wide_it_is(frame: pd.DataFrame) -> None:
    totals = {"sex": {"F": 4.0, "M": 11.0}}
    with pytest.raises(BoundsTooTight, match=r"without bounds they lie between 0.4 and 2.2"):
        calibrate(frame, PLAIN, totals, calfun="logit", bounds=(0.8, 1.3))
    assert issubclass(BoundsTooTight, CalibrationFailed)


def test_raking_that_cannot_converge_names_the_category(frame: pd.DataFrame) -> None:
    """All men are in U1, but the margins ask for more men than U1 has people."""
    frame["sex"] = ["M", "M", "F", "F", "F", "F"]
    with pytest.raises(CalibrationFailed, match="Raking did not converge"):
        rake(frame, PLAIN, {"sex": {"F": 5, "M": 10}, "h": {"U1": 6, "U2": 9}})
    with pytest.raises(CalibrationFailed, match="raking calibration did not reach"):
        calibrate(frame, PLAIN, {"sex": {"F": 5, "M": 10}, "h": {"U1": 6, "U2": 9}}, calfun="raking")


@pytest.mark.parametrize(
    ("calfun", "bounds", "message"),
    [("sinh", (0.5, 2), "is not known"), ("linear", (1.2, 2), "around 1"), ("logit", (-np.inf, np.inf), "two finite")],
)
def test_a_distance_and_its_bounds_make_sense(
    frame: pd.DataFrame, calfun: Any, bounds: tuple[float, float], message: str
) -> None:
    with pytest.raises(BadDesign, match=message):
        calibrate(frame, PLAIN, {"sex": {"F": 9, "M": 6}}, calfun=calfun, bounds=bounds)


def test_trimming_needs_room(frame: pd.DataFrame) -> None:
    with pytest.raises(BadDesign, match="lower < upper"):
        trim(frame, PLAIN, lower=3, upper=2)
    with pytest.raises(CalibrationFailed, match="cannot all lie in"):
        trim(frame, PLAIN, upper=2.4)


def test_weights_of_another_frame_are_stale(frame: pd.DataFrame) -> None:
    raked = rake(frame, PLAIN, {"sex": {"F": 9, "M": 6}})
    with pytest.raises(StaleWeights, match="The design's rake gave sex = F a total of 9"):
        rate(frame[:-1], raked, "y")
    trimmed = trim(frame, PLAIN, upper=2.8)
    with pytest.raises(StaleWeights, match="Weights were trimmed when they added up to 15"):
        rate(frame[:-1], trimmed, "y")


@pytest.mark.parametrize(
    ("replicates", "message"),
    [
        ({"kind": "JK3"}, "'JK3' replicates are not known"),
        ({"kind": "bootstrap"}, "bootstrap replicates must be given as columns"),
        ({"kind": "Fay", "rho": 1.0}, "rho is 1.0"),
        ({"kind": "BRR", "small": "drop"}, "small='drop' is one of fail, split, merge"),
        ({"kind": "BRR", "large": "half"}, "large='half' one of split, merge, fail"),
    ],
)
def test_replicates_that_make_no_sense_are_refused(replicates: dict[str, Any], message: str) -> None:
    with pytest.raises(BadDesign, match=message):
        Replicates(**replicates)


@pytest.mark.parametrize(
    ("replicates", "message"),
    [
        (Replicates("JK1"), "JK1 ignores strata"),
        (Replicates("BRR"), "need pairs, but stratum number 1 has 3 units"),
        (Replicates("JKn", columns=("x", "y")), "need their rscales"),
        (Replicates("JKn", columns=("x", "y"), rscales=(1.0,)), "1 rscales were given for 2"),
        (Replicates("bootstrap", columns=("bad", "y")), "negative or missing"),
    ],
)
def test_replicates_must_fit_the_design(frame: pd.DataFrame, replicates: Replicates, message: str) -> None:
    with pytest.raises(BadDesign, match=message):
        mean(frame.assign(bad=-1.0), PLAIN.with_replicates(replicates), "y")


def test_balanced_replicates_need_strata_and_pairs(frame: pd.DataFrame) -> None:
    with pytest.raises(BadDesign, match="BRR pairs the units of strata"):
        mean(frame, Design(weight="w").with_replicates(Replicates("BRR")), "y")
    with pytest.raises(BadDesign, match="1 strata have a single unit"):
        mean(frame[2:], PLAIN.with_replicates(Replicates("BRR", small="merge", large="merge")), "y")
    with pytest.raises(BadDesign, match='choose large="merge"'):
        mean(frame, PLAIN.with_replicates(Replicates("BRR", large="fail")), "y")


def test_replicates_need_rows(frame: pd.DataFrame) -> None:
    design = PLAIN.with_replicates(Replicates("JKn"))
    with pytest.raises(BadDesign, match="need the frame itself"):
        mean(cells(frame, PLAIN, "y"), design, "y")
    with pytest.raises(BadDesign, match="nothing to compare"):
        mean(frame[2:4], design, "y")


def test_a_trend_needs_a_slope(frame: pd.DataFrame) -> None:
    with pytest.raises(NoTrend, match="a single value"):
        trend(frame.assign(x=1.0), PLAIN, "y", "x")
    with pytest.raises(NoTrend, match="are alike"):
        trend(frame.assign(y=1.0), PLAIN, "y", "x")
    with pytest.raises(NoTrend, match="separates the answers"):
        trend(frame.assign(y=(frame["x"] > 3).astype(float)), PLAIN, "y", "x")
    with pytest.raises(EmptyDomain, match="value of 'x'"):
        trend(frame.assign(x=np.nan), PLAIN, "y", "x")


def test_a_test_of_independence_needs_two_categories(frame: pd.DataFrame) -> None:
    with pytest.raises(EmptyDomain, match="'sex' has 1 category"):
        chi_square(frame, PLAIN, "sex", "h", within="sex == 'F'")


def test_a_test_of_independence_needs_combinations_that_somebody_has() -> None:
    """Three of nine: the four contrasts of two columns of three cannot be told apart by them."""
    kinds = pd.DataFrame({"a": list("xyz") * 4, "b": list("uvw") * 4, "h": ["A", "B"] * 6, "w": 1.0})
    with pytest.raises(EmptyDomain, match=r"6 of the 9 combinations have no response.*merge categories"):
        chi_square(kinds, PLAIN, "a", "b")
    one_more = kinds.assign(b=list("uvw" * 3 + "vwu"))
    assert 0 <= chi_square(one_more, PLAIN, "a", "b").p_value <= 1


def test_every_error_is_one_family() -> None:
    assert issubclass(LonelyPSU, AnalysisError)
    assert issubclass(AnalysisError, ValueError)
