"""When an item is asked: a condition on items before it, as data that a file, the server and a page's script share."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from survey.mandate.digests import Plain
from survey.mandate.files import Entry


@dataclass(frozen=True)
class Given:
    """The item was answered with one of these choices."""

    item: str
    choices: tuple[str, ...]


@dataclass(frozen=True)
class Every:
    """Each of the conditions holds."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True)
class Some:
    """At least one of the conditions holds."""

    parts: tuple[Condition, ...]


Condition = Given | Every | Some
Parts = TypeVar("Parts", bound=tuple[object, ...])


def read_condition(entry: Entry) -> Condition:
    """`{ item = "F3", choices = ["yes"] }`, or `{ every = [...] }` or `{ some = [...] }` of such.

    Raises `MandateFileError` when it is none of the three or names nothing.
    """
    group = next((name for name in ("every", "some") if name in entry), None)
    if group is None:
        item, named = entry.string("item"), entry.strings("choices")
        entry.finish()
        return Given(item, _some_of(named, entry))
    parts = _some_of(tuple(read_condition(each) for each in entry.entries(group)), entry)
    entry.finish()
    return Every(parts) if group == "every" else Some(parts)


def holds(condition: Condition, answers: Mapping[str, str]) -> bool:
    """Whether answers (item code to choice code) meet the condition; an item without an answer meets none."""
    if isinstance(condition, Given):
        return answers.get(condition.item) in condition.choices
    found = (holds(part, answers) for part in condition.parts)
    return all(found) if isinstance(condition, Every) else any(found)


def given_parts(condition: Condition) -> Iterator[Given]:
    """Every mention of an item in the condition."""
    if isinstance(condition, Given):
        yield condition
    else:
        for part in condition.parts:
            yield from given_parts(part)


def plain(condition: Condition) -> Plain:
    """The condition as JSON values, as it stands in a file."""
    if isinstance(condition, Given):
        return {"item": condition.item, "choices": list(condition.choices)}
    return {"every" if isinstance(condition, Every) else "some": [plain(part) for part in condition.parts]}


def plain_for(condition: Condition, answers: Mapping[str, str], on_page: Container[str]) -> Plain:
    """The condition as a page can follow it: what depends on items that are not on the page is settled."""
    if isinstance(condition, Given):
        return plain(condition) if condition.item in on_page else holds(condition, answers)
    settles = isinstance(condition, Some)
    parts = [plain_for(part, answers, on_page) for part in condition.parts]
    if any(part is settles for part in parts):
        return settles
    left = [part for part in parts if not isinstance(part, bool)]
    return {"some" if settles else "every": left} if left else not settles


def _some_of(parts: Parts, entry: Entry) -> Parts:
    if not parts:
        raise entry.error("a condition on nothing: name the choices, or leave show_if out")
    return parts
