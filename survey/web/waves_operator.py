"""The operators' pages of waves: open, change, close, and the rule as anybody may read it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from flask import Blueprint, Response, abort, make_response, redirect, request, url_for

from survey.actions import waves
from survey.actions.comparing_totals import compare_totals
from survey.actions.waves import CHANNELS, SEAL_MINIMUM, UnknownWave, WaveExists, WaveLocked
from survey.documents.sheets import Column, Field, Form, Sheet, SheetsPage, render_sheets
from survey.documents.shell import Link
from survey.mandate.exclusions import load_exclusion_rules
from survey.mandate.indicators import load_indicators
from survey.mandate.questionnaires import load_questionnaires
from survey.mandate.rules import COUNTED, TARGET_POPULATIONS, MalformedRule, Rule, read_rule
from survey.store.audits import By
from survey.store.waves import Wave
from survey.web.access import allow
from survey.web.language import reader_language
from survey.web.services import services
from survey.web.session import signed_in_staff
from survey.web.shell import staff_page, staff_shell
from survey.web.tools import Say, speaker, wave_name

blueprint = Blueprint("waves_operator", __name__, url_prefix="/staff/set-up")
READERS = ("operator", "statistician", "auditor")
PURPOSES = ("official", "pilot", "training")
POPULATIONS = ("transactions", "public")
METHODS = ("guarded",)
MANY = ("holm", "hochberg", "bh", "by")
LONGEST_NAME = 200


class BadForm(ValueError):
    """What was typed cannot be a wave; the message names the field."""


@blueprint.get("/")
@allow(*READERS)
def show_waves() -> Response:
    """Every wave, the newest first, and the form that opens one."""
    return _page()


@blueprint.post("/")
@allow("operator")
def open_wave() -> Response:
    return _keep(instead=None)


@blueprint.get("/<code>")
@allow(*READERS)
def show_wave(code: str) -> Response:
    """A wave with its rule, word by word; the form that changes it as long as nobody was invited."""
    return _one(_find(code))


@blueprint.post("/<code>")
@allow("operator")
def change_wave(code: str) -> Response:
    return _keep(instead=_find(code))


@blueprint.post("/<code>/close")
@allow("operator")
def close_wave(code: str) -> Response:
    known = services()
    waves.close_wave(known.database, _find(code).code, By(signed_in_staff().name, known.now()))
    return make_response(redirect(url_for("waves_operator.show_wave", code=code), 303))


def _keep(instead: Wave | None) -> Response:
    known, typed, say = services(), request.form, speaker()
    code = instead.code if instead else typed.get("code", "").strip()
    try:
        opens_on, closes_on = _read_days(typed)
        purpose = _choice(typed, "purpose", PURPOSES)
        waves.open_wave(
            known.database,
            code=_checked_code(code),
            name=_read_name(typed, instead),
            questionnaire=_choice(typed, "questionnaire", tuple(_questionnaires())),
            opens_on=opens_on,
            closes_on=closes_on,
            rule=_read_rule(typed),
            series=typed.get("series", "").strip() or None,
            purpose=purpose,
            population=_choice(typed, "population", POPULATIONS),
            seal_minimum=instead.seal_minimum if instead else SEAL_MINIMUM,
            channels=[each for each in CHANNELS if typed.get(f"channel-{each}")],
            grace_days=_number(typed, "grace_days", 0, 60),
            instead=instead is not None,
            recorded=By(signed_in_staff().name, known.now()),
        )
    except WaveLocked:
        return _one(_find(code), say("Đã có người được mời: quy tắc đã khóa. Quy tắc mới là một đợt mới."), 409)
    except WaveExists:
        return _page(say("Đã có đợt mang mã này. Xin chọn mã khác."), 409)
    except (BadForm, MalformedRule) as wrong:
        said = say("Chưa lưu: xin xem lại ô %(field)s.", field=str(wrong))
        return _one(instead, said, 422) if instead else _page(said, 422)
    return make_response(redirect(url_for("waves_operator.show_wave", code=code), 303))


def _page(problem: str = "", status: int = 200) -> Response:
    say = speaker()
    found = sorted(waves.list_waves(services().database), key=lambda each: each.opens_on, reverse=True)
    columns = (
        Column(say("Đợt khảo sát")),
        Column(say("Mã")),
        Column(say("Mục đích")),
        Column(say("Từ ngày")),
        Column(say("Đến ngày")),
        Column(say("Trạng thái")),
    )
    rows = [
        (
            Link(wave_name(each), url_for("waves_operator.show_wave", code=each.code)),
            each.code,
            _words(say)[each.purpose],
            each.opens_on.isoformat(),
            each.closes_on.isoformat(),
            say("Đang nhận phiếu") if each.takes_answers(services().today()) else say("Không nhận phiếu"),
        )
        for each in found
    ]
    page = SheetsPage(
        overline=say("Thiết lập"),
        title=say("Đợt khảo sát"),
        lead=say(
            "Quy tắc tính khóa lại khi thư mời đầu tiên được phát. Đợt thử và đợt tập huấn không bao giờ được tính."
        ),
        problem=problem,
        sheets=(Sheet(say("Các đợt"), columns, rows, empty=say("Chưa có đợt nào.")),),
        forms=(_form(say, None),) if signed_in_staff().role == "operator" else (),
    )
    return staff_page(render_sheets(page, staff_shell("set_up"), reader_language()), status)


def _one(wave: Wave, problem: str = "", status: int = 200) -> Response:
    say, known = speaker(), services()
    locked = waves.is_locked(known.database, wave.code)
    rule = read_rule(wave.rule)
    state = say("Quy tắc đã khóa.") if locked else say("Quy tắc chưa khóa: chưa ai được mời.")
    forms: tuple[Form, ...] = ()
    if signed_in_staff().role == "operator":
        closing = url_for("waves_operator.close_wave", code=wave.code)
        forms += () if locked or wave.questionnaire_code is None else (_form(say, wave),)
        forms += () if wave.closed else (Form("", closing, (), say("Đóng đợt này"), "post"),)
    page = SheetsPage(
        overline=say("Thiết lập"),
        title=wave_name(wave),
        lead=state,
        problem=problem,
        sheets=(_facts_of(say, wave), _rule_of(say, rule), *_totals_of(say, wave)),
        downloads=(Link(say("Khung mẫu"), url_for("frame_upload.show_frames", code=wave.code)),),
        forms=forms,
        notes=(say("Mã kiểm của quy tắc: %(digest)s", digest=wave.rule_digest.hex()),),
    )
    return staff_page(render_sheets(page, staff_shell("set_up"), reader_language()), status)


def _facts_of(say: Say, wave: Wave) -> Sheet:
    words = _words(say)
    asked = wave.questionnaire if wave.questionnaire_code else say("Không có")
    rows = (
        (say("Mã"), wave.code),
        (say("Chuỗi"), wave.series_code or say("Không có")),
        (say("Hỏi ai"), words[wave.population]),
        (say("Mục đích"), words.get(wave.purpose, wave.purpose)),
        (say("Phiếu hỏi"), asked),
        (say("Từ ngày"), wave.opens_on.isoformat()),
        (say("Đến ngày"), wave.closes_on.isoformat()),
        (say("Số ngày chờ thiết bị và phiếu giấy"), str(wave.grace_days)),
        (say("Kênh"), wave.channels or say("Mọi kênh")),
    )
    return Sheet(say("Đợt này"), (Column(say("Mục")), Column(say("Giá trị"))), rows)


def _rule_of(say: Say, rule: Rule) -> Sheet:
    words = _words(say)
    rows = (
        (say("Chỉ số"), load_indicators()[rule.indicator].name.get(reader_language(), rule.indicator)),
        (say("Cách tính khoảng tin cậy"), rule.method),
        (say("Độ tin cậy"), rule.confidence_level),
        (say("Tầng"), say("Cơ quan theo lĩnh vực")),
        (say("Biến gia quyền, theo thứ tự gộp"), ", ".join(rule.calibration_variables) or rule.weighting),
        (say("Tầng chỉ có một đơn vị"), rule.lonely_psu),
        (say("Kết luận về"), words[rule.target_population]),
        (say("Cỡ mẫu hiệu dụng tối thiểu"), str(rule.minimum_effective)),
        (say("Bậc tự do tối thiểu"), str(rule.minimum_df)),
        (say("Độ phủ tối thiểu"), rule.minimum_coverage),
        (say("Số đợt gộp trong một kết luận"), str(rule.window_waves)),
        (say("Khi xét nhiều cơ quan"), rule.many_agencies),
        (say("Chỉ tiêu của địa bàn"), rule.territory),
        (say("Đơn vị được đếm"), words[rule.counts]),
        (say("Khung thiếu tối đa"), rule.largest_frame_gap),
        (say("Quy tắc loại trừ"), ", ".join(rule.exclusions) or say("Không có")),
    )
    return Sheet(say("Quy tắc tính"), (Column(say("Mục")), Column(say("Giá trị"))), rows)


def _totals_of(say: Say, wave: Wave) -> tuple[Sheet, ...]:
    compared = compare_totals(services().database, wave.code)
    if not compared:
        return ()
    columns = (
        Column(say("Cơ quan")),
        Column(say("Trong khung"), "count"),
        Column(say("Nguồn độc lập"), "count"),
        Column(say("Thiếu"), "share"),
        Column(say("Vượt mức"), "flag"),
    )
    rows = [
        (each.agency_code, each.framed, each.independent, each.gap, say("vượt mức") if each.is_over_limit else "")
        for each in compared
    ]
    return (Sheet(say("Khung mẫu so với nguồn độc lập"), columns, rows),)


def _form(say: Say, wave: Wave | None) -> Form:
    rule = read_rule(wave.rule) if wave else Rule()
    words, language = _words(say), reader_language()
    asked = wave.questionnaire if wave else ""
    indicators = tuple(
        (code, each.name.get(language, code)) for code, each in load_indicators().items() if not each.comparison_only
    )
    exclusions = ", ".join(load_exclusion_rules())
    fields = (
        *(() if wave else (Field("code", say("Mã"), hint=say("Chữ không dấu, số, dấu chấm, gạch nối.")),)),
        Field("name", say("Tên đợt"), value=wave.name["vi"] if wave else ""),
        Field("series", say("Chuỗi"), value=(wave.series_code or "") if wave else ""),
        _select("purpose", say("Mục đích"), PURPOSES, words, wave.purpose if wave else ""),
        _select("population", say("Hỏi ai"), POPULATIONS, words, wave.population if wave else ""),
        Field("questionnaire", say("Phiếu hỏi"), "select", asked, tuple((each, each) for each in _questionnaires())),
        Field("opens_on", say("Từ ngày"), "date", wave.opens_on.isoformat() if wave else ""),
        Field("closes_on", say("Đến ngày"), "date", wave.closes_on.isoformat() if wave else ""),
        Field("grace_days", say("Số ngày chờ thiết bị và phiếu giấy"), "number", str(wave.grace_days if wave else 7)),
        *(
            Field(f"channel-{each}", say("Kênh: %(channel)s", channel=each), "check", _ticked(wave, each))
            for each in CHANNELS
        ),
        Field("indicator", say("Chỉ số"), "select", rule.indicator, indicators),
        _select("confidence_level", say("Độ tin cậy"), ("0.90", "0.95", "0.99"), {}, rule.confidence_level),
        _select("target_population", say("Kết luận về"), TARGET_POPULATIONS, words, rule.target_population),
        Field("minimum_effective", say("Cỡ mẫu hiệu dụng tối thiểu"), "number", str(rule.minimum_effective)),
        Field("minimum_df", say("Bậc tự do tối thiểu"), "number", str(rule.minimum_df)),
        Field("window_waves", say("Số đợt gộp trong một kết luận"), "number", str(rule.window_waves)),
        _select("many_agencies", say("Khi xét nhiều cơ quan"), MANY, {}, rule.many_agencies),
        _select("counts", say("Đơn vị được đếm"), COUNTED, words, rule.counts),
        _select("largest_frame_gap", say("Khung thiếu tối đa"), ("0.01", "0.05", "0.10"), {}, rule.largest_frame_gap),
        Field(
            "exclusions",
            say("Quy tắc loại trừ"),
            value=", ".join(rule.exclusions),
            hint=say("Cách nhau bằng dấu phẩy: %(names)s", names=exclusions),
        ),
    )
    if wave:
        action = url_for("waves_operator.change_wave", code=wave.code)
        return Form(say("Sửa đợt này"), action, fields, say("Lưu"), "post")
    return Form(say("Mở một đợt"), url_for("waves_operator.open_wave"), fields, say("Mở đợt"), "post")


def _select(name: str, label: str, codes: tuple[str, ...], words: Mapping[str, str], value: str) -> Field:
    return Field(name, label, "select", value or codes[0], tuple((code, words.get(code, code)) for code in codes))


def _ticked(wave: Wave | None, channel: str) -> str:
    return "1" if wave and wave.channels and wave.uses(channel) else ""


def _words(say: Say) -> dict[str, str]:
    return {
        "official": say("Chính thức"),
        "pilot": say("Thử nghiệm, không tính"),
        "training": say("Tập huấn, không tính"),
        "demo": say("Trình diễn"),
        "transactions": say("Người đã làm thủ tục"),
        "public": say("Người dân nói chung"),
        "finite": say("Chính các hồ sơ này"),
        "process": say("Dịch vụ nói chung"),
        "dossiers": say("Hồ sơ"),
        "applicants": say("Người nộp"),
    }


def _questionnaires() -> list[str]:
    return [f"{each.code}@{each.version}" for each in load_questionnaires().values()]


def _read_rule(typed: Mapping[str, str]) -> Rule:
    exclusions = tuple(each.strip() for each in typed.get("exclusions", "").split(",") if each.strip())
    if unknown := [each for each in exclusions if each not in load_exclusion_rules()]:
        raise BadForm(f"exclusions ({unknown[0][:40]})")
    return Rule(
        indicator=_choice(typed, "indicator", tuple(load_indicators())),
        confidence_level=_choice(typed, "confidence_level", ("0.90", "0.95", "0.99")),
        target_population=_choice(typed, "target_population", TARGET_POPULATIONS),
        minimum_effective=_number(typed, "minimum_effective", 30, 100_000),
        minimum_df=_number(typed, "minimum_df", 8, 10_000),
        window_waves=_number(typed, "window_waves", 1, 24),
        many_agencies=_choice(typed, "many_agencies", MANY),
        counts=_choice(typed, "counts", COUNTED),
        largest_frame_gap=_choice(typed, "largest_frame_gap", ("0.01", "0.05", "0.10")),
        exclusions=exclusions,
    )


def _read_days(typed: Mapping[str, str]) -> tuple[date, date]:
    days = []
    for name in ("opens_on", "closes_on"):
        try:
            days.append(date.fromisoformat(typed.get(name, "")))
        except ValueError:
            raise BadForm(name) from None
    if days[1] < days[0]:
        raise BadForm("closes_on")
    return days[0], days[1]


def _read_name(typed: Mapping[str, str], instead: Wave | None) -> dict[str, str]:
    name = typed.get("name", "").strip()
    if not 1 <= len(name) <= LONGEST_NAME or not name.isprintable():
        raise BadForm("name")
    return {**(instead.name if instead else {}), "vi": name}


def _checked_code(code: str) -> str:
    letters = code.replace(".", "").replace("-", "").replace("_", "")
    if not (1 <= len(code) <= 40 and code.isascii() and letters.isalnum()):
        raise BadForm("code")
    return code


def _choice(typed: Mapping[str, str], name: str, allowed: tuple[str, ...]) -> str:
    if typed.get(name) not in allowed:
        raise BadForm(name)
    return typed[name]


def _number(typed: Mapping[str, str], name: str, least: int, most: int) -> int:
    value = typed.get(name, "")
    if not (value.isascii() and value.isdigit() and len(value) < 9) or not least <= int(value) <= most:
        raise BadForm(f"{name} ({least}-{most})")
    return int(value)


def _find(code: str) -> Wave:
    try:
        return waves.find_wave(services().database, code)
    except UnknownWave:
        abort(404)
