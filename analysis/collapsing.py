"""Variance strata: the strata as they enter the variance, after lonely ones were joined.

Collapsed strata: Cochran, Sampling Techniques, 1977, 5A.12.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from analysis.design import Design
from analysis.reduction import reduce_frame
from analysis.sample import prepare


def variance_strata(frame: Any, design: Design) -> pd.DataFrame:
    """Each stratum of a frame with the number (from 1) of the variance stratum that it belongs to.

    One row a stratum: the stratum's own columns, and `variance_stratum`. Without strata there is no row. What is
    handed to another program needs these numbers, because joining lonely strata is a rule of `Design`, not of theirs.
    """
    if not design.strata:
        return pd.DataFrame({"variance_stratum": pd.Series(dtype="int64")})
    cells = reduce_frame(frame, design)
    found = cells.keys[list(design.strata)].assign(variance_stratum=prepare(cells).stages[0].stratum + 1)
    return found.drop_duplicates().sort_values(list(design.strata), ignore_index=True)
