"""Reports of a release: what is in them, their text, and documents to fetch."""

from __future__ import annotations

from flask import Blueprint, Response, abort, make_response, redirect, request, url_for

from survey.actions import publishing, reading
from survey.actions.reading import OpenRelease, UnknownRelease
from survey.actions.report_jobs import (
    NothingAsked,
    TooManyWaiting,
    ask_documents,
    find_document,
    list_documents,
)
from survey.actions.report_texts import TextIsFinal, TextTooLong, edit_text, read_text
from survey.actions.reporting import FORMATS, TYPES, Asked, tell_report
from survey.documents.environment import LANGUAGE_NAMES
from survey.documents.report_contents import title_of
from survey.documents.report_told import Told
from survey.documents.sheets import Column, Field, Form, Sheet, SheetsPage, render_sheets
from survey.documents.shell import Link
from survey.mandate.periods import load_report_periods
from survey.store.audits import By
from survey.store.reports import ReportJob
from survey.web.access import allow
from survey.web.language import reader_language
from survey.web.reach import sees_wave
from survey.web.services import services
from survey.web.session import signed_in_staff
from survey.web.shell import staff_page, staff_shell
from survey.web.tools import speaker, wave_name

blueprint = Blueprint("reports", __name__, url_prefix="/staff/reports")
READERS = ("official", "statistician", "auditor")
OF_DRAFTS = ("statistician", "auditor")
SECONDS_BETWEEN_LOOKS = 3


@blueprint.get("")
@allow(*READERS)
def show_reports() -> Response:
    """Releases that a report can be made of."""
    say = speaker()
    columns = (
        Column(say("Bản công bố")),
        Column(say("Đợt khảo sát")),
        Column(say("Công bố")),
        Column(say("Điểm chốt"), "count"),
    )
    opened = [
        each for each in reading.list_releases(services().database) if _may_read(each) and sees_wave(each.wave.code)
    ]
    page = SheetsPage(
        overline=say("Báo cáo"),
        title=say("Báo cáo theo kỳ hành chính"),
        lead=say("Mỗi báo cáo lấy số liệu từ một bản công bố: Word, Excel và PDF có cùng con số."),
        sheets=(
            Sheet(
                say("Các bản công bố"),
                columns,
                [_row(each) for each in opened],
                empty=say("Chưa có bản công bố nào để lập báo cáo."),
            ),
        ),
    )
    return _page(page)


@blueprint.get("/<code>")
@allow(*READERS)
def show_report(code: str) -> Response:
    return _show(code)


@blueprint.post("/<code>/documents")
@allow(*READERS, confirmed=True)
def ask(code: str) -> Response:
    """Ask for documents; `hailong work` writes them."""
    say, member, known = speaker(), signed_in_staff(), services()
    _find(code)
    asked = Asked(code, reader_language(), request.form.get("period") or None, _year())
    wanted = [name for name in FORMATS if request.form.get(name)]
    try:
        told = tell_report(known.database, asked, member.scope, known.settings.home, known.today())
        ask_documents(known.database, asked, wanted, member.scope, by=member.name, on=known.today())
    except NothingAsked:
        return _show(code, say("Xin chọn ít nhất một định dạng."), 400)
    except TooManyWaiting:
        return _show(code, say("Đang có nhiều báo cáo chờ lập. Xin thử lại sau ít phút."), 503)
    except ValueError:
        return _show(code, say("Kỳ báo cáo này không có. Xin chọn lại."), 400)
    assert told.release == code
    return make_response(redirect(url_for("reports.show_report", code=code), 303))


@blueprint.get("/<code>/documents/<int:number>.<form>")
@allow(*READERS, confirmed=True)
def fetch(code: str, number: int, form: str) -> Response:
    """A document that is ready."""
    _find(code)
    found = find_document(services().database, number, form, signed_in_staff().scope)
    if found is None or not found.name.startswith(f"{code}-"):
        abort(404)
    response = Response(found.content, mimetype=TYPES[form])
    response.headers["Content-Disposition"] = f'attachment; filename="{found.name}"'
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.post("/<code>/text")
@allow("statistician")
def write(code: str) -> Response:
    """Keep what a statistician made of the text."""
    say, member, known = speaker(), signed_in_staff(), services()
    told = _tell(code)
    typed = request.form.get("text", "")
    try:
        edit_text(known.database, told, typed, by=By(member.name, known.now()), on=known.today())
    except TextIsFinal:
        return _show(code, say("Bản này đã công bố nên lời văn không sửa được nữa."), 409, typed)
    except TextTooLong:
        return _show(code, say("Lời văn quá dài. Xin viết ngắn lại."), 400, typed)
    return make_response(redirect(url_for("reports.show_report", code=code), 303))


def _show(code: str, problem: str = "", status: int = 200, typed: str | None = None) -> Response:
    say, member, known = speaker(), signed_in_staff(), services()
    opened, told = _find(code), _tell(code)
    draft = read_text(known.database, told)
    jobs = list_documents(known.database, code, member.scope)
    may_write = member.role == "statistician" and opened.release.published_on is None
    text = "\n".join(draft.lines) if typed is None else typed
    strange = say("Các con số sau trong lời văn không có trong số liệu: %(numbers)s.", numbers="; ".join(draft.strange))
    page = SheetsPage(
        overline=f"{say('Báo cáo')} {code}",
        title=title_of(told),
        problem=problem,
        caution=strange if draft.strange else "",
        facts=() if may_write else tuple(line.removeprefix("# ") for line in draft.lines),
        sheets=(_documents(code, jobs),) if jobs else (),
        forms=(_ask_form(code, told), *((_text_form(code, text),) if may_write else ())),
    )
    response = _page(page, status, demo=told.demo)
    if any(job.state == "waiting" for job in jobs):
        response.headers["Refresh"] = str(SECONDS_BETWEEN_LOOKS)
    return response


def _documents(code: str, jobs: list[ReportJob]) -> Sheet:
    say = speaker()
    states = {"waiting": say("Đang lập"), "done": say("Đã xong"), "failed": say("Không lập được, xin thử lại")}
    columns = (
        Column(say("Lần")),
        Column(say("Ngôn ngữ")),
        Column(say("Trạng thái")),
        *(Column(name.upper()) for name in FORMATS),
    )
    rows = []
    for job in jobs:
        done = f"{states[job.state]} ({len(job.ready)}/{len(job.asked['formats'])})"
        links = [
            Link(name.upper(), url_for("reports.fetch", code=code, number=job.id, form=name))
            if name in job.ready
            else None
            for name in FORMATS
        ]
        rows.append((str(job.id), LANGUAGE_NAMES[job.asked["language"]], done, *links))
    note = say("Tài liệu được giữ 30 ngày; lập lại được bất cứ lúc nào.")
    return Sheet(say("Tài liệu đã yêu cầu"), columns, rows, note)


def _ask_form(code: str, told: Told) -> Form:
    say, language = speaker(), reader_language()
    periods = tuple((each.code, each.name.in_language(language)) for each in load_report_periods().values())
    fitting = next((each for each, name in periods if name.lower() == told.period.name.lower()), "")
    names = {"docx": "Word (.docx)", "xlsx": "Excel (.xlsx)", "pdf": "PDF"}
    fields = (
        Field("period", say("Kỳ báo cáo"), "select", fitting, periods),
        Field("year", say("Năm"), "number", str(told.period.year)),
        *(Field(name, names[name], "check", "1") for name in FORMATS),
    )
    action = url_for("reports.ask", code=code)
    return Form(say("Lập tài liệu"), action, fields, say("Lập báo cáo"), "post")


def _text_form(code: str, text: str) -> Form:
    say = speaker()
    hint = say("Mỗi dòng là một đoạn; dòng bắt đầu bằng “# ” là đề mục. Để trống thì lời văn lại lấy từ số liệu.")
    field = Field("text", say("Lời văn của báo cáo"), "lines", text, hint=hint)
    return Form(say("Sửa lời văn"), url_for("reports.write", code=code), (field,), say("Lưu lời văn"), "post")


def _row(opened: OpenRelease) -> tuple[object, ...]:
    link = Link(opened.release.code, url_for("reports.show_report", code=opened.release.code))
    on = opened.release.published_on
    return link, wave_name(opened.wave), f"{on:%d/%m/%Y}" if on else "", opened.header["checkpoint"]["number"]


def _may_read(opened: OpenRelease) -> bool:
    return opened.release.published_on is not None or signed_in_staff().role in OF_DRAFTS


def _find(code: str) -> OpenRelease:
    try:
        opened = reading.read_release(services().database, code, signed_in_staff().scope)
    except UnknownRelease:
        abort(404)
    if not _may_read(opened):
        abort(404)
    publishing.see_draft(services().database, code, by=By(signed_in_staff().name, services().now()))
    return opened


def _tell(code: str) -> Told:
    known = services()
    _find(code)
    asked = Asked(code, reader_language())
    return tell_report(known.database, asked, signed_in_staff().scope, known.settings.home, known.today())


def _year() -> int | None:
    typed = request.form.get("year", "")
    return int(typed) if typed.isascii() and typed.isdigit() and 2000 <= int(typed) <= 2100 else None


def _page(page: SheetsPage, status: int = 200, *, demo: bool = False) -> Response:
    return staff_page(render_sheets(page, staff_shell("reports", demo=demo), reader_language()), status)
