"""Where a series is heading: the line through its waves, the slope that the target asks, and the rate on the day.

Generalised least squares on the logit of the rates with the waves' own covariance, and a variance between waves by
the method of moments (DerSimonian and Laird, Controlled Clinical Trials 7, 1986, 177-188), so that waves that jump
about more than their sampling error widen the forecast.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from types import MappingProxyType
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from analysis.errors import AnalysisError

Floats: TypeAlias = NDArray[np.float64]

FEWEST = 3
ADVISED = 5
YEAR = 365.25

NOTE_FEW = "fewer than five periods: the forecast leans on a straight line that they can hardly test"
NOTE_OVERDISPERSED = "the waves differ by more than their sampling error: the forecast is wider for it"
NOTE_BREAK = "the method changed within the series: its jump is estimated, not counted as change"


class TooFewPeriods(AnalysisError):
    """A line, a jump per break and its error need more periods than there are."""


class BadSeries(AnalysisError):
    """Rates at 0 or 1, dates out of order, or a covariance that does not fit."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """The slope on the logit per year, the one required, and the rate expected on the due date with its limits."""

    code: str
    slope: float
    slope_se: float
    slope_low: float
    slope_high: float
    required: float
    forecast: float
    forecast_low: float
    forecast_high: float
    between: float
    df: int
    jumps: tuple[float, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def numbers(self) -> Mapping[str, float]:
        names = ("slope", "slope_low", "slope_high", "required", "forecast", "forecast_low", "forecast_high")
        return MappingProxyType({name: getattr(self, name) for name in names})


def look_ahead(
    dates: Sequence[date],
    rates: ArrayLike,
    covariance: ArrayLike,
    target: float,
    due: date,
    *,
    breaks: Sequence[date] = (),
    n: ArrayLike | None = None,
    confidence_level: float = 0.95,
) -> Outlook:
    """Say whether a series is on track to its target: `on_track` when the slope's lower limit reaches the slope
    required, `off_track` when its upper limit is below it, else `cannot_tell`.

    `dates` are the middles of the waves, in order; `covariance` of the rates: a matrix, or variances of independent
    waves. The required slope is (logit T - fitted logit now) / (due - now). Each date in `breaks` begins a new
    instrument or mode: the level may jump there, and only the slope within is read. Rates of 0 or 1 need `n`, the
    effective sizes, and are moved half an answer inside.
    Raises `TooFewPeriods` and `BadSeries`.
    """
    if not 0 < target < 1:
        raise BadSeries(f"target {target!r}: write 90 % as 0.9")
    years, p, s = _read_series(dates, rates, covariance, n, due)
    jumps = [np.array([d >= b for d in dates], dtype=float) for b in breaks]
    design = np.column_stack([np.ones_like(years), years, *jumps])
    df = years.size - design.shape[1]
    if df < 1 or np.linalg.matrix_rank(design) < design.shape[1]:
        raise TooFewPeriods(
            f"{years.size} periods cannot show a slope and {len(jumps)} breaks: wait for more waves, or drop a break"
        )
    scale = 1 / (p * (1 - p))
    sampling = s * np.outer(scale, scale)
    y = np.asarray(special.logit(p))
    between = _between_waves(y, design, sampling)
    beta, spread = _fit(y, design, sampling + between * np.eye(y.size))
    now, then = design[-1], np.concatenate([[1.0, _years(due, dates[-1])], np.ones(len(jumps))])
    t = float(-special.stdtrit(df, (1 - confidence_level) / 2))
    required = float((special.logit(target) - now @ beta) / then[1])
    slope, se = float(beta[1]), math.sqrt(spread[1, 1])
    centre, half = float(then @ beta), t * math.sqrt(float(then @ spread @ then) + between)
    forecast, low, high = (float(special.expit(centre + step)) for step in (0.0, -half, half))
    return Outlook(
        code=_code(slope - t * se, slope + t * se, required),
        slope=slope,
        slope_se=se,
        slope_low=slope - t * se,
        slope_high=slope + t * se,
        required=required,
        forecast=forecast,
        forecast_low=low,
        forecast_high=high,
        between=between,
        df=df,
        jumps=tuple(float(jump) for jump in beta[2:]),
        notes=_notes(years.size, between, jumps),
    )


def _read_series(
    dates: Sequence[date], rates: ArrayLike, covariance: ArrayLike, n: ArrayLike | None, due: date
) -> tuple[Floats, Floats, Floats]:
    p, s = np.asarray(rates, dtype=float), np.asarray(covariance, dtype=float)
    s = np.diag(s) if s.ndim == 1 else s
    if p.size < FEWEST:
        raise TooFewPeriods(f"{p.size} periods: a slope and its error need at least {FEWEST}")
    if len(dates) != p.size or s.shape != (p.size, p.size):
        raise BadSeries(f"{len(dates)} dates, {p.size} rates and a covariance of {s.shape} do not fit together")
    if not (np.isfinite(p).all() and np.isfinite(s).all() and (np.diag(s) >= 0).all()):
        raise BadSeries("a rate is missing, or a variance is missing or below 0: leave waves without an estimate out")
    if any(b <= a for a, b in pairwise(dates)) or due <= dates[-1]:
        raise BadSeries("dates must ascend and end before the due date")
    if n is not None:
        size = np.asarray(n, dtype=float)
        inside = np.clip(p, 0.5 / (size + 1), 1 - 0.5 / (size + 1))
        s = s + np.diag(np.where(np.diag(s) > 0, 0.0, inside * (1 - inside) / size))
        p = inside
    if not ((p > 0) & (p < 1)).all() or not (np.diag(s) > 0).all():
        raise BadSeries("a rate of 0 or 1 has no logit: pass n, the waves' effective sizes")
    return np.array([_years(day, dates[-1]) for day in dates]), p, s


def _between_waves(y: Floats, x: Floats, sampling: Floats) -> float:
    inverse = np.linalg.inv(sampling)
    projection = inverse - inverse @ x @ np.linalg.solve(x.T @ inverse @ x, x.T @ inverse)
    excess = float(y @ projection @ y) - (y.size - x.shape[1])
    return max(0.0, float(excess / np.trace(projection)))


def _fit(y: Floats, x: Floats, covariance: Floats) -> tuple[Floats, Floats]:
    weighted = np.linalg.solve(covariance, x)
    spread = np.linalg.inv(x.T @ weighted)
    return np.asarray(spread @ weighted.T @ y), np.asarray(spread)


def _code(low: float, high: float, required: float) -> str:
    if low >= required:
        return "on_track"
    return "off_track" if high < required else "cannot_tell"


def _notes(periods: int, between: float, jumps: Sequence[Floats]) -> tuple[str, ...]:
    notes = ((NOTE_FEW, periods < ADVISED), (NOTE_OVERDISPERSED, between > 0), (NOTE_BREAK, bool(jumps)))
    return tuple(note for note, applies in notes if applies)


def _years(day: date, origin: date) -> float:
    return (day - origin).days / YEAR
