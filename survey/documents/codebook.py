"""The codebook of a file of persons: DDI-Codebook 2.5 in XML for archives, and the same as a page to read.

https://ddialliance.org/Specification/DDI-Codebook/2.5/: the order of elements is the schema's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from survey.documents.microdata import SPECIAL, Variable

NAMESPACE = "ddi:codebook:2_5"
SCHEMA = "http://www.ddialliance.org/Specification/DDI-Codebook/2.5/XMLSchema/codebook.xsd"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
LANGUAGES = ("vi", "en")
MOST_CATEGORIES = 200
STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:62rem;margin:2rem auto;padding:0 1rem;color:#1b2733}"
    "table{border-collapse:collapse;margin:.5rem 0 1.5rem}td,th{border-bottom:1px solid #cfd8e0;padding:.25rem .75rem;"
    "text-align:left;vertical-align:top}td.n{text-align:right;font-variant-numeric:tabular-nums}h2{margin-top:2rem}"
    "code{font-family:ui-monospace,monospace}.en{color:#4a5b6a}"
)
DONE = {
    "k": ("Số người ít nhất cùng mang các đặc điểm", "Least number who share what others may know (k)"),
    "responses": ("Số phiếu trong tệp", "Persons in the file"),
    "key_variables": ("Biến có thể nhận ra người trả lời", "What others may know"),
    "left_out": ("Không đưa vào tệp", "Left out of the file"),
    "rare": ("Giá trị hiếm đã che, số người", "Rare values withheld, persons"),
    "withheld": ("Số người bị che giá trị của biến", "Persons whose value was withheld"),
    "unique_before": ("Số người duy nhất trước khi che", "Persons who were alone before"),
    "smallest_group": ("Nhóm nhỏ nhất sau khi che", "Smallest group afterwards"),
    "small_strata": ("Số tầng có ít người hơn k", "Strata of fewer than k"),
    "emptied": ("Số người ở các tầng đó, chỉ còn câu hỏi chính", "Persons there, left with the main question only"),
    "homogeneous_strata": ("Số tầng mà mọi người trả lời như nhau", "Strata where everybody answered alike"),
}


@dataclass(frozen=True, slots=True)
class Study:
    """What a codebook says of the whole file."""

    code: str
    title: Mapping[str, str]
    questionnaire: str
    begins: date
    ends: date
    persons: int
    produced: date


def write_codebook(study: Study, variables: Sequence[Variable]) -> bytes:
    """The codebook as DDI-Codebook XML in UTF-8."""
    book = Element("codeBook", {"xmlns": NAMESPACE, "xmlns:xsi": XSI, "version": "2.5", "xml:lang": "vi"})
    book.set("xsi:schemaLocation", f"{NAMESPACE} {SCHEMA}")
    described = SubElement(book, "stdyDscr")
    citation = SubElement(described, "citation")
    titles = SubElement(citation, "titlStmt")
    _say(titles, "titl", "vi", study.title["vi"])
    if "en" in study.title:
        _say(titles, "parTitl", "en", study.title["en"])
    SubElement(titles, "IDNo").text = study.code
    production = SubElement(citation, "prodStmt")
    SubElement(production, "prodDate", {"date": study.produced.isoformat()}).text = study.produced.isoformat()
    SubElement(production, "software").text = "Hài Lòng"
    info = SubElement(described, "stdyInfo")
    summary = SubElement(info, "sumDscr")
    for event, day in (("start", study.begins), ("end", study.ends)):
        SubElement(summary, "collDate", {"date": day.isoformat(), "event": event}).text = day.isoformat()
    file = SubElement(SubElement(book, "fileDscr"), "fileTxt")
    SubElement(file, "fileName").text = "microdata"
    dimensions = SubElement(file, "dimensns")
    SubElement(dimensions, "caseQnty").text = str(study.persons)
    SubElement(dimensions, "varQnty").text = str(len(variables))
    data = SubElement(book, "dataDscr")
    for each in variables:
        _describe(data, each)
    indent(book)
    written: bytes = tostring(book, encoding="utf-8", xml_declaration=True)
    return written


def write_codebook_html(study: Study, variables: Sequence[Variable], done: Mapping[str, Any]) -> bytes:
    """The codebook as a page in Vietnamese and English, with what disclosure control did."""
    page = Element("html", {"lang": "vi"})
    head = SubElement(page, "head")
    SubElement(head, "meta", {"charset": "utf-8"})
    SubElement(head, "meta", {"name": "viewport", "content": "width=device-width, initial-scale=1"})
    title = f"{study.title['vi']} · {study.code}"
    SubElement(head, "title").text = title
    SubElement(head, "style").text = STYLE
    body = SubElement(SubElement(page, "body"), "main")
    SubElement(body, "h1").text = title
    SubElement(
        body, "p"
    ).text = f"{study.begins.isoformat()} – {study.ends.isoformat()} · {study.questionnaire} · n = {study.persons}"
    SubElement(body, "h2").text = "Bảo mật / Disclosure control"
    rows = SubElement(body, "table")
    for name, (vi, en) in DONE.items():
        row = SubElement(rows, "tr")
        _bilingual(SubElement(row, "th", {"scope": "row"}), {"vi": vi, "en": en})
        SubElement(row, "td").text = _spell(done[name])
    SubElement(body, "h2").text = "Biến / Variables"
    for each in variables:
        _show(body, each)
    written: bytes = tostring(page, encoding="utf-8", method="html")
    return b"<!doctype html>\n" + written


def _describe(data: Element, variable: Variable) -> None:
    kind = "discrete" if variable.values or variable.texts else "contin"
    weight = {"wgt": "wgt"} if variable.name == "weight" else {}
    described = SubElement(data, "var", {"ID": f"V_{variable.name}", "name": variable.name, **weight, "intrvl": kind})
    for language in LANGUAGES:
        if language in variable.label:
            _say(described, "labl", language, variable.label[language])
    if variable.question:
        question = SubElement(described, "qstn")
        for language in LANGUAGES:
            if language in variable.question:
                _say(question, "qstnLit", language, variable.question[language])
    for code, label in variable.values.items():
        category = SubElement(described, "catgry", {"missing": "Y"} if code in SPECIAL else {})
        SubElement(category, "catValu").text = str(code)
        for language in LANGUAGES:
            if language in label:
                _say(category, "labl", language, label[language])
        SubElement(category, "catStat", {"type": "freq"}).text = str(variable.frequencies.get(code, 0))
    for code, text in enumerate((variable.texts or ())[:MOST_CATEGORIES]):
        category = SubElement(described, "catgry")
        SubElement(category, "catValu").text = str(code)
        SubElement(category, "labl").text = text
    SubElement(described, "concept").text = variable.role
    SubElement(described, "varFormat", {"type": "numeric", "schema": "other"})


def _show(body: Element, variable: Variable) -> None:
    heading = SubElement(body, "h3", {"id": variable.name})
    SubElement(heading, "code").text = variable.name
    _bilingual(SubElement(body, "p"), variable.label)
    if not variable.values:
        return
    table = SubElement(body, "table")
    row = SubElement(table, "tr")
    for name in ("Mã / Code", "Nhãn / Label", "n"):
        SubElement(row, "th", {"scope": "col"}).text = name
    for code, label in variable.values.items():
        row = SubElement(table, "tr")
        SubElement(row, "td").text = str(code)
        _bilingual(SubElement(row, "td"), label)
        SubElement(row, "td", {"class": "n"}).text = str(variable.frequencies.get(code, 0))


def _bilingual(cell: Element, label: Mapping[str, str]) -> None:
    cell.text = label["vi"]
    if label.get("en", label["vi"]) != label["vi"]:
        SubElement(cell, "br")
        SubElement(cell, "span", {"class": "en", "lang": "en"}).text = label["en"]


def _say(parent: Element, name: str, language: str, wording: str) -> None:
    SubElement(parent, name, {"xml:lang": language}).text = wording


def _spell(value: object) -> str:
    if isinstance(value, Mapping):
        return "; ".join(f"{name}: {_spell(each)}" for name, each in value.items()) or "—"
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return str(value)
