"""The statisticians' tools in Chromium: no fault by axe-core, no sideways scroll on a telephone, by keyboard alone."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page
from statistics_wave import NOON, PASSWORD, STATISTICIAN, statistics_wave
from werkzeug.serving import WSGIRequestHandler, make_server

from survey.app import create_app
from survey.keys import Keys
from survey.proof import Signer

pytestmark = [pytest.mark.browser, pytest.mark.thorough]

PAGES = {
    "cells": "/staff/cells?wave_code=W",
    "cell": "/staff/cells/one?wave=W&level=sector&sector=land&place=land",
    "progress": "/staff/progress/W",
    "nonresponse": "/staff/nonresponse/W",
    "compare": "/staff/compare/W",
    "areas": "/staff/small-areas/W",
    "workshop": "/staff/workshop/W",
    "adequacy": "/staff/adequacy/W",
}


class Quiet(WSGIRequestHandler):
    def log_request(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def address(migrated_file: Path, tmp_path_factory: pytest.TempPathFactory, keys: Keys, signer: Signer) -> Iterator[str]:
    """A staff door with a frozen wave."""
    with statistics_wave(migrated_file, tmp_path_factory.mktemp("statisticians"), keys, signer) as (settings, _):
        app = create_app(settings, now=lambda: NOON)
        server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Quiet)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(params=[1280, 320])
def page(request: pytest.FixtureRequest, browser: Browser, address: str) -> Iterator[Page]:
    """A statistician who is signed in, at a desk and on a small telephone."""
    opened = browser.new_page(viewport={"width": request.param, "height": 900}, base_url=address)
    opened.goto("/staff/sign-in")
    opened.fill("#name", STATISTICIAN)
    opened.fill("#password", PASSWORD)
    opened.press("#password", "Enter")
    opened.wait_for_url(lambda url: "sign-in" not in url)
    yield opened
    opened.close()


def test_the_tools_have_no_fault_and_no_sideways_scroll(page: Page, screenshots: Path | None) -> None:
    for number, (name, path) in enumerate(PAGES.items()):
        language = ("vi", "en", "km")[number % 3]
        answer = page.goto(f"{path}{'&' if '?' in path else '?'}language={language}")
        assert answer is not None
        assert answer.status == 200, name
        if screenshots:
            width = page.viewport_size["width"] if page.viewport_size else 0
            page.screenshot(path=screenshots / f"tools-{name}-{width}.png", full_page=True)
        faults = [(each["id"], each["nodes"][0]["html"]) for each in Axe().run(page).response["violations"]]
        wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert (name, language, faults, wider) == (name, language, [], 0)


def test_cells_are_filtered_sorted_and_opened_by_keyboard_alone(page: Page) -> None:
    page.goto("/staff/cells?wave_code=W&language=en")
    page.focus("#level")
    page.keyboard.type("sector")
    page.focus(".tool.get button")
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "level=sector" in url)
    assert page.locator("table.cards tbody tr").count() == 4
    page.focus("tbody th a >> nth=0")
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "/cells/one" in url)
    assert page.locator("table.cards tbody tr").count() > 30
