"""The form on paper, and the pages on which it is printed, keyed and settled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from survey.documents.environment import render
from survey.documents.messages import group_code
from survey.documents.shell import Shell
from survey.mandate.conditions import given_parts
from survey.mandate.questionnaires import Item, Questionnaire


@dataclass(frozen=True, slots=True)
class PrintedItem:
    """An item with its running number; `only_if` are pairs of another item's number and its choices' codes."""

    number: int
    item: Item
    only_if: tuple[tuple[int, tuple[str, ...]], ...] = ()


@dataclass(frozen=True, slots=True)
class BatchRow:
    """A batch as keyers see it: sheets by what became of them."""

    code: str
    wave: str
    stratum: str
    printed_on: date
    sheets: int
    untouched: int
    once: int
    twice: int
    stored: int
    print_url: str | None = None


@dataclass(frozen=True, slots=True)
class PaperPage:
    """`state` is what the last act led to: first, differs, stored, settled; `problem` why it led to nothing."""

    rows: tuple[BatchRow, ...]
    key_url: str
    print_url: str | None = None
    waves: tuple[tuple[str, str], ...] = ()
    to_settle: tuple[tuple[str, str], ...] = ()
    state: str | None = None
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class KeyPage:
    """A sheet to be keyed or settled: `readings` maps an item to what the two keyed, where they differ."""

    action: str
    back: str
    sheet: str
    questionnaire: Questionnaire
    items: tuple[PrintedItem, ...]
    answers: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    readings: Mapping[str, tuple[str, str]] = field(default_factory=dict)


def number_items(questionnaire: Questionnaire, only: Sequence[str] | None = None) -> tuple[PrintedItem, ...]:
    """Every item numbered as on paper, or some of them under the same numbers."""
    numbers = {item.code: place for place, item in enumerate(questionnaire.items, start=1)}
    return tuple(
        PrintedItem(numbers[item.code], item, _conditions(item, numbers))
        for item in questionnaire.items
        if only is None or item.code in only
    )


def render_paper(
    questionnaire: Questionnaire,
    batch: str,
    numbers: Sequence[str],
    closes_on: date,
    language: str,
    *,
    nonce: str = "",
) -> str:
    """Sheets that print as they are, on A4, needing nothing from anywhere; one a number."""
    return render(
        "field/paper_form.html",
        language,
        questionnaire=questionnaire,
        sections=_sections(questionnaire),
        nonce=nonce,
        batch=group_code(batch),
        sheets=[group_code(number) for number in numbers],
        closes_on=closes_on,
    )


def render_paper_page(page: PaperPage, shell: Shell, language: str) -> str:
    return render("field/paper.html", language, page=page, shell=shell)


def render_key_page(page: KeyPage, shell: Shell, language: str) -> str:
    return render("field/key.html", language, page=page, shell=shell)


def _sections(questionnaire: Questionnaire) -> list[tuple[object, list[PrintedItem]]]:
    printed = number_items(questionnaire)
    sections = [section for page in questionnaire.pages for section in page]
    return [(section, [each for each in printed if each.item.section == section.code]) for section in sections]


def _conditions(item: Item, numbers: Mapping[str, int]) -> tuple[tuple[int, tuple[str, ...]], ...]:
    if item.show_if is None:
        return ()
    return tuple((numbers[part.item], part.choices) for part in given_parts(item.show_if))
