"""A sector's pages beside the scoreboard: places compared, trend, definitions, bridge; and a centre's own page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from flask import Blueprint, Response, abort, make_response, redirect, request, url_for

from survey.actions import deriving
from survey.actions.bridging import SILENCE, build_bridge
from survey.actions.comparing_places import Compared, compare_places, draw_funnel
from survey.actions.deriving import PERIODS_NEEDED, Measured, keep
from survey.actions.entering_outside import list_outside
from survey.actions.reading import list_agencies
from survey.actions.reading_boards import Board, Places, Standing, read_agency, read_board, read_places
from survey.actions.searching_comments import count_topics, read_comments
from survey.actions.stating import TooLong, may_state, read_statements, state
from survey.actions.telling_figures import agency_name, board_name, to_figure, to_judgement
from survey.documents import boards as paper
from survey.documents.environment import translate
from survey.documents.figures import Figure, Judgement
from survey.documents.shell import Link
from survey.mandate.indicators import load_indicator
from survey.mandate.sectors import load_sectors
from survey.store.audits import By
from survey.store.places import Agency
from survey.store.releases import StoredFigure
from survey.web.access import allow
from survey.web.board_frame import find_standing, frame_of, shell_of
from survey.web.board_places import area_rows, map_areas
from survey.web.language import reader_language
from survey.web.outside_lines import write_outside
from survey.web.reach import sees_wave
from survey.web.services import services
from survey.web.session import signed_in_staff
from survey.web.shell import staff_page, staff_shell

blueprint = Blueprint("boards", __name__, url_prefix="/staff/scoreboard")
READERS = ("official", "statistician", "operator", "auditor")
MOST_COMMENTS = 10


@blueprint.get("/<sector>/places")
@allow(*READERS)
def show_places(sector: str) -> Response:
    """Agencies beside each other, or areas where several agencies or sectors stand in one."""
    language, (board, standing) = reader_language(), find_standing(sector)
    scope = signed_in_staff().scope
    found = read_places(services().database, standing.opened, sector, scope)
    by_area = _is_by_area(sector, board, found)
    kind = "area" if by_area else "agency"
    compared = _compare(standing, found, by_area, sector)
    names = found.area_names if by_area else {code: agency.name for code, agency in found.known.items()}
    rows = area_rows(compared, names, language, kind)
    shapes, box = map_areas(found, standing.opened, compared, kind, language)
    page = paper.PlacesPage(
        frame=frame_of(sector, standing, "places", language),
        kind=kind,
        rows=rows,
        whole=to_figure(standing.figure),
        hidden=sum(each.suppressed for each in (found.agencies)),
        funnel=_funnel(compared, standing),
        shapes=shapes,
        box=box,
        kinds=(),
        minimum_cell=standing.opened.rule.minimum_cell,
    )
    return staff_page(paper.render_places(page, shell_of(standing), language))


@blueprint.get("/<sector>/trend")
@allow(*READERS)
def show_trend(sector: str) -> Response:
    """The sector through its waves, and whether the target is within reach."""
    language, (_, standing) = reader_language(), find_standing(sector)
    targets = tuple(to_judgement(each) for each in standing.numbers.get("judgements", ()))
    page = paper.TrendPage(
        frame=frame_of(sector, standing, "trend", language),
        rows=_periods(standing.history, language),
        targets=targets,
        forecast=_forecast(standing, targets),
        periods=len(standing.history),
        needed=PERIODS_NEEDED,
        others=tuple(write_outside(each, language) for each in list_outside(services().database, sector)),
        counted_766=next((e["rate"] for e in standing.numbers.get("definitions", ()) if e["key"] == SILENCE), None),
    )
    return staff_page(paper.render_trend(page, shell_of(standing), language))


@blueprint.get("/<sector>/definitions")
@allow(*READERS)
def show_definitions(sector: str) -> Response:
    """The same answers under every definition."""
    language, (_, standing) = reader_language(), find_standing(sector)
    released = standing.numbers.get("definitions", ())
    chosen = standing.opened.rule.indicator
    rule: Mapping[str, Any] = next((each for each in released if each["key"] == chosen), {"verdicts": []})
    rows = tuple(
        paper.DefinitionRow(
            key=each["key"],
            name=load_indicator(each["key"]).name.in_language(language),
            rate=each["rate"],
            low=each["low"],
            high=each["high"],
            verdicts=tuple(one["verdict"] for one in each["verdicts"]),
            flips=tuple(
                one["verdict"] != other["verdict"]
                for one, other in zip(each["verdicts"], rule["verdicts"], strict=False)
            ),
            is_rule=each["key"] == chosen,
        )
        for each in sorted(released, key=lambda one: one["key"] != chosen)
    )
    targets = tuple((each["target"], date.fromisoformat(each["due"])) for each in rule["verdicts"])
    page = paper.DefinitionsPage(frame_of(sector, standing, "definitions", language), rows, targets)
    return staff_page(paper.render_definitions(page, shell_of(standing), language))


@blueprint.get("/<sector>/bridge")
@allow(*READERS)
def show_bridge(sector: str) -> Response:
    """From a figure published so far to ours, in steps."""
    language, (_, standing) = reader_language(), find_standing(sector)
    typed = request.args.get("published", "").strip()[:20]
    published = _read_share(typed)
    frame = frame_of(sector, standing, "bridge", language)
    ours = to_figure(standing.figure)
    page = paper.BridgePage(frame, ours, typed, wrong=bool(typed) and published is None)
    found = None if published is None else build_bridge(published, standing.numbers.get("definitions", ()))
    if found is not None:
        steps = (
            paper.BridgeStep("published", found.published, whole=True),
            paper.BridgeStep("late", None),
            paper.BridgeStep("asked", found.asked),
            paper.BridgeStep("silence", found.silence),
            paper.BridgeStep("definition", found.definition),
            paper.BridgeStep("ours", found.ours, whole=True),
        )
        page = paper.BridgePage(
            frame, ours, typed, False, found.published, found.silence, found.definition, found.asked, steps
        )
    return staff_page(paper.render_bridge(page, shell_of(standing), language))


@blueprint.get("/agency/<agency>")
@allow(*READERS)
def show_agency(agency: str) -> Response:
    """A centre's own page: how many answered, and each of its sectors beside the whole sector."""
    return _show_agency(agency)


@blueprint.post("/agency/<agency>/statement")
@allow("official", confirmed=True)
def state_agency(agency: str) -> Response:
    """What a judged agency says beside its figure, signed by the official of its part."""
    member, known = signed_in_staff(), services()
    if not may_state(member.scope, member.role):
        abort(403)
    board = read_board(known.database, member.scope, known.today(), sees_wave)
    found = read_agency(known.database, agency, member.scope, board)
    if not found:
        abort(404)
    by, said = By(member.name, known.now()), request.form.get("statement", "")
    code = found[0][0].release.code
    try:
        state(known.database, code, agency, said, scope=member.scope, by=by, on=known.today())
    except TooLong:
        problem = translate(reader_language(), "Ý kiến quá dài. Xin viết trong 2.000 ký tự.")
        return _show_agency(agency, problem, 400, said)
    return make_response(redirect(url_for("boards.show_agency", agency=agency), 303))


def _show_agency(agency: str, problem: str = "", status: int = 200, typed: str | None = None) -> Response:
    language, scope, database = reader_language(), signed_in_staff().scope, services().database
    board = read_board(database, scope, services().today(), sees_wave)
    found = read_agency(database, agency, scope, board)
    if found is None:
        abort(404)
    newest: dict[str, tuple[paper.AgencyLine, StoredFigure]] = {}
    for opened, stored in found:
        sector, standing = stored.sector_code, board.standings.get(stored.sector_code)
        if sector in newest or standing is None or standing.opened.release.code != opened.release.code:
            continue
        line = paper.AgencyLine(
            sector=load_sectors()[sector].name.in_language(language),
            figure=to_figure(stored),
            whole=standing.numbers.get("rate"),
            wave_name=opened.wave.name.get(language, opened.wave.name["vi"]),
            ends=opened.wave.closes_on,
            url=url_for("boards.show_places", sector=sector),
        )
        newest[sector] = line, stored
    shown = [stored.numbers for _, stored in newest.values() if not stored.suppressed]
    known, member = _agencies(), signed_in_staff()
    codes = list(dict.fromkeys(opened.release.code for opened, _ in found))
    said = tuple(paper.Said(e.release_code, e.text, e.signed_on) for e in read_statements(database, codes, agency))
    page = paper.AgencyPage(
        name=agency_name(known, agency, language),
        area_name=None,
        lines=tuple(line for line, _ in sorted(newest.values(), key=lambda each: each[0].sector)),
        invited=sum(each.get("invited", 0) for each in shown),
        answered=sum(each.get("answered", 0) for each in shown),
        back=Link(board_name(language), url_for("official.show_scoreboard")),
        statements=said,
        state_url=url_for("boards.state_agency", agency=agency) if may_state(member.scope, member.role) else None,
        problem=problem,
        typed=typed,
    )
    page = _hear(page, agency, language)
    demo = any(opened.wave.purpose == "demo" for opened, _ in found)
    return staff_page(paper.render_agency(page, staff_shell("scoreboard", demo=demo), language), status)


def _hear(page: paper.AgencyPage, agency: str, language: str) -> paper.AgencyPage:
    """The page with the newest comments that were passed on, for whoever reads comments."""
    member = signed_in_staff()
    if member.role not in ("official", "statistician"):
        return page
    found = read_comments(services().database, member.scope, agency)
    topics = tuple((topic.name.in_language(language), count) for topic, count in count_topics(found) if count)
    texts = tuple(each.text for each in found[:MOST_COMMENTS])
    return replace(page, comments=texts, topics=topics, comments_url=url_for("comments.show_batches"))


def _agencies() -> dict[str, Agency]:
    return list_agencies(services().database, signed_in_staff().scope)


def _is_by_area(sector: str, board: Board, found: Places) -> bool:
    """Whether areas are what can be compared: sectors below, or several agencies in one area."""
    if any(load_sectors()[code].parent == sector for code in board.standings):
        return True
    inside = [found.area_of.get(each.place) for each in found.agencies]
    return 2 < len(set(inside)) * 2 < len(inside)


def _compare(standing: Standing, found: Places, by_area: bool, sector: str) -> list[Compared]:
    scope = signed_in_staff().scope
    key = (standing.opened.release.digest, "places", sector, by_area, scope)
    if by_area:
        return keep(key, lambda: compare_places(found.agencies, found.area_of))
    return keep(key, lambda: compare_places(found.agencies))


def _funnel(compared: Sequence[Compared], standing: Standing) -> tuple[paper.FunnelCurve, ...]:
    if len(compared) < 2:
        return ()
    sizes = [each.n_effective for each in compared]
    key = ("funnel", standing.numbers["rate"], min(sizes), max(sizes))
    limits = keep(key, lambda: draw_funnel(compared, standing.numbers["rate"]))
    return tuple(paper.FunnelCurve(e.size, e.low, e.high, e.outer_low, e.outer_high) for e in limits)


def _periods(history: Sequence[Measured], language: str) -> tuple[paper.PeriodLine, ...]:
    breaks = dict(deriving.find_breaks(history))
    rows = []
    for number, each in enumerate(history):
        since = deriving.change_since(history[: number + 1])
        change = (since[1].difference, since[1].low, since[1].high) if since else None
        figure = Figure(each.numbers["rate"], each.numbers["low"], each.numbers["high"], each.numbers["n"])
        name = each.names.get(language, each.names["vi"])
        rows.append(paper.PeriodLine(name, each.opens_on, each.closes_on, figure, change, breaks.get(each.opens_on)))
    return tuple(rows)


def _forecast(standing: Standing, targets: Sequence[Judgement]) -> paper.Forecast | None:
    ahead = next((each for each in targets if each.kind == "due"), None)
    found = deriving.outlook(standing.history, ahead.target, ahead.due) if ahead else None
    if found is None or ahead is None:
        return None
    verdict = found.code if len(standing.history) >= PERIODS_NEEDED else "cannot_tell"
    limits = found.forecast, found.forecast_low, found.forecast_high
    return paper.Forecast(verdict, ahead.target, ahead.due, *limits, len(standing.history))


def _read_share(typed: str) -> float | None:
    """Per cent as people write it: 97,2 or 97.2."""
    try:
        share = float(typed.replace("%", "").replace(",", ".")) / 100
    except ValueError:
        return None
    return share if 0 <= share <= 1 else None
