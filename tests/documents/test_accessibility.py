"""In a real browser: WCAG 2.2 AA by axe-core on staff pages, touch, print. Citizens' pages are tried as served."""

import re

import page_samples as samples
import pytest
from axe_playwright_python.sync_playwright import Axe
from test_answer_form import VISIT
from test_staff_pages import EVERY_PAGE, draw

from survey.documents.form import Filled, form_page, form_with_answers
from survey.documents.layout import lay_out
from survey.mandate.questionnaires import load_questionnaire
from survey.mandate.text import LANGUAGES

pytestmark = pytest.mark.browser

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
COLOURS = {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}}
STAFF = samples.SHELL


def form(language, mode="link"):
    return form_page(load_questionnaire("procedures"), language, mode).splice(**VISIT)


def form_that_came_back(language):
    questionnaire = load_questionnaire("procedures")
    answers = {questionnaire.items[1].code: "2"}
    wrong = {questionnaire.overall_item.code: "missing"}
    layout = lay_out(questionnaire, 0, answers)
    return form_with_answers(questionnaire, language, Filled(answers, wrong), layout, **VISIT)


def faults(page, rules=RULES):
    found = Axe().run(page, options=rules).response["violations"]
    return [(fault["id"], [node["html"][:120] for node in fault["nodes"][:3]]) for fault in found]


def overflow(page):
    return page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")


@pytest.mark.parametrize("name", EVERY_PAGE)
@pytest.mark.thorough
def test_staff_pages_have_no_fault_on_a_desk(open_page, name):
    page = open_page(draw(name), 1280)
    assert faults(page) == []
    assert overflow(page) <= 0
    assert page.requests == []


@pytest.mark.parametrize("name", EVERY_PAGE)
@pytest.mark.thorough
def test_colours_keep_their_contrast_in_the_dark(open_page, name):
    assert faults(open_page(draw(name), color_scheme="dark"), COLOURS) == []


def test_the_form_of_a_kiosk_has_no_fault(open_page):
    page = open_page(form("km", "kiosk"), 320)
    assert faults(page) == []
    assert overflow(page) <= 0


@pytest.mark.parametrize("language", ["km", "en"])
@pytest.mark.parametrize("name", ["scoreboard", "sector", "series", "adequacy", "release", "login"])
@pytest.mark.thorough
def test_staff_pages_have_no_fault_on_a_phone(open_page, name, language):
    page = open_page(draw(name, language), 360)
    assert faults(page) == []
    assert overflow(page) <= 0


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_choice_can_be_hit_by_a_thumb(open_page, language):
    page = open_page(form(language), 320)
    boxes = page.eval_on_selector_all(
        "input[type=radio]", "all => all.map(each => [each.offsetWidth, each.offsetHeight])"
    )
    assert len(boxes) > 100
    assert min(min(box) for box in boxes) >= 44


def test_a_chosen_level_is_marked_by_more_than_colour(open_page):
    page = open_page(form_that_came_back("vi"), 360)
    shadow = page.eval_on_selector("input:checked + span", "each => getComputedStyle(each).boxShadow")
    assert shadow != "none"


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_scoreboard_prints_on_one_page(open_page, language):
    page = open_page(draw("scoreboard", language))
    printed = page.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) == 1


def test_the_check_itself_finds_planted_faults(open_page):
    bad = '<!doctype html><html lang="vi"><title>x</title><main><h1>x</h1><p style="color:#aaa">mờ</p><input></main>'
    assert {fault for fault, _ in faults(open_page(bad))} == {"color-contrast", "label"}
