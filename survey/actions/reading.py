"""Reading releases: the only door through which pages for officials and statisticians see figures."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from survey.actions.waves import UnknownWave
from survey.mandate.rules import Rule, read_rule
from survey.store import places, releases, waves
from survey.store.database import Connection, Database
from survey.store.places import Agency, Scope
from survey.store.releases import Release, StoredFigure
from survey.store.waves import Wave


class UnknownRelease(LookupError):
    """No release has this code, or not one that the reader may see."""


class SecondPersonNeeded(PermissionError):
    """Whoever drafted a release cannot publish it."""


class AlreadyPublished(ValueError):
    """The release is public already."""


@dataclass(frozen=True, slots=True)
class OpenRelease:
    """A release with its wave, its parsed header and the figures that were asked for."""

    release: Release
    wave: Wave
    figures: tuple[StoredFigure, ...]

    @property
    def header(self) -> Mapping[str, Any]:
        return self.release.told

    @property
    def rule(self) -> Rule:
        return _read_rule(json.dumps(self.header["rule"], sort_keys=True))


@cache
def _read_rule(text: str) -> Rule:
    return read_rule(text)


def read_boards(database: Database, level: str, scope: Scope, sector: str | None = None) -> list[OpenRelease]:
    """The newest published release of every wave that is judged, oldest fieldwork first."""
    with database.reading() as connection:
        judged = [wave for wave in waves.list_waves(connection) if wave.is_judged]
        found = [_open(connection, wave, level, scope, sector) for wave in judged]
    opened = [release for release in found if release is not None]
    return sorted(opened, key=lambda each: (each.wave.closed, each.wave.closes_on, each.wave.code))


def read_series(database: Database) -> list[Wave]:
    """Waves of imported counts that have a published release."""
    with database.reading() as connection:
        imported = [wave for wave in waves.list_waves(connection) if wave.questionnaire_code is None]
        return [w for w in imported if releases.find_newest_release(connection, w.code, published=True)]


def read_published(database: Database, wave_code: str, level: str, scope: Scope) -> OpenRelease:
    """A wave's newest published release. Raises UnknownRelease."""
    with database.reading() as connection:
        wave = waves.find_wave(connection, wave_code)
        found = _open(connection, wave, level, scope, None) if wave else None
    if found is None:
        raise UnknownRelease(wave_code)
    return found


def read_newest(database: Database, wave_code: str, scope: Scope) -> OpenRelease:
    """A wave's newest release, draft or published, with all its figures: for statisticians. Raises UnknownRelease."""
    with database.reading() as connection:
        wave = waves.find_wave(connection, wave_code)
        newest = releases.find_newest_release(connection, wave_code, published=False)
        if wave is None or newest is None:
            raise UnknownRelease(wave_code)
        return OpenRelease(newest, wave, _figures(connection, newest, None, scope, None))


def read_release(database: Database, code: str, scope: Scope) -> OpenRelease:
    """A release by its code with all its figures. Raises UnknownRelease."""
    with database.reading() as connection:
        release = releases.find_release(connection, code)
        wave = waves.find_wave(connection, release.wave_code) if release else None
        if release is None or wave is None:
            raise UnknownRelease(code)
        return OpenRelease(release, wave, _figures(connection, release, None, scope, None))


def list_releases(database: Database) -> list[OpenRelease]:
    """Every release, newest first within its wave, without figures."""
    with database.reading() as connection:
        known = {wave.code: wave for wave in waves.list_waves(connection)}
        return [OpenRelease(each, known[each.wave_code], ()) for each in releases.list_releases(connection)]


def list_agencies(database: Database, scope: Scope) -> dict[str, Agency]:
    """Agencies that the reader may see."""
    with database.reading() as connection:
        return places.list_agencies(connection, scope)


def list_released_waves(database: Database) -> list[Wave]:
    """Waves that have any release."""
    with database.reading() as connection:
        known = waves.list_waves(connection)
        return [w for w in known if releases.find_newest_release(connection, w.code, published=False)]


def list_waves(database: Database) -> list[Wave]:
    """Every wave, by code."""
    with database.reading() as connection:
        return waves.list_waves(connection)


def read_whole_wave(database: Database, wave_code: str) -> dict[str, Any] | None:
    """The figure of a whole wave in its newest release; None where there is none, or it is too small to show."""
    with database.reading() as connection:
        newest = releases.find_newest_release(connection, wave_code, published=False)
        found = releases.list_figures(connection, newest.code, level="wave") if newest else []
    return next((figure.numbers for figure in found if not figure.suppressed), None)


def _open(connection: Connection, wave: Wave, level: str, scope: Scope, sector: str | None) -> OpenRelease | None:
    newest = releases.find_newest_release(connection, wave.code, published=True)
    if newest is None:
        return None
    return OpenRelease(newest, wave, _figures(connection, newest, level, scope, sector))


def _figures(
    connection: Connection, release: Release, level: str | None, scope: Scope, sector: str | None
) -> tuple[StoredFigure, ...]:
    found = releases.list_figures(connection, release.code, level=level, sector_code=sector)
    return filter_figures(connection, found, scope)


def filter_figures(connection: Connection, found: Sequence[StoredFigure], scope: Scope) -> tuple[StoredFigure, ...]:
    """The figures inside a scope: agencies of its area, sectors below its sector."""
    if scope.area is not None and any(figure.level == "agency" for figure in found):
        agencies = places.list_agencies(connection, scope)
        found = [figure for figure in found if figure.level != "agency" or figure.place in agencies]
    if scope.sector is not None:
        sectors = set(places.list_sectors_below(connection, scope.sector))
        found = [figure for figure in found if not figure.sector_code or figure.sector_code in sectors]
    return tuple(found)


__all__ = [
    "AlreadyPublished",
    "OpenRelease",
    "SecondPersonNeeded",
    "UnknownRelease",
    "UnknownWave",
    "filter_figures",
    "list_agencies",
    "list_released_waves",
    "list_releases",
    "list_waves",
    "read_boards",
    "read_newest",
    "read_published",
    "read_release",
    "read_series",
    "read_whole_wave",
]
