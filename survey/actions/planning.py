"""Planning a sample: targets and precision in, answers, invitations, allocation, cost and power out.

The size is the larger of two: what shows the target with the wanted power when the truth is as expected (an exact
binomial test of the effective sample; the service goes on, so its population is not finite), and what gives the wanted
margin for the people of the frame. Both go through the design effect and the response rate (analysis.planning).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from analysis.drawing import random_number
from analysis.planning import (
    BadPlan,
    allocate,
    decision_power,
    decision_size,
    kish_compromise,
    power_allocation,
    precision_size,
    proportional,
)
from analysis.shown import lowest_rate_shown
from survey.actions.inviting import NoFrame
from survey.actions.waves import find_wave
from survey.store import frames, invitations
from survey.store.database import Connection, Database

ALLOCATIONS = ("proportional", "power", "kish")
LEAST_A_STRATUM = 2
ALPHA = 0.025


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a sample shall reach. Shares are in 0..1; `margin` is half of the interval; costs are in any one currency;
    `reserve` is the share of invitations that is drawn beside and used only when response falls short."""

    target: float = 0.9
    expected: float = 0.95
    power: float = 0.8
    margin: float = 0.03
    deff: float = 1.0
    response: float = 0.5
    cost_fixed: float = 0.0
    cost_invitation: float = 0.0
    cost_answer: float = 0.0
    reserve: float = 0.1
    allocation: str = "proportional"


@dataclass(frozen=True, slots=True)
class StratumPlan:
    """Invitations and expected answers of a stratum, with the chance of each of its units to be invited."""

    stratum: str
    population: int
    invitations: int
    reserve: int
    answers: float

    @property
    def probability(self) -> float:
        return self.invitations / self.population


@dataclass(frozen=True, slots=True)
class SamplePlan:
    """A plan. `for_decision` is None where no size shows the target; `lowest_shown` is the least observed rate that
    shows it, None where even everybody satisfied would not; `is_cut` says that the population is smaller than the need.
    """

    wanted: Wanted
    strata: tuple[StratumPlan, ...]
    for_decision: int | None
    for_margin: int
    answers: int
    invitations: int
    reserve: int
    power: float
    lowest_shown: float | None
    cost: float
    is_cut: bool


def plan_sample(populations: Mapping[str, int], wanted: Wanted) -> SamplePlan:
    """Sizes and allocation for strata of these populations. Raises BadPlan, which says what is out of range."""
    _check(populations, wanted)
    total = sum(populations.values())
    decision = decision_size(wanted.target, wanted.expected, ALPHA, wanted.power)
    for_decision = None if decision is None else math.ceil(decision.n * wanted.deff)
    for_margin = math.ceil(
        precision_size(wanted.margin, wanted.expected, population=total, deff=wanted.deff).with_population
    )
    needed = max(for_margin, for_decision or 0)
    wished = math.ceil(needed / wanted.response)
    floor = LEAST_A_STRATUM * len(populations)
    invited = min(total, max(wished, min(floor, total)))
    answers = math.floor(invited * wanted.response)
    strata = _allocate(populations, invited, wanted)
    return SamplePlan(
        wanted,
        strata,
        for_decision,
        for_margin,
        answers,
        invited,
        sum(each.reserve for each in strata),
        power_of(answers, wanted.deff, wanted.target, wanted.expected),
        lowest_shown(answers, wanted.deff, wanted.target),
        wanted.cost_fixed + wanted.cost_invitation * invited + wanted.cost_answer * answers,
        wished > total,
    )


def plan_wave(database: Database, wave_code: str, wanted: Wanted) -> SamplePlan:
    """A plan for the newest frame of a wave. Raises UnknownWave, NoFrame, BadPlan."""
    find_wave(database, wave_code)
    with database.reading() as connection:
        version = frames.find_frame_version(connection, wave_code)
        if version is None:
            raise NoFrame(f"Wave {wave_code} has no frame. Run `hailong import frame FILE --wave {wave_code}`.")
        strata = frames.list_strata(connection, wave_code, version)
    return plan_sample({each.code: each.population for each in strata if each.population}, wanted)


def lowest_shown(answers: float, deff: float, target: float) -> float | None:
    """The least observed rate with which so many answers at a design effect show that the target is met."""
    return lowest_rate_shown(answers / deff, target, ALPHA) if answers else None


def power_of(answers: float, deff: float, target: float, expected: float) -> float:
    """The chance that so many answers show what is true when the rate is as expected."""
    return decision_power(answers / deff, target, expected, ALPHA) if expected != target else 0.0


@dataclass(frozen=True, slots=True)
class Drawn:
    """A unit of a continuous sample: its place in its stratum and its planned chance."""

    stratum: str
    position: int
    probability: float


def choose_continuously(
    populations: Mapping[str, int], rates: Mapping[str, float], seed: str, taken: Mapping[str, set[int]]
) -> list[Drawn]:
    """Units of a growing frame whose own random number lies below the planned rate of their stratum, less those taken.

    A unit's number depends on the seed, its stratum and its place alone, so a night that is run twice, or late, draws
    the same, and every transaction has the planned chance whenever it came (Bernoulli sampling by permanent random
    numbers; Ohlsson, in Business Survey Methods, 1995, ch. 9).
    """
    return [
        Drawn(stratum, position, rates[stratum])
        for stratum, size in sorted(populations.items())
        for position in range(1, size + 1)
        if rates.get(stratum, 0) > random_number(seed, stratum, str(position))
        and position not in taken.get(stratum, set())
    ]


def list_taken(connection: Connection, wave_code: str) -> dict[str, set[int]]:
    """Places in each stratum that were drawn already."""
    drawn = invitations.list_drawn_positions(connection, wave_code)
    return {stratum: set(positions) for stratum, positions in drawn.items()}


def _check(populations: Mapping[str, int], wanted: Wanted) -> None:
    if not populations:
        raise BadPlan("the frame has nobody in it: load a frame first")
    if wanted.allocation not in ALLOCATIONS:
        raise BadPlan(f"the allocation is one of {', '.join(ALLOCATIONS)}")
    if not 0 < wanted.response <= 1 or not 0 <= wanted.reserve <= 1:
        raise BadPlan("the response rate lies above 0 and up to 1, the reserve between 0 and 1")
    if wanted.deff < 1:
        raise BadPlan("the design effect is at least 1; 1 is a simple random sample")
    if min(wanted.cost_fixed, wanted.cost_invitation, wanted.cost_answer) < 0:
        raise BadPlan("costs are not below 0")
    if not 0 < wanted.power < 1:
        raise BadPlan("the power lies between 0 and 1, for instance 0.8")


def _allocate(populations: Mapping[str, int], invited: int, wanted: Wanted) -> tuple[StratumPlan, ...]:
    names = sorted(populations)
    sizes = [populations[name] for name in names]
    shares = {
        "proportional": lambda: proportional(sizes, invited),
        "power": lambda: power_allocation(sizes, [1.0] * len(sizes), invited),
        "kish": lambda: kish_compromise(sizes, invited),
    }[wanted.allocation]()
    floor = LEAST_A_STRATUM if invited >= LEAST_A_STRATUM * len(sizes) else 0
    given = allocate(shares, sizes, invited, floor)
    return tuple(
        StratumPlan(
            name,
            size,
            int(n),
            min(size - int(n), math.ceil(round(n * wanted.reserve, 9))),
            float(n) * wanted.response,
        )
        for name, size, n in zip(names, sizes, given, strict=True)
    )
