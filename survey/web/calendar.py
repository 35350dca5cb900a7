"""The release calendar for staff: on which day figures are to come out, set by a statistician."""

from __future__ import annotations

from datetime import date

from flask import Blueprint, Response, abort, make_response, redirect, request, url_for

from survey.actions import publishing
from survey.actions.publishing import HourPassed, NoteNeeded
from survey.actions.reading import UnknownRelease
from survey.actions.reading_calendar import CalendarEntry, read_calendar
from survey.documents.formats import day, moment
from survey.documents.sheets import Column, Field, Form, Sheet, SheetsPage, render_sheets
from survey.store.audits import By
from survey.store.release_plans import Plan
from survey.web.access import allow
from survey.web.language import reader_language
from survey.web.moments import local_time
from survey.web.reach import rules_wave, sees_wave
from survey.web.services import services
from survey.web.session import signed_in_staff
from survey.web.shell import staff_page, staff_shell
from survey.web.tools import speaker, wave_name

blueprint = Blueprint("calendar", __name__)


@blueprint.get("/staff/calendar")
@allow("official", "statistician", "operator", "auditor")
def show_calendar() -> Response:
    return _show()


@blueprint.post("/staff/calendar")
@allow("statistician")
def plan() -> Response:
    """Set or move the day of a wave."""
    say, known = speaker(), services()
    wave, reason = request.form.get("wave", ""), request.form.get("reason", "")
    try:
        due_on = date.fromisoformat(request.form.get("day", ""))
    except ValueError:
        return _show(say("Xin chọn ngày công bố."), 400)
    if not rules_wave(wave):
        abort(404)
    by = By(signed_in_staff().name, known.now())
    try:
        publishing.plan_release(known.database, wave, due_on, reason=reason, by=by, today=known.today())
    except UnknownRelease:
        abort(404)
    except HourPassed:
        return _show(say("Ngày ấy đã qua. Xin chọn một ngày từ hôm nay trở đi."), 400)
    except NoteNeeded:
        return _show(say("Ngày đã báo trước thì dời phải có lý do, tối đa 2.000 ký tự."), 400)
    return make_response(redirect(url_for("calendar.show_calendar"), 303))


def _show(problem: str = "", status: int = 200) -> Response:
    say, known, language = speaker(), services(), reader_language()
    found = [each for each in read_calendar(known.database) if sees_wave(each.wave.code)]
    columns = (
        Column(say("Đợt khảo sát")),
        Column(say("Bản nháp từ")),
        Column(say("Ngày công bố dự kiến")),
        Column(say("Đã ký để công bố lúc")),
        Column(say("Đã công bố")),
    )
    rows = [
        (
            wave_name(each.wave),
            day(each.draft_on, language),
            "; ".join(_told(one, language) for one in each.plans) or None,
            moment(local_time(each.signed_for), language) if each.signed_for else None,
            "; ".join(f"{one.code} ({day(one.published_on, language)})" for one in each.published) or None,
        )
        for each in found
    ]
    page = SheetsPage(
        overline=say("Bản công bố"),
        title=say("Lịch công bố"),
        lead=say("Ngày báo trước không đổi theo kết quả. Dời ngày phải có lý do, và ai cũng đọc được lý do ấy."),
        problem=problem,
        sheets=(Sheet(say("Các đợt"), columns, rows, empty=say("Chưa có đợt nào.")),),
        forms=_forms(found) if signed_in_staff().role == "statistician" else (),
    )
    return staff_page(render_sheets(page, staff_shell("calendar"), language), status)


def _forms(found: list[CalendarEntry]) -> tuple[Form, ...]:
    say, typed = speaker(), request.form  # of a form that was refused: nothing typed is lost
    options = tuple((each.wave.code, wave_name(each.wave)) for each in found if rules_wave(each.wave.code))
    if not options:
        return ()
    fields = (
        Field("wave", say("Đợt khảo sát"), "select", typed.get("wave", options[0][0]), options),
        Field("day", say("Ngày công bố"), "date", typed.get("day", "")),
        Field("reason", say("Lý do"), "lines", typed.get("reason", ""), hint=say("Cần khi dời một ngày đã báo.")),
    )
    return (Form(say("Báo ngày công bố"), url_for("calendar.plan"), fields, say("Ghi vào lịch"), "post"),)


def _told(plan: Plan, language: str) -> str:
    return day(plan.due_on, language) + (f" ({plan.reason})" if plan.reason else "")
