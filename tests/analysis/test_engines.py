"""The same survey gives the same figures from pandas, Polars, PyArrow, DuckDB and Spark, from rows and from cells."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from requirements import skip_or_fail

from analysis import Design, cells, covariance_of, rake, rate, rate_by

REFERENCE = Path(__file__).parent / "reference"
DESIGN = Design(weight="w1", stratum="stratum", population="N_h", collapse_within="unit")
CLUSTERED = Design(weight="w1", stratum="unit", psu="office", nest=True)


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    frame = pd.read_csv(REFERENCE / "csat.csv").drop(columns="n_h")  # Spark would take it for N_h
    frame["satisfied"] = (frame["answer"] >= 4).astype(float).where(frame["answer"].notna())
    return frame


def as_polars(rows: pd.DataFrame) -> pl.DataFrame:
    return pl.from_pandas(rows)


def as_lazy_polars(rows: pd.DataFrame) -> pl.LazyFrame:
    return pl.from_pandas(rows).lazy()


def as_polars_with_nan(rows: pd.DataFrame) -> pl.DataFrame:
    return pl.from_pandas(rows, nan_to_null=False)


def as_arrow(rows: pd.DataFrame) -> pa.Table:
    return pa.Table.from_pandas(rows, preserve_index=False)


def as_duckdb(rows: pd.DataFrame) -> Any:
    connection = duckdb.connect()
    connection.register("responses", pa.Table.from_pandas(rows, preserve_index=False))
    return connection.sql("select * from responses")


ENGINES = [as_polars, as_lazy_polars, as_polars_with_nan, as_arrow, as_duckdb]


@pytest.mark.parametrize("convert", ENGINES, ids=lambda convert: convert.__name__)
@pytest.mark.parametrize("design", [DESIGN, CLUSTERED], ids=["stratified", "clustered"])
def test_an_engine_gives_pandas_figures(rows: pd.DataFrame, convert: Any, design: Design) -> None:
    check_same(rows, convert(rows), design)


@pytest.mark.spark
def test_spark_gives_pandas_figures_from_parquet(rows: pd.DataFrame, spark: Any, tmp_path: Path) -> None:
    """Nulls, never NaN, in Parquet; the master only sees sums per stratum, PSU and domain."""
    rows.to_parquet(tmp_path / "responses.parquet", index=False)
    frame = spark.read.parquet(str(tmp_path / "responses.parquet"))
    for design in (DESIGN, CLUSTERED):
        check_same(rows, frame, design)


@pytest.fixture(scope="module")
def spark() -> Iterator[Any]:
    """A session on a standalone master with one worker, on loopback."""
    if shutil.which("java") is None:
        skip_or_fail("Java is not installed: Spark was not compared")
    try:
        import pyspark
    except ImportError:
        skip_or_fail("PySpark is not installed (pip install 'hailong[all]'): Spark was not compared")
    from standalone_spark import start

    yield from start(Path(pyspark.__file__).parent)


def check_same(rows: pd.DataFrame, frame: Any, design: Design) -> None:
    expected = rate(rows, design, "satisfied", within="sex == 'F' & month <= 4")
    found = rate(frame, design, "satisfied", within="sex == 'F' & month <= 4")
    assert found.n == expected.n
    assert found.df == expected.df
    ours, theirs = ([e.rate, e.se, e.low, e.high, e.n_effective] for e in (found, expected))
    np.testing.assert_allclose(ours, theirs, rtol=1e-10)
    by = ["sector", "age"]
    left, right = rate_by(frame, design, "satisfied", by), rate_by(rows, design, "satisfied", by)
    assert list(left.index) == list(right.index)
    np.testing.assert_allclose(left[["rate", "se", "low", "high"]], right[["rate", "se", "low", "high"]], rtol=1e-10)
    np.testing.assert_allclose(covariance_of(left), covariance_of(right), rtol=1e-9, atol=1e-18)


@pytest.mark.parametrize("convert", ENGINES, ids=lambda convert: convert.__name__)
def test_raking_on_an_engine_gives_pandas_weights(rows: pd.DataFrame, convert: Any) -> None:
    total = float(rows["w1"].sum())
    margins = {
        "sex": {"F": total * 0.51, "M": total * 0.49},
        "channel": {"counter": total * 0.6, "online": total * 0.4},
    }
    expected = rate(rows, rake(rows, DESIGN, margins), "satisfied")
    frame = convert(rows)
    found = rate(frame, rake(frame, DESIGN, margins), "satisfied")
    np.testing.assert_allclose([found.rate, found.se], [expected.rate, expected.se], rtol=1e-10)


@pytest.mark.parametrize("design", [DESIGN, CLUSTERED], ids=["stratified", "clustered"])
def test_cells_give_the_figures_of_the_rows(rows: pd.DataFrame, design: Design) -> None:
    """One GROUP BY, then any roll-up of its key columns: the same to 1e-12."""
    kept = cells(rows, design, "satisfied", by=["unit", "month", "sex"])
    assert len(kept) < len(rows)
    for by in ("unit", "month", ["unit", "sex"]):
        expected, found = rate_by(rows, design, "satisfied", by), rate_by(kept, design, "satisfied", by)
        columns = ["rate", "se", "low", "high", "df", "n", "n_effective", "kish_deff"]
        np.testing.assert_allclose(found[columns], expected[columns], rtol=1e-12, atol=1e-14)
    expected, found = (rate(f, design, "satisfied", within="month >= 3 & sex != 'M'") for f in (rows, kept))
    np.testing.assert_allclose([found.rate, found.se], [expected.rate, expected.se], rtol=1e-12)


def test_counts_of_alike_responses_give_the_figures_of_the_rows(rows: pd.DataFrame) -> None:
    columns = ["stratum", "unit", "N_h", "w1", "satisfied", "sex"]
    counted = rows[columns].groupby(columns, dropna=False).size().rename("responses").reset_index()
    assert len(counted) < len(rows)
    design = Design(weight="w1", stratum="stratum", population="N_h", count="responses", collapse_within="unit")
    expected, found = (
        rate(rows, DESIGN, "satisfied", within="sex == 'F'"),
        rate(counted, design, "satisfied", within="sex == 'F'"),
    )
    np.testing.assert_allclose(
        [found.rate, found.se, found.low], [expected.rate, expected.se, expected.low], rtol=1e-12
    )
    assert (found.n, found.df, found.notes) == (expected.n, expected.df, expected.notes)


def test_weights_come_from_the_population_when_no_column_holds_them(rows: pd.DataFrame) -> None:
    """N_h / n_h over all of a stratum's responses, answered or not."""
    weighed = rows.assign(own=rows["N_h"] / rows.groupby("stratum")["resp"].transform("size"))
    expected = rate(weighed, Design(weight="own", stratum="stratum", population="N_h"), "satisfied")
    found = rate(rows, Design(stratum="stratum", population="N_h"), "satisfied")
    np.testing.assert_allclose([found.rate, found.se], [expected.rate, expected.se], rtol=1e-12)
    assert found.population == pytest.approx(expected.population)
