"""The persons of a wave, and what rebuilds a release elsewhere: asked for here, packed by `hailong work`, fetched."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, Response, abort, make_response, redirect, request, url_for

from survey.actions import export_jobs, reading
from survey.actions.export_jobs import BUNDLE, Progress, StillOpen
from survey.actions.reading import OpenRelease, UnknownRelease
from survey.actions.report_jobs import NothingAsked, TooManyWaiting
from survey.documents.formats import number
from survey.documents.microdata import FORMATS
from survey.documents.sheets import Column, Field, Form, Sheet, SheetsPage, render_sheets
from survey.documents.shell import Link
from survey.store.audits import By
from survey.store.places import EVERYTHING
from survey.store.reports import ReportJob
from survey.web.access import allow
from survey.web.language import reader_language
from survey.web.reach import sees_wave
from survey.web.services import services
from survey.web.session import signed_in_staff
from survey.web.shell import staff_page, staff_shell
from survey.web.tools import DEMO, Say, speaker, wave_name

blueprint = Blueprint("exports", __name__, url_prefix="/staff/packages")
SECONDS_BETWEEN_LOOKS = 3
NAMES = {"csv": "CSV", "parquet": "Parquet", "sav": "SPSS (.sav)", "dta": "Stata (.dta)"}


@blueprint.get("")
@allow("statistician")
def show_releases() -> Response:
    """The releases that can be packed."""
    say, language = speaker(), reader_language()
    opened = [each for each in reading.list_releases(services().database) if may_take(each)]
    columns = (
        Column(say("Bản công bố")),
        Column(say("Đợt khảo sát")),
        Column(say("Ngày tính"), "date"),
    )
    rows = [
        (
            Link(each.release.code, url_for("exports.show_export", code=each.release.code)),
            wave_name(each.wave),
            each.release.drafted_on,
        )
        for each in opened
    ]
    page = SheetsPage(
        overline=say("Xuất dữ liệu"),
        title=say("Xuất dữ liệu và dựng lại con số"),
        lead=say("Chọn một bản công bố: tải phiếu đã ẩn danh của đợt, hoặc tệp dựng lại mọi con số đã công bố."),
        sheets=(Sheet(say("Các bản công bố"), columns, rows, empty=say("Chưa có bản công bố nào để xuất.")),),
    )
    return staff_page(render_sheets(page, staff_shell("exports"), language))


@blueprint.get("/<code>")
@allow("statistician")
def show_export(code: str) -> Response:
    return _show(_find(code))


@blueprint.post("/<code>")
@allow("statistician", confirmed=True)
def ask(code: str) -> Response:
    """Ask for a package; `hailong work` makes it."""
    say, known, opened = speaker(), services(), _find(code)
    wanted = [name for name in (*FORMATS, BUNDLE) if request.form.get(name)]
    by = By(signed_in_staff().name, known.now())
    try:
        export_jobs.ask_export(known.database, code, wanted, by=by, today=known.today())
    except NothingAsked:
        return _show(opened, say("Xin chọn ít nhất một định dạng."), 400)
    except StillOpen:
        return _show(opened, say("Đợt còn nhận phiếu: chỉ xuất phiếu sau khi đợt kết thúc."), 409)
    except TooManyWaiting:
        return _show(opened, say("Đang có nhiều gói chờ. Xin thử lại sau ít phút."), 503)
    return make_response(redirect(url_for("exports.show_export", code=code), 303))


@blueprint.get("/<code>/<int:job>.zip")
@allow("statistician", confirmed=True)
def fetch(code: str, job: int) -> Response:
    """A package that is ready, a piece at a time; the trail keeps who took it."""
    known = services()
    _find(code)
    found = export_jobs.fetch_export(known.database, code, job, by=By(signed_in_staff().name, known.now()))
    if found is None:
        abort(404)
    response = Response(found.pieces, mimetype="application/zip")
    response.headers["Content-Length"] = str(found.size)
    response.headers["Content-Disposition"] = f'attachment; filename="{code}-{job}.zip"'
    response.headers["Cache-Control"] = "no-store"
    return response


def may_take(opened: OpenRelease) -> bool:
    """A package covers a whole wave: only a statistician without limits of area or sector takes one."""
    member = signed_in_staff()
    return member.role == "statistician" and member.scope == EVERYTHING and sees_wave(opened.wave.code)


def _show(opened: OpenRelease, problem: str = "", status: int = 200) -> Response:
    say, code = speaker(), opened.release.code
    jobs = export_jobs.list_exports(services().database, code)
    page = SheetsPage(
        overline=f"{say('Xuất dữ liệu')} · {code}",
        title=wave_name(opened.wave),
        lead=say("Gói gồm dữ liệu, sổ mã DDI, trọng số lặp, báo cáo bảo mật thống kê và mã kiểm SHA-256."),
        problem=problem,
        facts=(
            say("Phiếu xuất ra không có ý kiến viết, biên nhận và thứ tự trong sổ; giá trị hiếm đã được che."),
            say("Gói dành cho người làm thống kê, không để công bố: số đếm trong gói cho biết điều mà trang che."),
        ),
        sheets=(_jobs_sheet(code, jobs, say),) if jobs else (),
        forms=(_ask_form(opened, say),),
        pager=(Link(say("Về các bản công bố"), url_for("exports.show_releases")),),
    )
    shell = staff_shell("exports", demo=opened.wave.purpose == DEMO)
    response = staff_page(render_sheets(page, shell, reader_language()), status)
    if any(job.state == "waiting" for job, _ in jobs):
        response.headers["Refresh"] = str(SECONDS_BETWEEN_LOOKS)
    return response


def _jobs_sheet(code: str, jobs: Sequence[tuple[ReportJob, Progress | None]], say: Say) -> Sheet:
    heads = (say("Lần"), say("Gồm"), say("Người yêu cầu"), say("Trạng thái"), say("Tải về"))
    rows = [
        (
            str(job.id),
            ", ".join(_name(each, say) for each in job.asked["formats"]),
            job.asked_by,
            _state(job, step, say),
            Link(say("Tải về"), url_for("exports.fetch", code=code, job=job.id)) if job.state == "done" else None,
        )
        for job, step in jobs
    ]
    note = say("Gói được giữ 7 ngày. Mỗi lần yêu cầu và mỗi lần tải được ghi vào nhật ký kiểm toán.")
    return Sheet(say("Các gói đã yêu cầu"), tuple(map(Column, heads)), rows, note)


def _state(job: ReportJob, step: Progress | None, say: Say) -> str:
    if job.state == "waiting" and step is not None:
        done = number(step.done, reader_language())
        stages = {
            "read": say("Đang đọc phiếu: %(count)s", count=done),
            "protect": say("Đang che giá trị hiếm"),
            "replicates": say("Đang tính trọng số lặp"),
            BUNDLE: say("Đang dựng lại con số"),
        }
        return stages.get(step.stage) or say("Đang ghi %(format)s", format=_name(step.stage, say))
    states = {"waiting": say("Đang chờ"), "done": say("Đã xong"), "failed": say("Không làm được, xin yêu cầu lại")}
    return states[job.state]


def _name(form: str, say: Say) -> str:
    return NAMES.get(form) or say("Tệp dựng lại")


def _ask_form(opened: OpenRelease, say: Say) -> Form:
    code = opened.release.code
    bundle = Field(
        BUNDLE,
        say("Tệp dựng lại mọi con số của bản này bằng R, Stata hoặc Python"),
        "check",
        "1",
        hint=say("Số đếm theo ô mẫu, khung mẫu, quy tắc và kịch bản; chạy Rscript rebuild.R."),
    )
    persons = tuple(Field(name, say("Phiếu đã ẩn danh, %(format)s", format=NAMES[name]), "check") for name in FORMATS)
    fields = (bundle, *persons) if _has_persons(opened) else (bundle,)
    return Form(say("Yêu cầu một gói"), url_for("exports.ask", code=code), fields, say("Lập gói"), "post")


def _has_persons(opened: OpenRelease) -> bool:
    return opened.wave.questionnaire_code is not None and not opened.wave.takes_answers(services().today())


def _find(code: str) -> OpenRelease:
    try:
        opened = reading.read_release(services().database, code, signed_in_staff().scope)
    except UnknownRelease:
        abort(404)
    if not may_take(opened):
        abort(404)
    return opened
