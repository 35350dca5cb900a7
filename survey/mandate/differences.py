"""What changed from one version of a questionnaire to another, and which changes break a trend.

A change breaks a trend when figures before and after no longer answer the same question: another wording in Vietnamese,
other choices, another condition, an item that enters or leaves the index. A translation alone breaks nothing here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from survey.mandate.conditions import plain
from survey.mandate.digests import write_canonical
from survey.mandate.questionnaires import Item, Questionnaire
from survey.mandate.text import FIRST_LANGUAGE, LANGUAGES, Text


@dataclass(frozen=True, slots=True)
class Difference:
    """One change. `what` is a word of `CHANGES`; `where` the item's or section's code, empty for the whole; `before`
    and `after` are empty where there was nothing."""

    what: str
    where: str
    before: str
    after: str
    language: str | None
    breaks_trend: bool


CHANGES = (
    "title",
    "intro",
    "section_title",
    "added",
    "removed",
    "moved",
    "kind",
    "wording",
    "help",
    "why",
    "choice_added",
    "choice_removed",
    "choice_wording",
    "score",
    "required",
    "indexed",
    "overall",
    "condition",
)


def list_differences(old: Questionnaire, new: Questionnaire) -> tuple[Difference, ...]:
    """Every change from `old` to `new`, in the order of the page."""
    return (
        *_texts("title", "", old.title, new.title, breaks=False),
        *_texts("intro", "", old.intro, new.intro, breaks=False),
        *_section_titles(old, new),
        *_items(old, new),
    )


def breaks_trend(old: Questionnaire, new: Questionnaire) -> bool:
    """Whether figures of the two versions need a bridge to be compared."""
    return any(each.breaks_trend for each in list_differences(old, new))


def _section_titles(old: Questionnaire, new: Questionnaire) -> Iterator[Difference]:
    before = {section.code: section.title for section in old.sections}
    for section in new.sections:
        if section.code in before:
            yield from _texts("section_title", section.code, before[section.code], section.title, breaks=False)


def _items(old: Questionnaire, new: Questionnaire) -> Iterator[Difference]:
    before, after = ({item.code: item for item in version.items} for version in (old, new))
    for code, item in before.items():
        if code not in after:
            yield Difference("removed", code, _vietnamese(item.text), "", None, _counts(item))
    for code, item in after.items():
        if code in before:
            yield from _changes(before[code], item)
        else:
            yield Difference("added", code, "", _vietnamese(item.text), None, item.indexed)
    kept_before, kept_after = [c for c in before if c in after], [c for c in after if c in before]
    if kept_before != kept_after:
        yield Difference("moved", "", ", ".join(kept_before), ", ".join(kept_after), None, False)


def _changes(old: Item, new: Item) -> Iterator[Difference]:
    yield from _plain("kind", old, old.kind, new.kind, breaks=True)
    yield from _texts("wording", old.code, old.text, new.text, breaks=True)
    yield from _texts("help", old.code, old.help or {}, new.help or {}, breaks=_counts(old))
    yield from _texts("why", old.code, old.why or {}, new.why or {}, breaks=False)
    if old.kind == new.kind:
        yield from _choices(old, new)
    yield from _plain("required", old, old.required, new.required, breaks=False)
    yield from _plain("indexed", old, old.indexed, new.indexed, breaks=True)
    yield from _plain("overall", old, old.overall, new.overall, breaks=True)
    yield from _plain("condition", old, _condition(old), _condition(new), breaks=True)


def _choices(old: Item, new: Item) -> Iterator[Difference]:
    before, after = ({choice.code: choice for choice in item.choices} for item in (old, new))
    for code, choice in before.items():
        if code not in after:
            yield Difference("choice_removed", old.code, _vietnamese(choice.text), "", None, True)
            continue
        yield from _texts("choice_wording", old.code, choice.text, after[code].text, breaks=True)
        yield from _plain("score", old, choice.score, after[code].score, breaks=True)
    for code, choice in after.items():
        if code not in before:
            yield Difference("choice_added", old.code, "", _vietnamese(choice.text), None, True)


def _texts(
    what: str, where: str, old: Mapping[str, str], new: Mapping[str, str], *, breaks: bool
) -> Iterator[Difference]:
    for language in LANGUAGES:
        before, after = old.get(language, ""), new.get(language, "")
        if before != after:
            yield Difference(what, where, before, after, language, breaks and language == FIRST_LANGUAGE)


def _plain(what: str, item: Item, before: object, after: object, *, breaks: bool) -> Iterator[Difference]:
    if before != after:
        yield Difference(what, item.code, _spell(before), _spell(after), None, breaks)


def _spell(value: object) -> str:
    return {True: "✓", False: "–", None: "–"}.get(value, str(value)) if isinstance(value, bool | None) else str(value)


def _condition(item: Item) -> str:
    return "" if item.show_if is None else write_canonical(plain(item.show_if))


def _counts(item: Item) -> bool:
    return item.indexed or item.overall


def _vietnamese(text: Text) -> str:
    return text.in_language(FIRST_LANGUAGE)
