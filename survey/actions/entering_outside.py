"""Figures that others published are entered with their source, definition and method year, and stand beside ours."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal

from survey.mandate.sectors import load_sectors
from survey.store import outside_figures
from survey.store.audits import By
from survey.store.database import Database
from survey.store.outside_figures import OutsideFigure

NUMBER = re.compile(r"\d{1,7}(?:[.,]\d{1,4})?")
COUNT = re.compile(r"\d{1,9}")
FIRST_YEAR = 1990
LONGEST, LONGEST_NAME = 2000, 200
REQUIRED = ("publisher", "name", "definition", "year", "value", "scale", "source")


class BadField(ValueError):
    """A field of the form cannot be read; `field` names it."""

    def __init__(self, field: str) -> None:
        super().__init__(field)
        self.field = field


class UnknownEntry(LookupError):
    """No such entry stands."""


def enter_outside(database: Database, given: Mapping[str, str], *, by: By, on: date) -> OutsideFigure:
    """Keep a figure as it was typed. Raises BadField."""
    entry = _read(given, by, on)
    with database.writing("outside-figure") as connection:
        new = replace(entry, number=outside_figures.next_outside_number(connection))
        outside_figures.add_outside_figure(connection, new)
        by.record(connection, "outside-figure-entered", f"{new.name} {new.year}", number=new.number)
    return new


def take_back_outside(database: Database, number: int, *, by: By, on: date) -> None:
    """Take a figure back; what it said stays in the records. Raises UnknownEntry."""
    with database.writing("outside-figure") as connection:
        standing = {each.number: each for each in outside_figures.list_outside_figures(connection)}
        if number not in standing:
            raise UnknownEntry(str(number))
        found = standing[number]
        next_number = outside_figures.next_outside_number(connection)
        gone = replace(found, number=next_number, replaces=number, value="", entered_by=by.actor, entered_on=on)
        outside_figures.add_outside_figure(connection, gone)
        by.record(connection, "outside-figure-entered", f"{found.name} {found.year}", taken_back=number)


def list_outside(database: Database, sector: str | None = None) -> list[OutsideFigure]:
    """Figures of others that stand; with a sector, those about it."""
    with database.reading() as connection:
        found = outside_figures.list_outside_figures(connection)
    return [each for each in found if sector is None or each.sector_code == sector]


def _read(given: Mapping[str, str], by: By, on: date) -> OutsideFigure:
    typed = {name: value.strip() for name, value in given.items()}
    for name in REQUIRED:
        if not typed.get(name) or len(typed[name]) > (LONGEST if name in ("definition", "source") else LONGEST_NAME):
            raise BadField(name)
    sector = typed.get("sector") or None
    if sector is not None and sector not in load_sectors():
        raise BadField("sector")
    value, scale = _read_number(typed, "value"), _read_number(typed, "scale")
    if not 0 <= Decimal(value) <= Decimal(scale):
        raise BadField("value")
    rank, ranked = _read_count(typed, "rank"), _read_count(typed, "ranked")
    if (rank is None) != (ranked is None) or (rank is not None and ranked is not None and not 1 <= rank <= ranked):
        raise BadField("rank")
    year = _read_year(typed, "year", on)
    assert year is not None
    return OutsideFigure(
        number=0,
        replaces=None,
        publisher=typed["publisher"],
        name=typed["name"],
        definition=typed["definition"],
        sector_code=sector,
        year=year,
        value=value,
        scale=scale,
        n=_read_count(typed, "n"),
        rank=rank,
        ranked=ranked,
        method_year=_read_year(typed, "method_year", on),
        source=typed["source"],
        entered_by=by.actor,
        entered_on=on,
    )


def _read_number(typed: Mapping[str, str], name: str) -> str:
    """A number as printed, with a point for its comma."""
    if not NUMBER.fullmatch(typed[name]):
        raise BadField(name)
    return typed[name].replace(",", ".")


def _read_count(typed: Mapping[str, str], name: str) -> int | None:
    value = typed.get(name, "").replace(".", "")
    if value and not COUNT.fullmatch(value):
        raise BadField(name)
    return int(value) if value else None


def _read_year(typed: Mapping[str, str], name: str, on: date) -> int | None:
    value = typed.get(name, "")
    if not value:
        return None
    if not COUNT.fullmatch(value) or not FIRST_YEAR <= int(value) <= on.year:
        raise BadField(name)
    return int(value)
