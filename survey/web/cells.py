"""Every check of every cell: filtered, sorted and paged by the server, and one cell in full."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass
from typing import Any

from flask import Blueprint, Response, abort, make_response, request, url_for

from survey.actions import reading, reading_adequacy
from survey.actions.reading_adequacy import SORTS, Asked, By, UnknownCell
from survey.actions.telling_figures import agency_name
from survey.documents import verdicts
from survey.documents.checks import write_checks, write_title
from survey.documents.formats import number
from survey.documents.sheets import Column, Field, Form, Sheet, SheetsPage, write_csv, write_workbook
from survey.documents.shell import Link
from survey.mandate.sectors import load_sectors
from survey.store.places import Agency, Scope
from survey.web.access import allow
from survey.web.language import reader_language
from survey.web.services import services
from survey.web.session import signed_in_staff
from survey.web.tools import DEMO, READERS, Say, find_wave, speaker, tabs, tool_page, wave_name

blueprint = Blueprint("cells", __name__, url_prefix="/staff/cells")
FILTERS = ("wave_code", "level", "sector_code", "area_code", "period", "verdict")
TYPES = {"csv": "text/csv; charset=utf-8", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}


@dataclass(frozen=True, slots=True)
class Names:
    """What places are called in the reader's language."""

    language: str
    agencies: Mapping[str, Agency]
    areas: Mapping[str, Mapping[str, str]]

    def agency(self, code: str) -> str:
        return agency_name(self.agencies, code, self.language)

    def area(self, code: str) -> str:
        known = self.areas.get(code, {})
        return known.get(self.language) or known.get("vi") or code


@blueprint.get("")
@allow(*READERS)
def show_cells() -> Response:
    """Cells of one wave or of all, the worst first."""
    say, asked = speaker(), _read_asked()
    wave = asked.filters["wave_code"]
    found = reading_adequacy.read_cells(services().database, asked, signed_in_staff().scope)
    names = _read_names(signed_in_staff().scope)
    shown = found.count - found.hidden
    page = SheetsPage(
        overline=wave_name(find_wave(wave)) if wave else say("Mọi đợt khảo sát"),
        title=say("Mọi phép kiểm của từng nhóm"),
        lead=say(
            "%(shown)s nhóm có số liệu, %(hidden)s nhóm không công bố. Nhóm yếu nhất đứng đầu; tên cột để xếp lại.",
            shown=number(shown, reader_language()),
            hidden=number(found.hidden, reader_language()),
        ),
        tabs=tabs(wave, "cells") if wave else (),
        before=(_filter_form(asked, found.choices, names, say),),
        sheets=(_cells_sheet(found.cells, names, asked, say),),
        pager=_pager(asked, found.pages, say),
        forms=(_export_form(asked, say),),
    )
    return tool_page(page)


@blueprint.get("/one")
@allow(*READERS)
def show_cell() -> Response:
    """One cell: each check with its value, threshold, meaning and, where it warns, advice."""
    say, language = speaker(), reader_language()
    key = [request.args.get(name, "") for name in ("wave", "level", "sector", "place")]
    scope = signed_in_staff().scope
    try:
        cell = reading_adequacy.read_cell(services().database, key[0], key[1], key[2], key[3], scope)
    except UnknownCell:
        abort(404)
    wave = find_wave(cell["wave_code"])
    told = json.loads(cell["checks"])
    where = ", ".join(told["where"])
    page = SheetsPage(
        overline=wave_name(wave),
        title=_cell_name(cell, _read_names(scope), say),
        lead=say("Mỗi phép kiểm với giá trị, ngưỡng và ý nghĩa. Phép kiểm cảnh báo có kèm việc nên làm."),
        tabs=tabs(wave.code, "cells"),
        facts=(say("Mời thêm một người có ích nhất ở các tầng: %(strata)s.", strata=where),) if where else (),
        sheets=(_checks_sheet(told["checks"], language, say),),
        pager=(Link(say("Về danh sách nhóm"), url_for("cells.show_cells", wave_code=wave.code)),),
    )
    return tool_page(page, demo=wave.purpose == DEMO)


@blueprint.post("/export")
@allow(*READERS, confirmed=True)
def export() -> Response:
    """The cells with every check, as a file; the trail keeps who took it."""
    say, known = speaker(), services()
    asked, member = _read_asked(), signed_in_staff()
    form = request.values.get("format", "csv")
    if form not in TYPES:
        abort(404)
    cells = reading_adequacy.export_cells(known.database, asked, member.scope, By(member.name, known.now()))
    sheet = _export_sheet(cells, _read_names(member.scope), say)
    response = make_response(write_csv([sheet]) if form == "csv" else write_workbook([sheet]))
    response.headers["Content-Type"] = TYPES[form]
    response.headers["Content-Disposition"] = f'attachment; filename="adequacy.{form}"'
    return response


def _read_names(scope: Scope) -> Names:
    database = services().database
    agencies = reading.list_agencies(database, scope)
    return Names(reader_language(), agencies, reading_adequacy.list_area_names(database))


def _read_asked() -> Asked:
    given = request.values
    page = given.get("page", "1")
    return Asked(
        {name: given.get(name, "") for name in FILTERS},
        sort=given.get("sort", "badness"),
        descending=given.get("order", "descending") != "ascending",
        flagged=given.get("flagged") == "1",
        page=int(page) if page.isdecimal() and len(page) < 6 else 1,
    )


def _url(asked: Asked, **changed: str) -> str:
    values: dict[str, Any] = {name: value for name, value in asked.filters.items() if value}
    values |= {"sort": asked.sort, "order": "descending" if asked.descending else "ascending"}
    values |= {"flagged": "1"} if asked.flagged else {}
    return url_for("cells.show_cells", **(values | changed))


def _filter_form(asked: Asked, choices: Mapping[str, Sequence[str]], names: Names, say: Say) -> Form:
    labels = {
        "wave_code": say("Đợt"),
        "level": say("Bậc"),
        "sector_code": say("Lĩnh vực"),
        "area_code": say("Địa bàn"),
        "period": say("Tháng"),
        "verdict": say("Kết luận"),
    }
    fields = []
    for name in FILTERS:
        options = [(value, _choice(name, value, names, say)) for value in choices[name] if value]
        if len(options) > 1 or asked.filters[name]:
            fields.append(Field(name, labels[name], "select", asked.filters[name], (("", say("tất cả")), *options)))
    flagged = Field("flagged", say("Chỉ nhóm có cảnh báo"), "check", "1" if asked.flagged else "")
    return Form("", url_for("cells.show_cells"), (*fields, flagged), say("Lọc"))


def _choice(name: str, value: str, names: Names, say: Say) -> str:
    if name == "sector_code":
        return load_sectors()[value].name.in_language(names.language)
    if name == "area_code":
        return names.area(value)
    if name == "level":
        return _level(value, say)
    return _verdict(value, say) or say("không có kết luận riêng") if name == "verdict" else value


def _level(level: str, say: Say) -> str:
    words = {"wave": say("cả đợt"), "sector": say("lĩnh vực"), "area": say("địa bàn"), "agency": say("cơ quan")}
    return words.get(level, level)


def _verdict(code: str, say: Say) -> str | None:
    return say(verdicts.find_word(verdicts.VERDICTS, code)) if code in verdicts.VERDICTS else None


def _cells_sheet(cells: Sequence[Mapping[str, Any]], names: Names, asked: Asked, say: Say) -> Sheet:
    columns = {
        "place": (say("Nhóm"), "text"),
        "period": (say("Tháng"), "short"),
        "badness": (say("Kết luận"), "text"),
        "warnings": (say("Cảnh báo"), "count"),
        "answers_needed": (say("Còn cần"), "count"),
        "n": (say("Câu trả lời"), "count"),
        "n_effective": (say("Hữu hiệu"), "count"),
        "deff": (say("Hiệu ứng thiết kế"), "decimal"),
        "df": (say("Bậc tự do"), "count"),
        "half_width": (say("Sai số ±"), "points"),
        "response_rate": (say("Tỷ lệ trả lời"), "share"),
        "coverage": (say("Phủ khung mẫu"), "share"),
    }
    rows = []
    for cell in cells:
        link = Link(_cell_name(cell, names, say), _cell_url(cell))
        numbers = [cell[name] for name in columns if name not in ("place", "period", "badness")]
        rows.append([link, cell["period"], _verdict(cell["verdict"], say), *numbers])
    heads = tuple(_head(asked, name, *words) for name, words in columns.items())
    return Sheet(say("Từng nhóm"), heads, rows, empty=say("Không có nhóm nào như vậy, hoặc chưa tính xong."))


def _head(asked: Asked, name: str, label: str, kind: str) -> Column:
    if name not in SORTS:
        return Column(label, kind)
    ours = asked.sort == name
    turned = "ascending" if ours and asked.descending else "descending"
    now = ("descending" if asked.descending else "ascending") if ours else None
    return Column(label, kind, _url(asked, sort=name, order=turned), now)


def _cell_url(cell: Mapping[str, Any]) -> str:
    return url_for(
        "cells.show_cell",
        wave=cell["wave_code"],
        level=cell["level"],
        sector=cell["sector_code"],
        place=cell["place"],
    )


def _cell_name(cell: Mapping[str, Any], names: Names, say: Say) -> str:
    if cell["level"] == "wave":
        return say("Cả đợt")
    code = cell["sector_code"]
    sector = load_sectors()[code].name.in_language(names.language) if code else say("mọi lĩnh vực")
    if cell["level"] == "sector":
        return sector
    place = names.area(cell["place"]) if cell["level"] == "area" else names.agency(cell["place"])
    return f"{place} · {sector}"


def _checks_sheet(checks: Sequence[Sequence[Any]], language: str, say: Say) -> Sheet:
    heads = (say("Phép kiểm"), say("Giá trị"), say("Ngưỡng"), say("Ý nghĩa"), say("Cảnh báo và việc nên làm"))
    kinds = ("text", "short", "short", "text", "flag")
    columns = tuple(Column(label, kind) for label, kind in zip(heads, kinds, strict=True))
    rows = [[*astuple(line)] for line in write_checks(checks, language)]
    return Sheet(say("Phép kiểm"), columns, rows, empty=say("Nhóm này không công bố, nên không hiện số liệu nào."))


def _pager(asked: Asked, pages: int, say: Say) -> tuple[Link, ...]:
    links = []
    if asked.page > 1:
        links.append(Link(say("Trang trước"), _url(asked, page=str(asked.page - 1))))
    if asked.page < pages:
        words = say("Trang sau (%(page)s / %(pages)s)", page=asked.page + 1, pages=pages)
        links.append(Link(words, _url(asked, page=str(asked.page + 1))))
    return tuple(links)


def _export_form(asked: Asked, say: Say) -> Form:
    kept: dict[str, Any] = {name: value for name, value in asked.filters.items() if value}
    kept |= {"flagged": "1"} if asked.flagged else {}
    form = Field("format", say("Dạng tệp"), "select", "csv", (("csv", "CSV"), ("xlsx", "Excel")))
    return Form(
        say("Tải mọi phép kiểm của các nhóm này"),
        url_for("cells.export", **kept),
        (form,),
        say("Tải về"),
        "post",
        say("Mỗi lần tải được ghi vào nhật ký kiểm toán."),
    )


def _export_sheet(cells: Sequence[Mapping[str, Any]], names: Names, say: Say) -> Sheet:
    """A row a check: value, threshold and warning as numbers, for whoever goes on with them."""
    heads = (
        *((say("Đợt"), "text"), (say("Bậc"), "text"), (say("Nhóm"), "text"), (say("Tháng"), "text")),
        *((say("Phép kiểm"), "text"), (say("Mã"), "text"), (say("Giá trị"), "number")),
        *((say("Ngưỡng"), "number"), (say("Cảnh báo"), "number")),
    )
    rows = [
        [
            cell["wave_code"],
            _level(cell["level"], say),
            _cell_name(cell, names, say),
            cell["period"],
            *(write_title(name, names.language), name, value, limit, int(warning)),
        ]
        for cell in cells
        for name, value, limit, warning in json.loads(cell["checks"])["checks"]
    ]
    return Sheet(say("Phép kiểm"), tuple(Column(*head) for head in heads), rows)
