"""The operators' page of contacts: a file for those drawn, which this process seals and cannot open again."""

from __future__ import annotations

from flask import Blueprint, Response, abort, make_response, redirect, request, url_for

from survey.actions.handing_in_contacts import Outcome, count_waiting, hand_in, list_outcomes
from survey.actions.waves import UnknownWave, find_wave
from survey.documents.formats import moment
from survey.documents.sheets import Column, Field, Form, Sheet, SheetsPage, render_sheets
from survey.documents.shell import Link
from survey.store.audits import By
from survey.store.waves import Wave
from survey.web.access import allow, takes_files
from survey.web.language import reader_language
from survey.web.services import services
from survey.web.session import signed_in_staff
from survey.web.shell import staff_page, staff_shell
from survey.web.tools import Say, speaker, wave_name

blueprint = Blueprint("contact_upload", __name__, url_prefix="/staff/set-up")
LARGEST = 16_000_000
BINARY = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")


@blueprint.get("/<code>/contacts")
@allow("operator", "auditor")
def show_contacts(code: str) -> Response:
    """What came of the files that were handed in, and where another is."""
    return _page(_find(code))


@blueprint.post("/<code>/contacts")
@takes_files(LARGEST)
@allow("operator")
def upload(code: str) -> Response:
    """Seal a file and leave it to the work process."""
    wave, file, known, say = _find(code), request.files.get("file"), services(), speaker()
    content = file.read() if file is not None and file.filename else b""
    if not content:
        return _page(wave, say("Xin chọn một tệp."), 422)
    if content.startswith(BINARY):
        return _page(wave, say("Đây là tệp Excel. Xin lưu thành CSV UTF-8 rồi gửi lại."), 422)
    hand_in(known.database, known.keys, content, wave_code=wave.code, by=By(signed_in_staff().name, known.now()))
    return make_response(redirect(url_for("contact_upload.show_contacts", code=code), 303))


def _page(wave: Wave, problem: str = "", status: int = 200) -> Response:
    say, known = speaker(), services()
    waiting = count_waiting(known.database, wave.code)
    file = Field(
        "file",
        say("Tệp CSV"),
        "file",
        hint=say("Các cột: dossier (mã hồ sơ), phone hoặc email; có thể thêm channel và language."),
    )
    form = Form(
        say("Nộp tệp liên hệ"),
        url_for("contact_upload.upload", code=wave.code),
        (file,),
        say("Nộp tệp"),
        "post",
        say(
            "Chỉ liên hệ của người đã rút được giữ, nhiều nhất 72 giờ; mọi dòng khác bị bỏ ngay. "
            "Trang này không đọc lại được tệp."
        ),
    )
    page = SheetsPage(
        overline=wave_name(wave),
        title=say("Liên hệ để gửi thư mời"),
        lead=say("Nộp sau khi rút mẫu: máy gửi tin cho người đã rút trong vài phút."),
        problem=problem,
        facts=(say("%(count)s tệp đang chờ đọc.", count=waiting),) if waiting else (),
        sheets=(_outcomes(say, list_outcomes(known.database, wave.code)),),
        forms=(form,) if signed_in_staff().role == "operator" else (),
        downloads=(Link(say("Về đợt khảo sát"), url_for("waves_operator.show_wave", code=wave.code)),),
    )
    return staff_page(render_sheets(page, staff_shell("set_up"), reader_language()), status)


def _outcomes(say: Say, found: list[Outcome]) -> Sheet:
    columns = (
        Column(say("Ngày")),
        Column(say("Đã giữ"), "count"),
        Column(say("Người đã rút mà không có liên hệ"), "count"),
        Column(say("Dòng không đọc được")),
        Column(say("Vì sao bị từ chối")),
    )
    language = reader_language()
    rows = [
        (moment(each.at, language), each.kept, each.without, ", ".join(map(str, each.unreadable)), each.refused)
        for each in found
    ]
    return Sheet(say("Các tệp đã đọc"), columns, rows, empty=say("Chưa có tệp nào được đọc."))


def _find(code: str) -> Wave:
    try:
        return find_wave(services().database, code)
    except UnknownWave:
        abort(404)
