"""Calling back: a seeded sample of answered invitations, telephoned by somebody whom nobody grades.

The caller asks "did you answer, and did you say so?". Nothing in the house tells what a person said, so the caller
never knows: the person confirms, denies having answered, or says that something else was meant.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from analysis.drawing import draw
from analysis.screening_callbacks import CONTRADICTED, CallbackRate, callback_rate, calls_needed
from survey.actions.waves import UnknownWave
from survey.store import audits, screenings
from survey.store import waves as wave_store
from survey.store.database import Database
from survey.store.screenings import CallbackDraw, CallbackResult

OUTCOMES = ("confirmed", "denied", "different", "unreached", "refused")
ALL = "all"

Place = tuple[str, int]


class TooFewToCall(ValueError):
    """Fewer answered invitations than the wanted level needs calls."""


class UnknownDraw(LookupError):
    """No call-back sample has this code."""


class NotRecorded(ValueError):
    """A result that cannot be kept; the message says why."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A sample to be called, stratum and place, in the order of the frame."""

    draw: CallbackDraw
    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class Standing:
    """How far the calls of a sample are and what they say."""

    draw: CallbackDraw
    places: int
    results: Mapping[str, int]
    rate: CallbackRate


def draw_callbacks(
    database: Database,
    wave_code: str,
    *,
    exclusion_level: float,
    confidence: float = 0.95,
    agency_code: str | None = None,
    contacts: Sequence[Place] | None = None,
    seed: str,
    by: str,
    now: datetime,
    today: date,
) -> Drawn:
    """Draw the calls that a wanted level needs, equally likely among answered invitations of a wave or an agency.

    `contacts` are the places whose contacts the auditor can open (`hailong auditor-key` keeps them apart); only those
    are drawn where they are given. Raises UnknownWave or TooFewToCall.
    """
    needed = calls_needed(exclusion_level, confidence)
    with database.writing("draw-callbacks") as connection:
        if wave_store.find_wave(connection, wave_code) is None:
            raise UnknownWave(f"There is no wave with the code {wave_code}. `hailong waves` lists them.")
        answered = screenings.list_answered_places(connection, wave_code, agency_code)
        if contacts is not None:
            answered = sorted({*answered} & {*contacts})
        if len(answered) < needed:
            raise TooFewToCall(
                f"{needed:,} calls exclude {exclusion_level:.0%}, but {len(answered):,} answered invitations can be "
                "called. Ask for a higher level, or keep the contacts of more (`--followed` when inviting)."
            )
        number = screenings.next_draw_number(connection, wave_code)
        chosen = _choose(answered, needed, f"{wave_code}/callbacks/{seed}")
        code = f"{wave_code}-{number}"
        new = CallbackDraw(code, wave_code, agency_code, number, exclusion_level, confidence, seed, today, by)
        screenings.add_callback_draw(connection, new, chosen)
        detail = {"agency": agency_code or "", "calls": needed, "draw": code, "seed": seed}
        audits.add_event(connection, at=now, actor=by, event="callbacks-drawn", subject=wave_code, detail=detail)
    return Drawn(new, tuple(chosen))


def record_callback(
    database: Database, draw_code: str, place: Place, outcome: str, *, by: str, now: datetime, today: date
) -> None:
    """Keep what one call found, once. Raises UnknownDraw or NotRecorded."""
    if outcome not in OUTCOMES:
        raise NotRecorded(f"{outcome} is no result of a call: use one of {', '.join(OUTCOMES)}.")
    with database.writing("record-callback") as connection:
        if screenings.find_callback_draw(connection, draw_code) is None:
            raise UnknownDraw(f"No call-back sample has the code {draw_code}. `hailong callback show` lists them.")
        if place not in screenings.list_callback_places(connection, draw_code):
            raise NotRecorded(f"{place[0]} {place[1]} is not in sample {draw_code}: only who was drawn is counted.")
        result = CallbackResult(draw_code, place[0], place[1], outcome, today, by)
        if not screenings.add_callback_result(connection, result):
            raise NotRecorded(f"{place[0]} {place[1]} has a result already; a result is never changed.")
        detail = {"draw": draw_code, "outcome": outcome}
        audits.add_event(connection, at=now, actor=by, event="callback-recorded", subject=draw_code, detail=detail)


def list_standings(database: Database, wave_code: str) -> list[Standing]:
    """Every sample of a wave with its results; the rate is over those who were reached and spoke."""
    with database.reading() as connection:
        return [
            _standing(
                draw,
                len(screenings.list_callback_places(connection, draw.code)),
                screenings.count_callback_results(connection, draw.code),
            )
            for draw in screenings.list_callback_draws(connection, wave_code)
        ]


def _standing(drawn: CallbackDraw, places: int, results: Mapping[str, int]) -> Standing:
    contradicted = sum(results.get(outcome, 0) for outcome in CONTRADICTED)
    reached = contradicted + results.get("confirmed", 0)
    return Standing(drawn, places, results, callback_rate(reached, contradicted, drawn.confidence))


def _choose(places: Sequence[Place], count: int, seed: str) -> list[Place]:
    names = {f"{code}\t{position}": (code, position) for code, position in places}
    return sorted(names[each.identifier] for each in draw({ALL: list(names)}, {ALL: count}, seed))
