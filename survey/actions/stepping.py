"""A form in steps: what was typed on one page leads to the next, back, or to the end. Stores nothing.

Items that only these answers bring up are asked before the page is left, so nothing depends on a script.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from survey.actions.answering import UnknownItem, clean_text, find_problem
from survey.mandate.questionnaires import Item, Questionnaire

BACK, STAY = "back", "stay"


@dataclass(frozen=True, slots=True)
class Turn:
    """Where a page leads: to `step`, with everything answered so far, or to the end when `step` is None. `problems` are
    codes of errors by item; `added` are items that were not asked before."""

    step: int | None
    answers: Mapping[str, str]
    problems: Mapping[str, str] = field(default_factory=dict)
    added: tuple[str, ...] = ()


def turn_page(
    questionnaire: Questionnaire,
    carried: Mapping[str, str],
    typed: Mapping[str, str],
    *,
    step: int,
    seen: Collection[str],
    go: str,
) -> Turn:
    """Where the page of `step` leads. `carried` are the answers of other steps, `typed` of this one, `seen` the items
    with a condition that the page did ask. Raises UnknownItem when the page has no such item or step."""
    if not 0 <= step < len(questionnaire.pages):
        raise UnknownItem
    items = questionnaire.items_on(step)
    answers = _merge(items, carried, typed)
    asked = questionnaire.asked(answers)
    if go == STAY:
        return Turn(step, answers)
    if go == BACK:
        return Turn(_next_step(questionnaire, asked, range(step - 1, -1, -1), step), answers)
    problems = _find_problems(items, typed, asked)
    added = tuple(item.code for item in items if item.show_if and item.code in asked and item.code not in seen)
    if problems or added:
        return Turn(step, answers, problems, added)
    return Turn(_next_step(questionnaire, asked, range(step + 1, len(questionnaire.pages)), None), answers)


def steps_asked(questionnaire: Questionnaire, answers: Mapping[str, str]) -> list[int]:
    """The steps that have something to ask after these answers."""
    asked = questionnaire.asked(answers)
    return [step for step in range(len(questionnaire.pages)) if _is_asked(questionnaire, step, asked)]


def step_of(questionnaire: Questionnaire, problems: Collection[str]) -> int:
    """The first step that has an item with a problem."""
    steps = range(len(questionnaire.pages))
    return next((step for step in steps if any(item.code in problems for item in questionnaire.items_on(step))), 0)


def _merge(items: Collection[Item], carried: Mapping[str, str], typed: Mapping[str, str]) -> dict[str, str]:
    kinds = {item.code: item.kind for item in items}
    if not typed.keys() <= kinds.keys():
        raise UnknownItem
    here = {code: clean_text(text) if kinds[code] == "comment" else text for code, text in typed.items() if text}
    return {**{code: answer for code, answer in carried.items() if code not in kinds}, **here}


def _find_problems(items: Collection[Item], typed: Mapping[str, str], asked: Collection[str]) -> dict[str, str]:
    found = {item.code: find_problem(item, typed.get(item.code, "")) for item in items if item.code in asked}
    return {code: problem for code, problem in found.items() if problem}


def _next_step(questionnaire: Questionnaire, asked: Collection[str], steps: range, otherwise: int | None) -> int | None:
    return next((step for step in steps if _is_asked(questionnaire, step, asked)), otherwise)


def _is_asked(questionnaire: Questionnaire, step: int, asked: Collection[str]) -> bool:
    return any(item.code in asked for item in questionnaire.items_on(step))
