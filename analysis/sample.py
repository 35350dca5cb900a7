"""Cells made ready for estimation: stages read, weighting steps replayed, sums reweighted."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd

from analysis.arrays import Flags, Vector
from analysis.conditions import list_columns, read_condition, refuse_mixed
from analysis.design import Design
from analysis.errors import BadDesign, BadWeight, ColumnMissing, NotBinary
from analysis.reduction import Cells, reduce_frame
from analysis.stages import Stage, read_stages, weigh_by_population
from analysis.steps import Step


@dataclass(frozen=True, slots=True)
class Replay:
    """One step with each cell's factor on the frame's weights before it and after it."""

    step: Step
    before: Vector
    after: Vector


@dataclass(frozen=True, slots=True)
class Sample:
    """The cells of one question under final weights; `first`, `second`, `squares` as in `Cells`, reweighted.

    `factor` is what each cell's weights were multiplied with, `replays` its history.
    """

    cells: Cells
    stages: tuple[Stage, ...]
    factor: Vector
    replays: tuple[Replay, ...]
    first: Vector
    second: Vector
    squares: Vector

    @property
    def design(self) -> Design:
        return self.cells.design

    @property
    def counts(self) -> Vector:
        return self.cells.counts

    @property
    def size(self) -> int:
        """Number of sums kept for a response: 1, v, and one for each outcome."""
        return int(self.first.shape[1])


def read_sample(
    frame: Any,
    design: Design,
    outcomes: tuple[str, ...],
    by: tuple[str, ...] = (),
    *,
    within: str | None = None,
    binary: bool = False,
) -> Sample:
    """The sample behind a question, from a frame or from kept cells (which are prepared once)."""
    if isinstance(frame, Cells):
        return prepare(narrow(frame, design, outcomes, by, within=within, binary=binary))
    return prepare(reduce_frame(frame, design, outcomes, by, within=within, binary=binary))


def prepare(table: Cells) -> Sample:
    """Read the stages, replay the weighting steps. The result is kept with the cells."""
    if "sample" not in table.kept:
        table.kept["sample"] = _prepare(table)
    sample: Sample = table.kept["sample"]
    return sample


def narrow(
    table: Cells, design: Design, outcomes: tuple[str, ...], by: tuple[str, ...], *, within: str | None, binary: bool
) -> Cells:
    """Kept cells seen through a question about some of their outcomes, domains and key columns."""
    if table.design != design:
        raise BadDesign("These cells were made with another design; make them again with cells(frame, design, ...)")
    missing = [name for name in by if name not in table.keys]
    missing += [name for name in outcomes if name not in table.outcomes]
    if missing:
        raise ColumnMissing(f"These cells were made without {missing[0]!r}; name it in cells(frame, design, ...)")
    name = ("narrow", outcomes, by, within, binary)
    if outcomes == table.outcomes and not within and binary <= table.binary:
        return table
    if name not in table.kept:
        table.kept[name] = _narrow(table, outcomes, by, within, binary=binary)
    narrowed: Cells = table.kept[name]
    return narrowed


def _narrow(table: Cells, outcomes: tuple[str, ...], by: tuple[str, ...], within: str | None, *, binary: bool) -> Cells:
    asked = [table.outcomes.index(name) for name in outcomes]
    for place in asked if binary else ():
        if not table.zero_one[place]:
            raise NotBinary(f"Outcome {table.outcomes[place]!r} has values other than 0 and 1; ask for its mean()")
    _check_answered(table, asked)
    places = [0, 1, *(2 + place for place in asked)]
    narrowed = replace(
        table,
        outcomes=outcomes,
        by=by,
        counts=table.counts[:, places],
        first=table.first[:, places],
        second=table.second[:, places][:, :, places],
        squares=table.squares[:, asked][:, :, asked],
        zero_one=tuple(table.zero_one[place] for place in asked),
        answered=table.answered[[0, *(1 + place for place in asked)]],
        kept={},
    )
    return _cut(narrowed, _evaluate(within, table.keys)) if within else narrowed


def _check_answered(table: Cells, asked: list[int]) -> None:
    """Cells count who answered all of their outcomes: a question about some of them must be about the same people."""
    if len(asked) == len(table.outcomes):
        return
    counted = table.counts[:, 1].sum()
    for place in [1 + outcome for outcome in asked] or [0]:
        if table.answered[place] != counted:
            named = repr(table.outcomes[place - 1]) if place else "no outcome"
            raise BadDesign(
                f"These cells count the {counted:g} who answered all of {', '.join(map(repr, table.outcomes))}, but "
                f"{named} concerns {table.answered[place]:g}; make cells for that question alone"
            )


def _cut(table: Cells, inside: Flags) -> Cells:
    """The same sample with the domain cut down to some cells."""
    mask = np.ones((len(table), table.first.shape[1]))
    mask[~inside, 1:] = 0.0
    return replace(
        table,
        counts=table.counts * mask,
        first=table.first * mask,
        second=table.second * mask[:, :, None] * mask[:, None, :],
        squares=table.squares * inside[:, None, None],
    )


def _evaluate(within: str, keys: pd.DataFrame) -> Flags:
    missing = [name for name in list_columns(within) if name not in keys]
    if missing:
        raise ColumnMissing(
            f"These cells were made without {missing[0]!r}; name it in cells(frame, design, ..., by=...)"
        )
    table = nw.from_native(keys, eager_only=True)
    refuse_mixed(within, table.schema)
    table = table.select(read_condition(within).alias("inside"))
    return np.asarray(table["inside"].to_numpy(), dtype=bool)


def _prepare(table: Cells) -> Sample:
    stages = read_stages(table)
    factor = weigh_by_population(table)
    replays: list[Replay] = []
    for step in table.design.steps:
        before = factor
        factor = before * step.factors(table, table.first[:, 0] * before, table.rows)
        replays.append(Replay(step, before, factor))
    if not (table.first[:, 0] * factor).sum() > 0:
        raise BadWeight("All weights are zero (or there are no responses); nothing can be estimated")
    same = bool((factor == 1).all())
    return Sample(
        cells=table,
        stages=stages,
        factor=factor,
        replays=tuple(replays),
        first=table.first if same else table.first * factor[:, None],
        second=table.second if same else table.second * (factor**2)[:, None, None],
        squares=table.squares if same else table.squares * factor[:, None, None],
    )
