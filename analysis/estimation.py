"""Rates and means, of one domain or of many, with design-based errors and an interval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from analysis.arrays import Vector
from analysis.design import Design
from analysis.domains import Domains, code_domains, domain_variances, linearise, summarise
from analysis.errors import EmptyDomain
from analysis.estimate import Estimate
from analysis.finishing import Asked, finish_mean, finish_means, finish_rate, finish_rates
from analysis.r_rules import count_rows, start_logits
from analysis.sample import Sample, read_sample
from analysis.variance import covariance


def rate(
    frame: Any,
    design: Design,
    outcome: str,
    *,
    within: str | None = None,
    method: str = "guarded",
    confidence_level: float = 0.95,
    like_r: bool = False,
) -> Estimate:
    """Weighted share (0..1) of the responses whose 0/1 `outcome` is 1, in the domain `within`, and its interval.

    The share is the ratio mean of the domain with Taylor's variance (Särndal, Swensson and Wretman 1992, 5.8); a
    response without an answer is outside the domain but stays in the sample. `method` is one of
    `analysis.intervals.METHODS`; degrees of freedom are the domain's PSUs less its strata. `like_r` takes the number of
    rows and the starting values that R takes in its "beta" and "likelihood" intervals.
    Raises NotBinary, EmptyDomain and what `cells` raises.
    """
    sample = read_sample(frame, design, (outcome,), within=within, binary=True)
    domains = find_whole(sample, outcome, within)
    variance = float(domain_variances(sample, domains)[0])
    pooled = pool_deff(frame, design, outcome) if within and design.psus else None
    asked = Asked(method, confidence_level, pooled)
    if like_r:
        asked = replace(asked, rows=count_rows(sample), logit_starts=start_logits(frame, sample, (), within, method))
    return finish_rate(sample, domains, 0, variance, asked)


def rate_by(
    frame: Any,
    design: Design,
    outcome: str,
    by: str | Sequence[str],
    *,
    within: str | None = None,
    method: str = "guarded",
    confidence_level: float = 0.95,
    like_r: bool = False,
) -> pd.DataFrame:
    """`rate` for every combination of the columns `by`: one row a domain, sorted, indexed by the columns.

    Columns: rate, se, low, high, df, n, n_effective, deff, method, successes, kish_deff, population, coverage, census.
    `covariance_of(table)` gives the rates' covariance matrix; domains share strata, so they are correlated.
    """
    groups = (by,) if isinstance(by, str) else tuple(by)
    sample = read_sample(frame, design, (outcome,), groups, within=within, binary=True)
    code, labels = code_domains(sample, groups)
    domains = summarise(sample, code, len(labels))
    _refuse_nobody(domains, outcome, within)
    found = domain_variances(sample, domains)
    pooled = pool_deff(sample, design, outcome) if design.psus else None
    asked = Asked(method, confidence_level, pooled)
    if like_r:
        starts = start_logits(frame, sample, groups, within, method)
        asked = replace(asked, rows=count_rows(sample), logit_starts=starts)
    table = finish_rates(sample, domains, found, asked)
    return _label(table, labels, sample, domains)


def mean(
    frame: Any, design: Design, outcome: str, *, within: str | None = None, confidence_level: float = 0.95
) -> Estimate:
    """Weighted mean of a numeric `outcome` in the domain `within`, on its own scale, with the t interval."""
    sample = read_sample(frame, design, (outcome,), within=within)
    domains = find_whole(sample, outcome, within)
    return finish_mean(sample, domains, 0, float(domain_variances(sample, domains)[0]), confidence_level)


def mean_by(
    frame: Any,
    design: Design,
    outcome: str,
    by: str | Sequence[str],
    *,
    within: str | None = None,
    confidence_level: float = 0.95,
) -> pd.DataFrame:
    """`mean` for every combination of the columns `by`; as `rate_by`, without successes and census."""
    groups = (by,) if isinstance(by, str) else tuple(by)
    sample = read_sample(frame, design, (outcome,), groups, within=within)
    code, labels = code_domains(sample, groups)
    domains = summarise(sample, code, len(labels))
    _refuse_nobody(domains, outcome, within)
    table = finish_means(domains, domain_variances(sample, domains), confidence_level)
    return _label(table, labels, sample, domains)


def covariance_of(table: pd.DataFrame) -> pd.DataFrame:
    """Covariance matrix of the means or rates in a table of `rate_by` or `mean_by`."""
    lazy: LazyCovariance = table.attrs["covariance"]
    return pd.DataFrame(lazy.compute(), index=table.index, columns=table.index)


class LazyCovariance:
    """Computes a table's covariance when it is asked for; pandas may copy it with the table."""

    def __init__(self, sample: Sample, domains: Domains) -> None:
        self.sample = sample
        self.domains = domains

    def __deepcopy__(self, memo: object) -> LazyCovariance:
        return self

    def compute(self) -> Vector:
        answered = np.flatnonzero(self.domains.n > 0)
        return covariance(self.sample, linearise(self.sample, self.domains, answered))


def pool_deff(frame: Any, design: Design, outcome: str) -> float | None:
    """The whole survey's design effect n v / (p (1-p)), which steadies those of its parts; None when nothing varies."""
    sample = frame if isinstance(frame, Sample) else read_sample(frame, design, (outcome,), binary=True)
    domains = summarise(sample, np.zeros(len(sample.cells), dtype=np.intp), 1)
    share = float(domains.means[0])
    variance = float(domain_variances(sample, domains)[0])
    if not (0 < share < 1 and variance > 0):
        return None
    return float(domains.n[0]) * variance / (share * (1 - share))


def find_whole(sample: Sample, outcome: str, within: str | None) -> Domains:
    """The sample as one domain. Raises EmptyDomain when nobody answered."""
    domains = summarise(sample, np.zeros(len(sample.cells), dtype=np.intp), 1)
    _refuse_nobody(domains, outcome, within)
    return domains


def _refuse_nobody(domains: Domains, outcome: str, within: str | None) -> None:
    if not (domains.n > 0).any():
        where = f" within {within!r}" if within else ""
        raise EmptyDomain(f"Nobody{where} has an answer to {outcome!r} and a positive weight; widen the domain")


def _label(table: pd.DataFrame, labels: pd.DataFrame, sample: Sample, domains: Domains) -> pd.DataFrame:
    answered = domains.n > 0
    table = table[answered]
    table.index = (
        pd.MultiIndex.from_frame(labels[answered]) if labels.shape[1] > 1 else pd.Index(labels.iloc[:, 0][answered])
    )
    table.attrs["covariance"] = LazyCovariance(sample, domains)
    return table
