"""Where each rule comes from: the register of documents that the mandate's other files cite by code."""

import datetime
from dataclasses import dataclass
from functools import cache

from survey.mandate.errors import UnknownSource
from survey.mandate.files import Entry, read_entry


@dataclass(frozen=True)
class Source:
    """A document. `date` is the day it was issued, `url` where it was read, `description` what was taken from it and
    how far its text was read; a source without an address is described instead."""

    code: str
    document: str
    issuer: str
    date: datetime.date | None
    url: str | None
    description: str


@cache
def load_sources() -> dict[str, Source]:
    """Every source by its code."""
    top = read_entry("sources.toml")
    sources = {source.code: source for source in map(_read, top.entries("source"))}
    top.finish()
    return sources


def find_source(code: str) -> Source:
    """The source with this code; raises `UnknownSource`."""
    try:
        return load_sources()[code]
    except KeyError:
        raise UnknownSource(f"No source {code!r}: add it to sources.toml") from None


def _read(entry: Entry) -> Source:
    source = Source(
        code=entry.string("code"),
        document=entry.string("document"),
        issuer=entry.string("issuer"),
        date=entry.optional_date("date"),
        url=entry.optional_string("url"),
        description=entry.string("description"),
    )
    entry.finish()
    return source
