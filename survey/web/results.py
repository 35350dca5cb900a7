"""Results for everybody: pages without a script, data with their metadata, and releases for programs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from flask import Blueprint, Response, abort, request, url_for

from survey.actions import reading
from survey.actions.comparing_releases import find_changes
from survey.actions.publishing import read_way
from survey.actions.reading import OpenRelease, UnknownRelease
from survey.actions.reading_boards import Board, Places, Standing, read_agency, read_board, read_places
from survey.actions.stating import read_statements
from survey.actions.telling_figures import ON_THE_BOARD, agency_name, response_rate, to_basis, to_board_row, to_figure
from survey.documents import open_data
from survey.documents import results as paper
from survey.documents.boards import Said
from survey.documents.figures import AgencyRow
from survey.documents.open_data import OpenRow
from survey.documents.shell import Link
from survey.mandate.sectors import load_sectors
from survey.store.places import EVERYTHING
from survey.store.releases import StoredFigure
from survey.store.statements import Statement
from survey.web.access import allow_everybody
from survey.web.citizen_pages import send_page, shell
from survey.web.language import reader_language
from survey.web.openapi_releases import describe_releases
from survey.web.services import services

blueprint = Blueprint("results", __name__)
FOR_A_MINUTE = "public, max-age=60"
FOR_EVER = "public, max-age=31536000, immutable"
METHOD = (
    "Share of people satisfied or very satisfied among those who answered a random sample, weighted to the frame of "
    "transactions by stratum, with a 95 % confidence interval. Silence is not satisfaction. Figures of few people are "
    "suppressed, with enough others that they cannot be worked out."
)


@blueprint.get("/results")
@allow_everybody
def show_results() -> Response:
    """Every sector beside its target."""
    language, board = reader_language(), _board()
    known = board.standings
    rows = tuple(to_board_row(code, known.get(code), language, _url(code, known)) for code in ON_THE_BOARD)
    bases = tuple(row.basis for row in rows if row.basis)
    page = paper.ResultsPage(rows, bases, any(_is_demo(each) for each in known.values()))
    return send_page(paper.render_results(page, shell(), language))


@blueprint.get("/results/<sector>")
@allow_everybody
def show_result(sector: str) -> Response:
    """One sector with its parts."""
    language, board = reader_language(), _board()
    standing = _standing(board, sector)
    downloads = tuple(
        Link(label, url_for(f"results.{view}", sector=sector))
        for label, view in (("CSV", "download_csv"), ("CSV-W", "describe_csv"), ("JSON", "download_json"))
    )
    page = paper.ResultPage(
        row=to_board_row(sector, standing, language, None),
        basis=to_basis(standing.opened, language),
        parts=_parts(sector, standing, board, language),
        downloads=downloads,
        demo=_is_demo(standing),
        minimum_cell=standing.opened.rule.minimum_cell,
    )
    return send_page(paper.render_result(page, shell(), language))


@blueprint.get("/results/agency/<agency>")
@allow_everybody
def show_agency(agency: str) -> Response:
    """One agency in every sector that was released."""
    language, database, board = reader_language(), services().database, _board()
    found = read_agency(database, agency, EVERYTHING, board)
    if not found:
        abort(404)
    rows = tuple(
        AgencyRow(
            load_sectors()[stored.sector_code].name.in_language(language),
            to_figure(stored),
            _url(stored.sector_code, board.standings),
        )
        for _, stored in sorted(found, key=lambda each: each[1].sector_code)
    )
    name = agency_name(reading.list_agencies(database, EVERYTHING), agency, language)
    bases = tuple(to_basis(opened, language) for opened, _ in found)
    demo = any(opened.wave.purpose == "demo" for opened, _ in found)
    said = tuple(Said(each.release_code, each.text, each.signed_on) for each in _statements(found, agency))
    page = paper.PlaceResultPage(name, rows, bases, demo, statements=said)
    return send_page(paper.render_place(page, shell(), language))


@blueprint.get("/results/<sector>.csv")
@allow_everybody
def download_csv(sector: str) -> Response:
    """A sector with its agencies."""
    rows, _ = _open_rows(sector)
    response = _file(open_data.write_csv(rows), "text/csv", FOR_A_MINUTE)
    metadata = url_for("results.describe_csv", sector=sector)
    response.headers["Link"] = f'<{metadata}>; rel="describedby"; type="application/csvm+json"'
    return response


@blueprint.get("/results/<sector>.csv-metadata.json")
@allow_everybody
def describe_csv(sector: str) -> Response:
    """What the columns of the CSV mean."""
    standing = _standing(_board(), sector)
    title = load_sectors()[sector].name.in_language("vi")
    address = url_for("results.download_csv", sector=sector)
    told = open_data.describe_csv(address, title, METHOD, standing.opened.release.code)
    return _file(told, "application/csvm+json", FOR_A_MINUTE)


@blueprint.get("/results/<sector>.json")
@allow_everybody
def download_json(sector: str) -> Response:
    """The same rows as JSON."""
    rows, standing = _open_rows(sector)
    about = {"release": standing.opened.release.code, "method": METHOD, **_about(standing.opened)}
    return _file(open_data.write_json(rows, about), "application/json", FOR_A_MINUTE)


@blueprint.get("/api/v1/releases")
@allow_everybody
def list_releases() -> Response:
    """Every published release, newest first within its wave."""
    published = [each for each in reading.list_releases(services().database) if each.release.published_on]
    listed = [{"code": each.release.code, **_about(each), "url": _release_url(each)} for each in published]
    return _file(json.dumps({"releases": listed}, ensure_ascii=False), "application/json", FOR_A_MINUTE)


@blueprint.get("/api/v1/releases/<code>")
@allow_everybody
def show_release(code: str) -> Response:
    """One published release with every figure that it shows; it never changes."""
    try:
        opened = reading.read_release(services().database, code, EVERYTHING)
    except UnknownRelease:
        return _problem(f"There is no published release {code}.")
    if opened.release.published_on is None:
        return _problem(f"There is no published release {code}.")
    figures = [
        {"level": each.level, "sector": each.sector_code or None, "place": each.place, "suppressed": each.suppressed}
        | ({} if each.suppressed else {"numbers": each.numbers})
        for each in opened.figures
    ]
    body = {"code": code, **_about(opened), "replaces": _replaced(opened), "header": opened.header, "figures": figures}
    return _file(json.dumps(body, ensure_ascii=False), "application/json", FOR_EVER)


@blueprint.get("/api/v1/releases/openapi.json")
@allow_everybody
def show_openapi() -> Response:
    """These addresses described for programs."""
    return _file(json.dumps(describe_releases(request.host_url)), "application/json", FOR_A_MINUTE)


def _statements(found: Iterable[tuple[OpenRelease, StoredFigure]], agency: str) -> list[Statement]:
    codes = sorted({opened.release.code for opened, _ in found})
    return read_statements(services().database, codes, agency)


def _board() -> Board:
    return read_board(services().database, EVERYTHING, services().today())


def _standing(board: Board, sector: str) -> Standing:
    if sector not in board.standings:
        abort(404)
    return board.standings[sector]


def _is_demo(standing: Standing) -> bool:
    return standing.opened.wave.purpose == "demo"


def _url(sector: str, known: Mapping[str, Standing]) -> str | None:
    return url_for("results.show_result", sector=sector) if sector in known else None


def _parts(sector: str, standing: Standing, board: Board, language: str) -> tuple[AgencyRow, ...]:
    """The sectors below, or the agencies in the order of their names: no ranking."""
    below = [code for code in board.standings if load_sectors()[code].parent == sector]
    if below:
        rows = [
            AgencyRow(
                load_sectors()[code].name.in_language(language),
                to_figure(board.standings[code].figure),
                _url(code, board.standings),
            )
            for code in below
        ]
    else:
        found = read_places(services().database, standing.opened, sector, EVERYTHING)
        rows = [
            AgencyRow(
                agency_name(found.known, each.place, language),
                to_figure(each),
                url_for("results.show_agency", agency=each.place),
            )
            for each in found.agencies
        ]
    return tuple(sorted(rows, key=lambda row: (row.figure.suppressed, row.name)))


def _open_rows(sector: str) -> tuple[list[OpenRow], Standing]:
    standing = _standing(_board(), sector)
    found = read_places(services().database, standing.opened, sector, EVERYTHING)
    return [_open_row(each, standing.opened, found) for each in _all(standing, found)], standing


def _all(standing: Standing, found: Places) -> Iterable[StoredFigure]:
    return (standing.figure, *found.agencies)


def _open_row(figure: StoredFigure, opened: OpenRelease, found: Places) -> OpenRow:
    sector_name = load_sectors()[figure.sector_code].name.in_language("vi")
    names = {
        "sector": sector_name,
        "agency": agency_name(found.known, figure.place, "vi"),
    }
    place = (opened.release.code, figure.sector_code, sector_name, figure.level, figure.place, names[figure.level])
    if figure.suppressed:
        return OpenRow(*place, "suppressed")
    numbers = figure.numbers
    judged: list[dict[str, Any]] = numbers.get("judgements", [])
    bar = next((each for each in judged if each["kind"] == "in_force"), {})
    return OpenRow(
        *place,
        "shown",
        numbers["n"],
        numbers["rate"],
        numbers["low"],
        numbers["high"],
        response_rate(numbers),
        numbers.get("population"),
        bar.get("target"),
        bar.get("verdict"),
    )


def _about(opened: OpenRelease) -> dict[str, Any]:
    wave, release = opened.wave, opened.release
    return {
        "wave": wave.code,
        "name": dict(wave.name),
        "fieldwork": {"begins": wave.opens_on.isoformat(), "ends": wave.closes_on.isoformat()},
        "collected": wave.collected,
        "official": wave.is_official,
        "checkpoint": opened.header["checkpoint"],
        "digest": release.digest.hex(),
        "published_on": release.published_on.isoformat() if release.published_on else None,
    }


def _replaced(opened: OpenRelease) -> dict[str, Any] | None:
    """The public release before this one, what the signature says of the change, and every figure that is another."""
    database, way = services().database, read_way(services().database, opened.release.code)
    if way.replaces is None:
        return None
    before = reading.read_release(database, way.replaces.code, EVERYTHING).figures
    changed = [asdict(each) for each in find_changes(before, opened.figures)]
    note = way.signature.note if way.signature else ""
    return {"code": way.replaces.code, "note": note, "changed": changed}


def _release_url(opened: OpenRelease) -> str:
    return url_for("results.show_release", code=opened.release.code, _external=True)


def _file(content: str, kind: str, cache: str) -> Response:
    charset = "; charset=utf-8" if kind.startswith("text/") else ""
    headers = {"Content-Type": kind + charset, "Cache-Control": cache, "Access-Control-Allow-Origin": "*"}
    return Response(content, headers=headers)


def _problem(said: str) -> Response:
    response = _file(json.dumps({"error": said}), "application/json", "no-store")
    response.status_code = 404
    return response
