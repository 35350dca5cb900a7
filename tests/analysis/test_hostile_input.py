"""What a hostile statistician hands over, in every engine's own types: a named refusal or a right number."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from analysis import (
    Design,
    calibrate,
    cells,
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
    variance_strata,
)
from analysis.errors import (
    BadCondition,
    BadCount,
    BadFrame,
    BadMargin,
    BadPopulation,
    BadWeight,
    ColumnMissing,
    EmptyDomain,
    NotBinary,
    NotNumeric,
)
from analysis.sufficient import BadStatistic

PLAIN = Design(weight="w", stratum="h")
ENGINES = ["pandas", "polars", "pyarrow", "duckdb"]


@pytest.fixture
def frame() -> pd.DataFrame:
    """Weighted share of 1: (2 + 2 + 3 + 1 + 1 + 2) / 16 = 11 / 16."""
    return pd.DataFrame(
        {
            "h": ["U1"] * 4 + ["U2"] * 4,
            "w": [2.0, 2.0, 3.0, 3.0, 1.0, 1.0, 2.0, 2.0],
            "size": [10.0] * 4 + [20.0] * 4,
            "sex": list("FMFMFMFM"),
            "y": [1.0, 1.0, 0.0, 1.0, 1.0, 1.0, 1.0, 0.0],
            "x": np.arange(1.0, 9.0),
        }
    )


def hand_over(frame: pd.DataFrame, engine: str) -> Any:
    if engine == "polars":
        return pl.from_pandas(frame)
    if engine == "pyarrow":
        return pa.Table.from_pandas(frame, preserve_index=False)
    if engine == "duckdb":
        return duckdb.connect().from_arrow(pa.Table.from_pandas(frame, preserve_index=False))
    return frame


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("columns", "error", "message"),
    [
        ({"w": -1.0}, BadWeight, r"negative, missing or infinite weights \(h 'U1'\)"),
        ({"w": np.nan}, BadWeight, r"negative, missing or infinite weights \(h 'U1'\)"),
        ({"w": 0.0}, BadWeight, "All weights are zero"),
        ({"w": 1e300}, BadWeight, r"weight of 1e\+300 \(h 'U1'\).*multiply all weights by one constant"),
        ({"w": 1e-160}, BadWeight, "weight of 1e-160"),
        ({"w": "2.5"}, NotNumeric, "'w' holds String where numbers are needed"),
        ({"y": "yes"}, NotNumeric, "'y' holds String where numbers are needed"),
        ({"y": 2.0}, NotBinary, r"other than 0 and 1 \(h 'U1'\)"),
        ({"y": -1.0}, NotBinary, r"other than 0 and 1 \(h 'U1'\)"),
        ({"y": np.inf}, NotBinary, r"other than 0 and 1 \(h 'U1'\)"),
        ({"y": np.nan}, EmptyDomain, "Nobody has an answer to 'y'"),
    ],
)
def test_every_engine_gets_the_same_refusal(
    frame: pd.DataFrame, engine: str, columns: dict[str, Any], error: type[Exception], message: str
) -> None:
    given = hand_over(frame.assign(**columns), engine)
    with pytest.raises(error, match=message):
        rate(given, PLAIN, "y")
    with pytest.raises(error, match=message):
        rate(cells(given, PLAIN, "y", by="sex", binary=True), PLAIN, "y")


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("size", [0.0, -5.0, np.inf])
def test_a_population_is_finite_and_positive(frame: pd.DataFrame, engine: str, size: float) -> None:
    given = hand_over(frame.assign(size=size), engine)
    with pytest.raises(BadPopulation, match=rf"'size' gives a population of {size:g} \(h 'U1'\)"):
        rate(given, Design(stratum="h", population="size"), "y")


@pytest.mark.parametrize("engine", ENGINES)
def test_halves_of_responses_that_add_up_to_whole_ones_are_still_refused(frame: pd.DataFrame, engine: str) -> None:
    """Four rows of 1.5 make six, which looks like a count."""
    given = hand_over(frame.assign(n=1.5), engine)
    with pytest.raises(BadCount, match=r"fractional counts \(h 'U1'\); a count is a whole number"):
        rate(given, Design(weight="w", stratum="h", count="n"), "y")


@pytest.mark.parametrize("engine", ENGINES)
def test_text_and_numbers_are_not_compared(frame: pd.DataFrame, engine: str) -> None:
    given = hand_over(frame, engine)
    with pytest.raises(BadCondition, match=r"Cannot compare sex with 3 .* put the value in quotes"):
        rate(given, PLAIN, "y", within="sex == 3")
    with pytest.raises(BadCondition, match=r"Cannot compare x with 'a' .* leave the quotes away"):
        rate(given, PLAIN, "y", within="'a' == x")
    with pytest.raises(BadCondition, match="put the value in quotes"):
        rate(cells(given, PLAIN, "y", by="sex"), PLAIN, "y", within="sex == 3")
    assert rate(given, PLAIN, "y", within="x > 0 & sex != h").n == 8


@pytest.mark.parametrize("wrong", [np.inf, -np.inf, 1e200])
def test_a_mean_of_the_infinite_is_refused(frame: pd.DataFrame, wrong: float) -> None:
    frame.loc[5, "x"] = wrong
    for question in (mean, total):
        with pytest.raises(NotNumeric, match=r"'x' has infinite values, or values too large to square \(h 'U2'\)"):
            question(frame, PLAIN, "x")


@pytest.mark.parametrize(
    "ask",
    [
        lambda frame: rate(frame, PLAIN, "y", confidence_level=95),
        lambda frame: rate_by(frame, PLAIN, "y", "sex", confidence_level=95),
        lambda frame: mean(frame, PLAIN, "y", confidence_level=95),
        lambda frame: mean_by(frame, PLAIN, "y", "sex", confidence_level=95),
        lambda frame: total(frame, PLAIN, "y", confidence_level=95),
        lambda frame: ratio(frame, PLAIN, "y", "x", confidence_level=95),
        lambda frame: difference(frame, PLAIN, "y", "sex", "F", "M", confidence_level=95),
        lambda frame: trend(frame, PLAIN, "y", "x", confidence_level=95),
    ],
)
def test_a_confidence_level_is_a_share(frame: pd.DataFrame, ask: Any) -> None:
    with pytest.raises(BadStatistic, match="confidence_level is 95; it lies between 0 and 1"):
        ask(frame)


@pytest.mark.parametrize("given", [None, [1], {"y": [1]}, pd.Series([1.0], name="y")])
def test_what_is_no_table_is_refused(given: Any) -> None:
    with pytest.raises(BadFrame, match="cannot be read as a table"):
        rate(given, PLAIN, "y")


def test_columns_that_would_be_mistaken_are_refused(frame: pd.DataFrame) -> None:
    with pytest.raises(BadFrame, match="different names"):
        rate(pd.concat([frame, frame[["y"]]], axis=1), PLAIN, "y")
    with pytest.raises(BadFrame, match="names that begin with two underscores are taken"):
        rate(frame.rename(columns={"h": "__y0"}), Design(weight="w", stratum="__y0"), "y")
    with pytest.raises(BadFrame, match="'h' holds lists"):
        rate(frame.assign(h=[["U1"]] * 8), PLAIN, "y")
    with pytest.raises(ColumnMissing, match="No column is named in by="):
        rate_by(frame, PLAIN, "y", [])


def test_what_is_no_number_is_refused_where_numbers_are_needed(frame: pd.DataFrame) -> None:
    day = pd.Timestamp(2026, 11, 24).date()
    with pytest.raises(NotNumeric, match="'sex' must hold numbers"):
        trend(frame, PLAIN, "y", "sex")
    with pytest.raises(NotNumeric, match="'sex' must hold numbers"):
        calibrate(frame, PLAIN, {"sex": 4.0})
    for wrong in (day, pd.Categorical(frame["y"]), [object()] * 8):
        with pytest.raises(NotNumeric, match="'y' holds"):
            rate(frame.assign(y=wrong), PLAIN, "y")


def test_totals_are_numbers_that_can_be_reached(frame: pd.DataFrame) -> None:
    with pytest.raises(BadMargin, match="No totals were given"):
        rake(frame, PLAIN, {})
    with pytest.raises(BadMargin, match="'sex' has a total that is no number"):
        rake(frame, PLAIN, {"sex": {"F": "many", "M": 8}})  # type: ignore[dict-item]
    with pytest.raises(BadMargin, match=r"total of sex = F is 1e\+308"):
        post_stratify(frame, PLAIN, {"sex": {"F": 1e308, "M": 8}})


def test_a_mean_without_degrees_of_freedom_says_that_it_knows_no_end(frame: pd.DataFrame) -> None:
    alone = mean(frame[:1], PLAIN, "x")
    assert (alone.low, alone.high) == (-np.inf, np.inf)
    assert alone.notes == ("no degrees of freedom: the error cannot be estimated, so the interval has no end",)


@pytest.mark.parametrize(
    "columns",
    [
        {"h": pd.Categorical(["U1"] * 4 + ["U2"] * 4, categories=["U3", "U2", "U1"])},
        {"w": [Decimal(2), Decimal(2), Decimal(3), Decimal(3), Decimal(1), Decimal(1), Decimal(2), Decimal(2)]},
        {"y": [True, True, False, True, True, True, True, False]},
        {"y": pd.array([True, True, False, True, True, True, True, False], dtype="boolean")},
        {"y": pd.array([1, 1, 0, 1, 1, 1, 1, 0], dtype="Int64")},
        {"y": pd.Series([True, True, False, True, True, True, True, False], dtype=object)},
    ],
)
def test_other_types_of_the_same_values_give_the_same_rate(frame: pd.DataFrame, columns: dict[str, Any]) -> None:
    expected = rate(frame, PLAIN, "y")
    assert expected.rate == 11 / 16
    found = rate(frame.assign(**columns), PLAIN, "y")
    assert (found.rate, found.se, found.low, found.high) == (expected.rate, expected.se, expected.low, expected.high)
    arrow = frame.assign(**columns).convert_dtypes(dtype_backend="pyarrow")
    assert rate(arrow, PLAIN, "y").low == pytest.approx(expected.low, abs=1e-12)


def test_an_index_that_repeats_changes_nothing(frame: pd.DataFrame) -> None:
    assert rate(frame.set_index(pd.Index([0] * 8)), PLAIN, "y") == rate(frame, PLAIN, "y")


def test_a_missing_answer_may_be_written_in_any_way(frame: pd.DataFrame) -> None:
    """Without the third response: 11 / 13."""
    ways = [
        pd.array([1, 1, None, 1, 1, 1, 1, 0], dtype="Int64"),
        pd.array([True, True, None, True, True, True, True, False], dtype="boolean"),
        pd.Series([True, True, None, True, True, True, True, False], dtype=object),
        [1, 1, np.nan, 1, 1, 1, 1, 0],
    ]
    for answers in ways:
        found = rate(frame.assign(y=answers), PLAIN, "y")
        assert (found.rate, found.n) == (pytest.approx(11 / 13, abs=1e-15), 7)
    with pytest.raises(EmptyDomain, match="Nobody has an answer to 'y'"):
        rate(frame.assign(y=None), PLAIN, "y")


def test_domains_may_be_dates_and_gaps_are_no_domain(frame: pd.DataFrame) -> None:
    days = pd.to_datetime(["2026-01-01"] * 3 + ["2026-02-01"] * 5)
    assert rate_by(frame.assign(day=days), PLAIN, "y", "day")["rate"].tolist() == pytest.approx([4 / 7, 7 / 9])
    gaps = rate_by(frame.assign(sex=["F", None, *"FMFMFM"]), PLAIN, "y", "sex")
    assert gaps["n"].to_dict() == {"F": 4, "M": 3}


def test_joined_strata_carry_one_number() -> None:
    """U2 has one response: it is joined with U1 of its agency; U3 of another agency stays apart."""
    frame = pd.DataFrame({"h": ["U1", "U1", "U2", "U3", "U3"], "agency": ["A", "A", "A", "B", "B"]})
    design = Design(stratum="h", collapse_within="agency")
    found = variance_strata(frame, design).set_index("h")["variance_stratum"]
    assert found["U1"] == found["U2"] != found["U3"]
    assert variance_strata(frame, Design()).empty
