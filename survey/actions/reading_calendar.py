"""When which wave's figures come out: planned days, those that were moved and why, and what was published."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from survey.mandate.working_days import next_working_day
from survey.store import release_plans, release_steps, releases, waves
from survey.store.database import Connection, Database
from survey.store.release_plans import Plan
from survey.store.releases import Release
from survey.store.waves import Wave


@dataclass(frozen=True, slots=True)
class Published:
    """One public release; `note` names what changed where it replaced another."""

    code: str
    published_on: date
    note: str


@dataclass(frozen=True, slots=True)
class CalendarEntry:
    """A judged wave: when its draft is due, every day that was planned, the hour that was signed for, what came out."""

    wave: Wave
    draft_on: date
    plans: tuple[Plan, ...]
    signed_for: datetime | None
    published: tuple[Published, ...]


def read_calendar(database: Database) -> list[CalendarEntry]:
    """Every judged wave, the newest fieldwork first."""
    with database.reading() as connection:
        plans = release_plans.list_plans(connection)
        waiting = {each.release_code: each.due_at for each in release_steps.list_waiting(connection)}
        made: dict[str, list[Release]] = {}
        for each in releases.list_releases(connection):
            made.setdefault(each.wave_code, []).append(each)
        judged = [wave for wave in waves.list_waves(connection) if wave.is_judged and wave.voice_of is None]
        found = [
            CalendarEntry(
                wave,
                next_working_day(wave.closes_on),
                tuple(plans.get(wave.code, ())),
                next((waiting[one.code] for one in made.get(wave.code, ()) if one.code in waiting), None),
                tuple(_published(connection, one) for one in made.get(wave.code, ()) if one.published_on is not None),
            )
            for wave in judged
        ]
    return sorted(found, key=lambda each: (each.wave.closes_on, each.wave.code), reverse=True)


def read_note(database: Database, code: str) -> str:
    """What the signature of a release says of what changed."""
    with database.reading() as connection:
        return _note(connection, code)


def _published(connection: Connection, release: Release) -> Published:
    assert release.published_on is not None
    return Published(release.code, release.published_on, _note(connection, release.code))


def _note(connection: Connection, code: str) -> str:
    signature = release_steps.find_signature(connection, code)
    return signature.note if signature else ""
