"""Weighting steps reach their totals, are recorded factor by factor, and lower the variance as they should."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis import (
    Design,
    adjust_nonresponse,
    calibrate,
    calibration,
    cells,
    list_factors,
    mean,
    post_stratify,
    rake,
    rate,
    total,
    trim,
    weights_of,
)
from analysis.errors import BadMargin, CalibrationFailed

REFERENCE = Path(__file__).parent / "reference"
PLAIN = Design(weight="w")


@pytest.fixture
def frame() -> pd.DataFrame:
    """Ten responses of weight 2: six women (four of them in town), four men (one in town)."""
    return pd.DataFrame(
        {
            "w": 2.0,
            "sex": ["F"] * 6 + ["M"] * 4,
            "town": ["T", "T", "T", "T", "C", "C", "T", "C", "C", "C"],
            "age": [20.0, 30, 40, 50, 60, 70, 25, 35, 45, 55],
            "y": [1.0, 1, 1, 0, 1, 1, 0, 1, 0, 1],
        }
    )


@pytest.fixture
def schools() -> pd.DataFrame:
    return pd.read_csv(REFERENCE / "apistrat.csv")


def test_post_stratified_weights_are_population_over_responses(frame: pd.DataFrame) -> None:
    """30 women over 6 responses, 10 men over 4."""
    design = post_stratify(frame, PLAIN, {"sex": {"F": 30, "M": 10}})
    assert weights_of(frame, design).tolist() == pytest.approx([5.0] * 6 + [2.5] * 4)
    share = (30 * 5 / 6 + 10 * 2 / 4) / 40
    assert rate(frame, design, "y").rate == pytest.approx(share)


def test_post_stratification_by_two_columns(frame: pd.DataFrame) -> None:
    totals = {("F", "T"): 12, ("F", "C"): 10, ("M", "T"): 3, ("M", "C"): 9}
    design = post_stratify(frame, PLAIN, {("sex", "town"): totals})
    weights = weights_of(frame, design)
    for (sex, town), wanted in totals.items():
        assert weights[(frame["sex"] == sex) & (frame["town"] == town)].sum() == pytest.approx(wanted)


def test_post_stratification_takes_the_spread_between_strata_out_of_the_variance(frame: pd.DataFrame) -> None:
    """Without strata: v = n/(n-1) Σ z², z = w (y - mean of its post-stratum) / N (Särndal et al. 1992, 7.6)."""
    design = post_stratify(frame, PLAIN, {"sex": {"F": 30, "M": 10}})
    weights = np.array([5.0] * 6 + [2.5] * 4)
    means = frame.groupby("sex")["y"].transform("mean")
    z = weights * (frame["y"] - means) / 40
    assert mean(frame, design, "y").variance == pytest.approx(10 / 9 * (z**2).sum())


def test_the_total_of_a_calibrated_column_has_no_error(frame: pd.DataFrame) -> None:
    design = calibrate(frame, PLAIN, {"(Intercept)": 25.0, "age": 1100.0})
    found = total(frame, design, "age")
    assert (found.rate, found.se) == (pytest.approx(1100.0), 0.0)


def test_raking_meets_both_margins_and_keeps_the_odds_ratio(frame: pd.DataFrame) -> None:
    margins = {"sex": {"F": 12.0, "M": 13.0}, "town": {"T": 15.0, "C": 10.0}}
    weights = weights_of(frame, rake(frame, PLAIN, margins))
    assert weights.groupby(frame["sex"]).sum().to_dict() == pytest.approx(margins["sex"])
    assert weights.groupby(frame["town"]).sum().to_dict() == pytest.approx(margins["town"])
    cell = weights.groupby([frame["sex"], frame["town"]]).sum()
    assert cell["F", "T"] * cell["M", "C"] / (cell["F", "C"] * cell["M", "T"]) == pytest.approx(4 * 3 / (2 * 1))


def test_totals_may_be_series_of_a_frame(frame: pd.DataFrame) -> None:
    people = pd.Series({"F": 12.0, "M": 13.0})
    expected = weights_of(frame, calibrate(frame, PLAIN, {"sex": people.to_dict()}))
    assert weights_of(frame, calibrate(frame, PLAIN, {"sex": people})).tolist() == expected.tolist()
    assert weights_of(frame, post_stratify(frame, PLAIN, {"sex": people})).tolist() == pytest.approx(expected.tolist())


def test_raking_without_numbers_to_move_needs_no_steps(frame: pd.DataFrame) -> None:
    margins = {"sex": {"F": 12.0, "M": 8.0}, "town": {"T": 10.0, "C": 10.0}}
    assert weights_of(frame, rake(frame, PLAIN, margins)).tolist() == pytest.approx([2.0] * 10)


@pytest.mark.parametrize("calfun", ["linear", "raking"])
def test_calibration_on_margins_is_raking_or_regression(frame: pd.DataFrame, calfun: str) -> None:
    margins = {"sex": {"F": 13.0, "M": 8.0}, "town": {"T": 11.0, "C": 10.0}}
    weights = weights_of(frame, calibrate(frame, PLAIN, margins, calfun=calfun))
    assert weights.groupby(frame["town"]).sum().to_dict() == pytest.approx(margins["town"])
    same = np.allclose(weights, weights_of(frame, rake(frame, PLAIN, margins)))
    assert same == (calfun == "raking")


@pytest.mark.parametrize("calfun", ["linear", "raking", "logit"])
def test_bounds_are_kept(frame: pd.DataFrame, calfun: str) -> None:
    """Unbounded, age alone would need factors from 0.6 to 1.46."""
    totals = {"(Intercept)": 20.0, "age": 940.0}
    free = weights_of(frame, calibrate(frame, PLAIN, totals, calfun="linear")) / 2
    bounded = weights_of(frame, calibrate(frame, PLAIN, totals, calfun=calfun, bounds=(0.7, 1.4))) / 2
    assert free.min() < 0.7
    assert free.max() > 1.4
    assert bounded.min() >= 0.7 - 1e-12
    assert bounded.max() <= 1.4 + 1e-12
    assert (bounded * 2 * frame["age"]).sum() == pytest.approx(940.0)


def test_trimming_keeps_the_sum_and_the_bounds(frame: pd.DataFrame) -> None:
    frame["w"] = [1.0, 1, 2, 2, 2, 2, 3, 3, 9, 1]
    weights = weights_of(frame, trim(frame, PLAIN, lower=1.5, upper=5))
    assert weights.sum() == pytest.approx(26.0)
    assert (weights.min(), weights.max()) == (1.5, 5.0)
    once = weights_of(frame, trim(frame, PLAIN, upper=3.2, strict=False))
    assert once.max() == pytest.approx(3 + 5.8 / 9)


def test_weights_within_the_bounds_stay(frame: pd.DataFrame) -> None:
    assert weights_of(frame, trim(frame, PLAIN, upper=2.5)).tolist() == [2.0] * 10


def test_trimming_population_weights(schools: pd.DataFrame) -> None:
    """Strata weigh 44.21, 15.1 and 20.36; the cut of 100 x 4.21 goes to the 100 others."""
    design = Design(stratum="stype", population="fpc")
    weights = weights_of(schools, trim(schools, design, upper=40))
    expected = {"E": 40.0, "H": 15.1 + 4.21, "M": 20.36 + 4.21}
    assert weights.groupby(schools["stype"]).first().to_dict() == pytest.approx(expected)


def test_nonresponse_factors_are_invited_over_responding(frame: pd.DataFrame) -> None:
    """Invited women weigh 24, responding 12; men 16 and 8: every weight doubles and the variance does not shrink."""
    design = adjust_nonresponse(frame, PLAIN, {"sex": {"F": 24.0, "M": 24.0}})
    assert weights_of(frame, design).tolist() == pytest.approx([4.0] * 6 + [6.0] * 4)
    given = frame.assign(w=[4.0] * 6 + [6.0] * 4)
    assert rate(frame, design, "y").se == pytest.approx(rate(given, PLAIN, "y").se)


def test_fewer_invited_than_responded_is_refused(frame: pd.DataFrame) -> None:
    with pytest.raises(BadMargin, match="sex = M: fewer were invited than responded"):
        adjust_nonresponse(frame, PLAIN, {"sex": {"F": 24.0, "M": 7.0}})
    with pytest.raises(BadMargin, match="takes one column"):
        adjust_nonresponse(frame, PLAIN, {"sex": {"F": 24.0, "M": 9.0}, "town": {"T": 9.0, "C": 9.0}})


def test_the_chain_is_recorded_factor_by_factor(frame: pd.DataFrame) -> None:
    design = adjust_nonresponse(frame, PLAIN, {"sex": {"F": 24.0, "M": 16.0}})
    design = post_stratify(frame, design, {"town": {"T": 30.0, "C": 30.0}})
    design = trim(frame, design, upper=7)
    chain = list_factors(frame, design)
    assert list(chain.columns[-5:]) == ["base", "1 nonresponse", "2 post_stratify", "3 trim", "weight"]
    product = chain[["base", "1 nonresponse", "2 post_stratify", "3 trim"]].prod(axis=1)
    assert product.tolist() == pytest.approx(chain["weight"].tolist())
    assert (chain["responses"] * chain["weight"]).sum() == pytest.approx(60.0)
    assert list_factors(frame, PLAIN)["weight"].tolist() == [2.0]


def test_a_calibration_after_a_calibration_meets_its_own_totals(frame: pd.DataFrame) -> None:
    first = post_stratify(frame, PLAIN, {"sex": {"F": 30.0, "M": 10.0}})
    second = calibrate(frame, first, {"town": {"T": 22.0, "C": 18.0}})
    weights = weights_of(frame, second)
    assert weights.groupby(frame["town"]).sum().to_dict() == pytest.approx({"T": 22.0, "C": 18.0})
    assert mean(frame, second, "y").se < mean(frame, first, "y").se * 1.2


def test_weights_of_counted_rows_are_those_of_one_response(frame: pd.DataFrame) -> None:
    counted = frame.groupby(["sex", "w"]).size().rename("n").reset_index()
    counted.loc[len(counted)] = ["X", 2.0, 0]
    design = Design(weight="w", count="n")
    weights = weights_of(counted, post_stratify(counted, design, {"sex": {"F": 30.0, "M": 10.0}}))
    assert weights.tolist() == pytest.approx([5.0, 2.5, 0.0])


def test_numbers_alone_can_be_calibrated_without_a_population_size(frame: pd.DataFrame) -> None:
    weights = weights_of(frame, calibrate(frame, PLAIN, {"age": 900.0, "sex": {"F": 13.0}}))
    assert (weights * frame["age"]).sum() == pytest.approx(900.0)
    assert weights[frame["sex"] == "F"].sum() == pytest.approx(13.0)


def test_kept_cells_are_raked_like_rows(frame: pd.DataFrame) -> None:
    margins = {"sex": {"F": 12.0, "M": 13.0}, "town": {"T": 15.0, "C": 10.0}}
    kept = cells(frame, PLAIN, by=["sex", "town"])
    assert rake(kept, PLAIN, margins).steps[0].coefficients == pytest.approx(
        rake(frame, PLAIN, margins).steps[0].coefficients
    )


def test_raking_meets_margins_of_which_few_combinations_occur() -> None:
    """Sixty villages, each with an office, and one that has half of its people in another's: 61 of 60 x 60."""
    villages = [f"v{place:02}" for place in range(60)]
    frame = pd.DataFrame({"village": [*villages, "v00"], "office": [*villages, "v01"]})
    margins = {"village": dict.fromkeys(villages, 1.0) | {"v00": 3.0}}
    margins |= {"office": dict.fromkeys(villages, 1.0) | {"v01": 3.0}}
    weights = weights_of(frame, rake(frame, Design(), margins))
    assert weights.tolist() == pytest.approx([1.0] * 60 + [2.0])


def test_slow_raking_goes_on_to_the_end(frame: pd.DataFrame) -> None:
    """Nearly separate groups converge slowly; the margins are met to rounding nevertheless."""
    frame["w"] = [100.0, 100, 100, 100, 1, 1, 1, 100, 100, 100]
    margins = {"sex": {"F": 250.0, "M": 250.0}, "town": {"T": 200.0, "C": 300.0}}
    weights = weights_of(frame, rake(frame, PLAIN, margins))
    for column, wanted in margins.items():
        assert weights.groupby(frame[column]).sum().to_dict() == pytest.approx(wanted, rel=1e-12)


def test_a_calibration_that_rounding_stops_is_good_enough(frame: pd.DataFrame, monkeypatch: pytest.MonkeyPatch) -> None:
    totals = {"(Intercept)": 25.0, "age": 1100.0}
    expected = weights_of(frame, calibrate(frame, PLAIN, totals, calfun="raking"))
    monkeypatch.setattr(calibration, "_TIGHT", -1.0)
    found = weights_of(frame, calibrate(frame, PLAIN, totals, calfun="raking"))
    assert found.tolist() == pytest.approx(expected.tolist(), rel=1e-12)


def test_a_calibration_that_runs_out_of_steps_fails(frame: pd.DataFrame, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calibration, "_STEPS", 1)
    with pytest.raises(CalibrationFailed, match="raking calibration did not reach the total"):
        calibrate(frame, PLAIN, {"(Intercept)": 25.0, "age": 1300.0}, calfun="raking")
