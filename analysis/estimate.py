"""One estimated rate with everything that an official, a judge or an auditor asks about it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Estimate:
    """A rate (share in 0..1, or a mean on the scale of its outcome) with its error and its interval.

    `df` are the design's degrees of freedom, `n` the responses in the domain, `n_effective` the number of
    independent answers that would give the same interval, `deff` the design effect behind it and `kish_deff` the part
    that comes from unequal weights alone. `successes` is the integer count of satisfied answers (None when the outcome
    is not binary); `population` the sum of the weights; `coverage` the share of the population in strata that have
    responses (1.0 when the frame does not tell), `strata_empty` the others. `census` says that every stratum of the
    domain was observed whole, `fraction` is the share of a finite population that was (Σ f w² / Σ w²; 0 without one).
    `variance` is `se ** 2`.
    """

    rate: float
    se: float
    low: float
    high: float
    df: float
    n: int
    n_effective: float
    deff: float
    method: str
    confidence_level: float
    notes: tuple[str, ...] = ()
    successes: int | None = None
    kish_deff: float = 1.0
    population: float | None = None
    coverage: float = 1.0
    strata_empty: tuple[str, ...] = ()
    census: bool = False
    name: str = ""
    fraction: float = 0.0

    @property
    def variance(self) -> float:
        return self.se * self.se

    @property
    def half_width(self) -> float:
        return (self.high - self.low) / 2
