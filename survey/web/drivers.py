"""What moves with overall satisfaction in a sector, kept with its release."""

from __future__ import annotations

from itertools import groupby

from flask import Blueprint, Response

from survey.actions.driving import FEWEST, LEAST_NEW, Drivers, find_first, read_drivers
from survey.actions.versions import load_version
from survey.documents.driver_pages import DriversPage, FactLine, FactTable, PartLine, render_drivers
from survey.mandate.questionnaires import Questionnaire
from survey.web.access import allow
from survey.web.board_frame import find_standing, frame_of, shell_of
from survey.web.language import reader_language
from survey.web.services import services
from survey.web.shell import staff_page

blueprint = Blueprint("drivers", __name__, url_prefix="/staff/scoreboard")


@blueprint.get("/<sector>/drivers")
@allow("official", "statistician", "operator", "auditor")
def show_drivers(sector: str) -> Response:
    """Parts of the service by how much they move with satisfaction, and what happened to people."""
    language, (_, standing), database = reader_language(), find_standing(sector), services().database
    found = read_drivers(database, standing.opened.release.code, sector)
    asked = load_version(database, standing.opened.wave.questionnaire) if found else None
    page = DriversPage(
        frame=frame_of(sector, standing, "drivers", language),
        n=found.n if found else 0,
        explained=found.explained if found else 0.0,
        lines=_lines(found, asked, language) if found and asked else (),
        facts=_facts(found, asked, language) if found and asked else (),
        fewest=FEWEST,
        least_new=LEAST_NEW,
    )
    return staff_page(render_drivers(page, shell_of(standing), language))


def _lines(found: Drivers, asked: Questionnaire, language: str) -> tuple[PartLine, ...]:
    titles = {each.code: each.title.in_language(language) for each in asked.sections}
    first = find_first(found)
    return tuple(
        PartLine(e.section, titles[e.section], e.part, e.low, e.high, e.satisfied, e.section in first)
        for e in found.parts
    )


def _facts(found: Drivers, asked: Questionnaire, language: str) -> tuple[FactTable, ...]:
    tables = []
    for code, facts in groupby(found.facts, lambda each: each.item):
        item = asked.item(code)
        said = {choice.code: choice.text.in_language(language) for choice in item.choices}
        lines = tuple(FactLine(said[each.choice], each.rate, each.low, each.high) for each in facts)
        tables.append(FactTable(item.text.in_language(language), lines))
    return tuple(tables)
