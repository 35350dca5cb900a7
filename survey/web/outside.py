"""Figures that others published: a list with what each counts, and a form for statisticians."""

from __future__ import annotations

from flask import Blueprint, Response, abort, make_response, redirect, request, url_for

from survey.actions.entering_outside import BadField, UnknownEntry, enter_outside, list_outside, take_back_outside
from survey.documents.formats import number
from survey.documents.sheets import Column, Field, Form, Sheet, SheetsPage, render_sheets
from survey.mandate.sectors import load_sectors
from survey.store.audits import By
from survey.store.outside_figures import OutsideFigure
from survey.store.places import EVERYTHING
from survey.web.access import allow
from survey.web.language import reader_language
from survey.web.outside_lines import write_outside
from survey.web.services import services
from survey.web.session import signed_in_staff
from survey.web.shell import staff_page, staff_shell
from survey.web.tools import Say, speaker

blueprint = Blueprint("outside", __name__, url_prefix="/staff/others")
READERS = ("official", "statistician", "operator", "auditor")


@blueprint.get("")
@allow(*READERS)
def show_outside() -> Response:
    return _show()


@blueprint.post("")
@allow("statistician")
def enter() -> Response:
    """Keep a figure."""
    say, known = speaker(), services()
    if signed_in_staff().scope != EVERYTHING:
        abort(403)
    by = By(signed_in_staff().name, known.now())
    try:
        enter_outside(known.database, request.form, by=by, on=known.today())
    except BadField as problem:
        label = _labels(say)[problem.field]
        said = say("Xin xem lại ô “%(label)s”: để trống, quá dài hoặc không đọc được.", label=label)
        return _show(said, 400, dict(request.form))
    return make_response(redirect(url_for("outside.show_outside"), 303))


@blueprint.post("/take-back")
@allow("statistician")
def take_back() -> Response:
    """Take a figure back that was entered wrongly."""
    known, typed = services(), request.form.get("number", "")
    if signed_in_staff().scope != EVERYTHING:
        abort(403)
    by = By(signed_in_staff().name, known.now())
    try:
        chosen = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 10 else 0
        take_back_outside(known.database, chosen, by=by, on=known.today())
    except UnknownEntry:
        abort(404)
    return make_response(redirect(url_for("outside.show_outside"), 303))


def _show(problem: str = "", status: int = 200, typed: dict[str, str] | None = None) -> Response:
    say = speaker()
    found = list_outside(services().database)
    labels = _labels(say)
    columns = tuple(Column(labels[name]) for name in ("name", "year", "sector", "value", "rank", "n", "method_year"))
    page = SheetsPage(
        overline=say("Chuỗi số liệu"),
        title=say("Số liệu của nơi khác"),
        lead=say(
            "SIPAS, PAR Index, PCI, PAPI, DTI, các khảo sát trước: đứng cạnh số liệu ở đây, không bao giờ trộn vào."
        ),
        problem=problem,
        sheets=(
            Sheet(
                say("Đã nhập"),
                (*columns, Column(labels["definition"]), Column(labels["source"])),
                [_row(each, say) for each in found],
                empty=say("Chưa nhập số liệu nào của nơi khác."),
            ),
        ),
        forms=_forms(say, found, typed or {}) if signed_in_staff().role == "statistician" else (),
    )
    return staff_page(render_sheets(page, staff_shell("others"), reader_language()), status)


def _row(each: OutsideFigure, say: Say) -> tuple[object, ...]:
    line = write_outside(each, reader_language())
    sector = load_sectors()[each.sector_code].name.in_language(reader_language()) if each.sector_code else None
    rank = say("%(rank)s trong %(ranked)s", rank=each.rank, ranked=each.ranked) if each.rank else None
    n = number(each.n, reader_language()) if each.n is not None else None
    method = str(each.method_year) if each.method_year else None
    named = f"{each.name} ({each.publisher})"
    return named, str(each.year), sector, f"{line.value} / {line.scale}", rank, n, method, each.definition, each.source


def _labels(say: Say) -> dict[str, str]:
    return {
        "name": say("Chỉ số hoặc khảo sát"),
        "publisher": say("Nơi công bố"),
        "sector": say("Lĩnh vực"),
        "year": say("Năm"),
        "value": say("Giá trị"),
        "scale": say("Giá trị cao nhất có thể"),
        "n": say("Số người được hỏi"),
        "rank": say("Hạng"),
        "ranked": say("Trong bao nhiêu nơi"),
        "method_year": say("Năm của phương pháp"),
        "definition": say("Đo cái gì, bằng cách nào"),
        "source": say("Nguồn"),
    }


def _forms(say: Say, found: list[OutsideFigure], typed: dict[str, str]) -> tuple[Form, ...]:
    kinds = {"year": "number", "method_year": "number", "definition": "lines", "source": "lines", "sector": "select"}
    sectors = (("", "–"), *((code, one.name.in_language(reader_language())) for code, one in load_sectors().items()))
    hints = {"value": say("Như nơi công bố đã in, ví dụ 83,94.")}
    fields = tuple(
        Field(
            name,
            label,
            kinds.get(name, "text"),
            typed.get(name, "100" if name == "scale" else ""),
            sectors if name == "sector" else (),
            hints.get(name, ""),
        )
        for name, label in _labels(say).items()
    )
    enter_form = Form(say("Nhập một con số"), url_for("outside.enter"), fields, say("Lưu con số"), "post")
    if not found:
        return (enter_form,)
    options = tuple((str(each.number), f"{each.name} {each.year}: {each.value}") for each in found)
    chosen = Field("number", say("Con số"), "select", options[0][0], options)
    action = url_for("outside.take_back")
    return enter_form, Form(say("Rút một con số nhập sai"), action, (chosen,), say("Rút con số"), "post")
