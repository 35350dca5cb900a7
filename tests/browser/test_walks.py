"""What people do, in a real browser on the served demonstration: WCAG 2.2 AA throughout, no script needed."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from looking import faults, overflow
from playwright.sync_api import BrowserContext, Page
from requirements import first_of

pytestmark = pytest.mark.browser

LANGUAGES = ("vi", "km", "en")
OVERALL = "G1"
LARGEST_PICTURE = 150_000
STAFF_PAGES = (
    "/staff/scoreboard",
    "/staff/scoreboard/procedures",
    "/staff/scoreboard/land",
    "/staff/scoreboard/health",
    "/staff/series",
    "/staff/series/OPG",
    "/staff/adequacy",
    "/staff/adequacy/TTHC-2026",
    "/staff/releases",
    "/staff/releases/TTHC-2026.1",
    "/staff/nowhere",
)
BOARD_PAGES = (
    "/staff/scoreboard/land/places",
    "/staff/scoreboard/land/trend",
    "/staff/scoreboard/land/drivers",
    "/staff/scoreboard/land/definitions",
    "/staff/scoreboard/land/bridge",
    "/staff/alerts",
    "/staff/others",
    "/staff/calendar",
    "/staff/releases/TTHC-2026.1/way",
    "/results/calendar",
)
OpenBrowser = Callable[..., BrowserContext]
SignIn = Callable[..., Page]


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until the focus is on what the selector names, as somebody without a mouse does."""
    for _ in range(80):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    raise AssertionError(f"the keyboard never reaches {selector}")


@pytest.mark.parametrize("language", first_of(LANGUAGES))
def test_a_citizen_answers_on_a_small_phone_without_scripts(
    open_browser: OpenBrowser, invite: Callable[[], str], language: str
) -> None:
    link = invite()
    phone = open_browser(360, 740, java_script_enabled=False, is_mobile=True, has_touch=True)
    page = phone.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{link}?language={language}")
    assert page.locator("html").get_attribute("lang") == language
    assert {urlsplit(url).path for url in asked} == {link, "/answer"}
    page.locator(f'label:has(input[name="{OVERALL}"][value="4"])').click()
    page.locator('textarea[name="K1"]').fill("Cảm ơn cán bộ một cửa")
    page.locator("form button").click()
    assert re.fullmatch(r"\w{5}-\w{5}", page.locator("p.code").inner_text().strip())
    page.goto(link)
    page.wait_for_load_state()
    assert page.locator("form#response").count() == 0


def test_what_was_typed_comes_back_when_a_required_answer_is_missing(
    open_browser: OpenBrowser, invite: Callable[[], str]
) -> None:
    page = open_browser(360, 740, java_script_enabled=False).new_page()
    page.goto(invite())
    page.locator('textarea[name="K1"]').fill("Chờ lâu")
    page.locator("form button").click()
    assert page.locator("[role=alert]").count() == 1
    assert page.locator('textarea[name="K1"]').input_value().strip() == "Chờ lâu"
    page.locator(f'label:has(input[name="{OVERALL}"][value="2"])').click()
    page.locator("form button").click()
    assert page.locator("p.code").count() == 1


def test_the_whole_form_is_answered_and_sent_by_keyboard(open_browser: OpenBrowser, invite: Callable[[], str]) -> None:
    page = open_browser(360, 740).new_page()
    page.goto(invite())
    tab_to(page, f'input[name="{OVERALL}"]')
    page.keyboard.press("Space")
    page.keyboard.press("ArrowDown")
    tab_to(page, "form button")
    page.keyboard.press("Enter")
    page.wait_for_selector("p.code")


def test_an_official_signs_in_and_drills_down_by_keyboard(sign_in: SignIn) -> None:
    page = sign_in("official")
    assert page.url.endswith("/staff/scoreboard")
    tab_to(page, 'main a[href^="/staff/scoreboard/"]')
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/staff/scoreboard/\w+"))
    assert faults(page) == []


def test_a_statistician_is_led_to_the_adequacy_page(sign_in: SignIn) -> None:
    page = sign_in("statistician")
    assert re.search(r"/staff/adequacy/[\w-]+$", page.url)


def test_an_official_may_not_open_the_statisticians_pages(sign_in: SignIn) -> None:
    answer = sign_in("official").goto("/staff/releases")
    assert answer is not None
    assert answer.status == 403


@pytest.mark.parametrize("language", first_of(LANGUAGES))
@pytest.mark.parametrize("width", first_of([360, 1280]))
def test_no_staff_page_has_a_fault(sign_in: SignIn, language: str, width: int) -> None:
    page = sign_in("statistician", width)
    for path in STAFF_PAGES:
        answer = page.goto(f"{path}?language={language}")
        assert answer is not None
        assert answer.status == (404 if path.endswith("nowhere") else 200)
        assert page.locator("html").get_attribute("lang") == language
        assert (path, faults(page), overflow(page)) == (path, [], 0)


@pytest.mark.parametrize(
    ("language", "width", "paths"), [("vi", 1280, BOARD_PAGES[::2]), ("km", 360, BOARD_PAGES[1::2])]
)
@pytest.mark.thorough
def test_no_page_of_a_sector_or_of_publishing_has_a_fault(
    sign_in: SignIn, language: str, width: int, paths: tuple[str, ...]
) -> None:
    page = sign_in("statistician", width)
    for path in paths:
        answer = page.goto(f"{path}?language={language}")
        assert answer is not None
        assert (path, answer.status, faults(page), overflow(page)) == (path, 200, [], 0)


@pytest.mark.thorough
def test_the_readmes_pictures(
    open_browser: OpenBrowser, sign_in: SignIn, invite: Callable[[], str], screenshots: Path | None, tmp_path: Path
) -> None:
    """With HAILONG_SCREENSHOTS=docs/images they are taken anew; without it, only whether they can be."""
    folder = screenshots or tmp_path
    phone = open_browser(360, 740, device_scale_factor=1).new_page()
    phone.goto(f"{invite()}?language=vi")
    phone.screenshot(path=folder / "citizen.png")
    page = sign_in("statistician")
    for name, path in (("scoreboard", "/staff/scoreboard"), ("adequacy", "/staff/adequacy/TTHC-2026")):
        page.goto(f"{path}?language=en")
        page.screenshot(path=folder / f"{name}.png")
    sizes = {picture.name: picture.stat().st_size for picture in folder.glob("*.png")}
    assert {"citizen.png", "scoreboard.png", "adequacy.png"} <= sizes.keys()
    assert max(sizes.values()) < LARGEST_PICTURE
