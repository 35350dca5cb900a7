"""Which items one page of a form shows, which wait for an answer on the same page, and how far along it is."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass

from survey.mandate.conditions import Condition, Given, Some, plain_for
from survey.mandate.digests import write_canonical
from survey.mandate.questionnaires import Questionnaire


@dataclass(frozen=True, slots=True)
class Layout:
    """One page: `number` of `total`, as the person counts them. `asked` are the items shown; `conditions` maps items
    that depend on others of the page to what they depend on, as JSON that a script can follow."""

    step: int
    number: int
    total: int
    is_last: bool
    asked: tuple[str, ...]
    conditions: tuple[tuple[str, str], ...] = ()

    @property
    def is_plain(self) -> bool:
        """Whether the page is the whole form and needs nothing to be carried or asked for later."""
        return self.total == 1 and not self.conditions


def lay_out(questionnaire: Questionnaire, step: int, answers: Mapping[str, str]) -> Layout:
    """The page of a step, after the answers of all steps so far."""
    asked = questionnaire.asked(answers)
    known = {code: answer for code, answer in answers.items() if code in asked}
    items = questionnaire.items_on(step)
    here = {item.code for item in items}
    left = {item.code: plain_for(item.show_if, known, here) for item in items if item.show_if}
    ahead = _steps_ahead(questionnaire, step, known)
    return Layout(
        step=step,
        number=ahead.index(step) + 1,
        total=len(ahead),
        is_last=step == ahead[-1],
        asked=tuple(item.code for item in items if item.code in asked),
        conditions=tuple((code, write_canonical(each)) for code, each in left.items() if isinstance(each, dict)),
    )


def _steps_ahead(questionnaire: Questionnaire, step: int, known: Mapping[str, str]) -> list[int]:
    """The steps that these answers do not rule out, so that the way never gets longer as one goes."""
    still_open = {
        item.code for later in range(step, len(questionnaire.pages)) for item in questionnaire.items_on(later)
    }
    return [
        each
        for each in range(len(questionnaire.pages))
        if each == step
        or any(
            item.show_if is None or _may_hold(item.show_if, known, still_open) for item in questionnaire.items_on(each)
        )
    ]


def _may_hold(condition: Condition, known: Mapping[str, str], still_open: Container[str]) -> bool:
    if isinstance(condition, Given):
        return condition.item in still_open or known.get(condition.item) in condition.choices
    found = [_may_hold(part, known, still_open) for part in condition.parts]
    return any(found) if isinstance(condition, Some) else all(found)
