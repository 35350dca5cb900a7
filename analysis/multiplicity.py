"""Many units, many claims: p-values adjusted so that a list of verdicts keeps its error rate.

Holm 1979, Hochberg 1988, Benjamini and Hochberg 1995, Benjamini and Yekutieli 2001; R's `p.adjust`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analysis.decisions import Verdict
from analysis.errors import AnalysisError

Floats: TypeAlias = NDArray[np.float64]


class BadP(AnalysisError):
    """A p-value is outside 0..1, or the adjustment has no such name."""


@dataclass(frozen=True, slots=True)
class AdjustedVerdict:
    """A unit's own verdict, its two-directional p-value raw and adjusted, and the code that survives."""

    verdict: Verdict
    p: float
    p_adjusted: float
    code: str


def adjust(p_values: ArrayLike, method: str = "holm") -> Floats:
    """Adjust p-values: `holm` (Scand. J. Statistics 6, 1979), `hochberg` (Biometrika 75, 1988): any false claim;
    `bh` (Benjamini and Hochberg, JRSS B 57, 1995), `by` (Benjamini and Yekutieli, Annals of Statistics 29, 2001):
    the expected share of false claims. Holm where a false claim has consequences, `bh` for screening lists, `by` under
    strong dependence.
    """
    p = np.asarray(p_values, dtype=float)
    if p.size and not ((p >= 0) & (p <= 1)).all():
        raise BadP("every p-value must be between 0 and 1")
    if method not in FACTORS:
        raise BadP(f"no adjustment is called {method!r}; choose one of {', '.join(FACTORS)}")
    order = np.argsort(p, kind="stable")
    scaled = p[order] * FACTORS[method](p.size)
    monotone = np.maximum.accumulate(scaled) if method == "holm" else np.minimum.accumulate(scaled[::-1])[::-1]
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(1.0, monotone)
    return adjusted


def judge_together(
    verdicts: Mapping[str, Verdict], method: str = "holm", confidence_level: float = 0.95
) -> dict[str, AdjustedVerdict]:
    """Keep of many verdicts only the claims that survive adjustment; both directions count: p = 2 min(p_met, p_not).

    A claim that does not survive becomes `not_shown` (due) or `cannot_tell` (before the due date). Verdicts of
    `too_few` make no claim and are left out of the count.
    """
    claimants = [name for name, verdict in verdicts.items() if verdict.code != "too_few"]
    raw = {name: min(1.0, 2 * min(v.p_met, v.p_not)) for name, v in verdicts.items()}
    adjusted = dict(zip(claimants, adjust([raw[name] for name in claimants], method).tolist(), strict=True))
    return {
        name: AdjustedVerdict(
            v, raw[name], adjusted.get(name, 1.0), _surviving(v, adjusted.get(name), confidence_level)
        )
        for name, v in verdicts.items()
    }


def _surviving(verdict: Verdict, p: float | None, confidence_level: float) -> str:
    if p is None or p <= 1 - confidence_level:
        return verdict.code
    return {"met": "not_shown", "not_met": "not_shown", "above": "cannot_tell"}.get(verdict.code, verdict.code)


def _descending(m: int) -> Floats:
    return np.arange(m, 0, -1, dtype=float)


def _over_rank(m: int) -> Floats:
    return m / np.arange(1, m + 1)


def _over_rank_dependent(m: int) -> Floats:
    return _over_rank(m) * float((1 / np.arange(1, m + 1)).sum())


FACTORS: dict[str, Callable[[int], Floats]] = {
    "holm": _descending,
    "hochberg": _descending,
    "bh": _over_rank,
    "by": _over_rank_dependent,
}
