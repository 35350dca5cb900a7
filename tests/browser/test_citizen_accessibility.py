"""Every page and state that a citizen meets, in three languages: WCAG 2.2 AA by axe-core at 320 px and 400 % zoom.

A window of 1280 x 1024 px at 400 % is one of 320 x 256 px, so one size stands for both. Every state is walked in every
language each time; axe-core looks at it in one of the three, by turns, and in all of them in the nightly run.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import date, timedelta

import pytest
from citizen_door import AXE, COLOURS, NOON, Door, choose, faults_of, overflow, press
from playwright.sync_api import Browser, BrowserContext, Page
from requirements import first_of

from survey.actions.changes import add_change, list_changes, withdraw_change
from survey.documents.citizen import REFUSALS
from survey.mandate.text import LANGUAGES, Text

pytestmark = pytest.mark.browser

EVERY_LANGUAGE = "HAILONG_FULL_COUNTS" in os.environ
SMALL = {"width": 320, "height": 256}
SCHEMES = ({"color_scheme": "dark"}, {"contrast": "more"})
Walk = Callable[[Page, Door, str], Iterator[str]]
OVERALL = "G1"
STEPS = 7
PUBLIC = (
    ("home", "/"),
    ("questions", "/questions"),
    ("questionnaire", "/questions/household@1"),
    ("conditions in words", "/questions/quick@1"),
    ("anonymity", "/anonymity"),
    ("no change yet", "/changes"),
    ("receipt", "/receipt"),
    ("receipt not yet", "/receipt?code={waiting}"),
    ("receipt unknown", "/receipt?code=0000000000"),
    ("no such page", "/nowhere"),
    ("messages stopped", "/stop"),
    ("checkpoints", "/checkpoints"),
)
PUBLIC_LATER = {"receipt included", "receipt withdrawn", "receipts", "a change", "broken"}
WALKED_OTHERWISE = {"/answer", "/receipts", "/kiosk/"}  # by a walk below; by the test of the kiosk
LISTED = {path.partition("?")[0] for _, path in PUBLIC} | WALKED_OTHERWISE


@pytest.fixture(scope="module")
def context(browser: Browser, citizen_door: Door) -> Iterator[BrowserContext]:
    """A small window that loads axe-core with every page. The page's own policy is tried elsewhere."""
    opened = browser.new_context(viewport=SMALL, base_url=citizen_door.url, bypass_csp=True)
    opened.add_init_script(path=AXE)
    yield opened
    opened.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    context.clear_cookies()
    opened = context.new_page()
    yield opened
    opened.close()


def walk_form(page: Page, door: Door, language: str) -> Iterator[str]:
    """The short form, with errors, and thanks; then the same code again."""
    token = door.token("short")
    page.goto(f"/t/{token}?language={language}")
    yield "form"
    press(page)
    yield "errors"
    choose(page, **{OVERALL: "4"})
    press(page)
    yield "thanks"
    page.goto(f"/t/{token}")
    yield "already_answered"
    page.goto(f"/t/{door.token('short')}")
    choose(page, **{OVERALL: "4"})
    page.locator('label:has(input[name="receipt"])').click()
    press(page)
    yield "thanks without a receipt"


def walk_steps(page: Page, door: Door, language: str) -> Iterator[str]:
    """The long form to its end, and the page that was left open for a day."""
    page.goto(f"/t/{door.token('steps')}?language={language}")
    choose(page, **{OVERALL: "4"})
    yield "step 1"
    for step in range(2, STEPS + 1):
        if step == 5:
            choose(page, S1="yes", S2="yes")
        press(page)
        yield f"step {step}"
    with door.at(NOON + timedelta(days=2)):
        press(page)
    yield "expired_form"


def walk_quick(page: Page, door: Door, language: str) -> Iterator[str]:
    """A form that asks more after a bad answer: with its script, and asked by the server."""
    page.goto(f"/t/{door.token('quick')}?language={language}")
    choose(page, **{OVERALL: "1"})
    choose(page, W1="staff")
    yield "brought up by the script"
    page.route("**/show-if.js", lambda route: route.abort())
    page.goto(f"/t/{door.token('quick')}?language={language}")
    choose(page, **{OVERALL: "1"})
    press(page)
    yield "brought up by the server"
    page.unroute_all()


def walk_refusals(page: Page, door: Door, language: str) -> Iterator[str]:
    """Every way not to be let in, and every way not to be stored."""
    for name, token in (("unknown_token", "0" * 26), ("mistyped_token", "0" * 11 + "X")):
        page.goto(f"/t/{token}?language={language}")
        yield name
    door.faults.guesses = True
    page.goto(f"/t/{'0' * 26}")
    door.faults.guesses = False
    yield "too_many_failures"
    page.context.clear_cookies(name="token")
    page.goto("/answer")
    yield "no_token"
    for name, wave in (("wave_closed", "over"), ("wave_not_open", "early")):
        page.goto(f"/t/{door.token(wave)}")
        yield name
    for name, change in (
        ("busy", "document.title"),
        ("unreadable", "document.querySelector('[name=asked]').value = 'x'"),
        ("too_large", "document.querySelector('textarea').value = 'x'.repeat(70000)"),
    ):
        page.goto(f"/t/{door.token('short')}")
        choose(page, **{OVERALL: "2"})
        page.locator("textarea").fill("Chờ lâu quá")
        page.evaluate(change)
        door.faults.busy = name == "busy"
        press(page)
        door.faults.busy = False
        yield name


def list_pages(door: Door, listed: set[str]) -> list[str]:
    """Every other address at the door, without a variable part, that answers with HTML."""
    client = door.app.test_client()
    plain = {rule.rule for rule in door.app.url_map.iter_rules() if "GET" in (rule.methods or ())}
    return [path for path in sorted(plain - listed) if "<" not in path and client.get(path).mimetype == "text/html"]


def walk_public(page: Page, door: Door, language: str) -> Iterator[str]:
    """What stands open to everybody."""
    page.goto(f"/?language={language}")
    counted, waiting = door.receipts[0], door.receipts[-1]
    for name, path in PUBLIC:
        page.goto(path.format(waiting=waiting))
        yield name
    for path in list_pages(door, LISTED):
        page.goto(path)
        yield path
    page.goto(f"/receipt?code={counted}")
    yield "receipt included"
    page.goto(f"/receipt?code={door.works['short'].answer(door.token('short'))}")
    page.locator('form[action="/receipt/withdraw"] button').click()
    yield "receipt withdrawn"
    page.goto("/receipts")
    page.locator("#code").fill(counted)
    page.locator("#check button").click()
    page.wait_for_function("document.getElementById('told').textContent.length > 5")
    yield "receipts"
    change = add_change(door.home, date(2026, 10, 1), Text({"vi": "Mở thêm quầy"}), "land")
    page.goto("/changes")
    withdraw_change(door.home, change.number)
    assert list_changes(door.home) == ()
    yield "a change"
    door.faults.broken = True
    page.goto("/receipt?code=0000000000")
    door.faults.broken = False
    yield "broken"


def walk_voice(page: Page, door: Door, language: str) -> Iterator[str]:
    """Whoever has no invitation, at an agency that listens and at one that does not."""
    page.goto(f"/v/Ashort?language={language}")
    yield "open voice"
    page.locator("form button").last.click()
    yield "open voice with errors"
    page.goto("/v/nowhere")
    yield "no open voice"


WALKS: dict[str, tuple[Walk, set[str]]] = {
    "form": (walk_form, {"form", "errors", "thanks", "already_answered", "thanks without a receipt"}),
    "steps": (walk_steps, {*(f"step {number}" for number in range(1, STEPS + 1)), "expired_form"}),
    "quick": (walk_quick, {"brought up by the script", "brought up by the server"}),
    "refusals": (walk_refusals, set(REFUSALS) - {"already_answered", "expired_form"}),
    "public": (walk_public, {*(name for name, _ in PUBLIC), *PUBLIC_LATER}),
    "voice": (walk_voice, {"open voice", "open voice with errors", "no open voice"}),
}


@pytest.mark.parametrize("language", first_of(LANGUAGES))
@pytest.mark.parametrize("walk", WALKS)
def test_no_state_has_a_fault_at_320_px(page: Page, citizen_door: Door, walk: str, language: str) -> None:
    """In Vietnamese also in the dark and in high contrast: those change colours, which no language does."""
    states, expected = WALKS[walk]
    met = set()
    for place, name in enumerate(states(page, citizen_door, language)):
        met.add(name)
        assert page.locator("html").get_attribute("lang") == language, name
        assert page.locator("h1").count() == 1, name
        assert (name, overflow(page)) == (name, 0)
        if EVERY_LANGUAGE or LANGUAGES[place % len(LANGUAGES)] == language:
            assert (name, faults_of(page)) == (name, [])
        for scheme in SCHEMES if language == "vi" else ():
            page.emulate_media(**scheme)
            assert (name, scheme, faults_of(page, COLOURS)) == (name, scheme, [])
        page.emulate_media(color_scheme="light", contrast="no-preference")
    assert met - set(list_pages(citizen_door, LISTED)) == expected


def test_a_page_that_no_walk_names_is_walked_all_the_same(citizen_door: Door) -> None:
    assert {"/", "/questions", "/checkpoints"} <= set(list_pages(citizen_door, listed=set()))
    assert not {"/", "/answer", "/static", "/healthz"} & set(list_pages(citizen_door, LISTED))


def test_the_check_finds_planted_faults(page: Page) -> None:
    page.goto("/")
    page.evaluate(
        "document.querySelector('main').innerHTML = '<h1>x</h1><p style=\"color:#999\">mờ</p><input><img src=x>'"
    )
    assert {fault for fault, _ in faults_of(page)} == {"color-contrast", "label", "image-alt"}
    assert {fault for fault, _ in faults_of(page, COLOURS)} == {"color-contrast"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_with_colours_forced_by_the_system_a_choice_is_still_seen(
    page: Page, citizen_door: Door, language: str
) -> None:
    page.emulate_media(forced_colors="active")
    page.goto(f"/t/{citizen_door.token('short')}?language={language}")
    choose(page, **{OVERALL: "4"})
    widths = page.eval_on_selector_all(
        f'input[name="{OVERALL}"] + span', "all => all.map(each => getComputedStyle(each).borderTopWidth)"
    )
    assert widths[3] == "3px"
    assert {width for place, width in enumerate(widths) if place != 3} == {"1px"}
    page.emulate_media(forced_colors="none")


@pytest.mark.parametrize("language", LANGUAGES)
def test_letters_follow_the_size_that_the_system_sets(page: Page, citizen_door: Door, language: str) -> None:
    page.goto(f"/t/{citizen_door.token('short')}?language={language}")
    before = page.eval_on_selector("legend", "each => parseFloat(getComputedStyle(each).fontSize)")
    page.add_style_tag(content="html{font-size:200%}")
    assert page.eval_on_selector("legend", "each => parseFloat(getComputedStyle(each).fontSize)") == 2 * before
    assert overflow(page) <= 0
    clipped = "all => all.filter(each => each.scrollWidth > each.clientWidth + 1).length"
    assert page.eval_on_selector_all("label span, button", clipped) == 0
