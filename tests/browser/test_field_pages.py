"""Fieldwork and paper in a real browser: WCAG 2.2 AA by axe-core in three languages, nothing wider than 320 px."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from survey.documents.interviewing import DoorPage, DoorRow, VillageRows, render_door, render_work
from survey.documents.paper_form import (
    BatchRow,
    KeyPage,
    PaperPage,
    number_items,
    render_key_page,
    render_paper,
    render_paper_page,
)
from survey.documents.shell import Shell
from survey.documents.survey_plan import PlanPage, PlanPaper, PlanRow, render_plan
from survey.mandate.questionnaires import load_questionnaire
from survey.mandate.text import LANGUAGES

pytestmark = [pytest.mark.browser, pytest.mark.thorough]

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
STYLE = Path(__file__).parents[2] / "survey" / "web" / "static" / "staff.css"
LINK = '<link rel="stylesheet" href="/static/staff.css">'
SHELL = Shell("/static/staff.css", "/staff")
DAY = date(2026, 11, 24)


def draw_pages(language: str) -> dict[str, str]:
    """Each page in a full state: with rows, problems, differences."""
    asked, household = load_questionnaire("procedures@1"), load_questionnaire("household@1")
    batch = BatchRow("ABCD-EFGH-JK1", "TTHC", "TTPVHCC-31507.land", DAY, 40, 20, 10, 2, 8, "/print")
    doors = (DoorRow(1, "Số 12, đường Trần Hưng Đạo", 1, "2.2", False, "/d"), DoorRow(2, "Số 15", 1, "2.1", True, "/d"))
    rows = tuple(PlanRow(f"TTPVHCC-{number}.land", 12_000, 100, 10, 60) for number in range(3))
    plan = PlanPaper(
        "Hộ", "household@1", DAY, DAY, 0.9, 0.95, 2.5, 0.6, 0.83, None, None, 502, 620, 1034, 104, 1e8, True, rows
    )
    readings = {"G1": ("4", "")}
    door = DoorPage(
        3,
        "Số 12",
        "A1",
        "/",
        "/c",
        "/r",
        "/a",
        False,
        ("1.2", "2.1"),
        ("18-29",),
        ("interviewer", "phone"),
        "k",
        number_items(household),
        3,
        2,
        problem="answers",
        errors={"G1": "missing"},
    )
    return {
        "paper form": render_paper(household, "ABCDEFGHJK1", ["ABCDEFGHJK2"], DAY, language),
        "batches": render_paper_page(
            PaperPage((batch,), "/k", "/p", (("W", "Đợt"),), (("ABCD", "/s"),), "differs"), SHELL, language
        ),
        "keying": render_key_page(
            KeyPage("/a", "/b", "ABCD", asked, number_items(asked), {}, {"G1": "missing"}, readings), SHELL, language
        ),
        "doors": render_work((VillageRows("Ấp 3", "H", doors),), "called", SHELL, language),
        "door": render_door(door, SHELL, language),
        "plan": render_plan(PlanPage("/", (("H", "Hộ"),), {}, "/w", plan), SHELL, language),
    }


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_is_accessible_and_fits_a_narrow_screen(browser: Browser, language: str) -> None:
    style = STYLE.read_text(encoding="utf-8")
    page = browser.new_page(viewport={"width": 320, "height": 800})
    for name, html in draw_pages(language).items():
        page.set_content(html.replace(LINK, f"<style>{style}</style>"))
        found = Axe().run(page, options=RULES).response["violations"]
        assert [(fault["id"], fault["nodes"][0]["html"][:120]) for fault in found] == [], name
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, name
    page.close()
