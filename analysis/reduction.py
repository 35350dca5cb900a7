"""Reduces any frame to the sums that estimation needs, in one GROUP BY.

A cell is what the responses of one combination of the key columns (strata, PSUs, calibration classes, domains) add up
to. Its cost is one scan; everything after it costs as much as there are cells, however many responses there were.
Frames may be pandas, Polars, PyArrow, DuckDB or PySpark (through narwhals); nulls and NaN are missing answers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd

from analysis.arrays import Codes, Vector
from analysis.checking import check_columns, check_table, open_frame
from analysis.coding import code_columns, order_by_appearance
from analysis.conditions import list_columns, read_condition, refuse_mixed
from analysis.design import Design
from analysis.moments import Parts, list_sums, sum_pandas


@dataclass(frozen=True, slots=True)
class Cells:
    """Sums of one frame under one design.

    `keys`: one row a cell. With b = (1, v, v y1, v y2, ...) for a response, where v is 1 if it is in the domain and all
    the outcomes are answered, and d its weight: `rows` counts all sampled responses, `counts` (cells x K) is the sum of
    b over those of positive weight, `first` (cells x K) the sum of d b, `second` (cells x K x K) the sum of d^2 b b',
    `squares` (cells x outcomes x outcomes) the sum of d v y y'. `population` (cells x stages x 2) is the smallest and
    the largest
    N_h, or sampling fraction, that its responses name; `heaviest` the largest weight; `zero_one` says which outcomes
    are 0 or 1 throughout, `answered` (1 + outcomes) how many are in the domain, and how many of these answered each
    outcome, whatever they did with the others. `kept` holds what questions have already computed, `coded` the codes of
    key columns.
    """

    design: Design
    outcomes: tuple[str, ...]
    by: tuple[str, ...]
    keys: pd.DataFrame
    rows: Vector
    counts: Vector
    first: Vector
    second: Vector
    squares: Vector
    population: Vector
    heaviest: Vector
    zero_one: tuple[bool, ...]
    answered: Vector
    kept: dict[object, Any] = field(default_factory=dict, repr=False, compare=False)
    coded: dict[object, Any] = field(default_factory=dict, repr=False, compare=False)

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def binary(self) -> bool:
        """Whether all outcomes are 0 or 1 throughout."""
        return all(self.zero_one)

    def sort_out(self, columns: tuple[str, ...]) -> tuple[Codes, pd.DataFrame]:
        """Place of each cell among the sorted combinations of some key columns, -1 where one is missing; and these.

        Computed once; without columns all cells are one combination.
        """
        if columns not in self.coded:
            whole = np.zeros(len(self), dtype=np.intp), pd.DataFrame(index=[0])
            self.coded[columns] = code_columns(self.keys, columns) if columns else whole
        codes, labels = self.coded[columns]
        return codes, labels

    def codes(self, columns: tuple[str, ...]) -> Codes:
        """One code for each combination of these key columns, in the order of first appearance; computed once."""
        if ("codes", columns) not in self.coded:
            self.coded["codes", columns] = order_by_appearance(self.sort_out(columns)[0])
        codes: Codes = self.coded["codes", columns]
        return codes


def reduce_frame(
    frame: Any,
    design: Design,
    outcomes: str | Sequence[str] = (),
    by: str | Sequence[str] = (),
    *,
    within: str | None = None,
    binary: bool = False,
) -> Cells:
    """The cells of a frame, in one GROUP BY; `analysis.cells` documents the arguments and makes them ready."""
    names = (outcomes,) if isinstance(outcomes, str) else tuple(outcomes)
    groups = (by,) if isinstance(by, str) else tuple(by)
    keys = tuple(dict.fromkeys((*design.keys, *groups)))
    lazy = open_frame(frame)
    condition = read_condition(within) if within else None
    measured = (*names, *filter(None, (design.weight, design.count)), *design.populations)
    check_columns(lazy, (*keys, *(list_columns(within) if within else ())), measured)
    if within:
        refuse_mixed(within, lazy.collect_schema())
    if isinstance(frame, pd.DataFrame) and len(frame):
        table = sum_pandas(frame, design, names, keys, condition, binary=binary)
    else:
        sums = list_sums(_name_parts(names), binary=binary)
        prepared = _prepare(lazy, design, names, condition).with_columns(*(sums[name].alias(name) for name in sums))
        table = _group(prepared, keys, tuple(sums), design)
    check_table(table, design, names, binary=binary)
    return _assemble(table, design, names, groups, keys, binary=binary)


def _prepare(
    frame: nw.LazyFrame[Any], design: Design, outcomes: tuple[str, ...], condition: nw.Expr | None
) -> nw.LazyFrame[Any]:
    """Add count, weight, populations, domain indicator and outcomes as floats without gaps."""
    schema = frame.collect_schema()
    numbers = [
        (_number(design.count, schema) if design.count else nw.lit(1.0)).alias("__n"),
        (_number(design.weight, schema) if design.weight else nw.lit(1.0)).alias("__w"),
        *(_number(name, schema).alias(f"__N{stage}") for stage, name in enumerate(design.populations)),
        *(_number(name, schema).alias(f"__y{place}") for place, name in enumerate(outcomes)),
        (nw.lit(1) == nw.lit(1) if condition is None else condition).alias("__in"),
    ]
    frame = frame.with_columns(*numbers)
    answered = [~nw.col(f"__y{place}").is_null() for place in range(len(outcomes))]
    valid = nw.all_horizontal(nw.col("__in"), *answered, ignore_nulls=True)
    frame = frame.with_columns(
        nw.when(valid).then(nw.lit(1.0)).otherwise(nw.lit(0.0)).alias("__v"),
        nw.when(nw.col("__n") == 0).then(nw.lit(0.0)).otherwise(nw.col("__w")).alias("__w"),
    )
    inside = nw.col("__v") > 0
    return frame.with_columns(
        nw.when(nw.col("__in")).then(nw.lit(1.0)).otherwise(nw.lit(0.0)).alias("__a"),
        *(
            nw.when(nw.col("__in") & ~nw.col(f"__y{place}").is_null())
            .then(nw.lit(1.0))
            .otherwise(nw.lit(0.0))
            .alias(f"__a{place}")
            for place in range(len(outcomes) if len(outcomes) > 1 else 0)
        ),
        *(
            nw.when(inside).then(nw.col(f"__y{place}")).otherwise(nw.lit(0.0)).alias(f"__y{place}")
            for place in range(len(outcomes))
        ),
        nw.when(nw.col("__w") > 0).then(nw.col("__n")).otherwise(nw.lit(0.0)).alias("__p"),
        (nw.col("__n") * nw.col("__w")).alias("__d"),
        (nw.col("__n") * nw.col("__w") * nw.col("__w")).alias("__dd"),
    )


def _name_parts(outcomes: tuple[str, ...]) -> Parts:
    n, w = nw.col("__n"), nw.col("__w")
    return Parts(
        n=n,
        p=nw.col("__p"),
        d=nw.col("__d"),
        dd=nw.col("__dd"),
        v=nw.col("__v"),
        a=nw.col("__a"),
        answered=[nw.col(f"__a{place}") for place in range(len(outcomes) if len(outcomes) > 1 else 0)],
        values=[nw.col(f"__y{place}") for place in range(len(outcomes))],
        w_gaps=w.is_null().cast(nw.Float64),
        n_gaps=(n.is_null() | (n != n.round(0))).cast(nw.Float64),
    )


def _group(frame: nw.LazyFrame[Any], keys: tuple[str, ...], sums: tuple[str, ...], design: Design) -> pd.DataFrame:
    ranges = ["__n", "__w", *(f"__N{stage}" for stage in range(len(design.populations)))]
    asked = [
        *(nw.col(name).sum() for name in sums),
        *(nw.col(name).min().alias(f"{name}_low") for name in ranges),
        *(nw.col(name).max().alias(f"{name}_high") for name in ranges),
    ]
    if not keys:
        return frame.select(*asked).collect().to_pandas()
    table = frame.group_by(*keys).agg(*asked).collect().to_pandas()
    return table.sort_values(list(keys), ignore_index=True)


def _assemble(
    table: pd.DataFrame,
    design: Design,
    outcomes: tuple[str, ...],
    by: tuple[str, ...],
    keys: tuple[str, ...],
    *,
    binary: bool,
) -> Cells:
    size = len(outcomes) + 2
    return Cells(
        design=design,
        outcomes=outcomes,
        by=by,
        keys=table[list(keys)],
        rows=_column(table, "rows"),
        counts=np.stack([_column(table, f"c{k}") for k in range(size)], axis=1),
        first=np.stack([_column(table, f"f{k}") for k in range(size)], axis=1),
        second=_assemble_second(table, size, binary=binary),
        squares=_assemble_squares(table, len(outcomes), binary=binary),
        population=_assemble_population(table, design),
        heaviest=table["__w_high"].to_numpy(dtype=np.float64),
        answered=_add_answered(table, len(outcomes)),
        zero_one=tuple(not _column(table, f"odd{place}").any() for place in range(len(outcomes))),
    )


def _add_answered(table: pd.DataFrame, outcomes: int) -> Vector:
    names = ["a" if outcomes else "c1", *((f"a{place}" for place in range(outcomes)) if outcomes > 1 else ["c1"])]
    return np.array([_column(table, name).sum() for name in names[: outcomes + 1]])


def _assemble_second(table: pd.DataFrame, size: int, *, binary: bool) -> Vector:
    second = np.empty((len(table), size, size))
    for high in range(size):
        for low in range(high + 1):
            name = (
                f"s{high}{low}"
                if low > 1 and f"__s{high}{low}" in table
                else f"s1{high}"
                if high > 1
                else f"s{high}{high}"
            )
            second[:, high, low] = second[:, low, high] = _column(table, name)
    return second


def _assemble_squares(table: pd.DataFrame, outcomes: int, *, binary: bool) -> Vector:
    squares = np.empty((len(table), outcomes, outcomes))
    for i in range(outcomes):
        for j in range(i + 1):
            name = f"f{i + 2}" if binary and i == j else f"q{i}{j}"
            squares[:, i, j] = squares[:, j, i] = _column(table, name)
    return squares


def _assemble_population(table: pd.DataFrame, design: Design) -> Vector:
    population = np.empty((len(table), len(design.populations), 2))
    for stage in range(len(design.populations)):
        population[:, stage, 0] = table[f"__N{stage}_low"]
        population[:, stage, 1] = table[f"__N{stage}_high"]
    return population


def _column(table: pd.DataFrame, name: str) -> Vector:
    return table[f"__{name}"].to_numpy(dtype=np.float64)


def _number(name: str, schema: nw.Schema) -> nw.Expr:
    """A column as a float, NaN read as missing."""
    kind = schema[name]
    column = nw.col(name)
    if kind.is_float():
        return nw.when(column.is_nan()).then(None).otherwise(column).cast(nw.Float64)
    return column.cast(nw.Float64)
