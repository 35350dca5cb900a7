"""The operators' pages of waves: open, change, close, and the rule as anybody may read it."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, Response, abort, make_response, redirect, request, url_for

from survey.actions import waves
from survey.actions.comparing_totals import compare_totals
from survey.actions.showing_places import name_places
from survey.actions.waves import CHANNELS, SEAL_MINIMUM, UnknownPart, UnknownWave, WaveExists, WaveLocked
from survey.documents.checks import LONELY
from survey.documents.formats import day
from survey.documents.sheets import Column, Form, Sheet, SheetsPage, render_sheets
from survey.documents.shell import Link
from survey.documents.verdicts import METHODS, WEIGHTINGS
from survey.mandate.exclusions import load_exclusion_rules
from survey.mandate.indicators import load_indicators
from survey.mandate.rules import MalformedRule, Rule, read_rule
from survey.mandate.sectors import load_sectors
from survey.store.audits import By
from survey.store.waves import Wave
from survey.web.access import allow
from survey.web.language import reader_language
from survey.web.reach import sees_wave
from survey.web.services import services
from survey.web.session import signed_in_staff
from survey.web.shell import staff_page, staff_shell
from survey.web.tools import Say, speaker, wave_name
from survey.web.wave_forms import (
    MANY_NAMES,
    POPULATIONS,
    PURPOSES,
    BadForm,
    channel_words,
    checked_code,
    choice,
    list_asked,
    name_field,
    per_cent,
    read_codes,
    read_days,
    read_name,
    read_number,
    read_typed_rule,
    wave_form,
    words_of,
)
from survey.web.wave_steps import steps_of_province, steps_of_wave

blueprint = Blueprint("waves_operator", __name__, url_prefix="/staff/set-up")
READERS = ("operator", "statistician", "auditor")


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
        opens_on, closes_on = read_days(typed)
        purpose = choice(typed, "purpose", PURPOSES)
        waves.open_wave(
            known.database,
            code=checked_code(code),
            name=read_name(typed, instead),
            questionnaire=choice(typed, "questionnaire", tuple(list_asked())),
            opens_on=opens_on,
            closes_on=closes_on,
            rule=read_typed_rule(typed, instead),
            series=typed.get("series", "").strip() or None,
            purpose=purpose,
            population=choice(typed, "population", POPULATIONS),
            seal_minimum=instead.seal_minimum if instead else SEAL_MINIMUM,
            sectors=read_codes(typed, "sectors"),
            areas=read_codes(typed, "areas"),
            channels=[each for each in CHANNELS if typed.get(f"channel-{each}")],
            grace_days=read_number(typed, "grace_days", 0, 60),
            instead=instead is not None,
            recorded=By(signed_in_staff().name, known.now()),
        )
    except WaveLocked:
        return _one(_find(code), say("Đã có người được mời: quy tắc đã khóa. Quy tắc mới là một đợt mới."), 409)
    except WaveExists:
        return _again(None, say("Đã có đợt mang mã này. Xin chọn mã khác."), 409)
    except UnknownPart:
        said = say("Chưa lưu: không có lĩnh vực hoặc địa bàn mang một trong các mã này. Xin nạp địa bàn trước.")
        return _again(instead, said, 422)
    except (BadForm, MalformedRule) as wrong:
        named = name_field(wave_form(say, instead), str(wrong))
        return _again(instead, say("Chưa lưu: xin xem lại ô %(field)s.", field=named), 422)
    return make_response(redirect(url_for("waves_operator.show_wave", code=code), 303))


def _again(instead: Wave | None, problem: str, status: int) -> Response:
    """The page whose form was sent, with everything that was typed."""
    return _one(instead, problem, status, request.form) if instead else _page(problem, status, request.form)


def _page(problem: str = "", status: int = 200, typed: Mapping[str, str] | None = None) -> Response:
    say = speaker()
    seen = [wave for wave in waves.list_waves(services().database) if sees_wave(wave.code)]
    found = sorted(seen, key=lambda each: each.opens_on, reverse=True)
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
            words_of(say)[each.purpose],
            day(each.opens_on, reader_language()),
            day(each.closes_on, reader_language()),
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
        steps=steps_of_province(say, len(seen)) if signed_in_staff().role == "operator" else (),
        sheets=(Sheet(say("Các đợt"), columns, rows, empty=say("Chưa có đợt nào.")),),
        forms=(wave_form(say, None, typed),) if signed_in_staff().role == "operator" else (),
    )
    return staff_page(render_sheets(page, staff_shell("set_up"), reader_language()), status)


def _one(wave: Wave, problem: str = "", status: int = 200, typed: Mapping[str, str] | None = None) -> Response:
    say, known = speaker(), services()
    locked = waves.is_locked(known.database, wave.code)
    rule = read_rule(wave.rule)
    state = say("Quy tắc đã khóa.") if locked else say("Quy tắc chưa khóa: chưa ai được mời.")
    forms: tuple[Form, ...] = ()
    if signed_in_staff().role == "operator":
        closing = url_for("waves_operator.close_wave", code=wave.code)
        forms += () if locked or wave.questionnaire_code is None else (wave_form(say, wave, typed),)
        said = say("Sau khi đóng, đợt này không nhận thêm phiếu nào và không mở lại được.")
        forms += () if wave.closed else (Form("", closing, (), say("Đóng đợt này"), "post", said),)
    page = SheetsPage(
        overline=say("Thiết lập"),
        title=wave_name(wave),
        lead=state,
        problem=problem,
        steps=steps_of_wave(say, wave),
        sheets=(_facts_of(say, wave), _rule_of(say, rule), *_totals_of(say, wave)),
        forms=forms,
        notes=(say("Mã kiểm của quy tắc: %(digest)s", digest=wave.rule_digest.hex()),),
    )
    return staff_page(render_sheets(page, staff_shell("set_up"), reader_language()), status)


def _facts_of(say: Say, wave: Wave) -> Sheet:
    words = words_of(say)
    asked = wave.questionnaire if wave.questionnaire_code else say("Không có")
    rows = (
        (say("Mã"), wave.code),
        (say("Chuỗi"), wave.series_code or say("Không có")),
        (say("Hỏi ai"), words[wave.population]),
        (say("Mục đích"), words.get(wave.purpose, wave.purpose)),
        (say("Phiếu hỏi"), asked),
        (say("Lĩnh vực"), _sectors(wave) or say("Mọi lĩnh vực của phiếu hỏi")),
        (say("Địa bàn"), _places(wave.areas) or say("Mọi nơi")),
        (say("Từ ngày"), day(wave.opens_on, reader_language())),
        (say("Đến ngày"), day(wave.closes_on, reader_language())),
        (say("Số ngày chờ thiết bị và phiếu giấy"), str(wave.grace_days)),
        (say("Kênh"), _channels(say, wave)),
    )
    return Sheet(say("Đợt này"), (Column(say("Mục")), Column(say("Giá trị"))), rows)


def _sectors(wave: Wave) -> str:
    language, codes = reader_language(), [code for code in (wave.sectors or "").split(",") if code]
    return ", ".join(load_sectors()[code].name.in_language(language) for code in codes)


def _places(codes: str | None) -> str:
    """The names of areas and groups of areas, whose codes stand behind commas."""
    language, wanted = reader_language(), [code for code in (codes or "").split(",") if code]
    names = name_places(services().database, services().today()) if wanted else {}
    known = {code: names[code].get(language, names[code]["vi"]) for code in wanted if code in names}
    return ", ".join(known.get(code, code) for code in wanted)


def _exclusions(rule: Rule) -> str:
    known = load_exclusion_rules()
    return ", ".join(f"{known[key].name.in_language(reader_language())} ({key})" for key in rule.exclusions)


def _channels(say: Say, wave: Wave) -> str:
    words = channel_words(say)
    return ", ".join(words[each] for each in wave.channels.split(",")) if wave.channels else say("Mọi kênh")


def _rule_of(say: Say, rule: Rule) -> Sheet:
    words = words_of(say)
    rows = (
        (say("Chỉ số"), load_indicators()[rule.indicator].name.get(reader_language(), rule.indicator)),
        (say("Cách tính khoảng tin cậy"), say(METHODS.get(rule.method, rule.method))),
        (say("Độ tin cậy"), per_cent(rule.confidence_level)),
        (say("Tầng"), say("Cơ quan theo lĩnh vực")),
        (
            say("Biến gia quyền, theo thứ tự gộp"),
            ", ".join(rule.calibration_variables)
            or rule.recipe_name
            or say(WEIGHTINGS.get(rule.weighting, rule.weighting)),
        ),
        (say("Tầng chỉ có một đơn vị"), say(LONELY.get(rule.lonely_psu, rule.lonely_psu))),
        (say("Kết luận về"), words[rule.target_population]),
        (say("Cỡ mẫu hiệu dụng tối thiểu"), str(rule.minimum_effective)),
        (say("Bậc tự do tối thiểu"), str(rule.minimum_df)),
        (say("Độ phủ tối thiểu"), per_cent(rule.minimum_coverage)),
        (say("Số đợt gộp trong một kết luận"), str(rule.window_waves)),
        (say("Khi xét nhiều cơ quan"), MANY_NAMES[rule.many_agencies]),
        (say("Chỉ tiêu của địa bàn"), _places(rule.territory)),
        (say("Đơn vị được đếm"), words[rule.counts]),
        (say("Khung thiếu tối đa"), per_cent(rule.largest_frame_gap)),
        (say("Phần dự kiến trả lời"), per_cent(rule.planned_response)),
        (say("Sai số ± dự kiến"), per_cent(rule.planned_margin)),
        (say("Quy tắc loại trừ"), _exclusions(rule) or say("Không có")),
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


def _find(code: str) -> Wave:
    try:
        return waves.find_wave(services().database, code)
    except UnknownWave:
        abort(404)
