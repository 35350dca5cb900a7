"""A release's way to the public: what changed, who saw, reviewed and signed it, and when it comes out."""

from __future__ import annotations

from datetime import date, datetime

from flask import Blueprint, Response, abort, make_response, redirect, request, url_for

from survey.actions import publishing, reading
from survey.actions.comparing_releases import Changed, find_changes
from survey.actions.publishing import FIXED_HOUR, HourPassed, NoteNeeded, ReviewNeeded, Way
from survey.actions.reading import AlreadyPublished, OpenRelease, SecondPersonNeeded, UnknownRelease
from survey.actions.telling_figures import agency_name
from survey.documents import release_words, verdicts
from survey.documents.formats import day, moment
from survey.documents.sheets import Column, Field, Form, Sheet, SheetsPage, render_sheets
from survey.documents.shell import Link
from survey.mandate.sectors import load_sectors
from survey.store.audits import By
from survey.store.places import EVERYTHING
from survey.web.access import allow
from survey.web.language import reader_language
from survey.web.moments import local_time
from survey.web.services import LOCAL_TIME, services
from survey.web.session import signed_in_staff
from survey.web.shell import staff_page, staff_shell
from survey.web.tools import speaker, wave_name

blueprint = Blueprint("release_way", __name__, url_prefix="/staff/releases")
MOST_CHANGES = 200


@blueprint.get("/<code>/way")
@allow("statistician", "auditor")
def show_way(code: str) -> Response:
    return _show(code)


@blueprint.post("/<code>/review")
@allow("statistician")
def review(code: str) -> Response:
    """Say what was checked."""
    say = speaker()
    try:
        publishing.review(services().database, code, note=request.form.get("checked", ""), by=_by())
    except UnknownRelease:
        abort(404)
    except NoteNeeded:
        return _show(code, say("Xin ghi đã kiểm tra những gì, tối đa 2.000 ký tự."), 400)
    except AlreadyPublished:
        return _show(code, say("Bản này đã được công bố."), 409)
    return _back(code)


@blueprint.post("/<code>/sign")
@allow("statistician", confirmed=True)
def sign(code: str) -> Response:
    """Sign for the hour of a day, or at once where no day is given."""
    say, known = speaker(), services()
    try:
        due = _read_hour(request.form.get("day", ""))
        note = request.form.get("note", "")
        publishing.sign(known.database, code, note=note, due_at=due, by=_by(), today=known.today())
    except UnknownRelease:
        abort(404)
    except (HourPassed, ValueError) as problem:
        return _show(code, _refuse_value(problem), 400)
    except (AlreadyPublished, SecondPersonNeeded, ReviewNeeded) as problem:
        return _show(code, say(verdicts.PUBLISH_REFUSALS[_refusal(problem)]), 409)
    return _back(code)


@blueprint.post("/<code>/recall")
@allow("statistician")
def recall(code: str) -> Response:
    """Take a signature back before its hour."""
    say = speaker()
    try:
        publishing.recall(services().database, code, note=request.form.get("note", ""), by=_by())
    except UnknownRelease:
        abort(404)
    except NoteNeeded:
        return _show(code, say("Xin ghi lý do rút chữ ký, tối đa 2.000 ký tự."), 400)
    except AlreadyPublished:
        return _show(code, say("Bản này đã được công bố."), 409)
    return _back(code)


def _show(code: str, problem: str = "", status: int = 200) -> Response:
    say, known, member = speaker(), services(), signed_in_staff()
    try:
        opened = reading.read_release(known.database, code, EVERYTHING)
    except UnknownRelease:
        abort(404)
    publishing.see_draft(known.database, code, by=_by())
    way = publishing.read_way(known.database, code)
    waits = opened.release.published_on is None
    page = SheetsPage(
        overline=f"{say('Bản công bố')} {code}",
        title=say("Xem xét, ký và công bố"),
        lead=wave_name(opened.wave),
        problem=problem,
        facts=tuple(_facts(opened, way)),
        sheets=(_steps(way), *((_changes(opened, way),) if way.replaces else ())),
        forms=_forms(code, way) if waits and member.role == "statistician" else (),
        tabs=((Link(say("Số liệu"), url_for("statistician.show_release", code=code)), False),),
    )
    shell = staff_shell("releases", demo=opened.wave.purpose == "demo")
    return staff_page(render_sheets(page, shell, reader_language()), status)


def _facts(opened: OpenRelease, way: Way) -> list[str]:
    say, language = speaker(), reader_language()
    release = opened.release
    told = [say("Người tính: %(name)s. Người ký phải là người khác.", name=release.drafted_by)]
    if release.published_on is not None:
        told = [say("Đã công bố ngày %(date)s.", date=day(release.published_on, language))]
    elif way.signature is not None and way.signature.due_at is not None:
        hour = moment(local_time(way.signature.due_at), language)
        told.append(say("%(name)s đã ký; công bố lúc %(moment)s.", name=way.signature.by_name, moment=hour))
    if way.replaces is not None:
        told.append(say("Bản này thay bản %(code)s, nên chữ ký phải kèm chỗ đổi và lý do.", code=way.replaces.code))
    return told


def _steps(way: Way) -> Sheet:
    say, language = speaker(), reader_language()
    columns = (Column(say("Lúc")), Column(say("Ai")), Column(say("Việc")), Column(say("Ghi chú")))
    word = release_words.RELEASE_STEPS
    rows = [
        (moment(local_time(each.at), language), each.by_name, say(word[each.step]), each.note or None)
        for each in way.steps
    ]
    empty = say("Chưa ai xem, xem xét hay ký bản này.")
    return Sheet(say("Ai đã xem và làm gì"), columns, rows, say("Danh sách này chỉ ghi thêm, không sửa được."), empty)


def _changes(opened: OpenRelease, way: Way) -> Sheet:
    say, database = speaker(), services().database
    replaced = way.replaces.code if way.replaces else ""
    before = reading.read_release(database, replaced, EVERYTHING).figures
    found = find_changes(before, opened.figures)
    columns = (
        Column(say("Con số")),
        Column(say("Trước"), "share"),
        Column(say("Nay"), "share"),
        Column(say("Câu trả lời trước"), "count"),
        Column(say("Câu trả lời nay"), "count"),
    )
    rows = [
        (_name(each), each.rate_before, each.rate_now, each.n_before, each.n_now)
        for each in sorted(found, key=_by_level)[:MOST_CHANGES]
    ]
    note = say("%(count)s con số khác bản %(code)s. Gạch ngang là không công bố.", count=len(found), code=replaced)
    return Sheet(say("Những chỗ đổi"), columns, rows, note, say("Không con số nào đổi."))


def _by_level(changed: Changed) -> int:
    return ("wave", "sector", "agency").index(changed.level) if changed.level != "month" else 3


def _name(changed: Changed) -> str:
    say, language = speaker(), reader_language()
    if changed.level == "wave":
        return say("Cả đợt")
    sectors = load_sectors()
    sector = sectors[changed.sector].name.in_language(language) if changed.sector in sectors else ""
    if changed.level == "sector":
        return sector
    agencies = reading.list_agencies(services().database, EVERYTHING)
    return ", ".join(filter(None, (agency_name(agencies, changed.place, language), sector)))


def _forms(code: str, way: Way) -> tuple[Form, ...]:
    say = speaker()
    when = say("Lúc %(hour)s. Để trống là công bố ngay.", hour=f"{FIXED_HOUR:%H:%M}")
    typed = request.form  # of a form that was refused: nothing typed is lost
    field = Field("checked", say("Đã kiểm tra những gì"), "lines", typed.get("checked", ""))
    action = url_for("release_way.review", code=code)
    checked = Form(say("Xem xét"), action, (field,), say("Ghi kết quả xem xét"), "post")
    if way.signature is not None:
        why = Field("note", say("Lý do"), "lines", typed.get("note", ""))
        action = url_for("release_way.recall", code=code)
        return checked, Form(say("Rút chữ ký"), action, (why,), say("Rút chữ ký trước giờ công bố"), "post")
    told = say("Chỗ đổi và lý do") if way.replaces else say("Ghi chú")
    fields = (
        Field("day", say("Ngày công bố"), "date", typed.get("day", ""), hint=when),
        Field("note", told, "lines", typed.get("note", "")),
    )
    action = url_for("release_way.sign", code=code)
    warning = say("Sau khi công bố, các con số không sửa được nữa; muốn chữa phải ra bản mới nêu rõ chỗ đổi.")
    return checked, Form(say("Ký"), action, fields, say("Ký và công bố"), "post", warning)


def _read_hour(typed: str) -> datetime | None:
    """The fixed hour of a day. Raises ValueError."""
    return datetime.combine(date.fromisoformat(typed), FIXED_HOUR, LOCAL_TIME) if typed else None


def _refuse_value(problem: Exception) -> str:
    say = speaker()
    if isinstance(problem, NoteNeeded):
        return say("Bản này thay một bản đã công bố. Xin ghi chỗ đổi và lý do, tối đa 2.000 ký tự.")
    if isinstance(problem, HourPassed):
        return say("Giờ công bố đã qua. Xin chọn một ngày sau, hoặc để trống để công bố ngay.")
    return say("Ngày công bố không đọc được. Xin chọn lại.")


def _refusal(problem: Exception) -> str:
    if isinstance(problem, AlreadyPublished):
        return "already_published"
    return "review" if isinstance(problem, ReviewNeeded) else "second_person"


def _by() -> By:
    return By(signed_in_staff().name, services().now())


def _back(code: str) -> Response:
    return make_response(redirect(url_for("release_way.show_way", code=code), 303))
