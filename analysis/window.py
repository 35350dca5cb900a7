"""Several waves read as one survey: waves become strata, their frames are united."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import narwhals as nw

from analysis.design import Design
from analysis.errors import AnalysisError

WAVE = "wave"
STRATUM = "wave_stratum"


class BadWindow(AnalysisError):
    """The waves cannot be read as one survey."""


def unite_waves(waves: Mapping[str, Any], design: Design) -> tuple[Any, Design]:
    """Unite the responses of waves that share a design; give one frame and the design of the window.

    Every wave's transactions are a population of their own, sampled on its own: the window's strata are wave × stratum,
    its population the sum (Cochran, Sampling Techniques, 1977, 5.1). The frame gets the columns `wave` and
    `wave_stratum`; PSUs need only be unique within a wave. A design whose weights were computed (calibrated, trimmed)
    must be made anew on the united frame. Raises `BadWindow`.
    """
    if not waves:
        raise BadWindow("a window needs at least one wave")
    if design.steps or design.replicates is not None:
        raise BadWindow("unite the waves under the sampling design first, then post-stratify, rake or calibrate")
    if len(design.strata) > 1:
        raise BadWindow("a window of two-stage strata is not supported: give the first stage's strata only")
    marked = [_mark(nw.from_native(frame, eager_only=True), name, design) for name, frame in waves.items()]
    if len({tuple(frame.columns) for frame in marked}) > 1:
        raise BadWindow("the waves have different columns: give all of them the same")
    return nw.concat(marked).to_native(), replace(design, stratum=STRATUM, nest=bool(design.psus))


def _mark(frame: nw.DataFrame[Any], name: str, design: Design) -> nw.DataFrame[Any]:
    parts = [nw.lit(name), *(nw.col(column).cast(nw.String) for column in design.strata)]
    return frame.with_columns(nw.lit(name).alias(WAVE), nw.concat_str(parts, separator=" / ").alias(STRATUM))
