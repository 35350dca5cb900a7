"""How long what is kept, and which job destroys it: dated data that a lawyer can review."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from survey.mandate.files import Entry, read_entry
from survey.mandate.sources import Source, find_source
from survey.mandate.text import Text

JOBS = ("retain", "seal", "send", "fold", "draw", "settle", "nobody")


@dataclass(frozen=True, slots=True)
class Retention:
    """One kind of data, in these tables of the database.

    `days` are counted from `after`, where a number holds; it is destroyed by the job, or with the deed of people,
    that `enforced_by` names.
    """

    code: str
    tables: tuple[str, ...]
    name: Text
    kept: Text
    days: int | None
    after: str
    enforced_by: str
    sources: tuple[Source, ...]


@cache
def load_retention() -> dict[str, Retention]:
    """Every rule by its code, in the file's order."""
    top = read_entry("retention.toml")
    rules = {rule.code: rule for rule in map(_read, top.entries("rule"))}
    top.strings("holds_nobody")
    top.finish()
    return rules


@cache
def load_tables_of_nobody() -> frozenset[str]:
    """Tables that hold nothing of a person."""
    return frozenset(read_entry("retention.toml").strings("holds_nobody"))


def _read(entry: Entry) -> Retention:
    rule = Retention(
        code=entry.string("code"),
        tables=tuple(entry.strings("tables")),
        name=entry.text("name"),
        kept=entry.text("kept"),
        days=entry.optional_integer("days"),
        after=entry.string("after"),
        enforced_by=entry.string("enforced_by"),
        sources=tuple(find_source(code) for code in entry.strings("sources")),
    )
    if rule.enforced_by not in JOBS:
        raise entry.error(f"enforced_by must be one of {', '.join(JOBS)}")
    if rule.enforced_by == "retain" and rule.days is None:
        raise entry.error("days is missing: the job that destroys needs a number")
    entry.finish()
    return rule
