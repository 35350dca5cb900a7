"""What a frame must be before its sums are trusted: columns that exist and hold numbers, cells that make sense."""

from __future__ import annotations

from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd

from analysis.arrays import Flags, Vector, spell
from analysis.design import Design
from analysis.errors import (
    BadCount,
    BadFrame,
    BadPopulation,
    BadWeight,
    ColumnMissing,
    NotBinary,
    NotNumeric,
    ValueMissing,
)

LARGEST, SMALLEST = 1e100, 1e-100  # beyond these a square leaves double precision


def open_frame(frame: Any) -> nw.LazyFrame[Any]:
    """The frame as narwhals sees it. Raises BadFrame for anything that is no table, or has a column twice."""
    try:
        lazy: nw.LazyFrame[Any] = nw.from_native(frame).lazy()
        lazy.collect_schema()
    except (TypeError, nw.exceptions.DuplicateError) as error:
        raise BadFrame(
            f"This {type(frame).__name__} cannot be read as a table ({error}); give a pandas, Polars, PyArrow, DuckDB "
            "or PySpark frame whose columns have different names"
        ) from error
    return lazy


def check_columns(frame: nw.LazyFrame[Any], keys: tuple[str, ...], numbers: tuple[str, ...]) -> None:
    """Raises ColumnMissing, BadFrame for a name that is the library's own, NotNumeric for texts, dates and lists."""
    schema = frame.collect_schema()
    for name in dict.fromkeys((*numbers, *keys)):
        if name not in schema:
            raise ColumnMissing(f"The frame has no column {name!r}; it has {', '.join(sorted(map(str, schema)))}")
        if str(name).startswith("__"):
            raise BadFrame(f"Column {name!r}: names that begin with two underscores are taken; rename the column")
    for name in dict.fromkeys(keys):
        if not _can_be_grouped(frame, name, schema[name]):
            raise BadFrame(f"Column {name!r} holds lists or structures; a key is a number, a text or a date")
    for name in dict.fromkeys(numbers):
        if not _holds_numbers(frame, name, schema[name]):
            raise NotNumeric(
                f"Column {name!r} holds {schema[name]} where numbers are needed; code it as numbers, and what was not "
                "answered as missing"
            )


def check_table(table: pd.DataFrame, design: Design, outcomes: tuple[str, ...], *, binary: bool) -> None:
    """Refuse sums that no sample can have; the message names the cell.

    Raises ValueMissing, BadCount, BadWeight, BadPopulation, NotBinary and NotNumeric.
    """
    for name in design.keys:
        if table[name].isna().any():
            way_out = "give every response a value, or drop those rows before the design is made"
            raise ValueMissing(f"Column {name!r} of the design has missing values; {way_out}")
    _check_counts(table, design)
    _check_weights(table, design)
    _check_populations(table, design)
    for place, outcome in enumerate(outcomes):
        _check_outcome(table, design, place, outcome, binary=binary)


def read_numbers(table: pd.DataFrame, name: str) -> Vector:
    """A key column as floats. Raises NotNumeric for text, dates and lists."""
    try:
        return table[name].to_numpy(dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise NotNumeric(f"Column {name!r} must hold numbers ({error}); code it as numbers") from error


def _holds_numbers(frame: nw.LazyFrame[Any], name: str, kind: nw.dtypes.DType) -> bool:
    if kind.is_numeric() or kind in {nw.Boolean, nw.Unknown}:
        return True
    native = frame.to_native()
    if kind not in {nw.Object, nw.String} or not isinstance(native, pd.DataFrame):
        return False
    if kind == nw.String:
        return bool(native[name].isna().all())
    try:
        native[name].astype("float64")
    except (TypeError, ValueError):
        return False
    return True


def _can_be_grouped(frame: nw.LazyFrame[Any], name: str, kind: nw.dtypes.DType) -> bool:
    native = frame.to_native()
    if kind != nw.Object or not isinstance(native, pd.DataFrame):
        return not kind.is_nested()
    return all(pd.api.types.is_hashable(value) for value in native[name].dropna().head(1))


def _check_counts(table: pd.DataFrame, design: Design) -> None:
    counts = table["__rows"].to_numpy(dtype=float)
    bad = (table["__n_low"] < 0) | (table["__n_gaps"] > 0) | ~np.isfinite(counts) | (counts != np.round(counts))
    if bad.any():
        where = _describe(table, design, bad)
        raise BadCount(
            f"Column {design.count!r} has negative, missing or fractional counts{where}; a count is a whole number >= 0"
        )


def _check_weights(table: pd.DataFrame, design: Design) -> None:
    bad = (table["__w_low"] < 0) | (table["__w_gaps"] > 0) | ~np.isfinite(table["__f0"].to_numpy(dtype=float))
    if bad.any():
        where = _describe(table, design, bad)
        raise BadWeight(
            f"Column {design.weight!r} has negative, missing or infinite weights{where}; weights are >= 0: correct "
            "them, and give 0 to responses that do not count"
        )
    heaviest = table["__w_high"].to_numpy(dtype=float)
    if heaviest.max(initial=0) > LARGEST or 0 < heaviest.max(initial=0) < SMALLEST:
        where = _describe(table, design, heaviest == heaviest.max())
        raise BadWeight(
            f"Column {design.weight!r} has a weight of {heaviest.max():g}{where}, whose square cannot be computed; "
            "multiply all weights by one constant"
        )


def _check_populations(table: pd.DataFrame, design: Design) -> None:
    for stage, name in enumerate(design.populations):
        low, high = (table[f"__N{stage}_{end}"].astype(float) for end in ("low", "high"))
        if (low.isna() | high.isna()).any():
            raise ValueMissing(f"Column {name!r} (population) has missing values; give N_h for every response")
        bad = (low < 0) | np.isinf(high) | ((high == 0) & (table["__rows"] > 0))
        if bad.any():
            wrong = (low if (low < 0).any() else high)[bad].iloc[0]
            where = _describe(table, design, bad)
            raise BadPopulation(
                f"Column {name!r} gives a population of {wrong:g}{where}; a population is finite and at least its "
                "responses: correct the frame or leave the population out"
            )


def _check_outcome(table: pd.DataFrame, design: Design, place: int, outcome: str, *, binary: bool) -> None:
    odd = table[f"__odd{place}"].to_numpy(dtype=float)
    if binary and not (odd == 0).all():
        where = _describe(table, design, odd != 0)
        raise NotBinary(f"Outcome {outcome!r} has values other than 0 and 1{where}; code it, or ask for its mean()")
    huge = ~(odd < LARGEST) & (table["__rows"] > 0).to_numpy()
    if huge.any():
        where = _describe(table, design, huge)
        raise NotNumeric(
            f"Outcome {outcome!r} has infinite values, or values too large to square{where}; code what was not "
            "answered as missing, and choose a larger unit"
        )


def _describe(table: pd.DataFrame, design: Design, bad: Flags | pd.Series[bool]) -> str:
    place = int(np.argmax(bad))
    named = [f"{name} {spell(table[name].iloc[place])}" for name in design.keys if name in table]
    return f" ({', '.join(named)})" if named else ""
