"""Screening: a wave's evidence is read once, screened and frozen: a list for auditors, in order, with reasons.

Nothing follows by itself: no answer is excluded and nobody is told. What an auditor does next is call.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from typing import Any

import numpy as np

from analysis.screening import FALSE_DISCOVERY_RATE, FAMILY_AT_LEAST, FEWEST_FAMILIES, Screening, screen
from analysis.screening_evidence import CHANNELS, Evidence
from analysis.screening_tests import Finding
from survey.actions.evidence import read_evidence
from survey.actions.waves import UnknownWave
from survey.proof import canonical_json
from survey.store import audits, ledger, places, screenings
from survey.store import waves as wave_store
from survey.store.database import Connection, Database
from survey.store.places import EVERYTHING
from survey.store.screenings import StoredScreening

RULE = "screen@1"
JOB = "hailong work"
NOTABLE = 2.0  # z from which a test is told as a reason
NORMAL_95 = 1.959963984540054


class NothingToScreen(LookupError):
    """The wave has no sealed responses."""


class NotScreened(LookupError):
    """The wave was never screened."""


@dataclass(frozen=True, slots=True)
class Reason:
    """One test that stands out: how far the effect is from what is usual among the others, with its interval.

    For scales `odds`, `ratio` the three are factors (2: twice as usual); for the others they are differences.
    """

    test: str
    channel: str
    scale: str
    effect: float
    low: float
    high: float
    z: float
    alone: bool


@dataclass(frozen=True, slots=True)
class Suspect:
    """An agency's place in the list; `listed` asks for call-backs, the rest is order."""

    place: int
    agency_code: str
    name: Mapping[str, str]
    answers: int
    z: float | None
    q: float
    listed: bool
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Screened:
    """A frozen screening as it is read back."""

    wave_code: str
    number: int
    leaves: int
    made_on: date
    made_by: str
    suspects: tuple[Suspect, ...]
    not_told: tuple[str, ...]

    @property
    def listed(self) -> tuple[Suspect, ...]:
        return tuple(each for each in self.suspects if each.listed)


def screen_wave(database: Database, wave_code: str, *, by: str, now: datetime, today: date) -> Screened:
    """Read the evidence on a wave, screen it and freeze the result; both are entered in the audit trail.

    Raises UnknownWave or NothingToScreen.
    """
    with database.writing("screen") as connection:
        if wave_store.find_wave(connection, wave_code) is None:
            raise UnknownWave(f"There is no wave with the code {wave_code}. `hailong waves` lists them.")
        agencies, evidence = read_evidence(connection, wave_code)
        if not agencies or not evidence.answers.sum():
            raise NothingToScreen(
                f"Wave {wave_code} has no sealed responses to screen: wait for `hailong work`, or choose another wave."
            )
        found = screen(evidence)
        body = canonical_json(_body(agencies, evidence, found))
        stored = StoredScreening(
            wave_code,
            screenings.next_screening_number(connection, wave_code),
            ledger.count_leaves(connection),
            today,
            by,
            body.decode(),
            sha256(body).digest(),
        )
        screenings.add_screening(connection, stored)
        detail = {"digest": stored.digest.hex(), "leaves": stored.leaves, "number": stored.number}
        audits.add_event(connection, at=now, actor=by, event="screened", subject=wave_code, detail=detail)
        return _read(connection, stored)


def read_screening(database: Database, wave_code: str) -> Screened:
    """The newest frozen screening of a wave. Raises NotScreened."""
    with database.reading() as connection:
        stored = screenings.find_newest_screening(connection, wave_code)
        if stored is None:
            raise NotScreened(f"Wave {wave_code} was not screened yet. Run `hailong screen {wave_code}`.")
        return _read(connection, stored)


def list_screened(database: Database) -> list[tuple[str, Mapping[str, str], date]]:
    """Waves that were screened, with their names and the day of the newest screening."""
    with database.reading() as connection:
        names = {wave.code: wave.name for wave in wave_store.list_waves(connection)}
        return [(code, names[code], made_on) for code, _, made_on in screenings.list_screened_waves(connection)]


def screen_due_waves(database: Database, now: datetime, today: date) -> int:
    """Screen every wave that is over and was never screened; how many."""
    with database.reading() as connection:
        screened = {code for code, _, _ in screenings.list_screened_waves(connection)}
        over = [wave.code for wave in wave_store.list_waves(connection) if wave.is_over(today)]
    done = 0
    for code in over:
        if code not in screened:
            with suppress(NothingToScreen):
                screen_wave(database, code, by=JOB, now=now, today=today)
                done += 1
    return done


def note_export(database: Database, screened: Screened, *, by: str, now: datetime) -> None:
    """Enter an export of the list in the audit trail, before it is handed out."""
    detail = {"agencies": len(screened.suspects), "number": screened.number}
    with database.writing("export-screening") as connection:
        audits.add_event(
            connection, at=now, actor=by, event="screening-exported", subject=screened.wave_code, detail=detail
        )


def _body(agencies: Sequence[str], evidence: Evidence, found: Screening) -> dict[str, Any]:
    order = np.lexsort((np.arange(len(agencies)), -np.nan_to_num(found.z, nan=-99.0), ~found.listed))
    answers = evidence.answers.sum(axis=-1)
    return {
        "rule": {
            "name": RULE,
            "false_discovery_rate": str(FALSE_DISCOVERY_RATE),
            "families": FEWEST_FAMILIES,
            "family_at_least": str(FAMILY_AT_LEAST),
        },
        "not_told": [each.test.name for each in found.findings if not np.isfinite(each.z).any()],
        "agencies": [
            {
                "agency": agencies[at],
                "answers": int(answers[at]),
                "listed": int(found.listed[at]),
                "q": _text(found.q[at]),
                "reasons": _reasons(found, at),
                "z": _text(found.z[at]),
            }
            for at in order
        ],
    }


def _reasons(found: Screening, agency: int) -> list[dict[str, Any]]:
    """The tests that stand out, the strongest first."""
    told = [
        (finding.z[agency, channel], number, channel)
        for number, finding in enumerate(found.findings)
        for channel in range(len(CHANNELS))
        if finding.z[agency, channel] >= NOTABLE
    ]
    return [
        _reason(found.findings[number], agency, channel, bool(found.single[number, agency, channel]))
        for _, number, channel in sorted(told, reverse=True)
    ]


def _reason(finding: Finding, agency: int, channel: int, alone: bool) -> dict[str, Any]:
    difference = finding.effect[agency, channel] - finding.centre[channel]
    half = NORMAL_95 * finding.se[agency, channel]
    shown = [difference, difference - half, difference + half]
    if finding.test.scale in ("odds", "ratio"):
        shown = [float(np.exp(value)) for value in shown]
    effect, low, high = map(_text, shown)
    return {
        "alone": int(alone),
        "channel": "all" if finding.test.whole_agency else CHANNELS[channel],
        "effect": effect,
        "high": high,
        "low": low,
        "scale": finding.test.scale,
        "test": finding.test.name,
        "z": _text(finding.z[agency, channel]),
    }


def _text(value: float) -> str:
    return "" if not np.isfinite(value) else f"{value:.4g}"


def _read(connection: Connection, stored: StoredScreening) -> Screened:
    body = json.loads(stored.body)
    names = {code: agency.name for code, agency in places.list_agencies(connection, EVERYTHING).items()}
    suspects = tuple(_suspect(place, each, names) for place, each in enumerate(body["agencies"], start=1))
    return Screened(
        stored.wave_code,
        stored.number,
        stored.leaves,
        stored.made_on,
        stored.made_by,
        suspects,
        tuple(body["not_told"]),
    )


def _suspect(place: int, each: Mapping[str, Any], names: Mapping[str, Mapping[str, str]]) -> Suspect:
    return Suspect(
        place=place,
        agency_code=each["agency"],
        name=names.get(each["agency"], {"vi": each["agency"]}),
        answers=each["answers"],
        z=float(each["z"]) if each["z"] else None,
        q=float(each["q"]),
        listed=bool(each["listed"]),
        reasons=tuple(_read_reason(reason) for reason in each["reasons"]),
    )


def _read_reason(each: Mapping[str, Any]) -> Reason:
    return Reason(
        test=each["test"],
        channel=each["channel"],
        scale=each["scale"],
        effect=float(each["effect"]),
        low=float(each["low"]),
        high=float(each["high"]),
        z=float(each["z"]),
        alone=bool(each["alone"]),
    )
