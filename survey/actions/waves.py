"""Opening and closing waves, and the places and questionnaires that they rest on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

from survey.mandate import areas, questionnaires, sectors
from survey.mandate.rules import Rule
from survey.store import frames, invitations, places
from survey.store import waves as wave_store
from survey.store.audits import By
from survey.store.database import Connection, Database
from survey.store.questionnaires import load_version
from survey.store.waves import Wave

SEAL_MINIMUM = 10
CHANNELS = ("link", "slip", "counter", "sms", "zalo", "email", "kiosk", "phone", "interviewer", "paper", "open")


class UnknownWave(LookupError):
    """No wave has this code."""


class WrongChannel(ValueError):
    """The wave does not ask by this channel."""

    def __init__(self, wave: Wave, channel: str) -> None:
        super().__init__(f"Wave {wave.code} asks by {wave.channels} only, not by {channel}: that was said on opening.")


class WaveLocked(ValueError):
    """Somebody was invited already: the rule of the wave, and what it rests on, cannot change."""


class UnknownPart(ValueError):
    """A wave names a sector, an area or an area group that there is not; the message says which."""


class WaveExists(ValueError):
    """A wave with this code is there already."""


def open_wave(
    database: Database,
    *,
    code: str,
    name: Mapping[str, str],
    questionnaire: str | None,
    opens_on: date,
    closes_on: date,
    rule: Rule,
    series: str | None = None,
    collected: str = "sample",
    purpose: str = "official",
    population: str = "transactions",
    seal_minimum: int = SEAL_MINIMUM,
    source: str | None = None,
    closed: bool = False,
    channels: Sequence[str] = (),
    sectors: Sequence[str] = (),
    areas: Sequence[str] = (),
    grace_days: int = 7,
    instead: bool = False,
    recorded: By | None = None,
) -> Wave:
    """Add a wave with its rule, `recorded` in the audit trail where a person does it; `channels` that it invites and
    asks by, `sectors` and `areas` (or area groups) that it is about, every one when none is named; `instead` of the
    wave of this code, while nobody was invited.

    Raises WaveExists, WaveLocked, UnknownWave, UnknownPart, and UnknownQuestionnaire from the mandate.
    """
    with database.reading() as connection:
        asked = load_version(connection, questionnaire) if questionnaire else None
        _check_places(connection, sectors, areas)
    wave = Wave(
        code=code,
        series_code=series,
        name=dict(name),
        questionnaire_code=asked.code if asked else None,
        questionnaire_version=asked.version if asked else None,
        population=population,
        collected=collected,
        purpose=purpose,
        opens_on=opens_on,
        closes_on=closes_on,
        closed=closed,
        seal_minimum=seal_minimum,
        rule=rule.canonical(),
        rule_digest=rule.digest(),
        source=source,
        channels=",".join(channels) or None,
        sectors=",".join(sectors) or None,
        areas=",".join(areas) or None,
        grace_days=grace_days,
    )
    with database.writing("open-wave") as connection:
        there = wave_store.find_wave(connection, code)
        if instead:
            wave = _stay_as(_check_unlocked(connection, there, code), wave)
        elif there is not None:
            raise WaveExists(f"A wave with the code {code} is there already. Choose another code.")
        if series is not None:
            wave_store.add_series(connection, series, name)
        keep = wave_store.change_wave if instead else wave_store.add_wave
        keep(connection, wave)
        if recorded is not None:
            event = "wave-changed" if instead else "wave-opened"
            recorded.record(connection, event, code, rule=rule.digest().hex())
    return wave


def is_locked(database: Database, code: str) -> bool:
    """Whether somebody was invited, so that the rule and what it rests on can no longer change."""
    with database.reading() as connection:
        return bool(invitations.count_invitations(connection, code))


def close_wave(database: Database, code: str, recorded: By | None = None) -> None:
    """Take no more answers. Raises UnknownWave."""
    find_wave(database, code)
    with database.writing("close-wave") as connection:
        wave_store.close_wave(connection, code)
        if recorded is not None:
            recorded.record(connection, "wave-closed", code)


def find_wave(database: Database, code: str) -> Wave:
    """The wave with this code. Raises UnknownWave."""
    with database.reading() as connection:
        wave = wave_store.find_wave(connection, code)
    if wave is None:
        raise UnknownWave(f"There is no wave with the code {code}. `hailong waves` lists them.")
    return wave


def list_waves(database: Database, *, open_on: date | None = None) -> list[Wave]:
    """All waves, or those that take answers on a day."""
    with database.reading() as connection:
        return wave_store.list_waves(connection, open_on=open_on)


def load_mandate(database: Database, today: date) -> None:
    """Bring the mandate's areas, sectors and questionnaires into the database; what is there stays as it is."""
    with database.writing("load-mandate") as connection:
        places.add_places(connection, places.area, [_area_row(area) for area in areas.load_areas().values()])
        places.add_places(connection, places.area_predecessor, _predecessor_rows())
        places.add_places(connection, places.area_group, [_group_row(g) for g in areas.load_area_groups().values()])
        places.add_places(connection, places.area_group_member, _member_rows())
        places.add_places(connection, places.sector, [_sector_row(s) for s in sectors.load_sectors().values()])
        for questionnaire in questionnaires.load_questionnaires().values():
            wave_store.add_questionnaire(
                connection,
                questionnaire.code,
                questionnaire.version,
                questionnaire.canonical,
                bytes.fromhex(questionnaire.digest),
                today,
            )


def _check_places(connection: Connection, named: Sequence[str], where: Sequence[str]) -> None:
    unknown = [each for each in named if each not in sectors.load_sectors()]
    known = places.list_codes(connection, places.area) | places.list_codes(connection, places.area_group)
    unknown += [each for each in where if each not in known]
    if unknown:
        raise UnknownPart(f"There is no sector, area or area group {unknown[0][:80]!r}. Load it first.")


def _stay_as(before: Wave, wave: Wave) -> Wave:
    """The wave with what no change touches: a closed one stays closed, and counts from elsewhere stay that."""
    return replace(wave, closed=before.closed, collected=before.collected, source=before.source)


def _check_unlocked(connection: Connection, wave: Wave | None, code: str) -> Wave:
    if wave is None:
        raise UnknownWave(f"There is no wave with the code {code}. `hailong waves` lists them.")
    frames.hold_turn(connection, code)
    if invitations.count_invitations(connection, code):
        raise WaveLocked(f"Somebody was invited to wave {code}: its rule is locked. A new rule is a new wave.")
    return wave


def _area_row(area: areas.Area) -> dict[str, object]:
    return {
        "code": area.code,
        "name": dict(area.name),
        "kind": area.kind,
        "parent_code": area.parent,
        "valid_from": area.valid_from,
        "valid_to": area.valid_to,
    }


def _predecessor_rows() -> list[dict[str, object]]:
    return [
        {"area_code": area.code, "predecessor_code": predecessor}
        for area in areas.load_areas().values()
        for predecessor in area.predecessors
    ]


def _group_row(group: areas.AreaGroup) -> dict[str, object]:
    return {
        "code": group.code,
        "name": dict(group.name),
        "valid_from": group.valid_from,
        "valid_to": group.valid_to,
    }


def _member_rows() -> list[dict[str, object]]:
    return [
        {"group_code": group.code, "area_code": member, "valid_from": group.valid_from, "valid_to": group.valid_to}
        for group in areas.load_area_groups().values()
        for member in group.members
    ]


def _sector_row(sector: sectors.Sector) -> dict[str, object]:
    return {
        "code": sector.code,
        "name": dict(sector.name),
        "parent_code": sector.parent,
        "valid_from": sector.valid_from,
        "valid_to": sector.valid_to,
    }
