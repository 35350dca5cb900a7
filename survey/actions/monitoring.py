"""During fieldwork: progress against plan, where it will end, limits that hold at every look, the next sample."""

from __future__ import annotations

import heapq
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from analysis import asymptotic_sequence
from survey.actions.adequacy import Frozen, target_of
from survey.actions.nonresponse import hide_channels
from survey.actions.suppressing import round_printed
from survey.store import recipes, releases
from survey.store.audits import By
from survey.store.database import Database
from survey.store.recipes import PlannedSample

MOST = 100_000
DEFAULT_RESPONSE = 0.5  # of a stratum where nobody was invited yet
LEAST_RESPONSE = 0.02


class NothingPlanned(ValueError):
    """The next sample would be empty, or more than can be invited."""


@dataclass(frozen=True, slots=True)
class Progress:
    """A stratum under plan: invited, sealed answers, those the plan expects by this day, and those at the end at this
    pace."""

    stratum: str
    invited: int
    answered: int
    expected: float
    projected: float


@dataclass(frozen=True, slots=True)
class Day:
    """What was sealed up to a day, what the plan expects by then, and the sealed answers by channel."""

    on: date
    sealed: int
    planned: float
    channels: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Look:
    """One release of a sector: its rate, the interval of a single look, and the sequence that holds at every look."""

    sector: str
    on: date
    n: int
    rate: float
    low: float
    high: float
    always_low: float
    always_high: float


def elapsed_share(opens: date, closes: date, on: date) -> float:
    """The share of the fieldwork's days that have passed, this one included."""
    return min(1.0, max(0.0, ((on - opens).days + 1) / ((closes - opens).days + 1)))


def measure_progress(frozen: Frozen) -> list[Progress]:
    """Each stratum at the release's checkpoint, the furthest behind first. The plan is the rule's share of those
    invited, spread evenly over the fieldwork; the projection goes on at the present pace and ends at those invited."""
    wave, as_of = frozen.data.wave, _as_of(frozen)
    share = elapsed_share(wave.opens_on, wave.closes_on, as_of)
    answered = frozen.data.answered
    found = []
    for code in sorted(frozen.data.populations):
        invited, n = frozen.fielded.invited.get(code, 0), answered.get(code, 0)
        projected = min(float(invited), n / share) if share else 0.0
        found.append(Progress(code, invited, n, invited * planned_response(frozen) * share, projected))
    return sorted(found, key=lambda each: (each.answered - each.expected, each.stratum))


def list_days(frozen: Frozen, stratum: str = "") -> list[Day]:
    """Sealed answers and those of the plan by day of the checkpoint, cumulated: of one stratum, or of all, with the
    answers by channel. Channels of few are left out."""
    wave = frozen.data.wave
    sealed = {date.fromisoformat(each["day"]): each for each in frozen.batches}
    invited = frozen.fielded.invited.get(stratum, 0) if stratum else sum(frozen.fielded.invited.values())
    planned = invited * planned_response(frozen)
    hidden = set() if stratum else hide_channels(frozen)
    return [
        Day(
            on,
            each["sealed"].get(stratum, 0) if stratum else sum(each["sealed"].values()),
            planned * elapsed_share(wave.opens_on, wave.closes_on, on),
            {} if stratum else {name: n for name, n in each.get("channels", {}).items() if name not in hidden},
        )
        for on, each in sorted(sealed.items())
    ]


def elapsed_plan(frozen: Frozen) -> float:
    """The share of those invited who should have answered by the day of the release's checkpoint."""
    wave = frozen.data.wave
    return planned_response(frozen) * elapsed_share(wave.opens_on, wave.closes_on, _as_of(frozen))


def planned_response(frozen: Frozen) -> float:
    """The share of those invited who were expected to answer, as the wave's rule has it."""
    return float(frozen.data.rule.planned_response)


def list_looks(database: Database, frozen: Frozen) -> list[Look]:
    """Every release of the wave so far, sector by sector: shown figures only."""
    with database.reading() as connection:
        made = [each for each in releases.list_releases(connection) if each.wave_code == frozen.release.wave_code]
        figures = [(each, releases.list_figures(connection, each.code, level="sector")) for each in reversed(made)]
    looks = []
    for release, shown in figures:
        on = date.fromisoformat(json.loads(release.header)["as_of"])
        for figure in shown:
            numbers = {} if figure.suppressed else figure.numbers
            if numbers.get("rate") is not None and numbers["n_effective"] > 0:
                always = asymptotic_sequence(numbers["rate"], numbers["n_effective"])
                limits = [round_printed(each) for each in always]
                ordinary = (numbers["rate"], numbers["low"], numbers["high"])
                looks.append(Look(figure.sector_code, on, numbers["n"], *ordinary, *limits))
    return sorted(looks, key=lambda look: (look.sector, look.on))


def propose_sample(frozen: Frozen, count: int, sector: str | None = None) -> dict[str, int]:
    """Spread `count` invitations over strata so that the variance drops most: each goes where it buys most.

    W_h² (1/n_h - 1/(n_h + r_h)) r_h, with n_h the answers so far and those that the invitations before it bring.
    Raises NothingPlanned.
    """
    if not 0 < count <= MOST:
        raise NothingPlanned(str(count))
    answered, invited = frozen.data.answered, frozen.fielded.invited
    strata = [each for each in frozen.data.strata if not sector or each.sector_code == sector]
    queue: list[tuple[float, str]] = []
    state: dict[str, tuple[float, float, float, int]] = {}
    for each in strata:
        asked = invited.get(each.code, 0)
        response = answered.get(each.code, 0) / asked if asked else DEFAULT_RESPONSE
        left = each.population - asked
        if left > 0:
            n = max(0.5, float(answered.get(each.code, 0)))
            state[each.code] = (float(each.population), max(LEAST_RESPONSE, response), n, left)
            heapq.heappush(queue, (-_gain(*state[each.code][:3]), each.code))
    found: dict[str, int] = {}
    for _ in range(count):
        if not queue:
            raise NothingPlanned(str(sum(found.values())))
        _, code = heapq.heappop(queue)
        size, response, n, left = state[code]
        found[code] = found.get(code, 0) + 1
        state[code] = (size, response, n + response, left - 1)
        if left > 1:
            heapq.heappush(queue, (-_gain(size, response, n + response), code))
    return dict(sorted(found.items()))


def accept_sample(database: Database, frozen: Frozen, strata: Mapping[str, int], by: By, on: date) -> int:
    """Enter a proposal into the wave's schedule; its number. `hailong invite --planned` draws it.

    Raises NothingPlanned for strata that the frame does not have, or more than it can still give.
    """
    room = {each.code: each.population - frozen.fielded.invited.get(each.code, 0) for each in frozen.data.strata}
    wrong = [code for code, n in strata.items() if code not in room or not 0 < n <= room[code]]
    if wrong or not strata:
        raise NothingPlanned(", ".join(wrong))
    wave = frozen.release.wave_code
    with database.writing("plan-sample") as connection:
        number = recipes.plan_sample(connection, wave, strata, by=by.actor, on=on)
        by.record(connection, "sample-planned", wave, number=number, invitations=sum(strata.values()))
    return number


def list_planned(database: Database, wave_code: str) -> Sequence[PlannedSample]:
    """The wave's schedule of samples."""
    with database.reading() as connection:
        return recipes.list_planned(connection, wave_code)


def most_wanted(frozen: Frozen, cells: Mapping[str, int | None]) -> int:
    """Invitations that the neediest sector would take: answers still needed over its response rate."""
    wanted = [0]
    for sector, needed in cells.items():
        numbers = frozen.shown.get(("sector", sector, sector), {})
        if needed and numbers.get("invited") and target_of(frozen, sector):
            wanted.append(round(needed / max(LEAST_RESPONSE, numbers["answered"] / numbers["invited"])))
    return min(MOST, max(wanted))


def _as_of(frozen: Frozen) -> date:
    return date.fromisoformat(json.loads(frozen.release.header)["as_of"])


def _gain(size: float, response: float, n: float) -> float:
    return size**2 * (1 / n - 1 / (n + response))
