"""Reading releases for boards: each sector's figure of today, the waves before it, and its places.

As in `reading`, nothing but published releases is read. A release never changes, so its sectors are kept by its digest.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
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
        opened = [each for each in _open_all(connection, scope) if sees(each.wave.code)]
    found: dict[str, list[tuple[OpenRelease, StoredFigure]]] = {}
    for each in sorted(opened, key=lambda one: (one.wave.is_over(today), one.wave.closes_on, one.wave.code)):
        for figure in each.figures:
            found.setdefault(figure.place, []).append((each, figure))
    return Board({code: _stand(measured, today) for code, measured in found.items()})


def read_places(database: Database, opened: OpenRelease, sector: str, scope: Scope) -> Places:
    """The agencies of a sector and of those below it, in the release that is opened."""
    with database.reading() as connection:
        code, inside = opened.release.code, set(descendants(sector))
        agencies = (
            [each for each in releases.list_figures(connection, code, level="agency")]
            if len(inside) > 1
            else (releases.list_figures(connection, code, level="agency", sector_code=sector))
        )
        return Places(
            filter_figures(connection, [each for each in agencies if each.sector_code in inside], scope),
            places.list_agencies(connection, scope),
            {area: place.name for area, place in area_trees.list_areas(connection).items()},
            area_trees.list_shapes(connection),
        )


def read_agency(database: Database, agency: str, scope: Scope) -> list[tuple[OpenRelease, StoredFigure]] | None:
    """One agency's figures in the newest published release of every wave; None where the reader may not see it."""
    with database.reading() as connection:
        if agency not in places.list_agencies(connection, scope):
            return None
        known = {wave.code: wave for wave in waves.list_waves(connection) if wave.is_judged}
        newest = [each for each in releases.list_newest(connection) if each.wave_code in known]
        found = []
        for release in newest:
            figures = filter_figures(connection, releases.list_place(connection, release.code, "agency", agency), scope)
            opened = OpenRelease(release, known[release.wave_code], ())
            found += [(opened, figure) for figure in figures]
    return sorted(found, key=lambda each: (each[0].wave.closes_on, each[1].sector_code), reverse=True)


def _open_all(connection: Connection, scope: Scope) -> list[OpenRelease]:
    judged = {wave.code: wave for wave in waves.list_waves(connection) if wave.is_judged}
    newest = [each for each in releases.list_newest(connection) if each.wave_code in judged]
    return [_open(connection, release, judged[release.wave_code], scope) for release in newest]


def _open(connection: Connection, release: Release, wave: Wave, scope: Scope) -> OpenRelease:
    sectors = keep(
        (release.digest, "sectors"), lambda: tuple(releases.list_figures(connection, release.code, level="sector"))
    )
    return OpenRelease(release, wave, filter_figures(connection, sectors, scope))


def _stand(measured: list[tuple[OpenRelease, StoredFigure]], today: date) -> Standing:
    opened, figure = measured[-1]
    over = [each for each in measured if each[0].wave.is_over(today)] or measured[-1:]
    history = [_measure(*each) for each in over if not each[1].suppressed]
    numbers = {} if figure.suppressed else _numbers(opened, figure)
    shown = tuple(each for each in history if each.numbers.get("rate") is not None)
    return Standing(figure, opened, numbers, shown if numbers.get("rate") is not None else ())


def _measure(opened: OpenRelease, figure: StoredFigure) -> Measured:
    wave = opened.wave
    return Measured(
        wave.code,
        wave.name,
        wave.opens_on,
        wave.closes_on,
        json.loads(wave.rule)["indicator"],
        wave.questionnaire,
        _numbers(opened, figure),
    )


def _numbers(opened: OpenRelease, figure: StoredFigure) -> dict[str, Any]:
    return keep((opened.release.digest, "numbers", figure.place), lambda: figure.numbers)
