"""Scopes in words, and what there is of areas and sectors inside one."""

from __future__ import annotations

from survey.documents.environment import translate
from survey.mandate.sectors import load_sectors
from survey.store import area_trees, places
from survey.store.places import Scope
from survey.web.services import services


def scope_name(scope: Scope, language: str) -> str:
    """An area and a sector by name, in the reader's language."""
    parts = [dict(list_areas(scope, language)).get(scope.area, scope.area)] if scope.area else []
    sectors = load_sectors()
    if scope.sector:
        known = sectors.get(scope.sector)
        parts.append(known.name.in_language(language) if known else scope.sector)
    return " · ".join(parts) or translate(language, "Toàn bộ")


def list_areas(scope: Scope, language: str) -> list[tuple[str, str]]:
    """Code and name of every area inside a scope that exists today."""
    today = services().today()
    with services().database.reading() as connection:
        known = area_trees.list_areas(connection)
        inside = None if scope.area is None else set(places.list_area_codes(connection, scope.area))
    return sorted(
        (
            (code, place.name.get(language, place.name["vi"]))
            for code, place in known.items()
            if place.exists(today) and (inside is None or code in inside)
        ),
        key=lambda each: each[1],
    )


def list_sectors(scope: Scope, language: str) -> list[tuple[str, str]]:
    """Code and name of every sector inside a scope."""
    with services().database.reading() as connection:
        inside = None if scope.sector is None else set(places.list_sectors_below(connection, scope.sector))
    return [
        (code, sector.name.in_language(language))
        for code, sector in load_sectors().items()
        if inside is None or code in inside
    ]
