"""What is judged: the tree of sectors, from a goal group of the resolution down to a field of procedures."""

import datetime
from dataclasses import dataclass
from functools import cache
from typing import Literal, cast, get_args

from survey.mandate.errors import UnknownSector
from survey.mandate.files import Entry, read_entry
from survey.mandate.sources import Source, find_source
from survey.mandate.text import Text

ServiceKind = Literal["procedure", "service"]


@dataclass(frozen=True)
class Sector:
    """A field of public service. `goal_group` is the resolution's (14, 14a, 15, 16); `service_kind` tells an
    administrative procedure, which has a dossier, from a service that is simply used."""

    code: str
    parent: str | None
    name: Text
    goal_group: str
    service_kind: ServiceKind
    source: Source
    valid_from: datetime.date
    valid_to: datetime.date | None


@cache
def load_sectors() -> dict[str, Sector]:
    """Every sector by its code, parents before children."""
    top = read_entry("sectors.toml")
    sectors: dict[str, Sector] = {}
    for entry in top.entries("sector"):
        sector = _read(entry)
        if sector.code in sectors:
            raise entry.error("this code is already taken: a code is never reused")
        if sector.parent is not None and sector.parent not in sectors:
            raise entry.error(f"parent {sector.parent!r} is not defined above it")
        sectors[sector.code] = sector
    top.finish()
    return sectors


def find_sector(code: str) -> Sector:
    """The sector with this code; raises `UnknownSector`."""
    try:
        return load_sectors()[code]
    except KeyError:
        raise UnknownSector(f"No sector {code!r}: the sectors are {', '.join(load_sectors())}") from None


def descendants(code: str) -> tuple[str, ...]:
    """The codes of the sector and of everything under it, the sector first."""
    found = [find_sector(code).code]
    found += [sector.code for sector in load_sectors().values() if code in ancestors(sector.code)[1:]]
    return tuple(found)


def ancestors(code: str) -> tuple[str, ...]:
    """The codes of the sector and of everything above it, the sector first."""
    line: list[str] = []
    parent: str | None = find_sector(code).code
    while parent is not None:
        line.append(parent)
        parent = load_sectors()[parent].parent
    return tuple(line)


def _read(entry: Entry) -> Sector:
    kind = entry.string("service_kind")
    if kind not in get_args(ServiceKind):
        raise entry.error(f"service_kind must be one of {', '.join(get_args(ServiceKind))}")
    sector = Sector(
        code=entry.string("code"),
        parent=entry.optional_string("parent"),
        name=entry.text("name"),
        goal_group=entry.string("goal_group"),
        service_kind=cast(ServiceKind, kind),
        source=find_source(entry.string("source")),
        valid_from=entry.date("valid_from"),
        valid_to=entry.optional_date("valid_to"),
    )
    entry.finish()
    return sector
