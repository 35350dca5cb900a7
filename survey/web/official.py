"""The official's pages: the scoreboard, a sector with its agencies, series that others counted."""

from __future__ import annotations

from flask import Blueprint, Response, abort, url_for

from survey.actions import reading
from survey.actions.reading import OpenRelease, UnknownRelease
from survey.documents import pages
from survey.documents.pages import AgencyRow, Basis, Link, ScoreboardPage, SectorPage, SectorRow
from survey.mandate.areas import load_area_groups
from survey.mandate.sectors import load_sectors
from survey.mandate.text import FIRST_LANGUAGE
from survey.store.places import Scope
from survey.store.releases import StoredFigure
from survey.web.access import allow
from survey.web.figures import ON_THE_BOARD, agency_name, to_basis, to_figure, to_sector_row
from survey.web.language import reader_language
from survey.web.reach import sees_wave
from survey.web.series import series_page
from survey.web.services import services
from survey.web.session import signed_in_staff
from survey.web.shell import staff_error, staff_page, staff_shell

blueprint = Blueprint("official", __name__, url_prefix="/staff")
READERS = ("official", "statistician", "operator", "auditor")


@blueprint.get("/scoreboard")
@allow(*READERS)
def show_scoreboard() -> Response:
    language, scope = reader_language(), signed_in_staff().scope
    known = _sector_figures(scope)
    if not known:
        return staff_page(
            pages.render_staff_error(pages.StaffErrorPage("nothing_released"), staff_shell("scoreboard"), language)
        )
    rows = tuple(_board_row(code, known, language) for code in ON_THE_BOARD)
    page = ScoreboardPage(
        area_name=_area_name(language),
        as_of=services().today(),
        rows=rows,
        basis=_main_basis(known, language),
        elsewhere=_series_links(language),
    )
    return staff_page(pages.render_scoreboard(page, staff_shell("scoreboard", demo=_is_demo(known)), language))


@blueprint.get("/scoreboard/<sector>")
@allow(*READERS)
def show_sector(sector: str) -> Response:
    language, scope = reader_language(), signed_in_staff().scope
    known = _sector_figures(scope)
    if sector not in known:
        abort(404)
    stored, opened = known[sector]
    page = SectorPage(
        area_name=_area_name(language),
        row=to_sector_row(sector, stored, opened, language, None),
        basis=to_basis(opened, language),
        agencies=_parts(sector, opened, known, scope, language),
        back=Link(_area_name(language), url_for("official.show_scoreboard")),
        parts="sector" if _children(sector, known) else "agency",
    )
    demo = opened.wave.purpose == "demo"
    return staff_page(pages.render_sector(page, staff_shell("scoreboard", demo=demo), language))


@blueprint.get("/series")
@allow(*READERS)
def list_series() -> Response:
    waves = [wave for wave in reading.read_series(services().database) if sees_wave(wave.code)]
    if not waves:
        return staff_error("no_series", 200)
    return show_series(waves[0].code)


@blueprint.get("/series/<wave>")
@blueprint.get("/series/<wave>/<service>")
@allow(*READERS)
def show_series(wave: str, service: str | None = None) -> Response:
    language = reader_language()
    try:
        opened = reading.read_published(services().database, wave, "month", signed_in_staff().scope)
    except UnknownRelease:
        abort(404)
    agencies = reading.list_agencies(services().database, signed_in_staff().scope)
    page = series_page(opened, service, agencies, language)
    if page is None:
        abort(404)
    return staff_page(pages.render_series(page, staff_shell("series"), language))


def _sector_figures(scope: Scope) -> dict[str, tuple[StoredFigure, OpenRelease]]:
    """Each sector's figure from the newest closed wave that measures it, else from one that is still open."""
    found: dict[str, tuple[StoredFigure, OpenRelease]] = {}
    today = services().today()
    boards = [each for each in reading.read_boards(services().database, "sector", scope) if sees_wave(each.wave.code)]
    for opened in sorted(boards, key=lambda each: (each.wave.is_over(today), each.wave.closes_on)):
        for figure in opened.figures:
            found[figure.place] = (figure, opened)
    return found


def _board_row(code: str, known: dict[str, tuple[StoredFigure, OpenRelease]], language: str) -> SectorRow:
    stored, opened = known.get(code, (None, None))
    return to_sector_row(code, stored, opened, language, _sector_url(code, known))


def _parts(
    sector: str,
    opened: OpenRelease,
    known: dict[str, tuple[StoredFigure, OpenRelease]],
    scope: Scope,
    language: str,
) -> tuple[AgencyRow, ...]:
    """The sectors below, or the agencies of a sector that has none below; lowest rate first, hidden ones last."""
    database = services().database
    below = _children(sector, known)
    if below:
        rows = [
            AgencyRow(
                load_sectors()[code].name.in_language(language), to_figure(known[code][0]), _sector_url(code, known)
            )
            for code in below
        ]
    else:
        agencies = reading.list_agencies(database, scope)
        release = reading.read_published(database, opened.wave.code, "agency", scope)
        rows = [
            AgencyRow(agency_name(agencies, each.place, language), to_figure(each))
            for each in release.figures
            if each.sector_code == sector
        ]
    return tuple(sorted(rows, key=lambda row: (row.figure.suppressed, row.figure.rate or 0, row.name)))


def _children(sector: str, known: dict[str, tuple[StoredFigure, OpenRelease]]) -> list[str]:
    """Measured sectors directly below one."""
    return [code for code in known if load_sectors()[code].parent == sector]


def _sector_url(code: str, known: dict[str, tuple[StoredFigure, OpenRelease]]) -> str | None:
    return url_for("official.show_sector", sector=code) if code in known else None


def _main_basis(known: dict[str, tuple[StoredFigure, OpenRelease]], language: str) -> Basis:
    first = next(code for code in (*ON_THE_BOARD, *known) if code in known)
    return to_basis(known[first][1], language)


def _series_links(language: str) -> tuple[Link, ...]:
    waves = [wave for wave in reading.read_series(services().database) if sees_wave(wave.code)]
    return tuple(
        Link(wave.name.get(language, wave.name[FIRST_LANGUAGE]), url_for("official.show_series", wave=wave.code))
        for wave in waves
    )


def _area_name(language: str) -> str:
    return load_area_groups()["former_soc_trang"].name.in_language(language)


def _is_demo(known: dict[str, tuple[StoredFigure, OpenRelease]]) -> bool:
    return any(opened.wave.purpose == "demo" for _, opened in known.values())
