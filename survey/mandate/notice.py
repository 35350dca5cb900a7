"""The privacy notice, section by section: data that a lawyer and a native speaker can review."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from survey.mandate.files import Entry, read_entry
from survey.mandate.text import Text


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and what stands under it."""

    code: str
    title: Text
    body: Text


@cache
def load_notice() -> tuple[Section, ...]:
    """The sections in the order of the page."""
    top = read_entry("notice.toml")
    sections = tuple(map(_read, top.entries("section")))
    top.finish()
    return sections


def _read(entry: Entry) -> Section:
    section = Section(entry.string("code"), entry.text("title"), entry.text("body"))
    entry.finish()
    return section
