"""During fieldwork: progress against plan, the end at this pace, limits for every look, the next sample."""

from __future__ import annotations

from flask import Blueprint, Response, request, url_for

from survey.actions import monitoring, reading_adequacy
from survey.actions.adequacy import Frozen
from survey.actions.monitoring import NothingPlanned
from survey.actions.nonresponse import list_channels
from survey.actions.reading_adequacy import Asked
from survey.documents.formats import number, percent
from survey.documents.sheets import Column, Field, Form, Sheet, SheetsPage
from survey.mandate.sectors import load_sectors
from survey.store.audits import By
from survey.web.access import allow
from survey.web.language import reader_language
from survey.web.nonresponse import channel_name
from survey.web.services import services
from survey.web.session import signed_in_staff
from survey.web.tools import DEMO, READERS, Say, find_frozen, speaker, tabs, tool_page, wave_name

blueprint = Blueprint("progress", __name__, url_prefix="/staff/progress")
LINES = 40
MOST_CHOICES = 400


@blueprint.get("/<wave>")
@allow(*READERS)
def show_progress(wave: str) -> Response:
    """The state under the newest release's checkpoint."""
    return _show(wave)


@blueprint.post("/<wave>/plan")
@allow("statistician")
def plan(wave: str) -> Response:
    """Accept a proposed sample into the wave's schedule."""
    say, known = speaker(), services()
    _, frozen = find_frozen(wave)
    count = request.form.get("count", "")
    member = signed_in_staff()
    try:
        proposed = _propose(frozen, count, request.form.get("sector", ""))
        by = By(member.name, known.now())
        made = monitoring.accept_sample(known.database, frozen, proposed, by, known.today())
    except NothingPlanned:
        return _show(wave, say("Số thư mời phải từ 1 đến số người còn có thể mời trong khung mẫu."))
    return _show(wave, done=say("Đã đưa mẫu số %(number)s vào lịch của đợt.", number=made))


def _show(wave: str, problem: str = "", done: str = "") -> Response:
    say, language = speaker(), reader_language()
    known, frozen = find_frozen(wave)
    wanted = request.values.get("count") or str(_suggest(frozen, wave) or 100)
    sector = request.values.get("sector", "")
    try:
        proposed = _propose(frozen, wanted, sector)
    except NothingPlanned:
        proposed = {}
        problem = problem or say("Số thư mời phải từ 1 đến số người còn có thể mời trong khung mẫu.")
    stages = monitoring.measure_progress(frozen)
    end = sum(each.projected for each in stages)
    planned = sum(each.invited for each in stages) * monitoring.planned_response(frozen)
    stratum = request.values.get("stratum", "")
    if stratum not in frozen.data.populations:
        stratum = ""
    page = SheetsPage(
        overline=wave_name(known),
        title=say("Thu thập đang đến đâu?"),
        lead=say("Tính theo các lần niêm phong, mỗi tầng ít nhất mười phiếu một lần."),
        problem=problem,
        tabs=tabs(wave, "progress"),
        facts=(
            *((done,) if done else ()),
            say(
                "Theo nhịp này, đợt sẽ kết thúc với khoảng %(end)s câu trả lời; kế hoạch là %(planned)s.",
                end=number(end, language),
                planned=number(planned, language),
            ),
            say(
                "Kế hoạch là %(share)s số người được mời, rải đều theo ngày; phần này do quy tắc của đợt định.",
                share=percent(monitoring.planned_response(frozen), language, digits=0),
            ),
        ),
        sheets=(
            _looks_sheet(frozen, say),
            _days_sheet(frozen, stratum, say),
            _stages_sheet(stages, say),
            _channels_sheet(frozen, say),
            _planned_sheet(wave, say),
            Sheet(
                say("Mẫu đề nghị cho lần mời tới"),
                (Column(say("Tầng")), Column(say("Thư mời"), "count")),
                list(proposed.items())[:LINES],
                note=say("Mỗi thư mời đi đến tầng mà nó làm phương sai giảm nhiều nhất."),
            ),
        ),
        before=(_stratum_form(wave, frozen, stratum, say),),
        forms=_forms(wave, frozen, wanted, sector, say),
    )
    return tool_page(page, demo=known.purpose == DEMO, status=400 if problem else 200, notice=None)


def _propose(frozen: Frozen, count: str, sector: str) -> dict[str, int]:
    if not count.isdecimal() or len(count) > 6:
        raise NothingPlanned(count[:20])
    return monitoring.propose_sample(frozen, int(count), sector or None)


def _suggest(frozen: Frozen, wave: str) -> int:
    asked = Asked({"wave_code": wave, "level": "sector"})
    cells = reading_adequacy.read_cells(services().database, asked, signed_in_staff().scope).cells
    room = sum(each.population - frozen.fielded.invited.get(each.code, 0) for each in frozen.data.strata)
    return min(
        room, 2000, monitoring.most_wanted(frozen, {each["sector_code"]: each["answers_needed"] for each in cells})
    )


def _forms(wave: str, frozen: Frozen, wanted: str, sector: str, say: Say) -> tuple[Form, ...]:
    language = reader_language()
    present = sorted({each.sector_code for each in frozen.data.strata if each.sector_code})
    options = (("", say("mọi lĩnh vực")), *((c, load_sectors()[c].name.in_language(language)) for c in present))
    fields = (
        Field("count", say("Số thư mời"), "number", wanted),
        Field("sector", say("Chỉ trong lĩnh vực"), "select", sector, options),
    )
    look = Form(say("Đổi mẫu đề nghị"), url_for("progress.show_progress", wave=wave), fields, say("Tính lại"))
    if signed_in_staff().role != "statistician":
        return (look,)
    kept = Field("count", "", "hidden", wanted), Field("sector", "", "hidden", sector)
    accept = Form(
        say("Nhận mẫu đề nghị"),
        url_for("progress.plan", wave=wave),
        kept,
        say("Đưa %(count)s thư mời vào lịch", count=wanted),
        "post",
        say("Quản trị viên rút mẫu theo lịch; việc này được ghi vào nhật ký kiểm toán."),
    )
    return (look, accept)


def _looks_sheet(frozen: Frozen, say: Say) -> Sheet:
    language = reader_language()
    columns = (
        *(Column(say("Lĩnh vực")), Column(say("Ngày"), "date"), Column(say("Câu trả lời"), "count")),
        *(Column(say("Tỷ lệ"), "share"), Column(say("Một lần xem: từ"), "share"), Column(say("đến"), "share")),
        *(Column(say("Mọi lần xem: từ"), "share"), Column(say("đến"), "share")),
    )
    rows = [
        [
            *(load_sectors()[each.sector].name.in_language(language), each.on, each.n, each.rate),
            *(each.low, each.high, each.always_low, each.always_high),
        ]
        for each in monitoring.list_looks(services().database, frozen)
    ]
    note = say("Xem hằng ngày thì dùng khoảng của mọi lần xem: khoảng thường chỉ đúng cho một lần xem định trước.")
    return Sheet(say("Tỷ lệ qua các bản công bố"), columns, rows, note=note)


def _stratum_form(wave: str, frozen: Frozen, stratum: str, say: Say) -> Form:
    """Where strata are many, one is typed instead of chosen."""
    codes = sorted(frozen.data.populations)
    options = (("", say("mọi tầng")), *((code, code) for code in codes)) if len(codes) <= MOST_CHOICES else ()
    field = Field("stratum", say("Tầng"), "select" if options else "text", stratum, options)
    return Form("", url_for("progress.show_progress", wave=wave), (field,), say("Xem từng ngày"))


def _days_sheet(frozen: Frozen, stratum: str, say: Say) -> Sheet:
    days = monitoring.list_days(frozen, stratum)
    channels = sorted({name for each in days for name in each.channels})
    columns = (
        *(Column(say("Ngày"), "date"), Column(say("Đã niêm phong"), "count"), Column(say("Kế hoạch"), "count")),
        *(Column(channel_name(name, say), "count") for name in channels),
    )
    rows = [
        [each.on, each.sealed, round(each.planned), *(each.channels.get(name, 0) for name in channels)] for each in days
    ]
    return Sheet(say("Từng ngày của tầng %(stratum)s", stratum=stratum) if stratum else say("Từng ngày"), columns, rows)


def _stages_sheet(stages: list[monitoring.Progress], say: Say) -> Sheet:
    columns = (
        *(Column(say("Tầng")), Column(say("Được mời"), "count"), Column(say("Trả lời"), "count")),
        *(Column(say("Kế hoạch đến nay"), "count"), Column(say("Dự kiến khi kết thúc"), "count")),
    )
    rows = [
        [each.stratum, each.invited, each.answered, round(each.expected), round(each.projected)]
        for each in stages[:LINES]
    ]
    return Sheet(say("Tầng chậm nhất đứng đầu"), columns, rows)


def _channels_sheet(frozen: Frozen, say: Say) -> Sheet:
    rows = [
        [
            *(channel_name(each.name, say), each.invited or None, each.answered, each.rate),
            round(each.invited * monitoring.elapsed_plan(frozen)) or None,
        ]
        for each in list_channels(frozen)
    ]
    columns = (
        *(Column(say("Kênh")), Column(say("Được mời"), "count"), Column(say("Trả lời"), "count")),
        *(Column(say("Tỷ lệ trả lời"), "share"), Column(say("Kế hoạch đến nay"), "count")),
    )
    return Sheet(say("Từng kênh"), columns, rows)


def _planned_sheet(wave: str, say: Say) -> Sheet:
    columns = (
        *(Column(say("Mẫu số")), Column(say("Thư mời"), "count"), Column(say("Tầng"), "count")),
        *(Column(say("Người nhận")), Column(say("Ngày"), "date")),
    )
    rows = [
        [str(each.number), sum(each.strata.values()), len(each.strata), each.accepted_by, each.accepted_on]
        for each in monitoring.list_planned(services().database, wave)
    ]
    return Sheet(say("Lịch mời thêm của đợt"), columns, rows, empty=say("Chưa có mẫu nào trong lịch."))
