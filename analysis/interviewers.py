"""How much of the variance comes from who asked: the intra-interviewer correlation and the design effect it makes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from analysis.errors import AnalysisError


class BadWorkloads(AnalysisError):
    """An effect of interviewers cannot be told from these workloads."""


@dataclass(frozen=True, slots=True)
class InterviewerEffect:
    """`rho` the intra-interviewer correlation (it can come out below 0), `deff` = 1 + (mean workload - 1) rho, at least
    1; `interviewers` with answers and their rates from lowest to highest."""

    rho: float
    deff: float
    interviewers: int
    lowest: float
    highest: float


def interviewer_effect(n: ArrayLike, satisfied: ArrayLike) -> InterviewerEffect:
    """Give the effect from the answers and satisfied answers of each interviewer, by one-way analysis of variance.

    rho = (MSB - MSW) / (MSB + (m0 - 1) MSW) with m0 = (N - Σ m² / N) / (k - 1) (Kish, JASA 57, 1962, 92-115). Where
    each interviewer works in villages of their own, the effect of the villages is in it too. Raises BadWorkloads.
    """
    size, hits = np.asarray(n, dtype=float), np.asarray(satisfied, dtype=float)
    size, hits = size[size > 0], hits[size > 0]
    k, total = size.size, size.sum()
    if k < 2 or total <= k:
        raise BadWorkloads("at least two interviewers, and more answers than interviewers, are needed")
    rates = hits / size
    between = float((size * (rates - hits.sum() / total) ** 2).sum() / (k - 1))
    within = float((hits * (1 - rates)).sum() / (total - k))
    m0 = float((total - (size**2).sum() / total) / (k - 1))
    below = between + (m0 - 1) * within
    rho = (between - within) / below if below > 0 else 0.0
    return InterviewerEffect(rho, max(1.0, 1 + (float(total) / k - 1) * rho), k, float(rates.min()), float(rates.max()))
