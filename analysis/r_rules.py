"""What R `survey` counts and starts from where this library would not, for figures that must equal R's."""

from __future__ import annotations

from typing import Any

import numpy as np

from analysis.design import Design
from analysis.profile_likelihood import first_logit
from analysis.reduction import Cells, reduce_frame
from analysis.sample import Sample, prepare


def count_rows(sample: Sample, design: Design) -> int | None:
    """Rows of R's subset of a calibrated design, which keeps the rows outside a domain; None with replicates."""
    calibrated = design.is_calibrated and design.replicates is None
    return round(sample.cells.rows.sum()) if calibrated else None


def count_answered(frame: Any, sample: Sample, method: str) -> int | None:
    """Of these rows, those that have an answer, inside the domain or not; for the method "likelihood"."""
    if method != "likelihood" or isinstance(frame, Cells) or not sample.design.is_calibrated:
        return None
    counts = reduce_frame(frame, sample.design, sample.cells.outcomes).counts
    return round(float(counts[:, 1].sum()))


def start_logits(
    frame: Any, sample: Sample, by: tuple[str, ...], within: str | None, method: str
) -> tuple[float, ...] | None:
    """Logit of each domain after the first Fisher step of R's `glm`, for the method "likelihood".

    It depends on the weights one by one, so the frame is reduced again to classes of alike weights and answers.
    """
    if method != "likelihood" or isinstance(frame, Cells):
        return None
    design, outcome = sample.design, sample.cells.outcomes[0]
    weight = (design.weight,) if design.weight else ()
    classes = prepare(reduce_frame(frame, design, (outcome,), by=(*weight, outcome, *by), within=within))
    code, labels = classes.cells.sort_out(by)
    answered = classes.counts[:, 1] > 0
    weights = classes.first[:, 1] / np.where(answered, classes.counts[:, 1], 1.0)
    satisfied = classes.counts[:, 2] / np.where(answered, classes.counts[:, 1], 1.0)
    starts = []
    for place in range(len(labels)):
        inside = answered & (code == place)
        rows = count_rows(sample, design)
        starts.append(first_logit(weights[inside], satisfied[inside], classes.counts[inside, 1], rows))
    return tuple(starts)
