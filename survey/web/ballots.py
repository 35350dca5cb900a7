"""The page of a wave's ballot accounting: what became of every place, so that selective invitation is arithmetic."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

from flask import Blueprint, Response, abort, make_response, request, url_for

from survey.actions.accounting import COUNTS, Ballots, list_ballots
from survey.actions.waves import UnknownWave, find_wave
from survey.documents.formats import day
from survey.documents.sheets import Column, Sheet, SheetsPage, render_sheets, write_csv
from survey.documents.shell import Link
from survey.store import places
from survey.store.places import EVERYTHING
from survey.store.waves import Wave
from survey.web.access import allow
from survey.web.language import reader_language
from survey.web.services import services
from survey.web.shell import staff_page, staff_shell
from survey.web.tools import Say, speaker, wave_name

blueprint = Blueprint("ballots", __name__, url_prefix="/staff/set-up")


@blueprint.get("/<code>/accounting")
@allow("operator", "statistician", "auditor")
def show_accounting(code: str) -> Response:
    """What became of every place, agency by agency or day by day, as the checkpoints bind it; also as CSV."""
    wave, say = _find(code), speaker()
    agency = request.args.get("agency") or None
    found = list_ballots(services().database, code, agency=agency)
    as_csv = request.args.get("format") == "csv"
    sheet = _ballots(say, wave, found, agency, date.isoformat if as_csv else _day)
    if as_csv:
        response = make_response(write_csv([sheet]))
        response.headers["Content-Type"] = "text/csv; charset=utf-8"
        response.headers["Content-Disposition"] = f'attachment; filename="{code}-accounting.csv"'
        return response
    back = url_for("waves_operator.show_wave", code=code)
    csv_url = url_for("ballots.show_accounting", code=code, agency=agency, format="csv")
    page = SheetsPage(
        overline=wave_name(wave),
        title=say("Đối chiếu thư mời"),
        lead=say("Mỗi điểm chốt ký cả bảng này: mời ai, bỏ ai đều thành phép cộng mà ai cũng kiểm được."),
        sheets=(sheet,),
        downloads=(
            Link(say("Tải về (CSV)"), csv_url),
            *((Link(say("Mọi cơ quan"), url_for("ballots.show_accounting", code=code)),) if agency else ()),
            Link(say("Về đợt khảo sát"), back),
        ),
        notes=(say("Lượt mở phiếu được đếm mà không biết mã phiếu nào; một người có thể mở nhiều lần."),),
    )
    return staff_page(render_sheets(page, staff_shell("set_up"), reader_language()))


def _day(each: date) -> str:
    return day(each, reader_language())


def _ballots(
    say: Say, wave: Wave, found: Sequence[Ballots], agency: str | None, written: Callable[[date], str]
) -> Sheet:
    words = _count_words(say)
    used = [name for name in COUNTS if any(each.counts.get(name) for each in found)]
    first = Column(say("Ngày")) if agency else Column(say("Cơ quan"))
    columns = (first, *(Column(words[name], "count") for name in used), Column(say("Điểm chốt")))
    with services().database.reading() as connection:
        names = places.list_agencies(connection, EVERYTHING)
    language = reader_language()

    def head(each: Ballots) -> Link | str:
        if agency:
            return written(each.day)
        known = names.get(each.agency_code)
        name = known.name.get(language, known.name["vi"]) if known else each.agency_code
        return Link(name, url_for("ballots.show_accounting", code=wave.code, agency=each.agency_code))

    rows = [(head(each), *(each.counts.get(name, 0) for name in used), str(each.checkpoint)) for each in found]
    caption = say("Từng ngày, cộng dồn") if agency else say("Từng cơ quan, đến %(day)s", day=_last(found))
    return Sheet(caption, columns, rows, empty=say("Chưa có điểm chốt nào nói về đợt này."))


def _last(found: Sequence[Ballots]) -> str:
    return _day(max(each.day for each in found)) if found else "–"


def _count_words(say: Say) -> dict[str, str]:
    return {
        "transactions": say("Hồ sơ trong khung"),
        "invited": say("Được rút"),
        "sent": say("Đã gửi"),
        "delivered": say("Đã đến"),
        "undeliverable": say("Không gửi được"),
        "capped": say("Quá số lần mời"),
        "opted_out": say("Xin không mời"),
        "views": say("Lượt mở phiếu"),
        "answered": say("Đã trả lời"),
        "expired": say("Hết hạn"),
        "sealed": say("Đã niêm phong"),
        "excluded": say("Bị loại"),
        "withdrawn": say("Rút lại"),
        "voided": say("Mã đã thay"),
        "second_uses": say("Dùng lần hai"),
    }


def _find(code: str) -> Wave:
    try:
        return find_wave(services().database, code)
    except UnknownWave:
        abort(404)
