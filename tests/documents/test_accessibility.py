"""In a real browser: WCAG 2.2 AA by axe-core, small screens, large text, touch, keyboard, nothing else fetched."""

import re

import page_samples as samples
import pytest
from axe_playwright_python.sync_playwright import Axe
from test_answer_form import VISIT
from test_staff_pages import EVERY_PAGE, draw

from survey.documents import citizen
from survey.documents.form import Filled, form_page, form_with_answers, language_links
from survey.documents.layout import lay_out
from survey.documents.shell import CitizenShell, Link
from survey.mandate.questionnaires import load_questionnaire
from survey.mandate.text import LANGUAGES

pytestmark = pytest.mark.browser

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
COLOURS = {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}}
SHELL = CitizenShell(nonce="n", languages=language_links())
STAFF = samples.SHELL


def form(language, mode="link"):
    return form_page(load_questionnaire("procedures"), language, mode).splice(**VISIT)


def form_that_came_back(language):
    questionnaire = load_questionnaire("procedures")
    answers = {questionnaire.items[1].code: "2"}
    wrong = {questionnaire.overall_item.code: "missing"}
    layout = lay_out(questionnaire, 0, answers)
    return form_with_answers(questionnaire, language, Filled(answers, wrong), layout, **VISIT)


def refusal(code, language):
    return citizen.render_refusal(citizen.RefusalPage(code, action="/answer", fields={"a": "b"}), SHELL, language)


CITIZENS = {
    "form": form,
    "kiosk": lambda language: form(language, "kiosk"),
    "errors": form_that_came_back,
    "thanks": lambda language: citizen.render_thanks(citizen.ThanksPage("7KQ4-2MX9", "/r", "/k"), SHELL, language),
    "home": lambda language: citizen.render_home(citizen.HomePage((Link("x", "/x"),)), SHELL, language),
    "not found": lambda language: citizen.render_not_found(SHELL, language),
    "broken": lambda language: citizen.render_server_error(SHELL, language),
    **{code: lambda language, code=code: refusal(code, language) for code in citizen.REFUSALS},
}


def faults(page, rules=RULES):
    found = Axe().run(page, options=rules).response["violations"]
    return [(fault["id"], [node["html"][:120] for node in fault["nodes"][:3]]) for fault in found]


def overflow(page):
    return page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", ["form", "errors", "thanks", "busy"])
def test_citizens_pages_have_no_fault_on_a_narrow_phone(open_page, name, language):
    page = open_page(CITIZENS[name](language), 320)
    assert faults(page) == []
    assert overflow(page) <= 0
    assert page.requests == []


@pytest.mark.parametrize("name", sorted(set(CITIZENS) - {"form", "errors", "thanks", "busy"}))
def test_every_other_page_for_citizens_has_no_fault(open_page, name):
    page = open_page(CITIZENS[name]("vi"), 320)
    assert faults(page) == []
    assert overflow(page) <= 0


@pytest.mark.parametrize("name", EVERY_PAGE)
def test_staff_pages_have_no_fault_on_a_desk(open_page, name):
    page = open_page(draw(name), 1280)
    assert faults(page) == []
    assert overflow(page) <= 0
    assert page.requests == []


@pytest.mark.parametrize("name", [*EVERY_PAGE, *CITIZENS])
def test_colours_keep_their_contrast_in_the_dark(open_page, name):
    html = draw(name) if name in EVERY_PAGE else CITIZENS[name]("vi")
    assert faults(open_page(html, color_scheme="dark"), COLOURS) == []


@pytest.mark.parametrize("language", ["km", "en"])
@pytest.mark.parametrize("name", ["scoreboard", "sector", "series", "adequacy", "release", "login"])
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


@pytest.mark.parametrize("language", LANGUAGES)
def test_large_text_reflows_and_hides_nothing(open_page, language):
    # 1280 px at 400 % is a page 320 px wide; text alone at 200 % is a root of 32 px.
    page = open_page(form(language), 320)
    page.add_style_tag(content="html{font-size:200%}")
    assert overflow(page) <= 0
    clipped = page.eval_on_selector_all(
        "label span", "all => all.filter(each => each.scrollWidth > each.clientWidth + 1).length"
    )
    assert clipped == 0


def test_khmer_has_the_line_height_that_its_vowels_need(open_page):
    page = open_page(form("km"), 360)
    size, height = page.eval_on_selector("p", "p => [getComputedStyle(p).fontSize, getComputedStyle(p).lineHeight]")
    assert float(height[:-2]) / float(size[:-2]) == pytest.approx(1.8)


def test_the_form_can_be_answered_and_sent_with_the_keyboard_alone(open_page):
    page = open_page(form("vi"), 360, java_script_enabled=False)
    sent = []
    page.route("**/answer", lambda route: (sent.append(route.request.post_data), route.fulfill(body="ok")))
    overall = load_questionnaire("procedures").overall_item.code
    page.locator(f'input[name="{overall}"]').first.focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowRight"):
        page.keyboard.press(key)
    page.locator("form button").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/answer")
    assert re.search(rf"\b{overall}=4\b", sent[0])
    assert f"token={VISIT['token']}" in sent[0]


def test_after_an_error_the_keyboard_starts_at_the_first_missing_answer(open_page):
    page = open_page(form_that_came_back("vi"), 360)
    overall = load_questionnaire("procedures").overall_item.code
    assert page.evaluate("document.activeElement.name") == overall


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
