"""Pages are turned on and back and lose nothing; what is not asked is not counted; nobody walks past a question."""

from __future__ import annotations

import pytest

from survey.actions.answering import BadAnswers, UnknownItem, check_answers
from survey.actions.stepping import BACK, STAY, step_of, turn_page
from survey.mandate.questionnaires import load_questionnaire

HOUSEHOLD = load_questionnaire("household@1")
QUICK = load_questionnaire("quick@1")
SERVICES = 4


def walk(answers: dict[str, str]) -> tuple[dict[str, str], list[int]]:
    """Fill in every page as somebody does who answers what is asked; what was carried, and the steps seen."""
    carried: dict[str, str] = {}
    step: int | None = 0
    seen: list[int] = []
    while step is not None:
        seen.append(step)
        asked = HOUSEHOLD.asked(carried)
        typed = {item.code: answers[item.code] for item in HOUSEHOLD.items_on(step) if item.code in answers}
        shown = [item.code for item in HOUSEHOLD.items_on(step) if item.show_if and item.code in asked]
        turned = turn_page(HOUSEHOLD, carried, typed, step=step, seen=shown, go="")
        assert (turned.problems, turned.added) == ({}, ())
        carried, step = dict(turned.answers), turned.step
    return carried, seen


def test_a_walk_through_all_steps_carries_every_answer() -> None:
    answers = {item.code: item.choices[0].code if item.choices else "Cảm ơn" for item in HOUSEHOLD.items}
    carried, seen = walk(answers)
    assert seen == list(range(7))
    chosen, comments = check_answers(HOUSEHOLD, carried)
    assert {**chosen, **comments} == answers


def test_a_step_with_nothing_to_ask_is_passed_by() -> None:
    carried, seen = walk({"G1": "4", "S1": "no", "A1": "5"})
    assert seen == [0, 1, 2, 3, 5, 6]
    assert carried == {"G1": "4", "S1": "no"}


def test_going_back_checks_nothing_and_keeps_what_was_typed() -> None:
    turned = turn_page(HOUSEHOLD, {"G1": "4"}, {"N1": "some"}, step=1, seen=(), go=BACK)
    assert (turned.step, turned.answers, turned.problems) == (0, {"G1": "4", "N1": "some"}, {})
    again = turn_page(HOUSEHOLD, {"N1": "some"}, {}, step=0, seen=(), go=BACK)
    assert (again.step, again.answers) == (0, {"N1": "some"})


def test_back_from_needs_leads_past_services_that_were_not_used() -> None:
    assert turn_page(HOUSEHOLD, {"G1": "4", "S1": "no"}, {}, step=5, seen=(), go=BACK).step == 3
    assert turn_page(HOUSEHOLD, {"G1": "4", "S1": "yes"}, {}, step=5, seen=(), go=BACK).step == SERVICES


def test_what_is_taken_back_on_its_own_page_is_gone() -> None:
    turned = turn_page(HOUSEHOLD, {"G1": "4", "N1": "some", "P1": "3"}, {"N2": "online"}, step=1, seen=(), go="")
    assert turned.answers == {"G1": "4", "N2": "online", "P1": "3"}


def test_a_required_answer_holds_the_page() -> None:
    turned = turn_page(HOUSEHOLD, {"P1": "3"}, {}, step=0, seen=(), go="")
    assert (turned.step, turned.problems, turned.answers) == (0, {"G1": "missing"}, {"P1": "3"})


def test_a_page_drawn_again_in_another_language_checks_nothing() -> None:
    turned = turn_page(HOUSEHOLD, {}, {}, step=0, seen=(), go=STAY)
    assert (turned.step, turned.problems) == (0, {})


def test_what_an_answer_brings_up_is_asked_before_the_page_is_left() -> None:
    first = turn_page(QUICK, {}, {"G1": "1"}, step=0, seen=(), go="")
    assert (first.step, first.added) == (0, ("W1",))
    second = turn_page(QUICK, {}, {"G1": "1", "W1": "staff"}, step=0, seen=["W1"], go="")
    assert (second.step, second.added) == (0, ("W2",))
    last = turn_page(QUICK, {}, {"G1": "1", "W1": "staff"}, step=0, seen=["W1", "W2"], go="")
    assert (last.step, last.added) == (None, ())


def test_whoever_is_satisfied_is_asked_nothing_more() -> None:
    assert turn_page(QUICK, {}, {"G1": "5"}, step=0, seen=(), go="").step is None


def test_answers_to_what_is_no_longer_asked_are_dropped_and_never_counted() -> None:
    chosen, comments = check_answers(QUICK, {"G1": "5", "W1": "staff", "W2": "Lịch sự hơn", "K1": "Tốt"})
    assert (chosen, comments) == ({"G1": "5"}, {"K1": "Tốt"})
    assert check_answers(QUICK, {"G1": "2", "W1": "staff", "W2": "Lịch sự hơn"}) == (
        {"G1": "2", "W1": "staff"},
        {"W2": "Lịch sự hơn"},
    )


def test_a_code_that_is_not_offered_is_found_only_where_it_is_asked() -> None:
    with pytest.raises(BadAnswers) as bad:
        check_answers(QUICK, {"G1": "1", "W1": "weather"})
    assert bad.value.problems == {"W1": "unknown_choice"}
    assert check_answers(QUICK, {"G1": "5", "W1": "weather"}) == ({"G1": "5"}, {})


@pytest.mark.parametrize(("step", "typed"), [(7, {}), (99, {}), (1, {"G1": "4"}), (0, {"Z9": "1"})])
def test_a_page_that_does_not_exist_or_asks_no_such_thing_is_refused(step: int, typed: dict[str, str]) -> None:
    with pytest.raises(UnknownItem):
        turn_page(HOUSEHOLD, {}, typed, step=step, seen=(), go="")


def test_a_comment_is_carried_as_it_will_be_stored() -> None:
    turned = turn_page(HOUSEHOLD, {}, {"K1": " To\u0302\u0301t\x00 "}, step=6, seen=(), go=BACK)
    assert turned.answers == {"K1": "Tốt"}


def test_a_comment_too_long_is_said_to_be_and_not_cut() -> None:
    assert turn_page(HOUSEHOLD, {"G1": "4"}, {"K1": "a" * 4001}, step=6, seen=(), go="").problems == {"K1": "too_long"}


def test_a_problem_leads_to_its_step() -> None:
    assert step_of(HOUSEHOLD, {"G1"}) == 0
    assert step_of(HOUSEHOLD, {"K1", "P3"}) == 2
