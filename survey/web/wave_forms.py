"""The form that opens or changes a wave: its fields, and what was typed into them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from flask import url_for

from survey.actions.versions import list_versions
from survey.actions.waves import CHANNELS
from survey.documents import formats
from survey.documents.sheets import Field, Form
from survey.mandate.exclusions import load_exclusion_rules
from survey.mandate.indicators import load_indicators
from survey.mandate.rules import (
    COUNTED,
    PLANNED_MARGINS,
    PLANNED_RESPONSES,
    TARGET_POPULATIONS,
    Rule,
    read_rule,
)
from survey.store.waves import Wave
from survey.web.language import reader_language
from survey.web.services import services
from survey.web.tools import Say

PURPOSES = ("official", "pilot", "training")
POPULATIONS = ("transactions", "public")
MANY = ("holm", "hochberg", "bh", "by")
MANY_NAMES = {"holm": "Holm", "hochberg": "Hochberg", "bh": "Benjamini-Hochberg", "by": "Benjamini-Yekutieli"}
LONGEST_NAME = 200


class BadForm(ValueError):
    """What was typed cannot be a wave; the message names the field."""


def wave_form(say: Say, wave: Wave | None, typed: Mapping[str, str] | None = None) -> Form:
    """The form that opens a wave, or changes this one; filled in as it was `typed`, where it comes back."""
    rule = read_rule(wave.rule) if wave else Rule()
    fields: tuple[Field, ...] = (*_names(say, wave), *_asked(say, wave), *_days(say, wave), *_rule(say, rule))
    if typed is not None:
        fields = tuple(replace(each, value=typed.get(each.name, "")) if each.name else each for each in fields)
    if wave:
        action = url_for("waves_operator.change_wave", code=wave.code)
        return Form(say("Sửa đợt này"), action, fields, say("Lưu"), "post")
    return Form(say("Mở một đợt"), url_for("waves_operator.open_wave"), fields, say("Mở đợt"), "post")


def name_field(form: Form, told: str) -> str:
    """What a BadForm tells, with the label that the reader sees in place of the field's name."""
    labels = {each.name: each.label for each in form.fields}
    name, space, rest = told.partition(" ")
    return labels.get(name, name) + space + rest


def _names(say: Say, wave: Wave | None) -> tuple[Field, ...]:
    code = Field("code", say("Mã"), hint=say("Chữ không dấu, số, dấu chấm, gạch nối. Ví dụ TTHC-2026-11."))
    return (
        *(() if wave else (code,)),
        Field("name", say("Tên đợt"), value=wave.name["vi"] if wave else ""),
        Field(
            "series",
            say("Chuỗi"),
            value=(wave.series_code or "") if wave else "",
            hint=say("Các đợt cùng chuỗi được so với nhau; để trống nếu đợt này đứng riêng."),
        ),
        _select("purpose", say("Mục đích"), PURPOSES, words_of(say), wave.purpose if wave else ""),
    )


def _asked(say: Say, wave: Wave | None) -> tuple[Field, ...]:
    sectors = (wave.sectors or "").replace(",", ", ") if wave else ""
    areas = (wave.areas or "").replace(",", ", ") if wave else ""
    asked = tuple((each, each) for each in list_asked())
    return (
        Field("", say("Hỏi gì, hỏi ai"), "heading"),
        Field("questionnaire", say("Phiếu hỏi"), "select", wave.questionnaire if wave else "", asked),
        _select("population", say("Hỏi ai"), POPULATIONS, words_of(say), wave.population if wave else ""),
        Field(
            "sectors",
            say("Lĩnh vực"),
            value=sectors,
            hint=say("Mã, cách nhau bằng dấu phẩy, ví dụ land, civil_status; để trống là mọi lĩnh vực của phiếu hỏi."),
        ),
        Field(
            "areas",
            say("Địa bàn"),
            value=areas,
            hint=say("Mã địa bàn hoặc nhóm địa bàn ở trang Địa bàn, cách nhau bằng dấu phẩy; để trống là mọi nơi."),
        ),
    )


def _days(say: Say, wave: Wave | None) -> tuple[Field, ...]:
    channels = channel_words(say)
    return (
        Field("", say("Khi nào, qua kênh nào"), "heading", hint=say("Không chọn kênh nào là dùng được mọi kênh.")),
        Field("opens_on", say("Từ ngày"), "date", wave.opens_on.isoformat() if wave else ""),
        Field("closes_on", say("Đến ngày"), "date", wave.closes_on.isoformat() if wave else ""),
        Field("grace_days", say("Số ngày chờ thiết bị và phiếu giấy"), "number", str(wave.grace_days if wave else 7)),
        *(Field(f"channel-{each}", channels[each], "check", _ticked(wave, each)) for each in CHANNELS),
    )


def _rule(say: Say, rule: Rule) -> tuple[Field, ...]:
    words, language = words_of(say), reader_language()
    indicators = tuple(
        (code, each.name.get(language, code)) for code, each in load_indicators().items() if not each.comparison_only
    )
    return (
        Field(
            "",
            say("Quy tắc tính"),
            "heading",
            hint=say("Nếu chưa có quyết định khác thì để nguyên. Khóa lại khi người đầu tiên được rút."),
        ),
        Field("indicator", say("Chỉ số"), "select", rule.indicator, indicators),
        _shares("confidence_level", say("Độ tin cậy"), ("0.90", "0.95", "0.99"), rule.confidence_level),
        _select("target_population", say("Kết luận về"), TARGET_POPULATIONS, words, rule.target_population),
        Field("minimum_effective", say("Cỡ mẫu hiệu dụng tối thiểu"), "number", str(rule.minimum_effective)),
        Field("minimum_df", say("Bậc tự do tối thiểu"), "number", str(rule.minimum_df)),
        Field("window_waves", say("Số đợt gộp trong một kết luận"), "number", str(rule.window_waves)),
        _select("many_agencies", say("Khi xét nhiều cơ quan"), MANY, MANY_NAMES, rule.many_agencies),
        _select("counts", say("Đơn vị được đếm"), COUNTED, words, rule.counts),
        _shares("largest_frame_gap", say("Khung thiếu tối đa"), ("0.01", "0.05", "0.10"), rule.largest_frame_gap),
        _shares("planned_response", say("Phần dự kiến trả lời"), PLANNED_RESPONSES, rule.planned_response),
        _shares("planned_margin", say("Sai số ± dự kiến"), PLANNED_MARGINS, rule.planned_margin),
        Field(
            "exclusions",
            say("Quy tắc loại trừ"),
            value=", ".join(rule.exclusions),
            hint=say("Cách nhau bằng dấu phẩy: %(names)s", names=", ".join(load_exclusion_rules())),
        ),
    )


def _select(name: str, label: str, codes: tuple[str, ...], words: Mapping[str, str], value: str) -> Field:
    return Field(name, label, "select", value or codes[0], tuple((code, words.get(code, code)) for code in codes))


def _shares(name: str, label: str, codes: tuple[str, ...], value: str) -> Field:
    return _select(name, label, codes, {code: per_cent(code) for code in codes}, value)


def per_cent(code: str) -> str:
    """A share of a rule as the reader writes per cent: 0.05 is "5 %"."""
    return formats.target(float(code), reader_language())


def _ticked(wave: Wave | None, channel: str) -> str:
    return "1" if wave and wave.channels and wave.uses(channel) else ""


def words_of(say: Say) -> dict[str, str]:
    """The words for what a wave and its rule may be."""
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


def channel_words(say: Say) -> dict[str, str]:
    """The words for the channels that a wave may use."""
    return {
        "link": say("Liên kết"),
        "slip": say("Phiếu mời bằng giấy"),
        "counter": say("Phát tại quầy"),
        "sms": say("Tin nhắn"),
        "zalo": say("Tin Zalo"),
        "email": say("Thư điện tử"),
        "kiosk": say("Máy tại cơ quan"),
        "phone": say("Gọi điện"),
        "interviewer": say("Người phỏng vấn"),
        "paper": say("Phiếu giấy nhập lại"),
        "open": say("Ý kiến ngỏ"),
    }


def list_asked() -> list[str]:
    """Every version that may be asked."""
    return [each.key for each in list_versions(services().database)]


def read_typed_rule(typed: Mapping[str, str], instead: Wave | None = None) -> Rule:
    """The rule; a recipe that the wave adopted stays in it. Raises BadForm or MalformedRule."""
    before = read_rule(instead.rule) if instead else Rule()
    exclusions = tuple(each.strip() for each in typed.get("exclusions", "").split(",") if each.strip())
    if unknown := [each for each in exclusions if each not in load_exclusion_rules()]:
        raise BadForm(f"exclusions ({unknown[0][:40]})")
    planned = {"planned_response": before.planned_response, "planned_margin": before.planned_margin, **typed}
    return Rule(
        indicator=choice(typed, "indicator", tuple(load_indicators())),
        confidence_level=choice(typed, "confidence_level", ("0.90", "0.95", "0.99")),
        target_population=choice(typed, "target_population", TARGET_POPULATIONS),
        minimum_effective=read_number(typed, "minimum_effective", 30, 100_000),
        minimum_df=read_number(typed, "minimum_df", 8, 10_000),
        window_waves=read_number(typed, "window_waves", 1, 24),
        many_agencies=choice(typed, "many_agencies", MANY),
        counts=choice(typed, "counts", COUNTED),
        largest_frame_gap=choice(typed, "largest_frame_gap", ("0.01", "0.05", "0.10")),
        planned_response=choice(planned, "planned_response", PLANNED_RESPONSES),
        planned_margin=choice(planned, "planned_margin", PLANNED_MARGINS),
        exclusions=exclusions,
        weighting=before.weighting,
        recipe=before.recipe,
    )


def read_codes(typed: Mapping[str, str], name: str) -> list[str]:
    """Codes that are separated by commas."""
    return [each.strip() for each in typed.get(name, "").split(",") if each.strip()]


def read_days(typed: Mapping[str, str]) -> tuple[date, date]:
    """The first day and the last. Raises BadForm."""
    days = []
    for name in ("opens_on", "closes_on"):
        try:
            days.append(date.fromisoformat(typed.get(name, "")))
        except ValueError:
            raise BadForm(name) from None
    if days[1] < days[0]:
        raise BadForm("closes_on")
    return days[0], days[1]


def read_name(typed: Mapping[str, str], instead: Wave | None) -> dict[str, str]:
    """The name, in Vietnamese; others are kept. Raises BadForm."""
    name = typed.get("name", "").strip()
    if not 1 <= len(name) <= LONGEST_NAME or not name.isprintable():
        raise BadForm("name")
    return {**(instead.name if instead else {}), "vi": name}


def checked_code(code: str) -> str:
    """A code that fits into addresses. Raises BadForm."""
    letters = code.replace(".", "").replace("-", "").replace("_", "")
    if not (1 <= len(code) <= 40 and code.isascii() and letters.isalnum()):
        raise BadForm("code")
    return code


def choice(typed: Mapping[str, str], name: str, allowed: tuple[str, ...]) -> str:
    """One of the allowed codes. Raises BadForm."""
    if typed.get(name) not in allowed:
        raise BadForm(name)
    return typed[name]


def read_number(typed: Mapping[str, str], name: str, least: int, most: int) -> int:
    """A whole number within its limits. Raises BadForm."""
    value = typed.get(name, "")
    if not (value.isascii() and value.isdigit() and len(value) < 9) or not least <= int(value) <= most:
        raise BadForm(f"{name} ({least}-{most})")
    return int(value)
