"""Places: the tree of areas with the days they began and ended, and the named groups of them."""

import datetime
from dataclasses import dataclass
from functools import cache
from typing import Literal, cast, get_args

from survey.mandate.errors import UnknownArea
from survey.mandate.files import Entry, read_entry
from survey.mandate.sources import Source, find_source
from survey.mandate.text import Text

AreaKind = Literal["city", "province", "district", "ward", "commune"]


@dataclass(frozen=True)
class Area:
    """A place. `valid_to` is its last day, None while it lives; `predecessors` are the areas on whose ground it
    stands, in whole or in part, where that is certain."""

    code: str
    name: Text
    kind: AreaKind
    parent: str | None
    valid_from: datetime.date
    valid_to: datetime.date | None
    predecessors: tuple[str, ...]
    source: Source


@dataclass(frozen=True)
class AreaGroup:
    """A dated set of areas under one name, such as a former province."""

    code: str
    name: Text
    members: tuple[str, ...]
    valid_from: datetime.date
    valid_to: datetime.date | None
    source: Source


def load_areas() -> dict[str, Area]:
    """Every area by its code, ended ones included."""
    return _load()[0]


def load_area_groups() -> dict[str, AreaGroup]:
    """Every area group by its code."""
    return _load()[1]


def find_area(code: str) -> Area:
    """The area with this code; raises `UnknownArea`."""
    try:
        return load_areas()[code]
    except KeyError:
        raise UnknownArea(f"No area {code!r}: add it to areas.toml") from None


def scopes_covering(code: str, on: datetime.date) -> tuple[str, ...]:
    """The codes of the areas and area groups whose territory holds the area or group `code` on the day `on`: itself
    first, then everything above it, then the groups it belongs to. Raises `UnknownArea`."""
    if code in load_area_groups():
        return (code,)
    line = [code]
    parent = find_area(code).parent
    while parent is not None:
        line.append(parent)
        parent = find_area(parent).parent
    groups = (group for group in load_area_groups().values() if is_valid(group, on))
    return (*line, *(group.code for group in groups if set(line) & set(group.members)))


def is_valid(place: Area | AreaGroup, on: datetime.date) -> bool:
    """Whether the area or group exists on the day `on`."""
    return place.valid_from <= on and (place.valid_to is None or on <= place.valid_to)


@cache
def _load() -> tuple[dict[str, Area], dict[str, AreaGroup]]:
    top = read_entry("areas.toml")
    areas: dict[str, Area] = {}
    for entry in top.entries("area"):
        area = _read_area(entry)
        if area.code in areas:
            raise entry.error("this code is already taken: a code is never reused")
        areas[area.code] = area
    groups = {group.code: group for group in (_read_group(entry, areas) for entry in top.entries("group"))}
    top.finish()
    _check_links(areas)
    return areas, groups


def _read_area(entry: Entry) -> Area:
    kind = entry.string("kind")
    if kind not in get_args(AreaKind):
        raise entry.error(f"kind must be one of {', '.join(get_args(AreaKind))}")
    area = Area(
        code=entry.string("code"),
        name=entry.text("name"),
        kind=cast(AreaKind, kind),
        parent=entry.optional_string("parent"),
        valid_from=entry.date("valid_from"),
        valid_to=entry.optional_date("valid_to"),
        predecessors=entry.strings("predecessors"),
        source=find_source(entry.string("source")),
    )
    entry.finish()
    return area


def _read_group(entry: Entry, areas: dict[str, Area]) -> AreaGroup:
    group = AreaGroup(
        code=entry.string("code"),
        name=entry.text("name"),
        members=entry.strings("members"),
        valid_from=entry.date("valid_from"),
        valid_to=entry.optional_date("valid_to"),
        source=find_source(entry.string("source")),
    )
    entry.finish()
    for member in group.members:
        if member not in areas:
            raise entry.error(f"member {member!r} is not an area")
    return group


def _check_links(areas: dict[str, Area]) -> None:
    for area in areas.values():
        for code in (*area.predecessors, *((area.parent,) if area.parent else ())):
            if code not in areas:
                raise UnknownArea(f"areas.toml, area {area.code}: {code!r} is not an area: add it or correct the code")
