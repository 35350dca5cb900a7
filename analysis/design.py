"""How the responses were sampled: columns of strata, clusters, weights, populations and counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, get_args

from analysis.errors import BadDesign

if TYPE_CHECKING:
    from analysis.replicates import Replicates
    from analysis.steps import Step

LonelyRule = Literal["fail", "remove", "certainty", "adjust", "average", "collapse"]
Columns = str | Sequence[str | None] | None


@dataclass(frozen=True, slots=True)
class Design:
    """Names of the columns that say how a frame was sampled; the frame itself is given with each question.

    `weight`: sampling weight of one response; None means population / responses of its stratum (the product over
    the stages), or 1 without a population. `stratum`, `psu`, `population`: one column, or one for each stage; in `psu`
    a None at the end means that the last stage's units are the responses themselves, and `psu=None` that every
    response is a PSU. `population`: units in the stratum (in the PSU, at the second stage), or sampling fractions
    between 0 and 1. `count`: a row stands for that many alike responses; zero says that a stratum has none.

    `lonely_psu` says what a stratum with one sampled unit adds to the variance: R's rules (fail, remove, certainty,
    adjust, average), or "collapse": it is joined with the smallest other stratum of the same `collapse_within` (the
    agency, say; collapsed strata, Cochran 1977, Sampling Techniques, 5A.12), and "adjust" where there is no other.
    `nest=True`: PSU labels are only unique inside a stratum. `steps` and `replicates` are set by the functions that
    compute weights; they are not written by hand.
    """

    weight: str | None = None
    stratum: Columns = None
    psu: Columns = None
    population: Columns = None
    count: str | None = None
    lonely_psu: LonelyRule = "collapse"
    nest: bool = False
    collapse_within: str | None = None
    steps: tuple[Step, ...] = ()
    replicates: Replicates | None = None

    def __post_init__(self) -> None:
        if self.lonely_psu not in get_args(LonelyRule):
            rules = ", ".join(get_args(LonelyRule))
            raise BadDesign(f"lonely_psu={self.lonely_psu!r} is not a rule; choose one of {rules}")
        if None in self.psus[:-1]:
            raise BadDesign("psu: only the last stage can be None (its units are the responses)")
        stages = max(1, len(self.psus))
        if len(self.populations) > stages:
            raise BadDesign(f"population has {len(self.populations)} stages but psu has {stages}")
        if len(self.strata) > stages:
            raise BadDesign(
                f"stratum names {len(self.strata)} columns, one for each stage, but psu has {stages}; join the columns "
                "of one stage in a single column"
            )

    @property
    def strata(self) -> tuple[str, ...]:
        return tuple(str(name) for name in _as_tuple(self.stratum))

    @property
    def psus(self) -> tuple[str | None, ...]:
        return _as_tuple(self.psu)

    @property
    def populations(self) -> tuple[str, ...]:
        return tuple(str(name) for name in _as_tuple(self.population))

    @property
    def keys(self) -> tuple[str, ...]:
        """Columns that must stay apart in the cells for the variance to be exact."""
        own = (*self.strata, *(name for name in self.psus if name), *filter(None, (self.collapse_within,)))
        stepped = tuple(name for step in self.steps for name in step.columns)
        trimmed = (self.weight,) if self.weight and any(step.needs_weight for step in self.steps) else ()
        return tuple(dict.fromkeys((*own, *stepped, *trimmed)))

    @property
    def is_calibrated(self) -> bool:
        return any(step.projects for step in self.steps)

    def with_replicates(self, replicates: Replicates) -> Design:
        """This design with replicate weights; steps that it gets later are computed anew in each replicate."""
        return replace(self, replicates=replace(replicates, after=len(self.steps)))

    def with_step(self, step: Step) -> Design:
        return replace(self, steps=(*self.steps, step))


def _as_tuple(columns: Columns) -> tuple[str | None, ...]:
    if columns is None:
        return ()
    return (columns,) if isinstance(columns, str) else tuple(columns)
