"""Outcomes that are computed from columns: of a frame's rows, or of the key columns of kept cells.

Cells that keep the levels of an item among their key columns carry every formula on these levels: a score is constant
within a cell, so that its sums follow from the cell's sums of weights.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, TypeAlias

import narwhals as nw
import numpy as np

from analysis.design import Design
from analysis.errors import BadDesign, ColumnMissing
from analysis.formulas import BadIndicator
from analysis.reduction import Cells
from analysis.sample import Sample, narrow, prepare, read_sample

Source: TypeAlias = "Cells | nw.LazyFrame[Any]"


def open_source(frame: Any, columns: tuple[str, ...]) -> Source:
    """Kept cells, which must keep the columns apart and have no outcome of their own; or the frame, read lazily.

    Raises BadDesign and ColumnMissing.
    """
    if not isinstance(frame, Cells):
        lazy: nw.LazyFrame[Any] = nw.from_native(frame).lazy()
        return lazy
    if frame.outcomes:
        raise BadDesign(
            "These cells were made for an outcome, without which responses are outside; keep the levels instead: "
            "cells(frame, design, by=[..., the items])"
        )
    missing = [name for name in columns if name not in frame.keys]
    if missing:
        raise ColumnMissing(f"These cells were made without {missing[0]!r}; name it in cells(frame, design, by=...)")
    return frame


def refuse_other_levels(source: Source, columns: tuple[str, ...], highest: int) -> None:
    """Raise BadIndicator for a value that is neither missing nor a whole number from 1 to the highest level."""
    lazy = nw.from_native(source.keys if isinstance(source, Cells) else source).lazy()
    for name in columns:
        level, known = _read_level(lazy.collect_schema(), name, highest)
        odd = (level < 1) | (level > highest) | (level != level.round(0))
        found = lazy.filter(known & odd).select(level.alias(name)).head(1).collect()
        if len(found):
            raise BadIndicator(
                f"Column {name!r} has the level {found[name][0]:g}, and levels are whole numbers from 1 to {highest}; "
                "recode it, and leave out what is no answer"
            )


def add_columns(source: Source, *columns: nw.Expr) -> Source:
    """The source with computed columns."""
    if isinstance(source, Cells):
        keys = nw.from_native(source.keys, eager_only=True).with_columns(*columns).to_native()
        return replace(source, keys=keys, kept={}, coded={})
    return source.with_columns(*columns)


def read_derived(source: Source, design: Design, outcomes: tuple[str, ...], within: str | None) -> Sample:
    """The sample behind a question about computed columns. Raises what `rate` raises."""
    if isinstance(source, Cells):
        return prepare(narrow(_turn_keys(source, outcomes), design, outcomes, (), within=within, binary=False))
    return read_sample(source, design, outcomes, within=within)


def _read_level(schema: nw.Schema, name: str, highest: int) -> tuple[nw.Expr, nw.Expr]:
    """The column as a number, and whether there is one."""
    if name not in schema:
        raise ColumnMissing(f"The frame has no column {name!r}; it has {', '.join(sorted(schema.names()))}")
    mixed = schema[name] == nw.Object
    if not (mixed or schema[name].is_numeric()):
        raise BadIndicator(f"Column {name!r} holds {schema[name]}: code its levels as whole numbers, 1 to {highest}")
    level = nw.col(name).cast(nw.Float64) if mixed else nw.col(name)
    return level, ~level.is_nan() if mixed or schema[name].is_float() else ~level.is_null()


def _turn_keys(table: Cells, names: tuple[str, ...]) -> Cells:
    """Make key columns the outcomes; a cell where one is missing is outside the domain."""
    values = table.keys[list(names)].to_numpy(dtype=np.float64, na_value=np.nan)
    answered = np.isfinite(values).all(axis=1)
    values = np.where(answered[:, None], values, 0.0)
    parts = np.column_stack([answered, values])
    second = np.zeros((len(table), parts.shape[1] + 1, parts.shape[1] + 1))
    second[:, 1:, 1:] = table.second[:, 1:2, 1:2] * parts[:, :, None] * parts[:, None, :]
    second[:, 0, 1:] = second[:, 1:, 0] = second[:, 1, 1:]
    second[:, 0, 0] = table.second[:, 0, 0]
    return replace(
        table,
        outcomes=names,
        counts=np.column_stack([table.counts[:, 0], table.counts[:, 1:2] * parts]),
        first=np.column_stack([table.first[:, 0], table.first[:, 1:2] * parts]),
        second=second,
        squares=table.first[:, 1, None, None] * values[:, :, None] * values[:, None, :],
        answered=np.full(1 + len(names), float((table.counts[:, 1] * answered).sum())),
        zero_one=tuple(bool(np.isin(column, (0.0, 1.0)).all()) for column in values.T),
        kept={},
    )
