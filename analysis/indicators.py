"""Ways to turn answers on five levels into one figure: named, versioned, sourced; each with its own variance.

The same answers can pass a target under one formula and miss it under another, so a figure always names its formula
and `compare_indicators` shows where a verdict flips.

The errors are Taylor's (Särndal, Swensson and Wretman 1992, chapter 5); each formula's source stands with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import narwhals as nw
import numpy as np

from analysis.arrays import Vector
from analysis.decisions import Minimum, Target, Verdict, judge
from analysis.derived import Source, add_columns, open_source, read_derived, refuse_other_levels
from analysis.design import Design
from analysis.domains import Domains, domain_variances, summarise
from analysis.errors import EmptyDomain
from analysis.estimate import Estimate
from analysis.formulas import BadIndicator, Indicator
from analysis.intervals import interval
from analysis.sample import Sample
from analysis.variance import variances

UNIT = "indicator_unit"
ITEM = "indicator_item"
ANSWERED = "indicator_answered"
NEAR = 1e-9


@dataclass(frozen=True, slots=True)
class Compared:
    """One formula's figure and what would be said of it; `flips` where that differs from the first formula's."""

    indicator: Indicator
    estimate: Estimate
    verdict: Verdict
    flips: bool


def measure(
    frame: Any,
    design: Design,
    indicator: Indicator,
    *,
    overall: str | None = None,
    items: Sequence[str] = (),
    within: str | None = None,
    confidence_level: float = 0.95,
) -> Estimate:
    """Give an indicator's figure on its published scale.

    `overall` and `items` name columns of levels 1, 2, ... (missing: not answered). `frame` may be kept cells whose key
    columns hold these levels, `cells(frame, design, by=[..., "answer"])`: the same figures to 1e-12. The error is
    Taylor's of the indicator's own formula; the interval is the guarded one between the formula's bounds, at the
    effective size u(1-u)/v of the figure's place u between them (conservative, since no score spreads more than yes
    and no). Raises `BadIndicator`, also for a level that the formula does not know, and what `rate` raises.
    """
    if indicator.kind == "score":
        if overall is None:
            raise BadIndicator(f"{indicator.code} reads one overall item: name it in overall=")
        sample = read_derived(_score_one(frame, indicator, overall), design, (UNIT,), within)
        domains = _see(sample, indicator)
        unit, variance = float(domains.means[0]), float(domain_variances(sample, domains)[0])
        return _finish(indicator, domains, unit, variance, float(domains.successes[0]), confidence_level)
    if not items:
        raise BadIndicator(f"{indicator.code} reads several items: name them in items=")
    return _measure_items(
        _score_items(frame, indicator, items), design, indicator, len(items), within, confidence_level
    )


def compare_indicators(
    frame: Any,
    design: Design,
    target: Target,
    on: date,
    indicators: Sequence[Indicator],
    *,
    overall: str | None = None,
    items: Sequence[str] = (),
    within: str | None = None,
    minimum: Minimum | None = None,
    confidence_level: float = 0.95,
) -> list[Compared]:
    """Judge the same answers under several formulas; the first is the one that counts."""
    compared: list[Compared] = []
    for indicator in indicators:
        estimate = measure(
            frame,
            design,
            indicator,
            overall=overall,
            items=items,
            within=within,
            confidence_level=confidence_level,
        )
        verdict = _judge_on_unit(indicator, estimate, target, on, minimum)
        first = compared[0].verdict.code if compared else verdict.code
        compared.append(Compared(indicator, estimate, verdict, verdict.code != first))
    return compared


def _score_one(frame: Any, indicator: Indicator, overall: str) -> Source:
    silence = None if indicator.silence is None else _unit(indicator, indicator.silence)
    source = open_source(frame, (overall,))
    refuse_other_levels(source, (overall,), len(indicator.scores))
    return add_columns(source, _score(indicator, overall, silence).alias(UNIT))


def _score_items(frame: Any, indicator: Indicator, items: Sequence[str]) -> Source:
    """Points and answered flags of every item, missing together where a response answered none."""
    source = open_source(frame, tuple(items))
    refuse_other_levels(source, tuple(items), len(indicator.scores))
    scores = [_score(indicator, item, None) for item in items]
    flags = [nw.when(score.is_null()).then(nw.lit(0.0)).otherwise(nw.lit(1.0)) for score in scores]
    some = nw.sum_horizontal(*flags) > 0
    return add_columns(
        source,
        *(nw.when(some).then(score.fill_null(0.0)).alias(f"{ITEM}{j}") for j, score in enumerate(scores)),
        *(nw.when(some).then(flag).alias(f"{ANSWERED}{j}") for j, flag in enumerate(flags)),
    )


def _score(indicator: Indicator, column: str, silence: float | None) -> nw.Expr:
    """The score as a place between the formula's bounds; missing where the level is."""
    level = nw.col(column)
    scored: Any = nw.lit(silence, dtype=nw.Float64)
    for number, score in enumerate(indicator.scores, start=1):
        scored = nw.when(level == number).then(nw.lit(_unit(indicator, score))).otherwise(scored)
    return scored  # type: ignore[no-any-return]


def _unit(indicator: Indicator, score: float) -> float:
    low, high = min(indicator.scores), max(indicator.scores)
    return (score - low) / (high - low)


def _see(sample: Sample, indicator: Indicator) -> Domains:
    domains = summarise(sample, np.zeros(len(sample.cells), dtype=np.intp), 1)
    if not domains.n[0] > 0:
        raise EmptyDomain(f"Nobody in the domain has an answer for {indicator.code}; widen the domain")
    return domains


def _measure_items(
    source: Source,
    design: Design,
    indicator: Indicator,
    count: int,
    within: str | None,
    confidence_level: float,
) -> Estimate:
    totals = [_item_totals(source, design, indicator, j, within) for j in range(count)]
    points, answers = np.array(totals).T
    if not (answers > 0).all():
        raise EmptyDomain(f"item {int(np.argmin(answers)) + 1} of {indicator.code} has no answer; leave it out")
    part, shift = _coefficients(indicator, points, answers)
    residual = nw.sum_horizontal(
        *(nw.col(f"{ITEM}{j}") * part[j] - nw.col(f"{ANSWERED}{j}") * shift[j] for j in range(count))
    )
    satisfied = nw.sum_horizontal(*(nw.col(f"{ITEM}{j}") for j in range(count)))
    answered = nw.sum_horizontal(*(nw.col(f"{ANSWERED}{j}") for j in range(count)))
    some = ~nw.col(f"{ITEM}0").is_null()
    linear = add_columns(
        source, nw.when(some).then(residual).alias(UNIT), nw.when(some).then(satisfied / answered).alias(ITEM)
    )
    sample = read_derived(linear, design, (UNIT, ITEM), within)
    domains = _see(sample, indicator)
    coefficients = np.zeros((1, len(sample.cells), sample.size))
    coefficients[0, :, 2] = 1.0
    variance = float(variances(sample, coefficients)[0])
    unit = float((points / answers).mean() if indicator.kind == "mean_of_shares" else points.sum() / answers.sum())
    return _finish(indicator, domains, unit, variance, float(sample.counts[:, 3].sum()), confidence_level)


def _item_totals(
    source: Source, design: Design, indicator: Indicator, j: int, within: str | None
) -> tuple[float, float]:
    """Weighted points and weighted answers of one item."""
    sample = read_derived(source, design, (f"{ITEM}{j}", f"{ANSWERED}{j}"), within)
    _see(sample, indicator)
    points, answers = sample.first[:, 2:].sum(axis=0)
    return float(points), float(answers)


def _coefficients(indicator: Indicator, points: Vector, answers: Vector) -> tuple[Vector, Vector]:
    """What one point, and one answer, on each item add to the linearised figure."""
    if indicator.kind == "mean_of_shares":
        part = 1 / (answers * answers.size)
        return part, part * points / answers
    part = np.full(answers.size, 1 / answers.sum())
    return part, part * points.sum() / answers.sum()


def _finish(
    indicator: Indicator, domains: Domains, unit: float, variance: float, points: float, confidence_level: float
) -> Estimate:
    n = round(float(domains.n[0]))
    known = interval(
        rate=min(1.0, max(0.0, unit)),
        variance=variance,
        n=n,
        successes=_count_points(points, n),
        df=float(domains.df[0]),
        kish_deff=float(domains.kish[0]) or 1.0,
        census=bool(domains.census[0]),
        fraction=float(domains.fraction[0]),
        confidence_level=confidence_level,
    )
    low, high = indicator.bounds
    return Estimate(
        rate=low + unit * (high - low),
        se=float(np.sqrt(variance)) * (high - low),
        low=low + known.low * (high - low),
        high=low + known.high * (high - low),
        df=float(domains.df[0]),
        n=n,
        n_effective=known.n_effective,
        deff=known.deff,
        method=known.method,
        confidence_level=confidence_level,
        notes=known.notes,
        kish_deff=float(domains.kish[0]),
        population=float(domains.weights[0]),
        coverage=float(domains.coverage[0]),
        census=bool(domains.census[0]),
        name=indicator.key,
        fraction=float(domains.fraction[0]),
    )


def _count_points(points: float, n: int) -> int:
    """Points as a count of answers: 0 and n only where every answer lies at that end."""
    if points <= NEAR or points >= n - NEAR:
        return n if points > NEAR else 0
    return min(max(round(points), 1), n - 1)


def _judge_on_unit(
    indicator: Indicator, estimate: Estimate, target: Target, on: date, minimum: Minimum | None
) -> Verdict:
    """Judge between the formula's bounds, where the exact tails live; the target is on the published scale."""
    unit = replace(
        estimate,
        rate=indicator.to_unit(estimate.rate),
        low=indicator.to_unit(estimate.low),
        high=indicator.to_unit(estimate.high),
    )
    return judge(unit, replace(target, rate=indicator.to_unit(target.rate)), on, minimum)
