"""Who answered, and who did not: response, shares, early and late, channels, tipping points, the silent asked again."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, Response, request, url_for

from analysis.twophase import BadTwoPhase
from survey.actions import nonresponse, reading
from survey.actions.adequacy import Frozen
from survey.actions.nonresponse import BadFollowUp, GroupRate
from survey.actions.telling_figures import agency_name
from survey.documents.formats import percent, points
from survey.documents.sheets import Column, Field, Form, Sheet, SheetsPage
from survey.documents.verdicts import N_
from survey.mandate.sectors import load_sectors
from survey.web.access import allow
from survey.web.language import reader_language
from survey.web.services import services
from survey.web.session import signed_in_staff
from survey.web.tools import DEMO, READERS, Say, find_frozen, speaker, tabs, tool_page, wave_name

blueprint = Blueprint("nonresponse", __name__, url_prefix="/staff/nonresponse")
LINES = 40
CHANNELS = {
    "slip": N_("phiếu giấy có mã"),
    "link": N_("liên kết"),
    "sms": N_("tin nhắn"),
    "email": N_("thư điện tử"),
    "kiosk": N_("máy tại cơ quan"),
    "zalo": N_("tin Zalo"),
    "interviewer": N_("người phỏng vấn"),
    "phone": N_("gọi điện"),
    "paper": N_("phiếu giấy nhập lại"),
    "counter": N_("phát tại quầy"),
}


@blueprint.route("/<wave>", methods=["GET", "POST"])
@allow(*READERS)
def show_nonresponse(wave: str) -> Response:
    """Everything about nonresponse of a wave; posted counts of a follow-up are analysed and not kept."""
    say, language = speaker(), reader_language()
    known, frozen = find_frozen(wave)
    text, problem = request.form.get("counts", ""), ""
    facts: tuple[str, ...] = ()
    if request.method == "POST":
        try:
            facts = _analyse(frozen, text, say)
        except BadFollowUp as bad:
            problem = say("Không đọc được dòng này: %(line)s. Mỗi dòng: tầng, số trả lời, số hài lòng.", line=bad)
        except BadTwoPhase as bad:
            problem = say("Số liệu chưa hợp lý: %(reason)s", reason=bad)
    page = SheetsPage(
        overline=wave_name(known),
        title=say("Ai trả lời, ai không"),
        lead=say("Số liệu dưới điểm chốt của bản công bố mới nhất; nhóm ít người được bỏ qua."),
        problem=problem,
        tabs=tabs(wave, "nonresponse"),
        facts=facts,
        sheets=(
            _tipping_sheet(frozen, say),
            _channels_sheet(frozen, say),
            _rates_sheet(say("Kênh trả lời"), nonresponse.compare_modes(frozen), say, channel_name),
            _rates_sheet(say("Trả lời sớm và muộn"), nonresponse.compare_periods(frozen), say, _half_month),
            _shares_sheet(frozen, "sector", say("Lĩnh vực: khung, người trả lời, sau trọng số"), say),
            _shares_sheet(frozen, "agency", say("Cơ quan: khung, người trả lời, sau trọng số"), say),
            _response_sheet(frozen, "agency", say("Cơ quan trả lời ít nhất"), say),
            _response_sheet(frozen, "stratum", say("Tầng trả lời ít nhất"), say),
        ),
        forms=(_follow_form(frozen, wave, text, language, say),),
    )
    return tool_page(page, demo=known.purpose == DEMO, status=400 if problem else 200)


def _analyse(frozen: Frozen, text: str, say: Say) -> tuple[str, ...]:
    language = reader_language()
    followed = nonresponse.read_follow_up(text)
    found = nonresponse.analyse_follow_up(frozen, followed)
    return (
        say(
            "Hai pha: %(rate)s (%(low)s đến %(high)s). Người trả lời ngay: %(first)s; người được hỏi lại: %(silent)s.",
            rate=percent(found.rate, language),
            low=percent(found.low, language),
            high=percent(found.high, language),
            first=percent(found.first_rate, language),
            silent=percent(found.silent_rate, language),
        ),
        say(
            "Sai số chuẩn %(se)s điểm. Kết quả này để tham khảo, không phải kết luận.",
            se=points(found.se, language, 2),
        ),
    )


def _tipping_sheet(frozen: Frozen, say: Say) -> Sheet:
    columns = (
        *(Column(say("Lĩnh vực")), Column(say("Chỉ tiêu"), "share"), Column(say("Cận dưới cực đoan"), "share")),
        *(Column(say("Cận trên cực đoan"), "share"), Column(say("Điểm lật của người không trả lời"))),
        Column(say("Tương quan đủ lật"), "decimal"),
    )
    language = reader_language()
    rows = [
        [
            *(load_sectors()[sector].name.in_language(language), target, told.lowest, told.highest),
            percent(told.silent_rate, language) if told.possible else say("không thể lật"),
            told.correlation if abs(told.correlation) <= 1 else None,
        ]
        for sector, target, told in nonresponse.list_tipping(frozen)
    ]
    return Sheet(say("Điểm lật của từng kết luận"), columns, rows)


def _rates_sheet(caption: str, groups: list[GroupRate], say: Say, name: Callable[[str, Say], str]) -> Sheet:
    columns = (
        *(Column(say("Nhóm")), Column(say("Câu trả lời"), "count"), Column(say("Tỷ lệ"), "share")),
        *(Column(say("Cận dưới"), "share"), Column(say("Cận trên"), "share")),
        *(Column(say("Chênh với nhóm đông nhất"), "points"), Column(say("Chênh từ"), "points")),
        Column(say("Chênh đến"), "points"),
    )
    rows = [
        [
            *(name(each.name, say), each.n, each.rate, each.low, each.high),
            *(each.gap, each.gap_low, each.gap_high),
        ]
        for each in groups
    ]
    return Sheet(caption, columns, rows, note=say("Nhóm quá ít người không hiện số."))


def channel_name(name: str, say: Say) -> str:
    channel = say(CHANNELS[name.rstrip("+")]) if name.rstrip("+") in CHANNELS else name.rstrip("+")
    return say("%(channel)s, có người giúp", channel=channel) if name.endswith("+") else channel


def _half_month(name: str, say: Say) -> str:
    half = say("nửa đầu tháng") if name.endswith("a") else say("nửa cuối tháng")
    return f"{name[5:7]}/{name[:4]}, {half}"


def _shares_sheet(frozen: Frozen, by: str, caption: str, say: Say) -> Sheet:
    columns = (
        *(Column(say("Nhóm")), Column(say("Khung mẫu"), "share"), Column(say("Được mời"), "share")),
        *(Column(say("Trả lời"), "share"), Column(say("Sau trọng số"), "share")),
    )
    rows = [
        [_name(each.name, by), each.frame, each.invited, each.answered, each.weighted]
        for each in nonresponse.list_shares(frozen, by)
    ]
    return Sheet(caption, columns, rows)


def _channels_sheet(frozen: Frozen, say: Say) -> Sheet:
    rows = [
        [channel_name(each.name, say), each.invited or None, each.answered, each.rate]
        for each in nonresponse.list_channels(frozen)
    ]
    note = say("Kênh không gửi thư mời, như máy tại cơ quan, không có tỷ lệ trả lời.")
    return Sheet(say("Tỷ lệ trả lời của từng kênh"), _response_columns(say("Kênh"), say), rows, note=note)


def _response_sheet(frozen: Frozen, by: str, caption: str, say: Say) -> Sheet:
    found = nonresponse.list_response(frozen, by)
    rows = [[_name(each.name, by), each.invited, each.answered, each.rate] for each in found[:LINES]]
    note = say("%(shown)s nhóm trả lời ít nhất trong %(all)s nhóm.", shown=len(rows), all=len(found))
    head = say("Cơ quan") if by == "agency" else say("Tầng")
    return Sheet(caption, _response_columns(head, say), rows, note=note)


def _response_columns(head: str, say: Say) -> tuple[Column, ...]:
    counts = Column(say("Được mời"), "count"), Column(say("Trả lời"), "count")
    return (Column(head), *counts, Column(say("Tỷ lệ trả lời"), "share"))


def _name(code: str, by: str) -> str:
    language = reader_language()
    if by == "stratum":
        return code
    if by == "sector":
        return load_sectors()[code].name.in_language(language) if code in load_sectors() else code
    return agency_name(reading.list_agencies(services().database, signed_in_staff().scope), code, language)


def _follow_form(frozen: Frozen, wave: str, text: str, language: str, say: Say) -> Form:
    sizes = nonresponse.size_follow_up(frozen, 0.1)
    proposed = ", ".join(f"{code}: {n}" for code, n in list(sizes.items())[:6])
    hint = say(
        "Hỏi lại một phần mười số người chưa trả lời: %(count)s người (%(strata)s …). "
        "Quản trị viên rút họ bằng lệnh %(command)s.",
        count=sum(sizes.values()),
        strata=proposed,
        command=f"hailong planned silent {wave} --share 0.1",
    )
    return Form(
        say("Mẫu hỏi lại người chưa trả lời"),
        url_for("nonresponse.show_nonresponse", wave=wave),
        (Field("counts", say("Mỗi dòng: tầng, số trả lời, số hài lòng"), "lines", text, hint=hint),),
        say("Phân tích hai pha"),
        "post",
        say("Số nhập ở đây chỉ dùng để tính, không được lưu."),
    )
