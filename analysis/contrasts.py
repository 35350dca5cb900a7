"""Totals, ratios and differences, with variances from the same linearised sums as means.

Särndal, Swensson and Wretman, Model Assisted Survey Sampling, 1992, 5.3 to 5.6;
R's `svytotal`, `svyratio` and `svycontrast`.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy import special

from analysis.design import Design
from analysis.domains import Domains, summarise
from analysis.errors import EmptyDomain
from analysis.estimate import Estimate
from analysis.estimation import find_whole
from analysis.finishing import describe_domain, normal_interval
from analysis.measuring import Question, measure
from analysis.replication import loosen, read_replication
from analysis.sample import Sample, read_sample
from analysis.variance import variances


@dataclass(frozen=True, slots=True)
class Difference:
    """First minus second: value, standard error, t interval, degrees of freedom, two-sided p-value of no difference."""

    difference: float
    se: float
    low: float
    high: float
    df: float
    p_value: float
    confidence_level: float


def total(
    frame: Any, design: Design, outcome: str, *, within: str | None = None, confidence_level: float = 0.95
) -> Estimate:
    """Weighted total of a numeric `outcome` in the domain `within`, with the t interval; `rate` holds the total."""
    sample = _read(frame, design, (outcome,), within)
    domains = find_whole(sample, outcome, within)
    value = float(domains.means[0] * domains.weights[0])
    simple = float(domains.spread[0] * domains.weights[0] ** 2 / domains.n[0])
    if design.replicates is not None:
        measured = _replicate(frame, design, (outcome,), within, value)
    else:
        variable = np.zeros((1, len(sample.cells), sample.size))
        variable[0, :, 2] = 1.0
        measured = float(variances(sample, variable)[0]), float(domains.df[0])
    return _finish(sample, domains, value, measured, simple, confidence_level)


def ratio(
    frame: Any,
    design: Design,
    numerator: str,
    denominator: str,
    *,
    within: str | None = None,
    confidence_level: float = 0.95,
) -> Estimate:
    """Ratio of two weighted totals over the responses that have both, with the t interval; `rate` holds the ratio.

    Linearised as (y - r x) / Σ w x (Särndal, Swensson and Wretman 1992, 5.6). Raises EmptyDomain, also when Σ w x = 0.
    """
    outcomes = (numerator, denominator)
    sample = _read(frame, design, outcomes, within)
    domains = find_whole(sample, numerator, within)
    above, below = sample.first[:, 2].sum(), sample.first[:, 3].sum()
    if below == 0:
        raise EmptyDomain(f"The total of {denominator!r} is zero in this domain, so the ratio has no value")
    value = float(above / below)
    simple = _simple_variance(sample, domains, value, float(below))
    if design.replicates is not None:
        measured = _replicate(frame, design, outcomes, within, value)
    else:
        variable = np.zeros((1, len(sample.cells), sample.size))
        variable[0, :, 2], variable[0, :, 3] = 1 / below, -value / below
        measured = float(variances(sample, variable)[0]), float(domains.df[0])
    return _finish(sample, domains, value, measured, simple, confidence_level)


def difference(
    frame: Any,
    design: Design,
    outcome: str,
    by: str | Sequence[str],
    first: Hashable,
    second: Hashable,
    *,
    within: str | None = None,
    confidence_level: float = 0.95,
) -> Difference:
    """Mean (or rate) of the domain `first` of the columns `by` less that of `second`, with their covariance.

    A domain is a value of `by`, or a tuple of values for several columns. Degrees of freedom are those of both domains
    together. Raises EmptyDomain.
    """
    groups = (by,) if isinstance(by, str) else tuple(by)
    question = Question(frame, design, outcome, groups, within)
    sample = question.read()
    code, labels = sample.cells.sort_out(groups)
    known = list(labels.itertuples(index=False, name=None))
    places = [find_domain(known, groups, label) for label in (first, second)]
    domains = summarise(sample, code, len(labels))
    found = measure(question, sample, domains)
    if not (domains.n[places] > 0).all():
        raise EmptyDomain(f"Nobody in {(first, second)[int(np.argmin(domains.n[places]))]!r} answered {outcome!r}")
    order = [int((domains.n[:place] > 0).sum()) for place in places]
    matrix = found.covary()[np.ix_(order, order)]
    both = summarise(sample, np.where(np.isin(code, places), 0, -1).astype(np.intp), 1)
    variance = max(0.0, float(matrix[0, 0] + matrix[1, 1] - 2 * matrix[0, 1]))
    value = float(domains.means[places[0]] - domains.means[places[1]])
    return compare(value, variance, float(both.df[0]), confidence_level)


def compare(value: float, variance: float, df: float, confidence_level: float) -> Difference:
    """A difference with its t interval and p-value; without degrees of freedom the p-value is 1."""
    se = float(np.sqrt(variance))
    low, high = normal_interval(value, variance, df, confidence_level)
    p_value = 1.0
    if df > 0:
        p_value = float(2 * special.stdtr(df, -abs(value) / se)) if se > 0 else float(value == 0)
    return Difference(value, se, low, high, df, p_value, confidence_level)


def find_domain(labels: Any, by: tuple[str, ...], label: Hashable) -> int:
    """Place of a domain among the labels. Raises EmptyDomain when there is none."""
    wanted = label if isinstance(label, tuple) else (label,)
    for place, found in enumerate(labels):
        if found == wanted:
            return place
    raise EmptyDomain(f"No response has {' x '.join(by)} = {' / '.join(map(str, wanted))}")


def _read(frame: Any, design: Design, outcomes: tuple[str, ...], within: str | None) -> Sample:
    plain = replace(design, replicates=None, lonely_psu=loosen(design))
    return read_sample(frame, plain, outcomes, within=within)


def _replicate(
    frame: Any, design: Design, outcomes: tuple[str, ...], within: str | None, value: float
) -> tuple[float, float]:
    """Variance and degrees of freedom of a total, or of the ratio of two."""
    replication = read_replication(frame, design, outcomes, (), within)
    places = tuple(range(2, 2 + len(outcomes)))
    sums = replication.sums(places, np.zeros(len(replication.classes.cells), dtype=np.intp), 1)[:, 0]
    with np.errstate(divide="ignore", invalid="ignore"):
        replicates = sums[:, :1] / sums[:, 1:] if len(outcomes) == 2 else sums
    matrix = replication.covariance(replicates, np.array([value]))
    return float(matrix[0, 0]), replication.count_df(replication.classes.counts[:, 1])


def _finish(
    sample: Sample,
    domains: Domains,
    value: float,
    measured: tuple[float, float],
    simple: float,
    confidence_level: float,
) -> Estimate:
    """`measured`: variance and df; `simple`: the variance under simple random sampling with replacement."""
    variance, df = measured
    low, high = normal_interval(value, variance, df, confidence_level)
    deff = variance / simple if simple > 0 else 1.0
    return Estimate(
        rate=value,
        se=float(np.sqrt(variance)),
        low=low,
        high=high,
        n_effective=float(domains.n[0] / deff) if deff > 0 else float(domains.n[0]),
        deff=float(deff),
        method="mean",
        confidence_level=confidence_level,
        **describe_domain(sample, domains, 0) | {"df": df},
    )


def _simple_variance(sample: Sample, domains: Domains, value: float, below: float) -> float:
    """Of a ratio: the weighted variance of y - r x, times (Σ w)² / (n (Σ w x)²)."""
    n, weights = float(domains.n[0]), float(domains.weights[0])
    moments = sample.squares.sum(axis=0)
    squares = moments[0, 0] - 2 * value * moments[0, 1] + value**2 * moments[1, 1]
    return float(squares / weights * n / (n - 1) * weights**2 / (n * below**2))
