"""Keyers' pages: a sheet is opened by its number, keyed by two, and settled by a third where they differ."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, Response, abort, make_response, redirect, request, url_for

from survey.actions import keying, reading, waves
from survey.actions.answering import BadAnswers, UnknownItem
from survey.actions.inviting import WaveOver
from survey.actions.keying import BatchReport, OpenSheet
from survey.actions.versions import load_version
from survey.documents.messages import group_code
from survey.documents.paper_form import (
    BatchRow,
    KeyPage,
    PaperPage,
    number_items,
    render_key_page,
    render_paper,
    render_paper_page,
)
from survey.store.audits import By
from survey.store.paper import PaperBatch
from survey.store.waves import Wave
from survey.web import headers
from survey.web.access import allow
from survey.web.language import reader_language
from survey.web.reach import sees_wave
from survey.web.services import services
from survey.web.session import signed_in_staff
from survey.web.shell import staff_page, staff_shell

blueprint = Blueprint("keyer", __name__, url_prefix="/staff/paper")
PROBLEMS: Mapping[type[Exception], str] = {
    keying.UnknownSheet: "unknown",
    keying.SheetDone: "done",
    keying.SamePerson: "same",
    keying.NothingToSettle: "nothing",
    keying.BatchUsedUp: "used_up",
}
CANNOT_PRINT = (keying.CannotPrint, waves.UnknownWave, waves.WrongChannel, WaveOver, ValueError)


@blueprint.get("/")
@allow("keyer", "operator")
def show_paper() -> Response:
    """Where a sheet is opened by its number, and how far each batch is."""
    return _page(state=request.args.get("state"))


@blueprint.post("/print")
@allow("operator")
def print_sheets() -> Response:
    """Make sheets for places that were drawn and wait; each batch is printed from its own page."""
    known, form = services(), request.form
    try:
        keying.print_waiting(
            known.database,
            form.get("wave", ""),
            int(form.get("count", "")),
            form.get("form_language", ""),
            today=known.today(),
            by=_by(),
        )
    except CANNOT_PRINT:
        return _page(problem="cannot_print", status=422)
    return _home()


@blueprint.get("/batch/<code>")
@allow("operator")
def show_batch(code: str) -> Response:
    """A batch as it goes to the printer; printing it again makes copies, and a copy is never stored twice."""
    try:
        batch, wave, numbers = keying.find_printed(services().database, code)
    except keying.UnknownSheet:
        abort(404)
    _check_scope(batch)
    body = render_paper(
        load_version(services().database, wave.questionnaire),
        batch.code,
        numbers,
        wave.closes_on,
        batch.language,
        nonce=headers.nonce(),
    )
    return staff_page(body)


@blueprint.post("/sheet")
@allow("keyer")
def open_sheet() -> Response:
    """The sheet's questions, empty: nobody sees what another keyed."""
    return _open(request.form.get("sheet", ""), url_for("keyer.key_sheet"))


@blueprint.post("/key")
@allow("keyer")
def key_sheet() -> Response:
    """Keep a keying; the second one that equals the first stores the sheet."""
    known, member, sheet = services(), signed_in_staff(), request.form.get("sheet", "")
    try:
        keyed = keying.key_sheet(
            known.database, known.keys, sheet, _typed(), keyer=member.name, today=known.today(), by=_by()
        )
    except BadAnswers as bad:
        return _open(sheet, url_for("keyer.key_sheet"), bad.problems)
    except UnknownItem:
        abort(400)
    except tuple(PROBLEMS) as problem:
        return _page(problem=PROBLEMS[type(problem)], status=409)
    return _home(keyed.state)


@blueprint.get("/settle/<sheet>")
@allow("keyer")
def show_settle(sheet: str) -> Response:
    """What two people keyed differently, for a third who holds the paper."""
    return _open(sheet, url_for("keyer.settle_sheet"), settles=True)


@blueprint.post("/settle")
@allow("keyer")
def settle_sheet() -> Response:
    known, member, sheet = services(), signed_in_staff(), request.form.get("sheet", "")
    try:
        keying.settle_sheet(
            known.database, known.keys, sheet, _typed(), keyer=member.name, today=known.today(), by=_by()
        )
    except BadAnswers as bad:
        return _open(sheet, url_for("keyer.settle_sheet"), bad.problems, settles=True)
    except UnknownItem:
        abort(400)
    except tuple(PROBLEMS) as problem:
        return _page(problem=PROBLEMS[type(problem)], status=409)
    return _home("settled")


def _typed() -> dict[str, str]:
    return {name: value for name, value in request.form.items() if name not in ("csrf_token", "sheet")}


def _open(sheet: str, action: str, errors: Mapping[str, str] | None = None, *, settles: bool = False) -> Response:
    try:
        opened = keying.open_sheet(services().database, sheet)
    except tuple(PROBLEMS) as problem:
        return _page(problem=PROBLEMS[type(problem)], status=409)
    _check_scope(opened.batch)
    keyers = {each.keyer for each in opened.keyings}
    refused = _refusal(opened, keyers, settles=settles)
    if refused:
        return _page(problem=refused, status=409)
    page = KeyPage(
        action=action,
        back=url_for("keyer.show_paper"),
        sheet=group_code(opened.sheet.number),
        questionnaire=opened.questionnaire,
        items=number_items(opened.questionnaire, opened.differences if settles else None),
        answers=_typed() if errors else {},
        errors=errors or {},
        readings=_readings(opened) if settles else {},
    )
    return staff_page(render_key_page(page, staff_shell("paper"), reader_language()), 422 if errors else 200)


def _refusal(opened: OpenSheet, keyers: set[str], *, settles: bool) -> str | None:
    if signed_in_staff().name in keyers:
        return "same"
    if settles:
        return None if opened.differences else "nothing"
    return "done" if len(keyers) >= keying.KEYINGS else None


def _readings(opened: OpenSheet) -> dict[str, tuple[str, str]]:
    one, other = ({**each.choices, **each.comments} for each in opened.keyings[: keying.KEYINGS])
    return {code: (one.get(code, ""), other.get(code, "")) for code in opened.differences}


def _page(*, state: str | None = None, problem: str | None = None, status: int = 200) -> Response:
    known, language, member = services(), reader_language(), signed_in_staff()
    is_operator = member.role == "operator"
    asking = [wave for wave in waves.list_waves(known.database, open_on=known.today()) if _prints(wave)]
    asking = [wave for wave in asking if sees_wave(wave.code)]
    page = PaperPage(
        rows=tuple(_row(each, is_operator) for each in _list_reports()),
        key_url=url_for("keyer.open_sheet"),
        print_url=url_for("keyer.print_sheets") if is_operator else None,
        waves=tuple((wave.code, wave.name.get(language, wave.name["vi"])) for wave in asking),
        to_settle=()
        if is_operator
        else tuple(
            (group_code(number), url_for("keyer.show_settle", sheet=group_code(number)))
            for number in keying.list_to_settle(known.database)
        ),
        state=state if state in ("first", "differs", "stored", "settled") else None,
        problem=problem,
    )
    return staff_page(render_paper_page(page, staff_shell("paper"), language), status)


def _prints(wave: Wave) -> bool:
    return wave.questionnaire_code is not None and wave.voice_of is None and wave.uses(keying.CHANNEL)


def _row(report: BatchReport, is_operator: bool) -> BatchRow:
    batch, counts = report.batch, report.counts
    return BatchRow(
        code=group_code(batch.code),
        wave=batch.wave_code,
        stratum=batch.stratum_code,
        printed_on=batch.printed_on,
        sheets=batch.sheets,
        untouched=counts.get("printed", 0),
        once=counts.get("once", 0),
        twice=counts.get("twice", 0),
        stored=counts.get("stored", 0),
        print_url=url_for("keyer.show_batch", code=batch.code) if is_operator else None,
    )


def _list_reports() -> list[BatchReport]:
    seen = reading.list_agencies(services().database, signed_in_staff().scope)
    reports = keying.list_reports(services().database)
    return [each for each in reports if _agency(each.batch) in seen]


def _check_scope(batch: PaperBatch) -> None:
    """A sheet of another area is as unknown as one that does not exist."""
    if _agency(batch) not in reading.list_agencies(services().database, signed_in_staff().scope):
        abort(404)


def _agency(batch: PaperBatch) -> str:
    return keying.find_agency(services().database, batch)


def _home(state: str | None = None) -> Response:
    return make_response(redirect(url_for("keyer.show_paper", state=state), 303))


def _by() -> By:
    return By(signed_in_staff().name, services().now())
