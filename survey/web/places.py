"""The operators' page of places: who and where on a day, and files that bring new ones, tried before they load."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from flask import Blueprint, Response, request, url_for

from survey.actions.importing_areas import ImportedAreas, import_areas, import_groups
from survey.actions.importing_places import ImportedPlaces, import_agencies, import_procedures
from survey.actions.reading_csv import ImportRefused, Problem
from survey.actions.showing_places import list_decisions, list_tree
from survey.documents import places as paper
from survey.documents.harmless import harmless
from survey.documents.import_reasons import explain
from survey.mandate.sectors import load_sectors
from survey.store import area_trees
from survey.store.area_trees import DatedPlace, Succession
from survey.store.audits import By
from survey.store.database import Database
from survey.web.access import allow, takes_files
from survey.web.language import reader_language
from survey.web.services import services
from survey.web.session import signed_in_staff
from survey.web.shell import staff_page, staff_shell
from survey.web.tools import speaker

blueprint = Blueprint("places", __name__, url_prefix="/staff/areas")
MOST_PROBLEMS = 100
MOST_BYTES = 50_000_000
READERS = ("operator", "statistician", "auditor")
IMPORTS: dict[str, Callable[[Database, Path, By, bool], object]] = {
    "areas": lambda database, path, by, keep: import_areas(database, path, by=by, keep=keep),
    "groups": lambda database, path, by, keep: import_groups(database, path, by=by, keep=keep),
    "agencies": lambda database, path, by, keep: import_agencies(database, path, keep=keep),
    "procedures": lambda database, path, by, keep: import_procedures(database, path, keep=keep),
}


@blueprint.get("")
@allow(*READERS)
def show_places() -> Response:
    """Areas, agencies, groups and procedures as of a day."""
    return _show()


@blueprint.post("")
@allow("operator")
@takes_files(MOST_BYTES)
def load() -> Response:
    """Try a file, or load it whole."""
    sent, what = request.files.get("file"), request.form.get("what", "")
    if sent is None or not sent.filename or what not in IMPORTS:
        return _show(problems=[speaker()("Xin chọn một tệp và nói tệp chứa gì.")], status=422)
    by = By(signed_in_staff().name, services().now())
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"upload{'.geojson' if sent.filename.lower().endswith(('.geojson', '.json')) else '.csv'}"
        sent.save(path)
        try:
            result = IMPORTS[what](services().database, path, by, keep := request.form.get("do") == "load")
        except ImportRefused as refused:
            return _show(problems=[_tell(problem) for problem in refused.problems[:MOST_PROBLEMS]], status=422)
    return _show(said=_result(result, keep))


@blueprint.get("/procedures.csv")
@allow(*READERS)
def export_procedures() -> Response:
    """The map of procedures as it is imported."""
    written = io.StringIO()
    csv.writer(written).writerows(
        [harmless(cell) for cell in row] for row in list_decisions(services().database, _day())
    )
    response = Response("\ufeff" + written.getvalue(), mimetype="text/csv")
    response.headers["Content-Disposition"] = 'attachment; filename="procedures.csv"'
    return response


def _tell(problem: Problem) -> str:
    reason = explain(problem.reason, reader_language())
    return speaker()("Dòng %(line)s: %(reason)s", line=problem.line, reason=reason) if problem.line else reason


def _result(result: object, keep: bool) -> str:
    say = speaker()
    if isinstance(result, ImportedAreas | ImportedPlaces):
        counts = {"new": result.added, "known": result.known}
        return (
            say("Đã nạp: %(new)s mới, %(known)s đã có.", **counts)
            if keep
            else say("Đây là lần thử, chưa nạp gì: %(new)s mới, %(known)s đã có.", **counts)
        )
    return say("Đã nạp.") if keep else say("Đây là lần thử, chưa nạp gì.")


def _show(*, problems: list[str] | None = None, said: str | None = None, status: int = 200) -> Response:
    on, language = _day(), reader_language()
    with services().database.reading() as connection:
        areas, agencies = area_trees.list_areas(connection), area_trees.list_dated_agencies(connection)
        of_areas = area_trees.list_area_successions(connection)
        of_agencies = area_trees.list_agency_successions(connection)
        groups = area_trees.list_groups(connection, on)
        shapes = area_trees.list_shapes(connection)
    outlines, box = _outlines({code: text for code, text in shapes.items() if areas[code].exists(on)})
    sectors = load_sectors()
    page = paper.PlacesPage(
        on=on,
        areas=_rows(areas, of_areas, on, language),
        agencies=_rows(agencies, of_agencies, on, language, flat=True),
        groups=[(code, name.get(language, name["vi"]), len(members)) for code, (name, members) in groups.items()],
        procedures=[
            (code, name, sectors[sector].name.in_language(language) if sector in sectors else sector, by, since)
            for code, name, sector, by, since, *_ in list_decisions(services().database, on)[1:]
        ],
        shapes=[(_name(areas[code], language), path) for code, path in outlines],
        box=box,
        export_url=url_for("places.export_procedures", on=on.isoformat()),
        import_url=url_for("places.load") if signed_in_staff().role == "operator" else None,
        problems=problems or (),
        said=said,
    )
    return staff_page(paper.render_places(page, staff_shell("areas"), language), status)


def _rows(
    places: dict[str, DatedPlace], successions: list[Succession], on: date, language: str, *, flat: bool = False
) -> list[paper.PlaceRow]:
    return [
        paper.PlaceRow(depth, place.code, _name(place, language), place.kind, before)
        for depth, place, before in list_tree(places, successions, on, flat=flat)
    ]


def _outlines(shapes: dict[str, str]) -> tuple[list[tuple[str, str]], str]:
    """SVG paths, north above, and the box around them."""
    found = {code: json.loads(text)["coordinates"] for code, text in shapes.items()}
    points = [point for polygons in found.values() for polygon in polygons for ring in polygon for point in ring]
    if not points:
        return [], "0 0 1 1"
    left, right = min(x for x, _ in points), max(x for x, _ in points)
    low, high = min(y for _, y in points), max(y for _, y in points)
    paths = [
        (
            code,
            "".join(
                "M" + "L".join(f"{x - left:.5f} {high - y:.5f}" for x, y in ring) + "Z"
                for polygon in polygons
                for ring in polygon
            ),
        )
        for code, polygons in found.items()
    ]
    return paths, f"0 0 {right - left:.5f} {high - low:.5f}"


def _name(place: DatedPlace, language: str) -> str:
    return place.name.get(language, place.name["vi"])


def _day() -> date:
    try:
        return date.fromisoformat(request.args.get("on", ""))
    except ValueError:
        return services().today()
