"""What the sample says about each of many disjoint domains: sizes, means, degrees of freedom, variances."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.arrays import Codes, Flags, Vector, add_up, count_up
from analysis.pairs import OUTCOME, Pairs, number_pairs, pair_up
from analysis.sample import Sample
from analysis.stages import Stage
from analysis.variance import ROUNDING_SQUARES, variances

_CHUNK = 4_000_000  # numbers in one block of residuals


@dataclass(frozen=True, slots=True)
class Domains:
    """Arrays over D domains, for the first outcome of the sample; `code` is each cell's domain, -1 for none.

    `n`: responses with an answer and a positive weight; `weights`: sum of their weights; `means`; `successes`: plain
    sum of the outcome; `df`: PSUs less strata; `kish`: n Σ(1-f)w² / (Σw)²; `fraction`: Σ f w² / Σ w²;
    `census`: every stratum observed whole;
    `spread`: the weighted variance of the outcome; `coverage`: share of the population in strata with responses.
    """

    code: Codes
    n: Vector
    weights: Vector
    means: Vector
    successes: Vector
    df: Vector
    kish: Vector
    fraction: Vector
    census: Flags
    spread: Vector
    coverage: Vector

    def __len__(self) -> int:
        return len(self.n)


def summarise(sample: Sample, code: Codes, size: int) -> Domains:
    """Describe `size` disjoint domains; a domain that nobody answered in has n = 0 and a mean of NaN."""
    pairs = pair_up(sample, code)
    n, weights = pairs.total(pairs.n, size), pairs.total(pairs.weights, size)
    with np.errstate(divide="ignore", invalid="ignore"):
        means = pairs.total(pairs.outcomes, size) / weights
        unsampled, squares = _add_unsampled(sample, pairs, code, size), pairs.total(pairs.c, size)
        kish = n * unsampled / weights**2
        spread = (pairs.total(pairs.squares, size) / weights - means**2) * n / (n - 1)
    return Domains(
        code=code,
        n=n,
        weights=weights,
        means=means,
        successes=pairs.total(pairs.successes, size),
        df=_count_df(pairs, n),
        kish=kish,
        fraction=1 - np.divide(unsampled, squares, out=np.ones(size), where=squares > 0),
        census=_find_census(sample, pairs, code, size),
        spread=np.maximum(spread, 0.0),
        coverage=_find_coverage(sample, code, size),
    )


def linearise(sample: Sample, domains: Domains, asked: Codes) -> Vector:
    """Coefficients (asked domains x cells x K) of (y - mean) / sum of weights, zero outside each domain."""
    inside = domains.code == np.asarray(asked)[:, None]
    scale = inside / np.where(domains.weights[asked] > 0, domains.weights[asked], 1.0)[:, None]
    variables = np.zeros((*inside.shape, sample.size))
    variables[:, :, OUTCOME] = scale
    variables[:, :, 1] = -scale * np.nan_to_num(domains.means[asked])[:, None]
    return variables


def domain_variances(sample: Sample, domains: Domains) -> Vector:
    """Variance of each domain's mean: from pairs, or by blocks of residuals when weights are calibrated."""
    if not sample.design.is_calibrated and len(sample.stages) == 1:
        return _sum_pairs(sample, pair_up(sample, domains.code), domains)
    block = max(1, _CHUNK // (len(sample.cells) * sample.size))
    asked = np.arange(len(domains))
    parts = [asked[start : start + block] for start in range(0, len(asked), block)]
    return np.concatenate([variances(sample, linearise(sample, domains, part)) for part in parts])


def _add_unsampled(sample: Sample, pairs: Pairs, code: Codes, size: int) -> Vector:
    """Σ (1 - f) w² of each domain, f the fraction of responses over all stages."""
    last = sample.stages[-1]
    fraction = last.parent * last.fraction
    if len(sample.stages) == 1:
        return pairs.total((1 - fraction[pairs.stratum]) * pairs.c, size)
    inside = code >= 0
    return add_up(code[inside], (sample.second[:, 1, 1] * (1 - fraction[last.stratum]))[inside], size)


def _count_df(pairs: Pairs, n: Vector) -> Vector:
    """R's rule: PSUs with an answer in the domain, less strata with one; `n` counts each domain's answers."""
    answered, size = pairs.answered, len(n)
    if pairs.unit is None:
        return n - pairs.total(answered, size)
    domain = pairs.domain[answered]
    _, _, held = number_pairs(pairs.stratum[answered], domain)
    return count_up(domain, size) - count_up(held, size)


def _find_census(sample: Sample, pairs: Pairs, code: Codes, size: int) -> Flags:
    if len(sample.stages) == 1:
        partly = pairs.answered & ~sample.stages[0].census[pairs.stratum]
        return np.asarray(pairs.total(partly, size) == 0)
    whole = np.ones(len(code), dtype=bool)
    for stage in sample.stages:
        whole &= stage.census[stage.stratum]
    return np.asarray(count_up(code[(sample.counts[:, 1] > 0) & (code >= 0) & ~whole], size) == 0)


def _find_coverage(sample: Sample, code: Codes, size: int) -> Vector:
    stage = sample.stages[0]
    if (stage.sampled > 0).all() or np.isinf(stage.population).any():
        return np.ones(size)
    _, stratum, domain = number_pairs(stage.stratum, code)
    stratum, domain = stratum[domain >= 0], domain[domain >= 0]
    population = stage.population[stratum]
    whole = add_up(domain, population, size)
    held = add_up(domain, population * (stage.sampled[stratum] > 0), size)
    return np.divide(held, whole, out=np.ones(size), where=whole > 0)


def _sum_pairs(sample: Sample, pairs: Pairs, domains: Domains) -> Vector:
    """v = Σ_h (1-f) n/(n-1) [Σ z² - (Σ z)²/n], the sums of z over (stratum, domain) pairs."""
    stage, size = sample.stages[0], len(domains)
    means = np.nan_to_num(domains.means)
    sums = pairs.outcomes - means[pairs.domain] * pairs.weights  # what lies outside all domains is left out of totals
    scale = stage.scale[pairs.stratum]
    more = _lonely_weight(sample, stage) - stage.scale / np.maximum(stage.sampled, 1)
    if pairs.unit is None:
        e, d, c = (pairs.total(scale * each, size) for each in (pairs.e, pairs.d, pairs.c))
        spread, sizes = e - 2 * means * d + means**2 * c, e + 2 * np.abs(means * d) + means**2 * c
        spread += pairs.total(sums * sums * more[pairs.stratum], size)
    else:
        spread = sizes = pairs.total(scale * sums * sums, size)
        pair, stratum, domain = number_pairs(pairs.stratum, pairs.domain)
        totals, inside = add_up(pair, sums, len(stratum)), domain >= 0
        spread = spread + add_up(domain[inside], (totals * totals * more[stratum])[inside], size)
    if sample.design.lonely_psu == "average":
        spread *= _scale_up(pairs, stage, size)
    unit = 1 / np.where(domains.weights > 0, domains.weights, 1.0) ** 2
    return np.where(spread > ROUNDING_SQUARES * sizes, spread * unit, 0.0)


def _lonely_weight(sample: Sample, stage: Stage) -> Vector:
    """R's "adjust": a lonely unit's distance from the mean of all units, which is 0 for the residuals of a mean."""
    counted = sample.design.lonely_psu in {"adjust", "collapse"}
    return np.where(stage.lonely & counted, 1 - stage.fraction, 0.0)


def _scale_up(pairs: Pairs, stage: Stage, size: int) -> Vector:
    """R's "average": a lonely stratum of the domain adds what its other strata add on average."""
    answered = pairs.answered
    _, stratum, domain = number_pairs(pairs.stratum[answered], pairs.domain[answered])
    held = count_up(domain, size)
    usable = count_up(domain[~stage.lonely[stratum]], size)
    return np.where(usable > 0, held / np.maximum(usable, 1), 1.0)
