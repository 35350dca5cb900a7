"""Reading releases for boards: each sector's figure of today, the waves before it, and its places.

As in `reading`, nothing but published releases is read. A release never changes, so its sectors are kept by its digest.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import Any

from survey.actions.deriving import Measured, keep
from survey.actions.reading import OpenRelease, filter_figures
from survey.mandate.sectors import descendants
from survey.store import area_trees, places, releases, waves
from survey.store.database import Connection, Database
from survey.store.places import Agency, Scope
from survey.store.releases import Release, StoredFigure
from survey.store.waves import Wave


@dataclass(frozen=True, slots=True)
class Standing:
    """A sector's figure of today, and every closed wave that measured it, oldest first, with the one of today last."""

    figure: StoredFigure
    opened: OpenRelease
    numbers: Mapping[str, Any]
    history: tuple[Measured, ...]


@dataclass(frozen=True, slots=True)
class Board:
    """Every sector that a published release measures."""

    standings: Mapping[str, Standing] = field(default_factory=dict)

    @property
    def figures(self) -> dict[str, StoredFigure]:
        return {code: each.figure for code, each in self.standings.items()}


@dataclass(frozen=True, slots=True)
class Places:
    """The agencies of a sector and of those below it in one release, and where each stands."""

    agencies: tuple[StoredFigure, ...]
    known: Mapping[str, Agency]
    area_names: Mapping[str, Mapping[str, str]]
    shapes: Mapping[str, str]

    @property
    def area_of(self) -> dict[str, str]:
        return {code: agency.area_code or "" for code, agency in self.known.items()}


def read_board(database: Database, scope: Scope, today: date, sees: Callable[[str], bool] = bool) -> Board:
    """Each sector from the newest closed wave that measures it, else from one that is still open; of the waves that
    the reader `sees`, by code."""
    with database.reading() as connection:
        judged = {wave.code: wave for wave in waves.list_waves(connection) if wave.is_judged and sees(wave.code)}
        marks = [each for each in releases.list_newest_marks(connection) if each[0] in judged]
        key = ("board", scope, today, *marks, *(_identity(judged[mark[0]]) for mark in marks))
        return keep(key, lambda: _build(_open_all(connection, scope, judged), today))


def _build(opened: Sequence[OpenRelease], today: date) -> Board:
    found: dict[str, list[tuple[OpenRelease, StoredFigure]]] = {}
    for each in sorted(opened, key=lambda one: (one.wave.is_over(today), one.wave.closes_on, one.wave.code)):
        for figure in each.figures:
            found.setdefault(figure.place, []).append((each, figure))
    return Board({code: _stand(measured, today) for code, measured in found.items()})


def read_places(database: Database, opened: OpenRelease, sector: str, scope: Scope) -> Places:
    """The agencies of a sector and of those below it, in the release that is opened."""
    with database.reading() as connection:
        return Places(
            _list_agencies(connection, opened.release, sector, scope),
            places.list_agencies(connection, scope),
            {area: place.name for area, place in area_trees.list_areas(connection).items()},
            area_trees.list_shapes(connection),
        )


def read_shown_agencies(database: Database, opened: OpenRelease, sector: str, scope: Scope) -> list[StoredFigure]:
    """The same agencies, only those that the release shows."""
    with database.reading() as connection:
        found = _list_agencies(connection, opened.release, sector, scope)
    return [each for each in found if not each.suppressed]


def read_agency(
    database: Database, agency: str, scope: Scope, board: Board
) -> list[tuple[OpenRelease, StoredFigure]] | None:
    """One agency's figures in the releases that the board shows; None where the reader may not see it."""
    opened = {each.opened.release.code: each.opened for each in board.standings.values()}
    with database.reading() as connection:
        if agency not in places.list_agencies(connection, scope):
            return None
        found = [
            (each, figure)
            for code, each in opened.items()
            for figure in filter_figures(connection, releases.list_place(connection, code, "agency", agency), scope)
        ]
    return sorted(found, key=lambda each: (each[0].wave.closes_on, each[1].sector_code), reverse=True)


def _identity(wave: Wave) -> tuple[object, ...]:
    """All of a wave that a board tells."""
    names = tuple(sorted(wave.name.items()))
    return wave.code, names, wave.opens_on, wave.closes_on, wave.closed, wave.collected, wave.purpose, wave.rule_digest


def _open_all(connection: Connection, scope: Scope, judged: Mapping[str, Wave]) -> list[OpenRelease]:
    newest = [each for each in releases.list_newest(connection) if each.wave_code in judged]
    return [_open(connection, release, judged[release.wave_code], scope) for release in newest]


def _open(connection: Connection, release: Release, wave: Wave, scope: Scope) -> OpenRelease:
    sectors = keep(
        (release.digest, "sectors"), lambda: tuple(releases.list_figures(connection, release.code, level="sector"))
    )
    return OpenRelease(release, wave, filter_figures(connection, sectors, scope))


def _list_agencies(connection: Connection, release: Release, sector: str, scope: Scope) -> tuple[StoredFigure, ...]:
    def read() -> tuple[StoredFigure, ...]:
        inside = set(descendants(sector))
        alone = sector if len(inside) == 1 else None
        found = releases.list_figures(connection, release.code, level="agency", sector_code=alone)
        return tuple(each for each in found if each.sector_code in inside)

    return filter_figures(connection, keep((release.digest, "agencies", sector), read), scope)


def _stand(measured: list[tuple[OpenRelease, StoredFigure]], today: date) -> Standing:
    opened, figure = measured[-1]
    over = [each for each in measured if each[0].wave.is_over(today)] or measured[-1:]
    history = [_measure(*each) for each in over if not each[1].suppressed]
    numbers = {} if figure.suppressed else figure.numbers
    shown = tuple(each for each in history if each.numbers.get("rate") is not None)
    return Standing(figure, opened, numbers, shown if numbers.get("rate") is not None else ())


def _measure(opened: OpenRelease, figure: StoredFigure) -> Measured:
    wave = opened.wave
    return Measured(
        wave.code,
        wave.name,
        wave.opens_on,
        wave.closes_on,
        _indicator(wave.rule),
        wave.questionnaire,
        figure.numbers,
    )


@cache
def _indicator(rule: str) -> str:
    return str(json.loads(rule)["indicator"])
