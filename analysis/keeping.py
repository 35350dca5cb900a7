"""Cells that are kept to answer many questions: reduced once, with their codes and sums ready."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from analysis.design import Design
from analysis.pairs import make_ready
from analysis.reduction import Cells, reduce_frame
from analysis.sample import prepare


def cells(
    frame: Any,
    design: Design,
    outcomes: str | Sequence[str] = (),
    by: str | Sequence[str] = (),
    *,
    within: str | None = None,
    binary: bool = False,
) -> Cells:
    """Reduce a frame (one row a response, or `design.count` alike ones) to cells that keep the columns `by` apart.

    Every function that takes a frame takes these cells as well, and gives the figures of the frame, for these
    `outcomes`, roll-ups of the columns `by` and conditions on them. `within` is a condition (see
    `analysis.conditions`): responses outside stay in the sample but not in the domain. An answer counts when all
    `outcomes` are present. `binary=True` refuses outcomes other than 0 and 1. Cost: one GROUP BY; later questions cost
    as much as there are cells. Sums: Särndal, Swensson and Wretman, Model Assisted Survey Sampling, 1992, chapter 5.
    Raises ColumnMissing, ValueMissing, BadWeight, BadCount, BadPopulation, NotBinary, BadCondition, LonelyPSU,
    PSUInTwoStrata and StaleWeights.
    """
    table = reduce_frame(frame, design, outcomes, by, within=within, binary=binary)
    codes = [table.sort_out((name,))[0] for name in table.by]
    sample = prepare(table)
    if table.outcomes and len(sample.stages) == 1:
        make_ready(sample, codes)
    return table
