"""Figures as pages show them: shares in 0..1, verdicts as codes, and what they rest on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

Number = int | float


@dataclass(frozen=True, slots=True)
class WithExcluded:
    """What a rate would be if the `count` excluded answers counted too."""

    count: int
    rate: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class FrameGap:
    """Agencies whose frame lacks more than the rule allows; the widest gap and the limit are shares."""

    agencies: int
    lacking: float
    limit: float


@dataclass(frozen=True, slots=True)
class Figure:
    """A rate as printed. A suppressed figure carries no number at all; a rate of None means that nobody answered."""

    rate: float | None = None
    low: float | None = None
    high: float | None = None
    n: int | None = None
    n_effective: float | None = None
    response_rate: float | None = None
    suppressed: bool = False
    with_excluded: WithExcluded | None = None
    frame_gap: FrameGap | None = None


@dataclass(frozen=True, slots=True)
class Judgement:
    """A figure held against one target. `kind`: in_force (the level that holds today), milestone (its due date has
    passed) or due (its due date is ahead). `reason` and `numbers` explain the verdict; `points_a_year` is a share."""

    kind: str
    target: float
    due: date
    verdict: str
    reason: str | None = None
    numbers: Mapping[str, Number] = field(default_factory=dict)
    points_a_year: float | None = None


@dataclass(frozen=True, slots=True)
class Basis:
    """What figures rest on. `weighting`, `method` and `collected` are codes; the indicator comes in words."""

    wave_code: str
    wave_name: str
    fieldwork_begins: date
    fieldwork_ends: date
    indicator_name: str
    indicator_definition: str
    weighting: str
    method: str
    confidence_level: float = 0.95
    collected: str = "sample"
    release_code: str | None = None
    checkpoint: int | None = None
    released_on: date | None = None


@dataclass(frozen=True, slots=True)
class Since:
    """How a figure changed since an earlier wave, with limits; `shown` where these leave out no change."""

    name: str
    difference: float
    low: float
    high: float
    shown: bool


@dataclass(frozen=True, slots=True)
class SectorRow:
    """One sector of the scoreboard: level 0 is a goal group, level 1 a part of the one above it. `silent` is the range
    if everybody who was silent were dissatisfied, or satisfied; `most_in` names places that need most answers."""

    name: str
    goal: str
    figure: Figure
    judgements: tuple[Judgement, ...]
    url: str | None = None
    level: int = 0
    basis: Basis | None = None
    since: Since | None = None
    silent: tuple[float, float] | None = None
    most_in: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AgencyRow:
    """One agency inside a sector. It has no verdict: targets are set for sectors."""

    name: str
    figure: Figure
    url: str | None = None
    area_name: str | None = None


@dataclass(frozen=True, slots=True)
class IndicatorColumn:
    """One definition of the figure, tried on every period of a series."""

    code: str
    name: str
    definition: str


@dataclass(frozen=True, slots=True)
class PeriodRow:
    """One period of an imported series. `values` has one share per indicator column; `published` is the publisher's own
    share; `matches` holds the codes of the indicators that reproduce it; `breaks` marks a new one's first."""

    begins: date
    n: int
    rate: float
    low: float
    high: float
    values: tuple[float | None, ...]
    published: float | None = None
    matches: tuple[str, ...] = ()
    breaks: bool = False
