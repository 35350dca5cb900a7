"""The auditors' pages in Chromium: no fault by axe-core, nothing wider than a small telephone, in three languages."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from fieldwork import TODAY, begin_fieldwork
from playwright.sync_api import Browser
from werkzeug.serving import WSGIRequestHandler, make_server

from survey.actions.calling_back import draw_callbacks, record_callback
from survey.actions.screening import screen_wave
from survey.actions.signing_in import add_staff
from survey.actions.simulating_wave import simulate_wave
from survey.app import create_app
from survey.keys import Keys
from survey.proof import Signer
from survey.settings import Settings
from survey.store.database import Database

pytestmark = [pytest.mark.browser, pytest.mark.thorough]

NOON = datetime(2026, 11, 24, 5, tzinfo=UTC)
PASSWORD = "correct horse battery"
SECRET = b"a secret of the tests, long enough to pass"
CHEAT = "CQ-3"


class Quiet(WSGIRequestHandler):
    def log_request(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def address(migrated_file: Path, tmp_path_factory: pytest.TempPathFactory, keys: Keys, signer: Signer) -> Iterator[str]:
    """A staff door whose list has somebody on it, with calls begun."""
    home = tmp_path_factory.mktemp("auditors")
    shutil.copy(migrated_file, home / "hailong.sqlite")
    settings = Settings(home, f"sqlite:///{home / 'hailong.sqlite'}", SECRET, base_url="http://localhost")
    database = Database(settings.database_url, settings.lock_file)
    frame = {(f"CQ-{number}", "land"): 200 for number in range(16)}
    work = begin_fieldwork(database, keys, signer, frame, invited=120, questionnaire="procedures@1", purpose="demo")
    simulate_wave(database, keys, "W", seed=3, stuffing={CHEAT: 0.4}, now=NOON, today=TODAY, actor="test")
    work.seal_and_tally()
    assert screen_wave(database, "W", by="thanh", now=NOON, today=TODAY).listed
    drawn = draw_callbacks(
        database, "W", exclusion_level=0.2, agency_code=CHEAT, seed="1", by="thanh", now=NOON, today=TODAY
    )
    record_callback(database, drawn.draw.code, drawn.places[0], "denied", by="thanh", now=NOON, today=TODAY)
    add_staff(database, "thanh", "auditor", PASSWORD, now=NOON, actor="test")
    server = make_server("127.0.0.1", 0, create_app(settings, now=lambda: NOON), threaded=True, request_handler=Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    database.close()


@pytest.mark.parametrize("width", [1280, 320])
def test_the_auditors_pages_have_no_fault(browser: Browser, address: str, width: int) -> None:
    page = browser.new_page(viewport={"width": width, "height": 900}, base_url=address)
    page.goto("/staff/sign-in")
    page.fill("#name", "thanh")
    page.fill("#password", PASSWORD)
    page.press("#password", "Enter")
    page.wait_for_url(lambda url: "sign-in" not in url)
    for language in ("vi", "en", "km"):
        for path in ("/staff/trail", "/staff/screening", "/staff/screening/W"):
            answer = page.goto(f"{path}?language={language}")
            assert answer is not None
            assert answer.status == 200
            faults = [each["id"] for each in Axe().run(page).response["violations"]]
            wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert (path, language, faults, wider) == (path, language, [], 0)
    page.locator("main summary").click()
    assert page.locator(".suspects > li").count() == 16
    page.close()
