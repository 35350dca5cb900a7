"""Show-if: what is asked follows from what was answered before, and a file that asks the impossible is refused."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from itertools import product

import pytest

from survey.mandate.conditions import Every, Given, Some, holds, plain, plain_for, read_condition
from survey.mandate.errors import MandateFileError
from survey.mandate.files import Entry
from survey.mandate.questionnaires import load_questionnaire, read_questionnaire

A, B = Given("A", ("1", "2")), Given("B", ("yes",))
TEXT = {"vi": "Chữ", "en": "Words", "km": "ពាក្យ"}
YES_NO = [{"code": "yes", "text": TEXT}, {"code": "no", "text": TEXT}]
OVERALL = {"code": "G1", "kind": "scale", "text": TEXT, "overall": True, "required": True}


def questionnaire(*items: Mapping[str, object], **more: object) -> Entry:
    """A file with a section for each item after the overall one."""
    sections = [{"code": f"S{number}", "title": TEXT, "item": [item]} for number, item in enumerate((OVERALL, *items))]
    status = dict.fromkeys(("vi", "en", "km"), "in use")
    top = {"code": "try", "version": 1, "title": TEXT, "intro": TEXT, "sources": ["hailong"], "section": sections}
    return Entry({**top, "valid_from": datetime.date(2026, 1, 1), "languages_status": status, **more}, "try.toml")


def asks(code: str, **more: object) -> dict[str, object]:
    return {"code": code, "kind": "choice", "text": TEXT, "choice": YES_NO, **more}


@pytest.mark.parametrize(("a", "b"), [*product(["1", "3", ""], ["yes", "no", ""])])
def test_and_and_or_are_what_they_say(a: str, b: str) -> None:
    answers = {"A": a, "B": b}
    assert holds(Every((A, B)), answers) is (a == "1" and b == "yes")
    assert holds(Some((A, B)), answers) is (a == "1" or b == "yes")


@pytest.mark.parametrize("condition", [A, Every((A, B)), Some((A, Every((B, A))))], ids=["one", "every", "nested"])
def test_what_is_written_is_read_back(condition: Given | Every | Some) -> None:
    written = plain(condition)
    assert isinstance(written, dict)
    assert read_condition(Entry(written, "here")) == condition


@pytest.mark.parametrize(("a", "b"), [*product(["1", "3", ""], ["yes", "no", ""])])
@pytest.mark.parametrize("condition", [Every((A, B)), Some((A, B)), Some((A, Every((A, B))))])
def test_settling_what_is_known_changes_no_outcome(condition: Every | Some, a: str, b: str) -> None:
    """The page knows A from an earlier step and follows B itself; both together must agree with the server."""
    left = plain_for(condition, {"A": a}, on_page=("B",))
    if isinstance(left, dict):
        assert "A" not in str(left)
        left = holds(read_condition(Entry(left, "here")), {"B": b})
    assert left is holds(condition, {"A": a, "B": b})


@pytest.mark.parametrize(
    ("items", "complaint"),
    [
        ([asks("F1", show_if={"item": "F2", "choices": ["yes"]}), asks("F2")], "F2.*not asked before"),
        ([asks("F1", show_if={"item": "F1", "choices": ["yes"]})], "F1.*not asked before"),
        (
            [asks("F1"), asks("F2", show_if={"item": "F1", "choices": ["perhaps"]})],
            "'perhaps', which F1",
        ),
        ([asks("F1"), asks("F2", show_if={"every": [{"item": "F1", "choices": ["x"]}]})], "does not offer"),
        ([asks("F1"), asks("F2", show_if={"item": "F1", "choices": []})], "condition on nothing"),
        ([asks("F1"), asks("F2", show_if={"some": []})], "condition on nothing"),
        ([asks("F1"), asks("F2", show_if={"item": "F1", "choices": ["yes"], "not": True})], "unknown key 'not'"),
        ([asks("F1", why=TEXT, required=True)], "never required"),
    ],
)
def test_a_file_that_asks_the_impossible_is_refused(items: list[dict[str, object]], complaint: str) -> None:
    with pytest.raises(MandateFileError, match=complaint):
        read_questionnaire(questionnaire(*items))


@pytest.mark.parametrize("steps", [[["S0"]], [["S1"], ["S0"]], [["S0", "S1"], ["S1"]], [["S0"], ["S1"], ["S2"]]])
def test_steps_name_every_section_once_and_in_order(steps: list[list[str]]) -> None:
    with pytest.raises(MandateFileError, match="every section once"):
        read_questionnaire(questionnaire(asks("F1"), steps=steps))
    assert len(read_questionnaire(questionnaire(asks("F1"), steps=[["S0"], ["S1"]])).pages) == 2


def test_an_answer_to_what_is_not_asked_meets_no_condition() -> None:
    read = read_questionnaire(
        questionnaire(
            asks("F1"),
            asks("F2", show_if={"item": "F1", "choices": ["yes"]}),
            asks("F3", show_if={"item": "F2", "choices": ["yes"]}),
        )
    )
    assert read.asked({"F1": "yes", "F2": "yes"}) == {"G1", "F1", "F2", "F3"}
    assert read.asked({"F1": "no", "F2": "yes"}) == {"G1", "F1"}


def test_services_are_asked_about_only_of_who_used_them_and_papers_only_of_who_had_handed_some_in() -> None:
    household = load_questionnaire("household@1")
    services = {item.code for item in household.items if item.section in "ABCDE"}
    assert len(household.items) >= 40
    assert len(services) == 15
    assert not services & household.asked({"S1": "no", "S2": "yes"})
    assert services <= household.asked({"S1": "yes", "S2": "no"})
    assert [("R2" in household.asked({"S1": used, "S2": had})) for used in ("yes", "no") for had in ("yes", "no")] == [
        True,
        False,
        False,
        False,
    ]


def test_profile_items_say_why_they_are_asked_and_may_be_left_out() -> None:
    profile = [item for item in load_questionnaire("household@1").items if item.why]
    assert [item.code for item in profile] == ["Q1", "Q2", "Q3"]
    assert not any(item.required or item.indexed for item in profile)
