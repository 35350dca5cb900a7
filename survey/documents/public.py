"""What everybody may read before answering: what is asked and why, how anonymity works, what changed, the receipts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from survey.documents.environment import render
from survey.documents.shell import CitizenShell
from survey.mandate.conditions import given_parts
from survey.mandate.questionnaires import Item, Questionnaire
from survey.mandate.text import Text


@dataclass(frozen=True, slots=True)
class Asked:
    """One questionnaire to be read: `conditions` maps an item to the items and choices that bring it up."""

    questionnaire: Questionnaire
    conditions: dict[str, list[tuple[Text, list[Text]]]]


@dataclass(frozen=True, slots=True)
class CheckpointsPage:
    """Checkpoints, newest first, each with a number, leaves and a day; `older` is the one before which there are more.

    `published` has leaves, checkpoints, vkey and separated of the newest, None before the first; `address` the site's;
    `delays` say for each open wave how many answers are sealed together, and by when at the latest.
    """

    shown: tuple[object, ...]
    older: int | None
    published: object | None
    address: str
    delays: Sequence[object] = ()


def read_asked(questionnaire: Questionnaire) -> Asked:
    """The questionnaire with its conditions in words."""
    return Asked(questionnaire, {i.code: _spelled(questionnaire, i) for i in questionnaire.items if i.show_if})


def render_questions(
    current: Sequence[Questionnaire], others: Sequence[Questionnaire], shell: CitizenShell, language: str
) -> str:
    """Which questionnaires there are: those that take answers now, and the others."""
    return render("public/questions.html", language, current=current, others=others, shell=shell)


def render_questionnaire(asked: Asked, shell: CitizenShell, language: str) -> str:
    """Every question of one version, with where it comes from."""
    return render("public/questionnaire.html", language, asked=asked, shell=shell)


def render_anonymity(shell: CitizenShell, language: str, privacy_url: str | None) -> str:
    """How anonymity works, in plain words."""
    return render("public/anonymity.html", language, privacy_url=privacy_url, shell=shell)


def render_changes(changes: Sequence[object], sectors: dict[str, Text], shell: CitizenShell, language: str) -> str:
    """What changed since people spoke, newest first; each has a day, a text and perhaps a sector."""
    return render("public/changes.html", language, changes=changes, sectors=sectors, shell=shell)


def render_receipts(lists: Sequence[object], older: int | None, shell: CitizenShell, language: str) -> str:
    """The lists of receipts, each with a number, a day and a count, and a form that looks one up without sending it."""
    return render("public/receipts.html", language, lists=lists, older=older, shell=shell)


def render_checkpoints(page: CheckpointsPage, shell: CitizenShell, language: str) -> str:
    """The checkpoints and how anybody checks them."""
    return render("public/checkpoints.html", language, page=page, shell=shell)


def _spelled(questionnaire: Questionnaire, item: Item) -> list[tuple[Text, list[Text]]]:
    assert item.show_if is not None
    return [
        (asked.text, [choice.text for choice in asked.choices if choice.code in given.choices])
        for given in given_parts(item.show_if)
        for asked in (questionnaire.item(given.item),)
    ]
