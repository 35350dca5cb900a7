"""Fair comparison: what areas would score if all had the same mix of procedures.

Direct standardisation (Fleiss, Levin and Paik, Statistical Methods for Rates and Proportions, 3rd edition, 2003,
ch. 19): an area's rates per procedure, weighted by the whole's mix; the difference from the whole is a contrast of the
same rates, so that its error follows from their covariance, the area's own part in the whole included.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from analysis.design import Design
from analysis.errors import AnalysisError
from analysis.estimation import covariance_of, rate_by

Floats: TypeAlias = NDArray[np.float64]


class BadMix(AnalysisError):
    """The rates, populations and labels of area × procedure do not fit together."""


@dataclass(frozen=True, slots=True)
class Standardised:
    """One area: crude rate, rate under the whole's mix, its difference from the whole with limits and p-value.

    `covered` is the share of the whole's transactions in procedures that the area has answers for; the comparison is
    made within these.
    """

    area: str
    crude: float
    standardised: float
    whole: float
    difference: float
    se: float
    low: float
    high: float
    p: float
    covered: float


def compare_with_whole(  # one entry per area and procedure
    area: Sequence[str],
    procedure: Sequence[str],
    rates: ArrayLike,
    covariance: ArrayLike,
    population: ArrayLike,
    *,
    n_effective: ArrayLike | None = None,
    df: float = np.inf,
    confidence_level: float = 0.95,
) -> list[Standardised]:
    """Compare each area with the whole at the whole's mix of procedures.

    One entry per area × procedure that has answers; `covariance` of the rates: a matrix, or variances of independent
    ones; `population` in transactions. With `n_effective` the variance of an entry is at least q(1-q)/n* with
    q = (n* p + 1) / (n* + 2), since a small cell where all are satisfied is not known without error.
    """
    names, p, s, size = _read(area, procedure, rates, covariance, population)
    if n_effective is not None:
        s = _raise_variance(s, p, np.asarray(n_effective, dtype=float))
    kinds, kind = np.unique(np.asarray(procedure), return_inverse=True)
    mix = np.asarray(np.bincount(kind, size, kinds.size), dtype=float)
    t = float(-special.stdtrit(df, (1 - confidence_level) / 2)) if np.isfinite(df) else _normal(confidence_level)
    return [_compare(name, names == name, kind, p, s, size, mix, df, t) for name in sorted(set(names.tolist()))]


def compare_areas(
    frame: Any,
    design: Design,
    outcome: str,
    area: str,
    procedure: str,
    *,
    within: str | None = None,
    confidence_level: float = 0.95,
) -> list[Standardised]:
    """Estimate the rates of area × procedure from a frame and compare each area with the whole at the whole's mix.

    The rates' covariance is the design's; each variance is kept at least at that of its effective size.
    """
    table = rate_by(frame, design, outcome, [area, procedure], within=within, confidence_level=confidence_level)
    places = table.index.to_frame()
    return compare_with_whole(
        places[area].astype(str).tolist(),
        places[procedure].astype(str).tolist(),
        table["rate"].to_numpy(),
        covariance_of(table).to_numpy(),
        table["population"].to_numpy(),
        n_effective=table["n_effective"].to_numpy(),
        confidence_level=confidence_level,
    )


def _compare(
    name: str,
    inside: NDArray[np.bool_],
    kind: NDArray[np.int64],
    p: Floats,
    s: Floats,
    size: Floats,
    mix: Floats,
    df: float,
    t: float,
) -> Standardised:
    has = np.bincount(kind[inside], minlength=mix.size) > 0
    share = np.where(has, mix, 0.0) / mix[has].sum()
    own = np.where(inside, share[kind], 0.0)
    whole = share[kind] * size / mix[kind]
    contrast = own - whole
    difference, se = float(contrast @ p), float(np.sqrt(max(0.0, contrast @ s @ contrast)))
    return Standardised(
        area=str(name),
        crude=float(p[inside] @ size[inside] / size[inside].sum()),
        standardised=float(own @ p),
        whole=float(whole @ p),
        difference=difference,
        se=se,
        low=difference - t * se,
        high=difference + t * se,
        p=_two_sided(difference, se, df),
        covered=float(mix[has].sum() / mix.sum()),
    )


def _two_sided(difference: float, se: float, df: float) -> float:
    if se == 0:
        return 1.0 if difference == 0 else 0.0
    t = -abs(difference) / se
    return float(2 * (special.ndtr(t) if np.isinf(df) else special.stdtr(df, t)))


def _normal(confidence_level: float) -> float:
    return float(special.ndtri((1 + confidence_level) / 2))


def _raise_variance(s: Floats, p: Floats, n: Floats) -> Floats:
    q = (n * p + 1) / (n + 2)
    own = np.diag(s)
    return np.asarray(s + np.diag(np.maximum(0.0, q * (1 - q) / n - own)))


def _read(
    area: Sequence[str], procedure: Sequence[str], rates: ArrayLike, covariance: ArrayLike, population: ArrayLike
) -> tuple[NDArray[np.str_], Floats, Floats, Floats]:
    p, s, size = (np.asarray(a, dtype=float) for a in (rates, covariance, population))
    s = np.diag(s) if s.ndim == 1 else s
    if not len(area) == len(procedure) == p.size == size.size == len(s):
        raise BadMix("area, procedure, rates, population and covariance need one entry each per area and procedure")
    if len(set(zip(area, procedure, strict=True))) != p.size or not (size > 0).all():
        raise BadMix("every area and procedure may occur once, with a population above 0")
    if not (np.isfinite(p).all() and np.isfinite(s).all()):
        raise BadMix("a rate or a covariance is missing: leave areas × procedures without answers out")
    return np.asarray(area), p, s, size
