"""The operators' pages of questionnaires and places in Chromium: no fault by axe-core, at home on a telephone."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from fieldwork import TODAY
from playwright.sync_api import Browser
from werkzeug.serving import WSGIRequestHandler, make_server

from survey.actions import building, editing
from survey.actions.signing_in import add_staff
from survey.app import create_app
from survey.settings import Settings
from survey.store.audits import By
from survey.store.database import Database

pytestmark = [pytest.mark.browser, pytest.mark.thorough]

NOON = datetime(2026, 11, 24, 5, tzinfo=UTC)
PASSWORD = "correct horse battery"
SECRET = b"a secret of the tests, long enough to pass"
LISTED = "/staff/questionnaires"
PAGES = (
    LISTED,
    f"{LISTED}/st-quick/draft",
    f"{LISTED}/st-quick/translate/km",
    f"{LISTED}/st-quick/draft/preview",
    f"{LISTED}/versions/quick@1",
    "/staff/areas?on=2026-11-24",
)


class Quiet(WSGIRequestHandler):
    def log_request(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def address(migrated_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A staff door with a draft that differs from its base."""
    home = tmp_path_factory.mktemp("builder")
    shutil.copy(migrated_file, home / "hailong.sqlite")
    settings = Settings(home, f"sqlite:///{home / 'hailong.sqlite'}", SECRET, base_url="http://localhost")
    database = Database(settings.database_url, settings.lock_file)
    by = By("an", NOON)
    building.start_draft(database, "st-quick", "", base="quick@1", by=by, today=TODAY)
    building.edit_draft(
        database,
        "st-quick",
        lambda draft: editing.translate(draft, "vi", {"W1.text": "Điều gì chưa làm Ông/Bà hài lòng?"}),
        revision=None,
        by=by,
        today=TODAY,
    )
    add_staff(database, "an", "operator", PASSWORD, now=NOON, actor="test")
    server = make_server("127.0.0.1", 0, create_app(settings, now=lambda: NOON), threaded=True, request_handler=Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    database.close()


@pytest.mark.parametrize("width", [1280, 320])
def test_the_pages_have_no_fault_and_forms_fold_out(browser: Browser, address: str, width: int) -> None:
    page = browser.new_page(viewport={"width": width, "height": 900}, base_url=address)
    page.goto("/staff/sign-in")
    page.fill("#name", "an")
    page.fill("#password", PASSWORD)
    page.press("#password", "Enter")
    page.wait_for_url(lambda url: "sign-in" not in url)
    for path in PAGES:
        for language in ("vi", "km") if width == 320 else ("vi",):
            answer = page.goto(f"{path}{'&' if '?' in path else '?'}language={language}")
            assert answer is not None
            assert answer.status == 200
            faults = [each["id"] for each in Axe().run(page).response["violations"]]
            wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert (path, language, faults, wider) == (path, language, [], 0)
    page.goto(f"{LISTED}/st-quick/draft?language=vi")
    page.locator("#at-W1 summary").click()
    page.locator("#at-W1 textarea[name=text]").fill("Điều gì Ông/Bà chưa vừa ý nhất?")
    assert [each["id"] for each in Axe().run(page).response["violations"]] == []
    page.locator("#at-W1 details button").click()
    page.wait_for_url(lambda url: url.endswith("#at-W1"))
    assert "chưa vừa ý" in page.locator("#at-W1 > p").inner_text()
