"""What an interval is made from, the sufficient statistics of one rate, and what is said beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NotRequired, TypedDict

import numpy as np

from analysis.errors import AnalysisError
from analysis.limits import NO_SPREAD
from analysis.limits import BadStatistic as BadStatistic
from analysis.limits import check_level as check_level

NEAR = 1e-9  # a sum of weights may leave 0..1 by its rounding

NOTE_EDGE = "all or none are satisfied: the effective size comes from the weights alone"
NOTE_NO_SPREAD = "no variation within any stratum: the effective size comes from the weights alone"
NOTE_COUNTED = "the variance says nothing here: every answer counts as one, whatever its weight, as NCHS has it"
NOTE_NO_DF = "no degrees of freedom: treated as at most one effective answer"
NOTE_CENSUS = "every transaction was observed: there is no sampling error"
NOTE_NO_ANSWER = "this method has no answer here: the guarded interval is given instead"
NOTE_OUTSIDE = "this method can leave the range 0 to 1, as it does in R"


class MissingStatistic(AnalysisError):
    """The method needs a statistic that was not given."""


class Given(TypedDict):
    """The keyword arguments of `interval`, which documents them; the fields of `Statistics`."""

    rate: float
    variance: float
    n: int
    successes: int
    df: float
    kish_deff: NotRequired[float]
    census: NotRequired[bool]
    confidence_level: NotRequired[float]
    pooled_deff: NotRequired[float | None]
    rows: NotRequired[int | None]
    answered: NotRequired[int | None]
    logit_start: NotRequired[float | None]
    logit_variance: NotRequired[float | None]
    rare_squares: NotRequired[float | None]
    largest_share: NotRequired[float | None]
    population: NotRequired[int | None]
    fraction: NotRequired[float]


@dataclass(frozen=True, slots=True)
class Statistics:
    """What an interval may use about one rate; `interval` documents the fields."""

    rate: float
    variance: float
    n: int
    successes: int
    df: float
    kish_deff: float = 1.0
    census: bool = False
    confidence_level: float = 0.95
    pooled_deff: float | None = None
    rows: int | None = None
    answered: int | None = None
    logit_start: float | None = None
    logit_variance: float | None = None
    rare_squares: float | None = None
    largest_share: float | None = None
    population: int | None = None
    fraction: float = 0.0

    @property
    def tail(self) -> float:
        return (1 - self.confidence_level) / 2

    @property
    def spread(self) -> float:
        return self.rate * (1 - self.rate)

    @property
    def design_deff(self) -> float:
        return self.n * self.variance / self.spread

    @property
    def at_edge(self) -> bool:
        return self.successes in (0, self.n)

    @property
    def without_spread(self) -> bool:
        return self.at_edge or not (self.variance > 0 and self.spread > 0) or self.design_deff < NO_SPREAD

    @property
    def without_df(self) -> bool:
        return self.df < 1 or self.n < 2

    @property
    def unanswerable(self) -> bool:
        return self.without_spread or self.without_df

    def refuse_impossible(self) -> None:
        """Raise `BadStatistic` rather than turn a missing or impossible number into an interval."""
        if not (-NEAR <= self.rate <= 1 + NEAR and 0 <= self.successes <= self.n):
            raise BadStatistic(
                f"rate {self.rate} with {self.successes} of {self.n}: an interval needs a share of answers"
            )
        if not (0 <= self.variance < np.inf and not np.isnan(self.df)):
            raise BadStatistic(f"a variance of {self.variance} with {self.df} degrees of freedom makes no interval")
        check_level(self.confidence_level)
        if not (0 < self.kish_deff < np.inf and 0 <= self.fraction <= 1):
            raise BadStatistic(
                f"kish_deff {self.kish_deff} and fraction {self.fraction}: the first is above 0, the second in 0..1"
            )

    def explain(self) -> tuple[str, ...]:
        """Notes on where the effective size comes from, if not from the variance."""
        if self.without_df:
            return (NOTE_NO_DF,)
        if self.at_edge:
            return (NOTE_EDGE,)
        return (NOTE_NO_SPREAD,) if self.without_spread else ()
