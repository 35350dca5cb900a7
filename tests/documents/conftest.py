"""A real browser for pages that are rendered here and never served."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route

ADDRESS = "http://page.test/"
STYLESHEET = Path(__file__).parents[2] / "survey" / "web" / "static" / "staff.css"

OpenPage = Callable[..., Page]


@pytest.fixture
def open_page(browser: Browser) -> Iterator[OpenPage]:
    """Opens HTML as a page at a width in px. `requests` on the page lists what it asked for beyond itself."""
    contexts = []

    def open_html(html: str | bytes, width: int = 1280, **options: object) -> Page:
        context = browser.new_context(viewport={"width": width, "height": 800}, **options)
        contexts.append(context)
        page = context.new_page()
        asked: list[str] = []
        page.route("**/*", lambda route: _answer(route, html, asked))
        page.goto(ADDRESS)
        page.requests = asked
        return page

    yield open_html
    for context in contexts:
        context.close()


def _answer(route: Route, html: str | bytes, asked: list[str]) -> None:
    if route.request.url == ADDRESS:
        route.fulfill(body=html, content_type="text/html; charset=utf-8")
    elif route.request.url.endswith("staff.css"):
        route.fulfill(body=STYLESHEET.read_text(encoding="utf-8"), content_type="text/css")
    else:
        asked.append(route.request.url)
        route.abort()
