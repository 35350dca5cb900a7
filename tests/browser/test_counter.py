"""The counter in a real browser: a clerk scans, turns the slip, and reads no code; within ten seconds."""

from __future__ import annotations

import re
import shutil
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Error, Page
from posting import frame_file
from serving import free_port
from werkzeug.serving import make_server

from survey.actions.importing_frame import import_frame
from survey.actions.importing_places import import_agencies
from survey.actions.inviting import draw_places
from survey.actions.signing_in import add_staff
from survey.actions.waves import open_wave
from survey.app import create_app
from survey.keys import derive_keys
from survey.mandate.rules import Rule
from survey.settings import Settings
from survey.store.database import Database
from survey.web.services import clock

pytestmark = [pytest.mark.browser, pytest.mark.thorough]

SECRET = b"a secret of the tests, long enough to pass"
EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
PASSWORD = "mật khẩu đủ dài để thử"
CODE = re.compile(r"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{3}")
PEOPLE = 24


@pytest.fixture(scope="module")
def counter(migrated_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A counter with twenty-four dossiers, all drawn, and one that is in no frame; the address of the server."""
    home = tmp_path_factory.mktemp("counter")
    shutil.copy(migrated_file, home / "hailong.sqlite")
    address = f"http://127.0.0.1:{(port := free_port())}"
    settings = Settings(home, f"sqlite:///{home / 'hailong.sqlite'}", SECRET, base_url=address)
    database = Database(settings.database_url, settings.lock_file)
    import_agencies(database, EXAMPLES / "agencies.csv")
    today = clock().date()
    open_wave(
        database,
        code="W",
        name={"vi": "Đợt thử"},
        questionnaire="procedures@1",
        opens_on=today - timedelta(days=1),
        closes_on=today + timedelta(days=30),
        rule=Rule(),
    )
    file = frame_file(home / "f.csv", ["0912345001"] * PEOPLE)
    import_frame(database, derive_keys(SECRET), file, wave_code="W", today=today)
    draw_places(database, "W", PEOPLE, seed=1, today=today)
    add_staff(database, "quay-1", "kiosk", PASSWORD, now=clock(), actor="tests")
    server = make_server("127.0.0.1", port, create_app(settings), threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield address
    server.shutdown()
    database.close()


@pytest.fixture(params=[(320, "km"), (1280, "vi")], ids=["phone-km", "desktop-vi"])
def page(request: pytest.FixtureRequest, browser: Browser, counter: str) -> Iterator[Page]:
    """Signed in at a counter, on a small phone or at a desk."""
    width, language = request.param
    context = browser.new_context(viewport={"width": width, "height": 720}, base_url=counter, locale=language)
    opened = context.new_page()
    opened.goto(f"/staff/counter/?language={language}")
    opened.fill("#name", "quay-1")
    opened.fill("#password", PASSWORD)
    opened.press("#password", "Enter")
    opened.wait_for_selector("#dossier")
    yield opened
    context.close()


def dossier(page: Page, number: int) -> str:
    """A dossier that no other test uses."""
    return f"HS.{number + (12 if page.viewport_size and page.viewport_size['width'] > 400 else 0):06}"


def check(page: Page) -> None:
    assert [fault["id"] for fault in Axe().run(page, options=RULES).response["violations"]] == []
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def scan(page: Page, code: str) -> None:
    """As a barcode scanner does: letters and Enter, into whatever has the focus."""
    page.wait_for_selector("#dossier:focus")
    page.keyboard.type(code)
    page.keyboard.press("Enter")
    page.wait_for_selector("#result")


def test_a_slip_is_on_the_screen_within_ten_seconds_and_the_clerk_reads_no_code(page: Page) -> None:
    check(page)
    began = time.monotonic()
    scan(page, dossier(page, 1))
    page.keyboard.press("Enter")  # the button has the focus
    page.wait_for_selector("svg.qr")
    assert time.monotonic() - began < 10
    check(page)
    assert not CODE.search(page.inner_text("body"))
    qr = page.locator("svg.qr").bounding_box()
    assert qr is not None
    assert min(qr["width"], qr["height"]) >= 200
    page.emulate_media(media="print")
    assert CODE.search(page.inner_text("body"))
    assert not page.locator(".screen").first.is_visible()


def test_the_slip_is_gone_when_the_clerk_goes_back(page: Page) -> None:
    scan(page, dossier(page, 2))
    page.keyboard.press("Enter")
    page.wait_for_selector("svg.qr")
    page.click("a.done")
    page.wait_for_selector("#dossier")
    with pytest.raises(Error, match="ERR_CACHE_MISS"):  # the browser kept nothing, and would have to ask anew
        page.go_back()
    another = page.context.new_page()
    another.goto("/staff/counter/")
    scan(another, dossier(page, 2))
    check(another)
    assert another.locator(".result.given").count() == 1


def test_a_dossier_in_no_list_is_told_apart(page: Page) -> None:
    scan(page, "HS.999999")
    check(page)
    assert page.locator(".result.unknown").count() == 1


@pytest.mark.parametrize("language", ["vi", "km", "en"])
def test_the_page_that_stops_messages_has_no_fault(browser: Browser, counter: str, language: str) -> None:
    context = browser.new_context(viewport={"width": 320, "height": 640}, base_url=counter)
    page = context.new_page()
    page.goto(f"/stop?language={language}")
    check(page)
    page.fill("#contact", "không phải")
    page.fill("#code", "1")
    page.click("button")
    page.wait_for_selector("[role=alert]")
    check(page)
    assert page.input_value("#contact") == "không phải"
    context.close()
