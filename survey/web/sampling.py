"""The operators' pages of a wave's sample: what is drawn, another draw, slips to print."""

from __future__ import annotations

import secrets

from flask import Blueprint, Response, abort, make_response, redirect, request, url_for

from survey.actions import ordering, planning
from survey.actions.inviting import (
    NoFrame,
    TooMany,
    WaveOver,
    check_channel,
    hand_out,
    list_places_left,
)
from survey.actions.waves import UnknownWave, WrongChannel, find_wave
from survey.documents.formats import day
from survey.documents.sheets import Column, Field, Form, Sheet, SheetsPage, render_sheets
from survey.documents.shell import Link
from survey.documents.slips import SHEET, Slip, render_slips
from survey.settings import load_sending
from survey.store import frames, invitations
from survey.store.audits import By
from survey.store.waves import Wave
from survey.web.access import allow
from survey.web.language import reader_language
from survey.web.planning import read_wanted
from survey.web.services import services
from survey.web.session import signed_in_staff
from survey.web.shell import staff_page, staff_shell
from survey.web.tools import Say, speaker, wave_name

blueprint = Blueprint("sampling", __name__, url_prefix="/staff/set-up")
READERS = ("operator", "statistician", "auditor")
MOST_SLIPS = 400
MOST_DIGITS = 9


@blueprint.get("/<code>/sample")
@allow(*READERS)
def show_sample(code: str) -> Response:
    """What is drawn of each agency and sector, the draws that were ordered, and what waits for its slip."""
    return _page(_find(code))


@blueprint.post("/<code>/sample")
@allow("operator")
def order(code: str) -> Response:
    """Order a draw; the work process makes it within seconds."""
    wave, typed = _find(code), request.form
    count, rate = _count(typed.get("count", "")), _rate(typed.get("rate", ""))
    if (count is None) == (rate is None):
        return _page(wave, problem=speaker()("Xin ghi số thư mời, hoặc tỷ lệ mỗi đêm; chỉ một trong hai."), status=422)
    return _order(wave, count=count, rate=rate)


@blueprint.post("/<code>/sample/plan")
@allow("operator")
def order_plan(code: str) -> Response:
    """Order the draw of a plan, stratum by stratum, its reserve left undrawn."""
    wave = _find(code)
    try:
        plan = planning.plan_wave(services().database, code, read_wanted(request.form))
    except (NoFrame, ValueError):
        return _page(wave, problem=speaker()("Kế hoạch này không còn khớp với khung mẫu. Xin tính lại."), status=422)
    return _order(wave, strata={each.stratum: each.invitations for each in plan.strata if each.invitations})


@blueprint.post("/<code>/sample/slips")
@allow("operator", confirmed=True)
def print_slips(code: str) -> Response:
    """Slips for drawn places that have none, eight on a sheet: each is live once this page is made."""
    wave, known, say = _find(code), services(), speaker()
    try:
        check_channel(known.database, code, "slip")
        left = list_places_left(known.database, code, known.today())
    except (WaveOver, WrongChannel):
        return _page(wave, problem=say("Đợt này không phát phiếu giấy hoặc đã đóng."), status=422)
    chosen = left[: _count(request.form.get("slips", "")) or MOST_SLIPS][:MOST_SLIPS]
    if not chosen:
        return _page(wave, problem=say("Không còn phiếu nào chờ in."), status=422)
    given = list(hand_out(known.database, known.keys, chosen, "slip"))
    address = known.settings.base_url
    slips = [Slip(f"{address}/t/{each.token}", each.code) for each in given]
    response = make_response(render_slips(slips, load_sending(known.settings).address, wave.closes_on, SHEET))
    response.headers["Content-Disposition"] = f'attachment; filename="{code}-{secrets.token_hex(4)}.html"'
    response.headers["Cache-Control"] = "no-store"
    return response


def _order(
    wave: Wave, *, count: int | None = None, rate: float | None = None, strata: dict[str, int] | None = None
) -> Response:
    known, say = services(), speaker()
    seed = request.form.get("seed", "").strip() or secrets.token_hex(8)
    by = By(signed_in_staff().name, known.now())
    try:
        ordering.order_draw(
            known.database, wave.code, seed=seed, by=by, today=known.today(), count=count, rate=rate, strata=strata
        )
    except (NoFrame, TooMany, WaveOver, ordering.BadOrder) as refused:
        return _page(wave, problem=_explain(say, refused), status=422)
    return make_response(redirect(url_for("sampling.show_sample", code=wave.code), 303))


def _explain(say: Say, refused: Exception) -> str:
    if isinstance(refused, NoFrame):
        return say("Đợt này chưa có khung mẫu.")
    if isinstance(refused, TooMany):
        return say("Khung mẫu không còn đủ người để mời. Xin giảm số, hoặc nạp khung mới.")
    if isinstance(refused, WaveOver):
        return say("Đợt này không còn nhận phiếu.")
    return say("Số gieo có 1 đến 64 ký tự; tỷ lệ mỗi đêm trên 0 và không quá 100 phần trăm.")


def _page(wave: Wave, *, problem: str = "", status: int = 200) -> Response:
    say, known = speaker(), services()
    waiting = 0 if wave.is_over(known.today()) else len(list_places_left(known.database, wave.code, known.today()))
    sending = load_sending(known.settings)
    facts = [say("%(count)s người đã rút đang chờ phiếu.", count=waiting)]
    if hours := sending.reminder_hours:
        facts.append(say("Nhắc một lần, %(hours)s giờ sau thư mời đầu.", hours=hours))
    else:
        facts.append(say("Không nhắc lại."))
    facts.append(
        say(
            "Một liên hệ nhận nhiều nhất %(count)s thư mời trong %(days)s ngày.",
            count=sending.cap,
            days=sending.cap_days,
        )
    )
    page = SheetsPage(
        overline=wave_name(wave),
        title=say("Mẫu và thư mời"),
        lead=say("Rút theo số gieo: ai có số gieo và khung mẫu đều rút lại được đúng mẫu này."),
        problem=problem,
        facts=tuple(facts),
        sheets=(_orders(say, wave), _strata(say, wave)),
        forms=_forms(say, wave, waiting) if signed_in_staff().role == "operator" else (),
        downloads=(Link(say("Về đợt khảo sát"), url_for("waves_operator.show_wave", code=wave.code)),),
    )
    return staff_page(render_sheets(page, staff_shell("set_up"), reader_language()), status)


def _forms(say: Say, wave: Wave, waiting: int) -> tuple[Form, ...]:
    if wave.is_over(services().today()):
        return ()
    action = url_for("sampling.order", code=wave.code)
    seed = Field("seed", say("Số gieo"), hint=say("Để trống thì máy chọn và ghi vào nhật ký."))
    once = Form(
        say("Rút thêm"), action, (Field("count", say("Số thư mời"), "number"), seed), say("Đặt lệnh rút"), "post"
    )
    rate = Field(
        "rate", say("Tỷ lệ mỗi đêm, phần trăm"), "number", hint=say("Mỗi hồ sơ mới được mời với đúng xác suất này.")
    )
    nightly = Form(say("Rút liên tục, từng đêm"), action, (rate, seed), say("Đặt lệnh rút"), "post")
    slips = Form(
        say("In phiếu mời"),
        url_for("sampling.print_slips", code=wave.code),
        (Field("slips", say("Số phiếu"), "number", str(min(waiting, MOST_SLIPS))),),
        say("Tạo tệp để in"),
        "post",
        say("Phiếu có hiệu lực ngay khi tệp được tạo. Tệp chỉ tạo một lần: xin in rồi xóa tệp."),
    )
    return (once, nightly, slips) if waiting else (once, nightly)


def _orders(say: Say, wave: Wave) -> Sheet:
    columns = (
        Column(say("Lệnh số")),
        Column(say("Số thư mời"), "count"),
        Column(say("Tỷ lệ mỗi đêm"), "share"),
        Column(say("Số gieo")),
        Column(say("Người đặt")),
        Column(say("Ngày")),
        Column(say("Trạng thái")),
        Column(say("Kết quả")),
    )
    words = {"waiting": say("đang chờ"), "done": say("đã rút"), "refused": say("không rút được")}
    rows = [
        (
            str(each.number),
            each.count,
            each.rate,
            each.seed,
            each.ordered_by,
            day(each.ordered_on, reader_language()),
            say("từng đêm") if each.rate and each.state == "waiting" else words[each.state],
            each.told,
        )
        for each in ordering.list_orders(services().database, wave.code)
    ]
    return Sheet(say("Các lệnh rút"), columns, rows, empty=say("Chưa có lệnh rút nào đặt tại đây."))


def _strata(say: Say, wave: Wave) -> Sheet:
    with services().database.reading() as connection:
        version = frames.find_frame_version(connection, wave.code)
        strata = frames.list_strata(connection, wave.code, version) if version else ()
        drawn = invitations.count_invitations(connection, wave.code)
    columns = (
        Column(say("Tầng")),
        Column(say("Trong khung"), "count"),
        Column(say("Đã rút"), "count"),
        Column(say("Xác suất"), "share"),
    )
    rows = [
        (each.code, each.population, n := drawn.get(each.code, 0), n / each.population if each.population else 0.0)
        for each in strata
    ]
    return Sheet(say("Mẫu theo tầng"), columns, rows, empty=say("Chưa có khung mẫu."))


def _count(text: str) -> int | None:
    text = text.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS and int(text) > 0 else None


def _rate(text: str) -> float | None:
    try:
        return float(text.strip().replace(",", ".")) / 100 if text.strip() else None
    except ValueError:
        return None


def _find(code: str) -> Wave:
    try:
        return find_wave(services().database, code)
    except UnknownWave:
        abort(404)
