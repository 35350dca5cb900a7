"""The satisfaction targets: rate, due date, territory, whether they still bind, and the text they come from."""

import datetime
from dataclasses import dataclass
from functools import cache
from typing import Literal, cast, get_args

from survey.mandate.areas import scopes_covering
from survey.mandate.errors import UnknownTarget
from survey.mandate.files import Entry, read_entry
from survey.mandate.sectors import find_sector
from survey.mandate.sources import Source, find_source
from survey.mandate.text import Text

TargetStatus = Literal["in_force", "inherited", "replaced", "lapsed", "unknown"]


@dataclass(frozen=True)
class Target:
    """A satisfaction level to reach by a day. `rate` is a share in 0..1; `area` is the code of the area or area group
    it binds; `valid_from` and `valid_to` are the days on which it is the text to judge by there."""

    code: str
    sector: str
    area: str
    rate: float
    due: datetime.date
    valid_from: datetime.date
    valid_to: datetime.date | None
    issuer: str
    document: str
    article: str
    status: TargetStatus
    note: Text
    source: Source


@dataclass(frozen=True)
class _File:
    targets: dict[str, Target]
    formula_note: Text


def load_targets() -> dict[str, Target]:
    """Every target by its code, in the file's order."""
    return _load().targets


def formula_note() -> Text:
    """What the mandate says about how satisfaction is computed: nothing, and this sentence says so."""
    return _load().formula_note


def find_target(code: str) -> Target:
    """The target with this code; raises `UnknownTarget`."""
    try:
        return load_targets()[code]
    except KeyError:
        raise UnknownTarget(f"No target {code!r}: see targets.toml for the codes") from None


def targets_for(sector: str, area: str, on: datetime.date) -> tuple[Target, ...]:
    """The targets of `sector` that bind `area` (an area or area group, itself or as a part) on the day `on`, the
    earliest due first. Raises `UnknownSector` or `UnknownArea`."""
    find_sector(sector)
    scopes = scopes_covering(area, on)
    found = (target for target in load_targets().values() if target.sector == sector and target.area in scopes)
    return tuple(sorted((target for target in found if _binds(target, on)), key=lambda target: target.due))


def _binds(target: Target, on: datetime.date) -> bool:
    return target.valid_from <= on and (target.valid_to is None or on <= target.valid_to)


@cache
def _load() -> _File:
    top = read_entry("targets.toml")
    formula = top.entry("formula")
    formula.string("status")
    note = formula.text("note")
    formula.finish()
    notes = top.texts("note")
    targets: dict[str, Target] = {}
    for entry in top.entries("target"):
        target = _read(entry, notes)
        if target.code in targets:
            raise entry.error("this code is already taken: a code is never reused")
        targets[target.code] = target
    top.finish()
    return _File(targets, note)


def _read(entry: Entry, notes: dict[str, Text]) -> Target:
    source = find_source(entry.string("source"))
    target = Target(
        code=entry.string("code"),
        sector=find_sector(entry.string("sector")).code,
        area=entry.string("area"),
        rate=_read_rate(entry),
        due=entry.date("due"),
        valid_from=entry.date("valid_from"),
        valid_to=entry.optional_date("valid_to"),
        issuer=source.issuer,
        document=source.document,
        article=entry.string("article"),
        status=_read_status(entry),
        note=_read_note(entry, notes),
        source=source,
    )
    entry.finish()
    return target


def _read_rate(entry: Entry) -> float:
    rate = entry.number("rate")
    if not 0 < rate < 1:
        raise entry.error("rate is a share between 0 and 1, such as 0.85")
    return rate


def _read_status(entry: Entry) -> TargetStatus:
    status = entry.string("status")
    if status not in get_args(TargetStatus):
        raise entry.error(f"status must be one of {', '.join(get_args(TargetStatus))}")
    return cast(TargetStatus, status)


def _read_note(entry: Entry, notes: dict[str, Text]) -> Text:
    code = entry.string("note")
    if code not in notes:
        raise entry.error(f"note {code!r} is not among the file's notes")
    return notes[code]
