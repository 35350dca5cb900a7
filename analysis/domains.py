"""What the sample says about each of many disjoint domains: sizes, means, degrees of freedom, variances."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from analysis.arrays import Codes, Flags, Vector, add_up, count_up
from analysis.sample import Sample
from analysis.stages import Stage
from analysis.variance import variances

_CHUNK = 4_000_000  # numbers in one block of residuals


@dataclass(frozen=True, slots=True)
class Domains:
    """Arrays over D domains, for the outcome at `place` of the sample; `code` is each cell's domain, -1 for none.

    `n`: responses with an answer and a positive weight; `weights`: sum of their weights; `means`; `successes`: plain
    sum of the outcome; `df`: PSUs less strata; `kish`: n Σ(1-f)w² / (Σw)²; `census`: every stratum observed whole;
    `spread`: the weighted variance of the outcome; `coverage`: share of the population in strata with responses.
    """

    code: Codes
    place: int
    n: Vector
    weights: Vector
    means: Vector
    successes: Vector
    df: Vector
    kish: Vector
    census: Flags
    spread: Vector
    coverage: Vector

    def __len__(self) -> int:
        return len(self.n)


class Pairs(NamedTuple):
    """The (stratum, domain) or (unit, domain) pairs that occur: code of each cell, and both members of each pair."""

    code: Codes
    member: Codes
    domain: Codes


def code_domains(sample: Sample, by: tuple[str, ...]) -> tuple[Codes, pd.DataFrame]:
    """Domain of each cell, from 0 in sorted order, -1 where a column of `by` is missing; and the domains' labels."""
    if not by:
        return np.zeros(len(sample.cells), dtype=np.intp), pd.DataFrame(index=[0])
    kept = sample.cells.kept
    if ("domains", by) not in kept:
        keys = sample.cells.keys[list(by)]
        groups = keys.groupby(list(by), sort=True, dropna=True, observed=True)
        code = groups.ngroup().to_numpy(dtype=np.intp)
        code = np.where(keys.isna().any(axis=1), -1, code)
        labels = keys[code >= 0].drop_duplicates().sort_values(list(by), ignore_index=True)
        kept[("domains", by)] = code, labels
    code, labels = kept[("domains", by)]
    return code, labels


def summarise(sample: Sample, code: Codes, size: int, place: int = 2) -> Domains:
    """Describe `size` disjoint domains; a domain that nobody answered in has n = 0 and a mean of NaN."""
    total = _Totals(code, size)
    n, weights = total(sample.counts[:, 1]), total(sample.first[:, 1])
    with np.errstate(divide="ignore", invalid="ignore"):
        means = total(sample.first[:, place]) / weights
        kish = n * total(sample.second[:, 1, 1] * (1 - _response_fraction(sample))) / weights**2
        spread = (total(sample.squares[:, place - 2, place - 2]) / weights - means**2) * n / (n - 1)
    return Domains(
        code=code,
        place=place,
        n=n,
        weights=weights,
        means=means,
        successes=total(sample.counts[:, place]),
        df=_count_df(sample, code, size),
        kish=kish,
        census=_find_census(sample, total),
        spread=np.maximum(spread, 0.0),
        coverage=_find_coverage(sample, code, size),
    )


def linearise(sample: Sample, domains: Domains, asked: Codes) -> Vector:
    """Coefficients (asked domains x cells x K) of (y - mean) / sum of weights, zero outside each domain."""
    inside = domains.code == np.asarray(asked)[:, None]
    scale = inside / np.where(domains.weights[asked] > 0, domains.weights[asked], 1.0)[:, None]
    variables = np.zeros((*inside.shape, sample.size))
    variables[:, :, domains.place] = scale
    variables[:, :, 1] = -scale * np.nan_to_num(domains.means[asked])[:, None]
    return variables


def domain_variances(sample: Sample, domains: Domains) -> Vector:
    """Variance of each domain's mean: one pass over the cells, or blocks of residuals when weights are calibrated."""
    if not sample.design.is_calibrated and len(sample.stages) == 1:
        return _sum_pairs(sample, domains)
    block = max(1, _CHUNK // (len(sample.cells) * sample.size))
    asked = np.arange(len(domains))
    parts = [asked[start : start + block] for start in range(0, len(asked), block)]
    return np.concatenate([variances(sample, linearise(sample, domains, part)) for part in parts])


class _Totals:
    """Sums over the cells of each domain."""

    def __init__(self, code: Codes, size: int) -> None:
        self.inside = code >= 0
        self.code = code[self.inside]
        self.whole = bool(self.inside.all())
        self.size = size

    def __call__(self, values: Vector | Flags) -> Vector:
        return add_up(self.code, values if self.whole else values[self.inside], self.size)


def _response_fraction(sample: Sample) -> Vector:
    last = sample.stages[-1]
    return (last.parent * last.fraction)[last.stratum]


def _count_df(sample: Sample, code: Codes, size: int) -> Vector:
    """R's rule: PSUs with an answer in the domain, less strata with one."""
    stage = sample.stages[0]
    answered = (sample.counts[:, 1] > 0) & (code >= 0)
    strata = pair_up(sample, stage.stratum, code, "stratum")
    present = count_up(strata.code[answered], len(strata.member)) > 0
    held = count_up(strata.domain[present], size)
    if stage.unit is None:
        return add_up(code[answered], sample.counts[answered, 1], size) - held
    units = pair_up(sample, stage.unit, code, "unit")
    sampled = count_up(units.code[answered], len(units.member)) > 0
    counted: Vector = count_up(units.domain[sampled], size) - held.astype(np.float64)
    return counted


def pair_up(sample: Sample, member: Codes, code: Codes, kind: str) -> Pairs:
    """The pairs of a stratum or unit with a domain that occur among the cells; found once for kept cells."""
    name = (kind, id(code))
    kept = sample.cells.kept.get(name)
    if kept is None or kept[0] is not code:
        size = int(code.max(initial=-1)) + 2
        found, pair = np.unique(member * size + code + 1, return_inverse=True)
        kept = (code, Pairs(pair, found // size, found % size - 1))
        sample.cells.kept[name] = kept
    pairs: Pairs = kept[1]
    return pairs


def _find_census(sample: Sample, total: _Totals) -> Flags:
    whole = np.ones(len(sample.cells), dtype=bool)
    for stage in sample.stages:
        whole &= stage.census[stage.stratum]
    return np.asarray(total((sample.counts[:, 1] > 0) & ~whole) == 0)


def _find_coverage(sample: Sample, code: Codes, size: int) -> Vector:
    stage = sample.stages[0]
    if (stage.sampled > 0).all() or np.isinf(stage.population).any():
        return np.ones(size)
    pairs = pair_up(sample, stage.stratum, code, "stratum")
    inside = pairs.domain >= 0
    population = stage.population[pairs.member[inside]]
    covered = population * (stage.sampled[pairs.member[inside]] > 0)
    whole = add_up(pairs.domain[inside], population, size)
    held = add_up(pairs.domain[inside], covered, size)
    return np.divide(held, whole, out=np.ones(size), where=whole > 0)


def _sum_pairs(sample: Sample, domains: Domains) -> Vector:
    """v = Σ_h (1-f) n/(n-1) [Σ z² - (Σ z)²/n], the sums of z over (stratum, domain) pairs."""
    stage, code, place = sample.stages[0], domains.code, domains.place
    scale = 1 / np.where(domains.weights > 0, domains.weights, 1.0)
    outside = code < 0
    shift = np.where(outside, 0.0, np.nan_to_num(domains.means)[code])
    unit_scale = np.where(outside, 0.0, scale[code])
    sums = (sample.first[:, place] - shift * sample.first[:, 1]) * unit_scale
    strata = pair_up(sample, stage.stratum, code, "stratum")
    squares = _sum_squares(sample, domains, shift, unit_scale, sums)
    totals = add_up(strata.code, sums, len(strata.member))
    held = -stage.scale[strata.member] / np.maximum(stage.sampled[strata.member], 1) * totals**2
    if sample.design.lonely_psu in {"adjust", "collapse"}:
        held += _deviate(stage, strata, totals)
    inside = strata.domain >= 0
    more = add_up(strata.domain[inside], held[inside], len(domains))
    result = np.maximum(squares + more, 0.0)
    return result * _scale_up(sample, stage, strata, domains) if sample.design.lonely_psu == "average" else result


def _deviate(stage: Stage, strata: Pairs, totals: Vector) -> Vector:
    """R's "adjust": a lonely unit's distance from the mean of all units, which is 0 for the residuals of a mean."""
    return np.where(stage.lonely, 1 - stage.fraction, 0.0)[strata.member] * totals**2


def _scale_up(sample: Sample, stage: Stage, strata: Pairs, domains: Domains) -> Vector:
    """R's "average": a lonely stratum of the domain adds what its other strata add on average."""
    answered = (sample.counts[:, 1] > 0) & (domains.code >= 0)
    present = count_up(strata.code[answered], len(strata.member)) > 0
    usable = present & ~stage.lonely[strata.member]
    held = count_up(strata.domain[present], len(domains))
    usable_held = count_up(strata.domain[usable], len(domains))
    return np.where(usable_held > 0, held / np.maximum(usable_held, 1), 1.0)


def _sum_squares(sample: Sample, domains: Domains, shift: Vector, scale: Vector, sums: Vector) -> Vector:
    """Σ_h (1-f) n/(n-1) Σ z² for each domain."""
    stage, code, place, size = sample.stages[0], domains.code, domains.place, len(domains)
    inside = code >= 0
    if stage.unit is None:
        moment = sample.second[:, place, place] - 2 * shift * sample.second[:, 1, place]
        moment += shift**2 * sample.second[:, 1, 1]
        squares = moment * scale**2 * stage.scale[stage.stratum]
        return add_up(code[inside], squares[inside], size)
    units = pair_up(sample, stage.unit, code, "unit")
    stratum = np.zeros(int(stage.unit.max()) + 1, dtype=np.intp)
    stratum[stage.unit] = stage.stratum
    totals = add_up(units.code, sums, len(units.member)) ** 2
    totals *= stage.scale[stratum[units.member]]
    seen = units.domain >= 0
    return add_up(units.domain[seen], totals[seen], size)
