"""Confidence intervals for a rate from its sufficient statistics: never NaN, never zero width short of a full census.

The default, `guarded`, is Korn and Graubard's interval (Survey Methodology 24, 1998, 193-201) whose effective size
leans on Kish's weight-only design effect while the rarer answer is scarce: there the variance estimate itself cannot
be trusted. The other names give what R `survey` 4.5 gives, or what the cited papers propose; docs/methods.md has the
formulas. Needs SciPy's special functions only, so that a light process may import it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Unpack

import numpy as np
from scipy import special

from analysis.errors import AnalysisError
from analysis.limits import (
    Limits,
    beta_prior,
    clopper_pearson,
    exact_finite,
    exact_rate,
    fay_feuer,
    finite_limits,
    guarded_size,
    t_quantile,
    wilson,
)
from analysis.limits import guarded_intervals as guarded_intervals
from analysis.profile_likelihood import profile_interval
from analysis.sufficient import (
    NOTE_CENSUS,
    NOTE_COUNTED,
    NOTE_NO_ANSWER,
    NOTE_OUTSIDE,
    Given,
    MissingStatistic,
    Statistics,
)


class UnknownMethod(AnalysisError):
    """The interval's name is not one of `METHODS`."""


@dataclass(frozen=True, slots=True)
class Interval:
    """Limits in 0..1, the effective size behind them, `deff = n / n_effective`, the method that made them."""

    low: float
    high: float
    n_effective: float
    deff: float
    method: str
    notes: tuple[str, ...] = ()


def interval(method: str = "guarded", **statistics: Unpack[Given]) -> Interval:
    """Give the confidence interval of a rate by `method`.

    Keyword arguments: `rate` (0..1), `variance` of the rate, `n` responses and `successes` among them (integers: the
    boundaries are read from these), `df`; `kish_deff` = n Σ(1-f)w² / (Σw)²; `census` when every stratum was observed
    whole; `confidence_level`; `pooled_deff`, the survey's own design effect, for clusters; `fraction`, the share of a
    finite population that was observed, Σ f w² / Σ w² over the responses (`guarded`; 0 without a population).
    `rows` (`beta`, `likelihood`): the rows that R would count, when they are not `n`; `answered` (`likelihood`): those
    of them that have an answer. `logit_start` (`likelihood`):
    see `profile_likelihood.first_logit`. `logit_variance` (`logit`): the replicates' own, for replicate weights.
    `rare_squares` = Σw²(1-y)/(Σw)² and `largest_share` = max w/Σw (`gamma`). `population` (`exact-fpc`): the size of
    the one stratum.

    Raises `UnknownMethod`, `MissingStatistic` and `BadStatistic`. A method that has no answer gives the guarded one and
    says so.
    """
    if method not in METHODS:
        raise UnknownMethod(f"no interval is called {method!r}; choose one of {', '.join(METHODS)}")
    known = Statistics(**statistics)
    known.refuse_impossible()
    if known.census and known.n > 0:
        return Interval(known.rate, known.rate, float(known.n), 1.0, method, (NOTE_CENSUS,))
    if method in FROM_VARIANCE and known.unanswerable:
        return replace(_guarded(known), notes=(NOTE_NO_ANSWER, *known.explain()))
    return METHODS[method](known)


def _guarded(known: Statistics) -> Interval:
    size = _size(known)
    low, high = finite_limits(_own_rate(known), size, known.fraction, known.confidence_level)
    return _interval(known, "guarded", (float(low), float(high)), size, known.explain())


def _guarded_full(known: Statistics) -> Interval:
    size = float(known.n / known.kish_deff)
    if not known.unanswerable:
        size = min(size, known.n / (known.design_deff * _df_factor(known, known.n)))
    size = min(1.0, size) if known.without_df else size
    low, high = clopper_pearson(_own_rate(known), size, known.confidence_level)
    return _interval(known, "guarded-full", (float(low), float(high)), size, known.explain())


def _nchs(known: Statistics) -> Interval:
    size = float(known.n)
    if not known.without_df:
        factor = _df_factor(known, known.n)
        size = min(size, known.n / ((1.0 if known.without_spread else known.design_deff) * factor))
    low, high = clopper_pearson(_own_rate(known), size, known.confidence_level)
    notes = (NOTE_COUNTED,) if known.without_spread or known.without_df else ()
    return _interval(known, "nchs", (float(low), float(high)), size, notes)


def _mean(known: Statistics) -> Interval:
    half = _t(known) * float(np.sqrt(known.variance))
    low, high = known.rate - half, known.rate + half
    notes = (NOTE_OUTSIDE,) if low < 0 or high > 1 else ()
    return _interval(known, "mean", (low, high), known.n / known.design_deff, notes)


def _xlogit(known: Statistics) -> Interval:
    return _on_logit(known, "xlogit", known.variance / known.spread**2)


def _logit(known: Statistics) -> Interval:
    variance = known.variance / known.spread**2 if known.logit_variance is None else known.logit_variance
    return _on_logit(known, "logit", variance)


def _on_logit(known: Statistics, method: str, variance: float) -> Interval:
    centre, half = special.logit(known.rate), _t(known) * np.sqrt(variance)
    limits = float(special.expit(centre - half)), float(special.expit(centre + half))
    return _interval(known, method, limits, known.n / known.design_deff)


def _asin(known: Statistics) -> Interval:
    centre, half = np.arcsin(np.sqrt(known.rate)), _t(known) * np.sqrt(known.variance / (4 * known.spread))
    low, high = np.sin(np.clip([centre - half, centre + half], 0, np.pi / 2)) ** 2
    return _interval(known, "asin", (float(low), float(high)), known.n / known.design_deff)


def _beta(known: Statistics) -> Interval:
    size = known.n / (known.design_deff * _df_factor(known, known.rows or known.n))
    low, high = clopper_pearson(known.rate, size, known.confidence_level)
    return _interval(known, "beta", (float(low), float(high)), size)


def _likelihood(known: Statistics) -> Interval:
    counted = {"rows": known.rows, "answered": known.answered}
    limits = profile_interval(known.rate, known.variance, known.n, _t(known), start=known.logit_start, **counted)
    return _interval(known, "likelihood", limits, known.n / known.design_deff)


def _wilson(known: Statistics) -> Interval:
    size = known.n / known.design_deff
    return _interval(known, "wilson", wilson(known.rate, size, known.df, known.confidence_level), size)


def _wilson_guarded(known: Statistics) -> Interval:
    """Wilson carries the degrees of freedom in its t quantile, so its size must not carry them again."""
    df = 1.0 if known.without_df else known.df
    size = _size(known if known.without_df else replace(known, df=float(known.n - 1)))
    limits = wilson(_own_rate(known), size, df, known.confidence_level)
    return _interval(known, "wilson-guarded", limits, size, known.explain())


def _jeffreys(known: Statistics) -> Interval:
    size, p = _size(known), _own_rate(known)
    low, high = beta_prior(p, size, 0.5, known.confidence_level)
    limits = (0.0 if p <= 0 else min(low, p), 1.0 if p >= 1 else max(high, p))
    return _interval(known, "jeffreys", limits, size, known.explain())


def _uniform(known: Statistics) -> Interval:
    """Its central interval can miss an estimate of 0 or 1; the limit is moved out to it."""
    size, p = _size(known), _own_rate(known)
    low, high = beta_prior(p, size, 1.0, known.confidence_level)
    return _interval(known, "uniform", (min(low, p), max(high, p)), size, known.explain())


def _gamma(known: Statistics) -> Interval:
    if known.rare_squares is None or known.largest_share is None:
        raise MissingStatistic("method 'gamma' works on the weights: pass rare_squares and largest_share")
    rate = _own_rate(known)
    limits = fay_feuer(rate, known.rare_squares, known.largest_share, known.confidence_level)
    return _interval(known, "gamma", limits, _size(known), known.explain())


def _exact_fpc(known: Statistics) -> Interval:
    if known.population is None:
        raise MissingStatistic("method 'exact-fpc' needs the stratum's size: pass population")
    low, high = exact_finite(known.successes, known.n, known.population, known.confidence_level)
    return _interval(known, "exact-fpc", (low / known.population, high / known.population), float(known.n))


METHODS: dict[str, Callable[[Statistics], Interval]] = {
    "guarded": _guarded,
    "guarded-full": _guarded_full,
    "mean": _mean,
    "logit": _logit,
    "xlogit": _xlogit,
    "asin": _asin,
    "beta": _beta,
    "likelihood": _likelihood,
    "wilson": _wilson,
    "nchs": _nchs,
    "wilson-guarded": _wilson_guarded,
    "jeffreys": _jeffreys,
    "uniform": _uniform,
    "gamma": _gamma,
    "exact-fpc": _exact_fpc,
}
FROM_VARIANCE = frozenset({"mean", "logit", "xlogit", "asin", "beta", "likelihood", "wilson"})


def _interval(known: Statistics, method: str, limits: Limits, size: float, notes: tuple[str, ...] = ()) -> Interval:
    return Interval(limits[0], limits[1], float(size), float(known.n / size) if size else np.inf, method, notes)


def _size(known: Statistics) -> float:
    return float(
        guarded_size(
            known.rate,
            known.variance,
            known.n,
            known.successes,
            known.df,
            known.kish_deff,
            known.confidence_level,
            known.pooled_deff,
        )
    )


def _own_rate(known: Statistics) -> float:
    return float(exact_rate(known.rate, known.n, known.successes))


def _df_factor(known: Statistics, rows: int) -> float:
    return float((t_quantile(known.df, known.tail) / t_quantile(float(rows - 1), known.tail)) ** 2)


def _t(known: Statistics) -> float:
    return float(t_quantile(known.df, known.tail))
