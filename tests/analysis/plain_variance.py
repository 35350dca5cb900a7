"""The design-based variance written out row by row, as a textbook has it: slow, and easy to check by eye.

Särndal, Swensson and Wretman (1992), results 3.7.2 and 4.3.1, with the lonely-PSU rules of R's `svyrecvar`.
"""

from __future__ import annotations

import numpy as np
import pandas as pd


def mean_and_variance(frame: pd.DataFrame, outcome: str, inside: np.ndarray, **design: object) -> tuple[float, float]:
    """Weighted mean of the rows `inside` that have an outcome, and its linearised variance over all rows."""
    inside = inside & frame[outcome].notna().to_numpy()
    weights = np.where(inside, frame["w"], 0.0)
    values = np.where(inside, frame[outcome].fillna(0.0), 0.0)
    mean = (weights * values).sum() / weights.sum()
    return mean, total_variance(frame, weights * (values - mean) / weights.sum(), inside, **design)


def total_variance(
    frame: pd.DataFrame,
    z: np.ndarray,
    inside: np.ndarray,
    *,
    units: list[str],
    strata: str | None = None,
    populations: list[str] | None = None,
    rule: str = "remove",
) -> float:
    """Variance of Σ z; `units` names the unit at each stage, the last being the row's own label."""
    table = frame.assign(z=z, inside=inside)
    table["stratum"] = table[strata] if strata else 0
    return _stage(table, units, populations or [], rule)


def _stage(table: pd.DataFrame, units: list[str], populations: list[str], rule: str) -> float:
    parts: list[float] = []
    lonely: list[pd.DataFrame] = []
    touched = [group for _, group in table.groupby("stratum") if group["inside"].any()]
    for group in touched:
        n = group[units[0]].nunique()
        size = group[populations[0]].iloc[0] if populations else np.inf
        if n == 1 and size > 1:
            lonely.append(group)
            continue
        totals = group.groupby(units[0])["z"].sum()
        parts.append(0.0 if n == size else (1 - n / size) * n / (n - 1) * ((totals - totals.mean()) ** 2).sum())
    variance = sum(parts)
    if rule == "average" and lonely and parts:
        variance *= len(touched) / len(parts)
    if rule == "adjust" and touched:
        centre = table["z"].sum() / sum(group[units[0]].nunique() for group in touched)
        for group in lonely:
            size = group[populations[0]].iloc[0] if populations else np.inf
            variance += (1 - 1 / size) * (group["z"].sum() - centre) ** 2
    if len(populations) > 1:
        variance += _later_stages(table, units, populations, rule)
    return variance


def _later_stages(table: pd.DataFrame, units: list[str], populations: list[str], rule: str) -> float:
    variance = 0.0
    for _, group in table.groupby("stratum"):
        fraction = group[units[0]].nunique() / group[populations[0]].iloc[0]
        for _, unit in group.groupby(units[0]):
            variance += fraction * _stage(unit.assign(stratum=0), units[1:], populations[1:], rule)
    return variance
