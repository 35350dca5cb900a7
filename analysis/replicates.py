"""Replicate weights: which columns hold them or how they are made, and how they scale to a variance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from analysis.errors import BadDesign

ReplicateKind = Literal["JK1", "JKn", "BRR", "Fay", "bootstrap", "other"]
SmallRule = Literal["fail", "split", "merge"]
LargeRule = Literal["split", "merge", "fail"]


@dataclass(frozen=True, slots=True)
class Replicates:
    """Replicate weights of a design (Wolter 2007, Introduction to Variance Estimation).

    `columns`: names of the columns that hold them; without columns, JK1, JKn, BRR and Fay are made from the design's
    strata and PSUs. `combined=True`: the columns hold whole weights, not factors on the sampling weight.
    v = scale Σ_r rscales_r (θ_r - centre)², the centre being the replicates' mean, or the estimate itself if `mse`.
    BRR and Fay pair the units of a stratum in the frame's order (in the order of their labels where a frame has none,
    as in a database) and ignore finite populations, as R does. `small`: a stratum of one unit fails, stays whole in
    every replicate ("split"), or is paired with the next such stratum ("merge"; R's own pairs are wrong from four such
    strata on). `large`: a stratum of more than two is split into pairs, or into one pair of halves ("merge"), or fails.
    Weighting steps that the design had before its replicates (`after` of them) are not computed anew in each.
    """

    kind: ReplicateKind
    columns: tuple[str, ...] = ()
    combined: bool = False
    scale: float | None = None
    rscales: tuple[float, ...] | None = None
    rho: float = 0.0
    mse: bool = False
    small: SmallRule = "fail"
    large: LargeRule = "split"
    after: int = 0

    def __post_init__(self) -> None:
        if self.kind not in get_args(ReplicateKind):
            raise BadDesign(
                f"{self.kind!r} replicates are not known; choose one of {', '.join(get_args(ReplicateKind))}"
            )
        if not self.columns and self.kind in {"bootstrap", "other"}:
            raise BadDesign(f"{self.kind} replicates must be given as columns")
        if self.small not in get_args(SmallRule) or self.large not in get_args(LargeRule):
            raise BadDesign(
                f"small={self.small!r} is one of {', '.join(get_args(SmallRule))}, "
                f"large={self.large!r} one of {', '.join(get_args(LargeRule))}"
            )
        if not 0 <= self.rho < 1:
            raise BadDesign(f"Fay's rho is {self.rho}; it lies in 0 <= rho < 1")
