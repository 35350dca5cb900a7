"""The official's pages: the scoreboard, a sector with its agencies, series that others counted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from flask import Blueprint, Response, abort, url_for

from survey.actions import reading
from survey.actions.deriving import find_shortest, keep, mix_of
from survey.actions.reading import UnknownRelease
from survey.actions.reading_boards import Board, Standing, read_board, read_places, read_shown_agencies
from survey.actions.telling_figures import ON_THE_BOARD, agency_name, board_name, to_basis, to_board_row, to_figure
from survey.documents import pages
from survey.documents.boards import MixRow, MixTable
from survey.documents.environment import translate
from survey.documents.pages import AgencyRow, Basis, Link, ScoreboardPage, SectorPage, SectorRow
from survey.mandate.sectors import load_sectors
from survey.mandate.text import FIRST_LANGUAGE
from survey.store.places import Agency
from survey.web.access import allow
from survey.web.figures import sector_tabs
from survey.web.language import reader_language
from survey.web.reach import sees_wave
from survey.web.series import series_page
from survey.web.services import services
from survey.web.session import signed_in_staff
from survey.web.shell import staff_error, staff_page, staff_shell

blueprint = Blueprint("official", __name__, url_prefix="/staff")
READERS = ("official", "statistician", "operator", "auditor")
WITH_A_MIX = "procedures"


@blueprint.get("/scoreboard")
@allow(*READERS)
def show_scoreboard() -> Response:
    language, board = reader_language(), _read()
    known = board.standings
    if not known:
        return staff_page(
            pages.render_staff_error(pages.StaffErrorPage("nothing_released"), staff_shell("scoreboard"), language)
        )
    rows = tuple(to_board_row(code, known.get(code), language, _sector_url(code, known)) for code in ON_THE_BOARD)
    agencies = reading.list_agencies(services().database, signed_in_staff().scope)
    rows = tuple(
        replace(row, most_in=_most_in(code, known[code], row, agencies, language)) if code in known else row
        for code, row in zip(ON_THE_BOARD, rows, strict=True)
    )
    page = ScoreboardPage(
        area_name=board_name(language),
        as_of=services().today(),
        rows=rows,
        basis=_main_basis(known, language),
        elsewhere=_series_links(language),
        mix=_mix(WITH_A_MIX, board, language),
    )
    return staff_page(pages.render_scoreboard(page, staff_shell("scoreboard", demo=_is_demo(known)), language))


@blueprint.get("/scoreboard/<sector>")
@allow(*READERS)
def show_sector(sector: str) -> Response:
    language, board = reader_language(), _read()
    if sector not in board.standings:
        abort(404)
    standing = board.standings[sector]
    page = SectorPage(
        area_name=board_name(language),
        row=to_board_row(sector, standing, language, None),
        basis=to_basis(standing.opened, language),
        agencies=_parts(sector, standing, board, language),
        back=Link(translate(language, "Bảng kết quả"), url_for("official.show_scoreboard")),
        parts="sector" if _children(sector, board.standings) else "agency",
        tabs=sector_tabs(sector),
        mix=_mix(sector, board, language),
        minimum_cell=standing.opened.rule.minimum_cell,
    )
    demo = standing.opened.wave.purpose == "demo"
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


def _read() -> Board:
    return read_board(services().database, signed_in_staff().scope, services().today(), sees_wave)


def _parts(sector: str, standing: Standing, board: Board, language: str) -> tuple[AgencyRow, ...]:
    """The sectors below, or the agencies of a sector that has none below; lowest rate first, hidden ones last."""
    below = _children(sector, board.standings)
    if below:
        rows = [
            AgencyRow(
                load_sectors()[code].name.in_language(language),
                to_figure(board.standings[code].figure),
                _sector_url(code, board.standings),
            )
            for code in below
        ]
    else:
        found = read_places(services().database, standing.opened, sector, signed_in_staff().scope)
        rows = [
            AgencyRow(
                agency_name(found.known, each.place, language),
                to_figure(each),
                url_for("boards.show_agency", agency=each.place),
            )
            for each in found.agencies
        ]
    return tuple(sorted(rows, key=lambda row: (row.figure.suppressed, row.figure.rate or 0, row.name)))


def _children(sector: str, known: Mapping[str, Standing]) -> list[str]:
    """Measured sectors directly below one."""
    return [code for code in known if load_sectors()[code].parent == sector]


def _sector_url(code: str, known: Mapping[str, Standing]) -> str | None:
    return url_for("official.show_sector", sector=code) if code in known else None


def _main_basis(known: Mapping[str, Standing], language: str) -> Basis:
    first = next(code for code in (*ON_THE_BOARD, *known) if code in known)
    return to_basis(known[first].opened, language)


def _most_in(
    sector: str, standing: Standing, row: SectorRow, agencies: Mapping[str, Agency], language: str
) -> tuple[str, ...]:
    """Where most of the answers that a verdict still needs should come from, by what is shown of each place."""
    needed = row.judgements[0].numbers.get("answers_needed", 0) if row.judgements else 0
    if not needed or row.judgements[0].verdict != "not_shown":
        return ()
    scope = signed_in_staff().scope
    found = read_shown_agencies(services().database, standing.opened, sector, scope)
    places = keep(
        (standing.opened.release.digest, "shortest", sector, scope, needed),
        lambda: find_shortest([each.numbers | {"place": each.place} for each in found], float(needed)),
    )
    return tuple(agency_name(agencies, place, language) for place in places)


def _mix(sector: str, board: Board, language: str) -> MixTable | None:
    found = mix_of(sector, board.figures) if sector in board.standings else None
    if found is None:
        return None
    rows = tuple(
        MixRow(
            load_sectors()[each.sector].name.in_language(language),
            each.share,
            each.rate,
            _sector_url(each.sector, board.standings),
        )
        for each in found.shares
    )
    others = [(each.rate, each.low, each.high) if each else None for each in (found.without, found.equal)]
    return MixTable(rows, others[0], others[1], found.covered)


def _series_links(language: str) -> tuple[Link, ...]:
    waves = [wave for wave in reading.read_series(services().database) if sees_wave(wave.code)]
    return tuple(
        Link(wave.name.get(language, wave.name[FIRST_LANGUAGE]), url_for("official.show_series", wave=wave.code))
        for wave in waves
    )


def _is_demo(known: Mapping[str, Standing]) -> bool:
    return any(each.opened.wave.purpose == "demo" for each in known.values())
