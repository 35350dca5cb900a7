"""How often each interval holds the truth, and how often its lower limit falsely passes it: seeded simulation.

    python benchmarks/coverage.py            # small: 20 settings x 1,000 samples, 24 adversarial, clusters
    python benchmarks/coverage.py --full     # 100 settings x 6,000 samples, 240 adversarial x 3,000, clusters

Finite populations of 5 to 60 strata with lognormal sizes, 15 to 600 answers without replacement, rates of .85 to .99,
four allocations: equal, proportional, one to three per stratum, and weights varied by nonresponse classes. In the
adversarial settings the strata's rates spread with a logit standard deviation of 1.5 or 2.5 and follow, or oppose, or
ignore their size. A sample for which a method has no answer, or gives a point, counts as a miss. The truth plays the
target, so that a lower limit above it is a false "met". The full run fails if the default breaks its guarantees.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import special
from simulated import Floats, Samples, Setting, adversarial_settings, cluster_settings, stratified_settings

from analysis.limits import clopper_pearson, guarded_intervals, t_quantile

Limits: TypeAlias = tuple[Floats, Floats]
Methods: TypeAlias = dict[str, Callable[[Samples], Limits]]

SEED = 20260101
LEAST_MEAN, LEAST_WORST, MOST_FALSE = 0.975, 0.945, 0.035
TINY = 1e-12


@dataclass(frozen=True)
class Result:
    coverage: float
    false_met: float
    width: float


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--full", action="store_true")
    options.add_argument("--seed", type=int, default=SEED)
    chosen = options.parse_args()
    began = time.perf_counter()
    settings, samples, adversarial, hard = (100, 6000, 240, 3000) if chosen.full else (20, 1000, 24, 500)
    print(f"seed {chosen.seed}, numpy {np.__version__}")
    main_study = study(stratified_settings(settings, chosen.seed), samples, METHODS)
    report(f"{settings} settings x {samples:,} samples", main_study)
    hard_study = study(adversarial_settings(adversarial, chosen.seed), hard, METHODS)
    report(f"{adversarial} adversarial settings x {hard:,} samples", hard_study)
    clusters = study(cluster_settings(chosen.seed), samples, CLUSTER_METHODS)
    report(f"72 cluster settings x {samples:,} samples", clusters)
    print(f"\n{time.perf_counter() - began:.0f} s")
    if chosen.full and not keeps_guarantees(main_study["guarded (default)"]):
        sys.exit("the default does not keep its guarantees")


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


def report(title: str, results: dict[str, list[Result]]) -> None:
    print(f"\n{title}\n| 95 % interval | mean coverage | worst coverage | worst false met | mean width |")
    print("| --- | --- | --- | --- | --- |")
    for name, found in results.items():
        mean, worst, false, width = summarise(found)
        print(f"| {name} | {mean:.3f} | {worst:.3f} | {false:.3f} | {width:.4f} |")


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
    "guarded (default)": _guarded,
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

if __name__ == "__main__":
    main()
