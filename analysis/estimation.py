"""Rates and means, of one domain or of many, with design-based errors and an interval.

Särndal, Swensson and Wretman, Model Assisted Survey Sampling, 1992, chapter 5; R's `svymean` and `svyby`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from analysis.arrays import Vector
from analysis.design import Design
from analysis.domains import Domains, summarise
from analysis.errors import ColumnMissing, EmptyDomain
from analysis.estimate import Estimate
from analysis.finishing import Asked, finish_mean, finish_means, finish_rate, finish_rates
from analysis.measuring import Measured, Question, measure
from analysis.r_rules import count_answered, count_rows, start_logits
from analysis.sample import Sample


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
    question = Question(frame, design, outcome, (), within, binary=True)
    sample = question.read()
    found = measure(question, sample, find_whole(sample, outcome, within))
    pooled = pool_deff(replace(question, within=None)) if within and design.psus else None
    asked = Asked(method, confidence_level, pooled, logit_variances=found.logit_variances)
    if like_r:
        starts = start_logits(frame, sample, (), within, method)
        rows, answered = count_rows(sample, design), count_answered(frame, sample, method)
        asked = replace(asked, rows=rows, answered=answered, logit_starts=starts)
    return finish_rate(sample, found.domains, 0, float(found.variances[0]), asked)


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

    Columns: rate, se, low, high, df, n, n_effective, deff, method, successes, kish_deff, fraction, population,
    coverage, census.
    `covariance_of(table)` gives the rates' covariance matrix; domains share strata, so they are correlated.
    """
    groups = (by,) if isinstance(by, str) else tuple(by)
    question = Question(frame, design, outcome, groups, within, binary=True)
    sample, labels, found = _ask(question)
    pooled = pool_deff(question, sample) if design.psus else None
    asked = Asked(method, confidence_level, pooled, logit_variances=found.logit_variances)
    if like_r:
        starts = start_logits(frame, sample, groups, within, method)
        rows, answered = count_rows(sample, design), count_answered(frame, sample, method)
        asked = replace(asked, rows=rows, answered=answered, logit_starts=starts)
    table = finish_rates(sample, found.domains, found.variances, asked)
    return _label(table, labels, found)


def mean(
    frame: Any, design: Design, outcome: str, *, within: str | None = None, confidence_level: float = 0.95
) -> Estimate:
    """Weighted mean of a numeric `outcome` in the domain `within`, on its own scale, with the t interval."""
    question = Question(frame, design, outcome, (), within)
    sample = question.read()
    found = measure(question, sample, find_whole(sample, outcome, within))
    return finish_mean(sample, found.domains, 0, float(found.variances[0]), confidence_level)


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
    _, labels, found = _ask(Question(frame, design, outcome, groups, within))
    return _label(finish_means(found.domains, found.variances, confidence_level), labels, found)


def covariance_of(table: pd.DataFrame) -> pd.DataFrame:
    """Covariance matrix of the means or rates in a table of `rate_by` or `mean_by`."""
    lazy: LazyCovariance = table.attrs["covariance"]
    return pd.DataFrame(lazy.compute(), index=table.index, columns=table.index)


class LazyCovariance:
    """Computes a table's covariance when it is asked for; pandas may copy it with the table."""

    def __init__(self, compute: Callable[[], Vector]) -> None:
        self.compute = compute

    def __deepcopy__(self, memo: object) -> LazyCovariance:
        return self


def pool_deff(question: Question, sample: Sample | None = None) -> float | None:
    """The whole survey's design effect n v / (p (1-p)), which steadies those of its parts; None when nothing varies."""
    question = replace(question, by=())
    sample = sample or question.read()
    found = measure(question, sample, summarise(sample, np.zeros(len(sample.cells), dtype=np.intp), 1))
    share, variance = float(found.domains.means[0]), float(found.variances[0])
    if not (0 < share < 1 and variance > 0):
        return None
    return float(found.domains.n[0]) * variance / (share * (1 - share))


def find_whole(sample: Sample, outcome: str, within: str | None) -> Domains:
    """The sample as one domain. Raises EmptyDomain when nobody answered."""
    domains = summarise(sample, np.zeros(len(sample.cells), dtype=np.intp), 1)
    _refuse_nobody(domains, outcome, within)
    return domains


def _refuse_nobody(domains: Domains, outcome: str, within: str | None) -> None:
    if not (domains.n > 0).any():
        where = f" within {within!r}" if within else ""
        raise EmptyDomain(f"Nobody{where} has an answer to {outcome!r} and a positive weight; widen the domain")


def _ask(question: Question) -> tuple[Sample, pd.DataFrame, Measured]:
    if not question.by:
        raise ColumnMissing("No column is named in by=; name one, or ask rate() or mean() for the whole")
    sample = question.read()
    code, labels = sample.cells.sort_out(question.by)
    domains = summarise(sample, code, len(labels))
    _refuse_nobody(domains, question.outcome, question.within)
    return sample, labels, measure(question, sample, domains)


def _label(table: pd.DataFrame, labels: pd.DataFrame, found: Measured) -> pd.DataFrame:
    answered = found.domains.n > 0
    if not answered.all():
        table, labels = table[answered], labels[answered]
    table.index = pd.MultiIndex.from_frame(labels) if labels.shape[1] > 1 else pd.Index(labels[labels.columns[0]])
    table.attrs["covariance"] = LazyCovariance(found.covary)
    return table
