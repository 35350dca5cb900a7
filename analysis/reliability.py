"""Whether a rate may be printed: the rules of the US National Center for Health Statistics, for both of its sides.

Parker and others, Vital and Health Statistics 2(175), 2017, with the corrections of 2021.
"""

from __future__ import annotations

from dataclasses import dataclass

from analysis.estimate import Estimate

SMALLEST_SIZE = 30.0
SMALLEST_DF = 8.0
NARROW = 0.05
WIDE = 0.30
WIDEST_RELATIVE = 1.30

COMPLEMENT = "complement unreliable"
FEW_DF = "review: df < 8"
EDGE = "review: 0 or all"


@dataclass(frozen=True, slots=True)
class Reliability:
    """Whether the rate may be shown, and the flags to print beside it."""

    show: bool
    flags: tuple[str, ...] = ()


def nchs_reliability(  # the standard reads these seven numbers
    rate: float, *, n: int, successes: int, n_effective: float | None, low: float, high: float, df: float
) -> Reliability:
    """Apply the presentation standards for proportions to one rate and its Korn-Graubard interval.

    Not shown below an effective size of 30 (cut at n; n itself when none or all are satisfied); shown when the
    interval is at most .05 wide; not shown from .30 on; between, shown when the width is at most 130 % of the rate.
    Flags: the complement fails that last test; df below 8; none or all satisfied.
    Parker, Talih, Malec et al., Vital and Health Statistics 2(175), 2017, table II.
    """
    edge = successes in (0, n)
    size = float(n) if edge or n_effective is None else min(float(n), n_effective)
    width = high - low
    middling = NARROW < width < WIDE
    if size < SMALLEST_SIZE or width >= WIDE or (middling and rate > 0 and width / rate > WIDEST_RELATIVE):
        return Reliability(False)
    flags = (
        (COMPLEMENT, not edge and middling and rate < 1 and width / (1 - rate) > WIDEST_RELATIVE),
        (FEW_DF, df < SMALLEST_DF),
        (EDGE, edge),
    )
    return Reliability(True, tuple(flag for flag, raised in flags if raised))


def both_sides(estimate: Estimate) -> tuple[Reliability, Reliability]:
    """Give the reliability of the satisfied share and of the dissatisfied share, the fragile one near 90 %."""
    e = estimate
    successes = round(e.n * e.rate) if e.successes is None else e.successes
    satisfied = nchs_reliability(
        e.rate, n=e.n, successes=successes, n_effective=e.n_effective, low=e.low, high=e.high, df=e.df
    )
    dissatisfied = nchs_reliability(
        1 - e.rate,
        n=e.n,
        successes=e.n - successes,
        n_effective=e.n_effective,
        low=1 - e.high,
        high=1 - e.low,
        df=e.df,
    )
    return satisfied, dissatisfied
