"""How often each interval holds the truth, and how often its lower limit falsely passes it: seeded simulation.

Finite populations of 5 to 60 strata with lognormal sizes, 15 to 600 answers without replacement, rates of .85 to .99,
four allocations: equal, proportional, one to three per stratum, and weights varied by nonresponse classes. In the
adversarial settings the strata's rates spread with a logit standard deviation of 1.5 or 2.5 and follow, or oppose, or
ignore their size. A sample for which a method has no answer, or gives a point, counts as a miss. The truth plays the
target, so that a lower limit above it is a false "met".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import special

from analysis.limits import clopper_pearson, guarded_intervals, t_quantile
from survey.actions.simulating_samples import (
    Floats,
    Samples,
    Setting,
    adversarial_settings,
    cluster_settings,
    stratified_settings,
)

Limits: TypeAlias = tuple[Floats, Floats]
Methods: TypeAlias = dict[str, Callable[[Samples], Limits]]

SEED = 20260101
LEAST_MEAN, LEAST_WORST, MOST_FALSE = 0.975, 0.945, 0.035
LEAST_SAMPLES = 3000  # with fewer, chance alone breaks a guarantee
TINY = 1e-12
DEFAULT = "guarded (default)"


class GuaranteeBroken(AssertionError):
    """The default interval held the truth less often than is said of it."""


@dataclass(frozen=True)
class Result:
    coverage: float
    false_met: float
    width: float


@dataclass(frozen=True)
class Size:
    """How many settings and samples of each a study has."""

    settings: int
    samples: int
    adversarial: int
    hard_samples: int


SIZES = {"small": Size(20, 1000, 24, 500), "full": Size(100, 6000, 240, 3000)}


def study_coverage(size: Size, seed: int = SEED) -> Iterator[str]:
    """A Markdown table for each kind of setting, as it is ready.

    Raises GuaranteeBroken after the tables, where the default does not hold what docs/methods.md says of it.
    """
    main_study = study(stratified_settings(size.settings, seed), size.samples, METHODS)
    yield write_table(f"{size.settings} settings x {size.samples:,} samples", main_study)
    hard = study(adversarial_settings(size.adversarial, seed), size.hard_samples, METHODS)
    yield write_table(f"{size.adversarial} adversarial settings x {size.hard_samples:,} samples", hard)
    clusters = study(cluster_settings(seed), size.samples, CLUSTER_METHODS)
    yield write_table(f"72 cluster settings x {size.samples:,} samples", clusters)
    if size.samples >= LEAST_SAMPLES and not keeps_guarantees(main_study[DEFAULT]):
        raise GuaranteeBroken("The default interval does not keep its guarantees in the first table.")


def study(settings: Iterator[Setting], samples: int, methods: Methods) -> dict[str, list[Result]]:
    """Run every method on the same samples of every setting."""
    results: dict[str, list[Result]] = {name: [] for name in methods}
    for setting in settings:
        truth, drawn = setting(samples)
        for name, method in methods.items():
            results[name].append(score(truth, *method(drawn)))
    return results


def score(truth: float, low: Floats, high: Floats) -> Result:
    answered = high - low > TINY
    held = answered & (low <= truth + TINY) & (high >= truth - TINY)
    width = float((high - low)[answered].mean()) if answered.any() else 0.0
    return Result(float(held.mean()), float((low > truth + TINY).mean()), width)


def write_table(title: str, results: dict[str, list[Result]]) -> str:
    head = f"| 95 % interval, {title} | mean coverage | worst coverage | worst false met | mean width |"
    rows = [f"| {name} | {_write_row(*summarise(found))} |" for name, found in results.items()]
    return "\n".join((head, "| --- | --- | --- | --- | --- |", *rows))


def _write_row(mean: float, worst: float, false: float, width: float) -> str:
    return f"{mean:.3f} | {worst:.3f} | {false:.3f} | {width:.4f}"


def summarise(found: list[Result]) -> tuple[float, float, float, float]:
    cover = [r.coverage for r in found]
    width = float(np.mean([r.width for r in found]))
    return float(np.mean(cover)), min(cover), max(r.false_met for r in found), width


def keeps_guarantees(found: list[Result]) -> bool:
    mean, worst, false, _ = summarise(found)
    return mean >= LEAST_MEAN and worst >= LEAST_WORST and false <= MOST_FALSE


def _logit(s: Samples) -> Limits:
    inside = _answerable(s)
    p = np.where(inside, s.rate, 0.5)
    half = _t(s.df) * np.sqrt(s.variance) / (p * (1 - p))
    low, high = special.expit(special.logit(p) - half), special.expit(special.logit(p) + half)
    return np.where(inside, low, s.rate), np.where(inside, high, s.rate)


def _wilson(s: Samples) -> Limits:
    inside = _answerable(s)
    size = np.where(inside, s.rate * (1 - s.rate) / np.where(inside, s.variance, 1.0), 1.0)
    t2 = _t(s.df) ** 2
    centre = (s.rate + t2 / (2 * size)) / (1 + t2 / size)
    half = np.sqrt(t2 * (s.rate * (1 - s.rate) / size + t2 / (4 * size**2))) / (1 + t2 / size)
    return np.where(inside, centre - half, s.rate), np.where(inside, centre + half, s.rate)


def _nchs(s: Samples) -> Limits:
    deff = np.where(_answerable(s), _deff(s), 1.0)
    return clopper_pearson(s.rate, np.minimum(s.n, s.n / (deff * _df_factor(s))))


def _guarded(s: Samples) -> Limits:
    return _default(s, None)


def _pooled(s: Samples) -> Limits:
    return _default(s, s.pooled_deff)


def _default(s: Samples, pooled_deff: float | None) -> Limits:
    low, high, _ = guarded_intervals(
        rate=s.rate,
        variance=s.variance,
        n=s.n,
        successes=s.successes,
        df=s.df,
        kish_deff=s.kish_deff,
        pooled_deff=pooled_deff,
        fraction=s.fraction,
    )
    return low, high


def _guarded_full(s: Samples) -> Limits:
    deff = np.where(_answerable(s), _deff(s) * _df_factor(s), 0.0)
    return clopper_pearson(s.rate, s.n / np.maximum(deff, s.kish_deff))


def _gamma(s: Samples) -> Limits:
    q, v, m = 1 - s.rate, s.rare_squares, s.largest_share
    some = v > TINY * TINY
    q_some, v_some = np.where(some, q, 1.0), np.where(some, v, 1.0)
    low = np.where(some, special.gammaincinv(q_some**2 / v_some, 0.025) * v_some / q_some, 0.0)
    high = special.gammaincinv((q + m) ** 2 / (v + m * m), 0.975) * (v + m * m) / (q + m)
    return np.maximum(0.0, 1 - high), 1 - low


def _answerable(s: Samples) -> NDArray[np.bool_]:
    return np.asarray((s.successes > 0) & (s.successes < s.n) & (s.variance > TINY * TINY) & (s.df > 0))


def _deff(s: Samples) -> Floats:
    return s.n * s.variance / np.maximum(TINY, s.rate * (1 - s.rate))


def _df_factor(s: Samples) -> Floats:
    return np.asarray((_t(s.df) / _t(s.n - 1)) ** 2)


def _t(df: Floats) -> Floats:
    return t_quantile(np.maximum(df, 1.0), 0.025)


METHODS: Methods = {
    "logit (R, Stata, SPSS, svy default)": _logit,
    "Wilson (R 4.5)": _wilson,
    "Korn-Graubard, NCHS form": _nchs,
    DEFAULT: _guarded,
    "guarded-full": _guarded_full,
    "gamma (Fay-Feuer)": _gamma,
}
CLUSTER_METHODS: Methods = {
    "logit (R, Stata, SPSS, svy default)": _logit,
    "Wilson (R 4.5)": _wilson,
    "Korn-Graubard, NCHS form": _nchs,
    "guarded, without a pooled design effect": _guarded,
    "guarded, pooled design effect": _pooled,
}
