"""The release calendar for everybody: planned days, those that were moved and why, and what came out."""

from __future__ import annotations

from flask import Blueprint, Response

from survey.actions.reading_calendar import CalendarEntry, read_calendar
from survey.documents import results as paper
from survey.web.access import allow_everybody
from survey.web.citizen_pages import send_page, shell
from survey.web.language import reader_language
from survey.web.services import services

blueprint = Blueprint("public_calendar", __name__)


@blueprint.get("/results/calendar")
@allow_everybody
def show_calendar() -> Response:
    language, found = reader_language(), read_calendar(services().database)
    lines = tuple(_line(each, language) for each in found)
    demo = any(each.wave.purpose == "demo" for each in found)
    return send_page(paper.render_calendar(paper.CalendarPage(lines, demo), shell(), language))


def _line(entry: CalendarEntry, language: str) -> paper.CalendarLine:
    name = entry.wave.name.get(language, entry.wave.name["vi"])
    plans = tuple(paper.PlannedDay(each.due_on, each.reason) for each in entry.plans)
    published = tuple(paper.PublishedLine(each.code, each.published_on, each.note) for each in entry.published)
    return paper.CalendarLine(name, entry.draft_on, plans, published)
