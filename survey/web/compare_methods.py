"""The same cell under every way of computing it: one table with a chart in its rows."""

from __future__ import annotations

from flask import Blueprint, Response, abort, request, url_for

from survey.actions import reading
from survey.actions.adequacy import Frozen
from survey.actions.comparing_methods import Variant, compare_cell
from survey.actions.telling_figures import agency_name
from survey.documents import verdicts
from survey.documents.charts import Interval, TargetLine, caterpillar
from survey.documents.checks import LONELY
from survey.documents.sheets import Column, Field, Form, Sheet, SheetsPage
from survey.mandate.sectors import load_sectors
from survey.web.access import allow
from survey.web.language import reader_language
from survey.web.services import services
from survey.web.session import signed_in_staff
from survey.web.tools import DEMO, READERS, Say, find_frozen, speaker, tabs, tool_page, wave_name

blueprint = Blueprint("compare_methods", __name__, url_prefix="/staff/compare")
Key = tuple[str, str, str]


@blueprint.get("/<wave>")
@allow(*READERS)
def show_comparison(wave: str) -> Response:
    """One shown cell, chosen by name."""
    say = speaker()
    known, frozen = find_frozen(wave)
    keys = [key for key, numbers in sorted(frozen.shown.items()) if numbers["rate"] is not None and key[0] != "month"]
    named = {"/".join(key): key for key in keys}
    key = named.get(request.args.get("cell") or next(iter(_ordered(named)), ""))
    if key is None:
        abort(404)
    options = tuple((name, _name(named[name], say)) for name in _ordered(named))
    choose = Field("cell", say("Nhóm"), "select", "/".join(key), options)
    variants = compare_cell(frozen, key)
    page = SheetsPage(
        overline=wave_name(known),
        title=say("Cùng một nhóm, nhiều cách tính"),
        lead=say("Mỗi lần chỉ đổi một điều. Dòng đầu là cách của quy tắc; chỉ dòng này cho kết luận chính thức."),
        tabs=tabs(wave, "compare"),
        before=(Form("", url_for("compare_methods.show_comparison", wave=wave), (choose,), say("Xem")),),
        sheets=(_sheet(frozen, key, variants, say),),
        notes=(say("Dòng beta của R dùng số dòng như R. Cách nào không có câu trả lời thì ghi rõ lý do."),),
    )
    return tool_page(page, demo=known.purpose == DEMO)


def _ordered(named: dict[str, Key]) -> list[str]:
    order = {"sector": 0, "agency": 1, "wave": 2}
    return sorted(named, key=lambda name: (order.get(named[name][0], 3), name))


def _sheet(frozen: Frozen, key: Key, variants: list[Variant], say: Say) -> Sheet:
    language = reader_language()
    numbers = frozen.shown.get(("sector", key[1], key[1]), {})
    targets = [each["target"] for each in numbers.get("judgements", ()) if each["kind"] == "in_force"]
    lines = [TargetLine(float(each)) for each in targets] if key[0] != "wave" else []
    bars = caterpillar(
        [Interval(each.rate, each.low, each.high, _label(each, say)) for each in variants],
        [lines for _ in variants],
        language,
    ).bars
    columns = (
        *(Column(say("Cách tính")), Column(say("Khoảng tin cậy"), "chart"), Column(say("Tỷ lệ"), "share")),
        *(Column(say("Cận dưới"), "share"), Column(say("Cận trên"), "share"), Column(say("Hữu hiệu"), "count")),
        *(Column(say("Kết luận"), "short"), Column(say("Khác quy tắc"), "flag"), Column(say("Ghi chú"))),
    )
    rows = [
        [
            *(_label(each, say), bar if each.rate is not None else None, each.rate, each.low, each.high),
            *(each.n_effective, _verdict(each, say), say("kết luận khác") if each.differs else None, _why(each, say)),
        ]
        for each, bar in zip(variants, bars, strict=True)
    ]
    return Sheet(_name(key, say), columns, rows)


def _why(each: Variant, say: Say) -> str | None:
    if each.value == "exact-fpc" and each.rate is None:
        return say("Chỉ tính được khi nhóm là một tầng duy nhất của tổng thể hữu hạn.")
    return each.why or None


def _verdict(each: Variant, say: Say) -> str | None:
    return say(verdicts.find_word(verdicts.VERDICTS, each.verdict)) if each.verdict else None


def _label(each: Variant, say: Say) -> str:
    if each.kind == "method":
        words = verdicts.METHODS | EXTRA_METHODS
        name = say(verdicts.find_word(words, each.value))
        return say("Quy tắc: %(name)s", name=name) if each.ours else say("Khoảng: %(name)s", name=name)
    if each.kind == "lonely":
        return say("Tầng lẻ: %(rule)s", rule=say(verdicts.find_word(LONELY, each.value)))
    if each.kind == "population":
        finite = each.value == "finite"
        return say("Có hiệu chỉnh tổng thể hữu hạn") if finite else say("Không hiệu chỉnh tổng thể hữu hạn")
    return say("Không trọng số") if each.kind == "weights" else say("Kể cả phiếu bị loại trừ")


def _name(key: Key, say: Say) -> str:
    if key[0] == "wave":
        return say("Cả đợt")
    sector = load_sectors()[key[1]].name.in_language(reader_language())
    if key[0] == "sector":
        return sector
    agencies = reading.list_agencies(services().database, signed_in_staff().scope)
    return f"{sector} · {agency_name(agencies, key[2], reader_language())}"


EXTRA_METHODS = {
    "guarded-full": verdicts.N_("Korn-Graubard chặn hoàn toàn"),
    "beta-r": verdicts.N_("beta như R tính"),
}
