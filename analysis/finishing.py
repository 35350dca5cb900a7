"""From a domain's mean and variance to the estimate that is shown: interval, effective size, coverage, notes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
from scipy import special

from analysis.arrays import Vector
from analysis.domains import Domains
from analysis.estimate import Estimate
from analysis.intervals import guarded_intervals, interval
from analysis.sample import Sample
from analysis.stages import name_stratum
from analysis.sufficient import check_level

NOTE_COVERAGE = (
    "{:.1%} of the population is in strata with responses; the whole population's rate is in [{:.4f}, {:.4f}]"
)
NOTE_ENDLESS = "no degrees of freedom: the error cannot be estimated, so the interval has no end"


@dataclass(frozen=True, slots=True)
class Asked:
    """How the interval is asked for; `rows`, `answered`, `logit_starts` (of each domain), `pooled_deff` as in
    `interval`; `logit_variances` as in `analysis.measuring.Measured`."""

    method: str = "guarded"
    confidence_level: float = 0.95
    pooled_deff: float | None = None
    rows: int | None = None
    answered: int | None = None
    logit_starts: tuple[float, ...] | None = None
    logit_variances: Vector | None = None


def finish_rate(sample: Sample, domains: Domains, place: int, variance: float, asked: Asked) -> Estimate:
    """The estimate of one domain's rate."""
    n, successes = round(domains.n[place]), round(domains.successes[place])
    found = interval(
        asked.method,
        rate=float(np.clip(domains.means[place], 0.0, 1.0)),
        variance=_variance_for(domains, place, variance, asked),
        n=n,
        successes=successes,
        df=float(domains.df[place]),
        kish_deff=float(domains.kish[place]) or 1.0,
        census=bool(domains.census[place]),
        confidence_level=asked.confidence_level,
        pooled_deff=asked.pooled_deff,
        rows=asked.rows,
        answered=asked.answered,
        logit_start=asked.logit_starts[place] if asked.logit_starts else None,
        fraction=float(domains.fraction[place]),
        **_describe_weights(sample, domains, place, asked.method),
    )
    return Estimate(
        rate=_mean_on_counts(domains, place),
        se=float(np.sqrt(variance)),
        low=found.low,
        high=found.high,
        n_effective=found.n_effective,
        deff=found.deff,
        method=found.method,
        confidence_level=asked.confidence_level,
        notes=(*found.notes, *_note_design(sample, domains, place)),
        successes=successes,
        **describe_domain(sample, domains, place),
    )


def finish_mean(sample: Sample, domains: Domains, place: int, variance: float, confidence_level: float) -> Estimate:
    """The estimate of one domain's mean, with the t interval."""
    low, high = normal_interval(domains.means[place], variance, domains.df[place], confidence_level)
    simple = domains.spread[place] / domains.n[place]
    deff = variance / simple if simple > 0 else 1.0
    return Estimate(
        rate=float(domains.means[place]),
        se=float(np.sqrt(variance)),
        low=low,
        high=high,
        n_effective=float(domains.n[place] / deff) if deff > 0 else float(domains.n[place]),
        deff=float(deff),
        method="mean",
        confidence_level=confidence_level,
        notes=(*(() if domains.df[place] > 0 else (NOTE_ENDLESS,)), *_note_design(sample, domains, place)),
        **describe_domain(sample, domains, place),
    )


def finish_rates(sample: Sample, domains: Domains, variances: Vector, asked: Asked) -> pd.DataFrame:
    """The estimates of all domains' rates, one row a domain; the default interval is computed for all at once."""
    limits, methods = _limit_rates(sample, domains, variances, asked)
    edge = np.where(domains.successes <= 0, 0.0, np.where(domains.successes >= domains.n, 1.0, domains.means))
    table = _begin_table(domains, edge, variances, limits[0], limits[1])
    with np.errstate(divide="ignore", invalid="ignore"):
        table |= {"n_effective": limits[2], "deff": domains.n / limits[2], "method": methods}
    table |= {"successes": domains.successes.round().astype(np.int64), "census": domains.census}
    return _tabulate(table | _end_table(domains), len(domains))


def finish_means(domains: Domains, variances: Vector, confidence_level: float) -> pd.DataFrame:
    """The estimates of all domains' means, one row a domain."""
    each = zip(domains.means, variances, domains.df, strict=True)
    low, high = np.array([normal_interval(*one, confidence_level) for one in each]).reshape(-1, 2).T
    with np.errstate(divide="ignore", invalid="ignore"):
        deff = np.where(domains.spread > 0, variances * domains.n / domains.spread, 1.0)
        size = np.where(deff > 0, domains.n / deff, domains.n)
    table = _begin_table(domains, domains.means, variances, low, high)
    table |= {"n_effective": size, "deff": deff, "method": "mean"}
    return _tabulate(table | _end_table(domains), len(domains))


def normal_interval(mean: float, variance: float, df: float, confidence_level: float) -> tuple[float, float]:
    """mean ± t_df se; without degrees of freedom the limits are infinite, never narrow. Raises BadStatistic."""
    check_level(confidence_level)
    if not df > 0:
        return -np.inf, np.inf
    quantile = (
        special.stdtrit(df, (1 + confidence_level) / 2)
        if np.isfinite(df)
        else special.ndtri((1 + confidence_level) / 2)
    )
    half = float(quantile * np.sqrt(variance))
    return float(mean - half), float(mean + half)


def _limit_rates(sample: Sample, domains: Domains, variances: Vector, asked: Asked) -> tuple[Vector, Any]:
    """Low, high and effective size of every domain, and the method that gave them."""
    if asked.method == "guarded":
        limits = guarded_intervals(
            rate=domains.means,
            variance=variances,
            n=domains.n,
            successes=domains.successes,
            df=domains.df,
            kish_deff=np.where(domains.kish > 0, domains.kish, 1.0),
            census=domains.census,
            confidence_level=asked.confidence_level,
            pooled_deff=asked.pooled_deff,
            fraction=domains.fraction,
        )
        return np.stack(limits), "guarded"
    limited, methods = np.full((3, len(domains)), np.nan), [asked.method] * len(domains)
    for place in np.flatnonzero(domains.n > 0):
        one = finish_rate(sample, domains, int(place), float(variances[place]), asked)
        limited[:, place], methods[place] = (one.low, one.high, one.n_effective), one.method
    return limited, methods


def _tabulate(columns: dict[str, Any], size: int) -> pd.DataFrame:
    """One row a domain; without a given index, or to spread a text itself, pandas takes several times as long."""
    spread = {name: _repeat(each, size) if isinstance(each, str) else each for name, each in columns.items()}
    return pd.DataFrame(spread, index=pd.RangeIndex(size))


@lru_cache(maxsize=32)
def _repeat(text: str, size: int) -> Any:
    return pd.array([text], dtype="str").repeat(size)


def _begin_table(domains: Domains, estimates: Vector, variances: Vector, low: Vector, high: Vector) -> dict[str, Any]:
    table: dict[str, Any] = {"rate": estimates, "se": np.sqrt(variances), "low": low, "high": high}
    return table | {"df": domains.df, "n": domains.n.astype(np.int64)}


def _end_table(domains: Domains) -> dict[str, Any]:
    table: dict[str, Any] = {"kish_deff": domains.kish, "fraction": domains.fraction}
    return table | {"population": domains.weights, "coverage": domains.coverage}


def _variance_for(domains: Domains, place: int, variance: float, asked: Asked) -> float:
    """The variance that the interval starts from: the method "logit" takes the logit's own where replicates give it."""
    if asked.method != "logit" or asked.logit_variances is None or not np.isfinite(asked.logit_variances[place]):
        return variance
    share = float(domains.means[place])
    return float(asked.logit_variances[place]) * (share * (1 - share)) ** 2


def _mean_on_counts(domains: Domains, place: int) -> float:
    """The rate; exactly 0 or 1 when the counts say so."""
    if domains.successes[place] <= 0:
        return 0.0
    return 1.0 if domains.successes[place] >= domains.n[place] else float(domains.means[place])


def describe_domain(sample: Sample, domains: Domains, place: int) -> dict[str, Any]:
    """The fields of an estimate that only depend on the domain."""
    return {
        "df": float(domains.df[place]),
        "n": round(domains.n[place]),
        "kish_deff": float(domains.kish[place]),
        "fraction": float(domains.fraction[place]),
        "population": float(domains.weights[place]),
        "coverage": float(domains.coverage[place]),
        "strata_empty": _list_empty(sample, domains, place),
        "census": bool(domains.census[place]),
    }


def _describe_weights(sample: Sample, domains: Domains, place: int, method: str) -> dict[str, Any]:
    """What the methods on weights or on a finite stratum need besides."""
    inside = domains.code == place
    if method == "gamma":
        dissatisfied = (sample.second[:, 1, 1] - sample.second[:, 1, 2])[inside].sum()
        heaviest = (sample.cells.heaviest * sample.factor)[inside & (sample.counts[:, 1] > 0)].max()
        total = domains.weights[place]
        return {"rare_squares": float(max(dissatisfied, 0.0)) / total**2, "largest_share": float(heaviest / total)}
    stage = sample.stages[0]
    strata = np.unique(stage.stratum[inside])
    if method == "exact-fpc" and len(strata) == 1 and np.isfinite(stage.population[strata[0]]):
        return {"population": round(stage.population[strata[0]])}
    return {}


def _list_empty(sample: Sample, domains: Domains, place: int) -> tuple[str, ...]:
    if domains.coverage[place] >= 1:
        return ()
    stage = sample.stages[0]
    inside = np.unique(stage.stratum[domains.code == place])
    return tuple(name_stratum(sample.cells, stage.stratum, int(code)) for code in inside if stage.sampled[code] == 0)


def _note_design(sample: Sample, domains: Domains, place: int) -> tuple[str, ...]:
    notes = [note for stage in sample.stages for note in stage.notes]
    if domains.coverage[place] < 1:
        held, mean = float(domains.coverage[place]), float(domains.means[place])
        notes.append(NOTE_COVERAGE.format(held, held * mean, held * mean + 1 - held))
    return tuple(notes)
