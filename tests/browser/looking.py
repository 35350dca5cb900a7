"""What a browser can say of a page by itself: whether axe finds a fault, whether something juts out sideways."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


def faults(page: Page) -> list[tuple[str, list[str]]]:
    """What axe finds, with the first places of each."""
    found = Axe().run(page, options=RULES).response["violations"]
    return [(fault["id"], [node["html"][:120] for node in fault["nodes"][:3]]) for fault in found]


def overflow(page: Page) -> int:
    """By how many px the page is wider than the window."""
    wider: int = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return wider
