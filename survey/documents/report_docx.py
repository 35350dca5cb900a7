"""A report as a Word document that an office can edit: styles, real headings, captions with fields, real tables.

Laid out as Decree 30/2020 asks of an administrative document. An office's own template (a .docx) lends its page,
styles, header and footer; without one the styles are set here.
"""

from __future__ import annotations

from copy import deepcopy
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any

from docx import Document
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Mm, Pt, RGBColor

from survey.documents.environment import translate
from survey.documents.report import TEXT, Heading, Paragraph, Picture, Report, Table, said
from survey.documents.report_pdf import draw_png

FONT, KHMER_FONT = "Times New Roman", "Khmer OS Siemreap"
BODY, NOTE, CELL, TABLE_WIDTH = 13, 11, 10, Cm(16.0)


def write_docx(report: Report, template: Path | None = None) -> bytes:
    """The document's bytes; `template` is an office's own .docx, whose text is kept before ours."""
    document = Document(str(template)) if template else Document()
    if template is None:
        _set_page(document)
    _set_styles(document, own=template is None)
    _write_head(document, report)
    numbers = {"table": 0, "figure": 0}
    for block in report.blocks:
        if isinstance(block, Heading):
            document.add_heading(block.text, block.level)
        elif isinstance(block, Paragraph):
            document.add_paragraph(block.text, "Note" if block.note else "Body Text")
        elif isinstance(block, Table):
            _write_table(document, report, block, numbers)
        else:
            _write_picture(document, report, block, numbers)
    _write_end(document, report)
    _set_properties(document, report)
    made = BytesIO()
    document.save(made)
    return made.getvalue()


def _set_page(document: Any) -> None:
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin = section.bottom_margin = Mm(20)
    section.left_margin, section.right_margin = Mm(30), Mm(20)
    section.different_first_page_header_footer = True
    paragraph = section.header.paragraphs[0]
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    _add_field(paragraph, "PAGE", "2")


def _set_styles(document: Any, *, own: bool) -> None:
    if own:
        for name, size in (("Normal", BODY), ("Body Text", BODY), ("Heading 1", 14), ("Heading 2", BODY)):
            _set_font(document.styles[name], size, bold=name.startswith("Heading"))
        _set_font(document.styles["Caption"], NOTE, bold=True)
        _drop_line_below(document.styles["Title"])
        body = document.styles["Body Text"].paragraph_format
        body.first_line_indent, body.space_after, body.line_spacing = Cm(1), Pt(6), 1.15
        body.alignment = WD_ALIGN_PARAGRAPH.JUSTIFY
    for name, size in (("Note", NOTE), ("Cell", CELL)):
        if name not in [style.name for style in document.styles]:
            style = document.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
            _set_font(style, size)
            style.paragraph_format.space_after = Pt(0 if name == "Cell" else 6)


def _drop_line_below(style: Any) -> None:
    for line in style.element.iter(qn("w:pBdr")):
        line.getparent().remove(line)
        return


def _set_font(style: Any, size: float, *, bold: bool = False) -> None:
    style.font.name, style.font.size, style.font.bold, style.font.italic = FONT, Pt(size), bold, False
    style.font.color.rgb = RGBColor(0, 0, 0)
    fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
    for theme in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
        fonts.attrib.pop(qn(f"w:{theme}"), None)
    fonts.set(qn("w:hAnsi"), FONT)
    fonts.set(qn("w:eastAsia"), FONT)
    fonts.set(qn("w:cs"), KHMER_FONT)


def _write_head(document: Any, report: Report) -> None:
    """Issuer and symbol on the left, country and date on the right, then the kind of document and its subject."""
    office, language = report.office, report.language
    left, right = _two_cells(document, 6.4, 9.6)
    _line(left.paragraphs[0], office.above, 12)
    _line(left.add_paragraph(), office.name, 12, bold=True)
    _line(left.add_paragraph(), office.symbol, 13)
    _line(right.paragraphs[0], translate(language, "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM"), 12, bold=True)
    _line(right.add_paragraph(), translate(language, "Độc lập - Tự do - Hạnh phúc"), 13, bold=True)
    _line(right.add_paragraph(), dated(report), 13, italic=True)
    document.add_paragraph()
    _line(document.add_paragraph(style="Title"), report.kind.upper(), 14, bold=True)
    _line(document.add_paragraph(), report.title, 14, bold=True)
    if report.draft:
        _line(document.add_paragraph(), report.draft, NOTE, italic=True)


def _two_cells(document: Any, left: float, right: float) -> tuple[Any, Any]:
    """Two columns without lines, so many centimetres wide."""
    grid = document.add_table(1, 2)
    grid.autofit = False
    for column, width in zip(grid.columns, (left, right), strict=True):
        column.width = Cm(width)
        column.cells[0].width = Cm(width)
    return grid.rows[0].cells[0], grid.rows[0].cells[1]


def dated(report: Report) -> str:
    """Place and date as such documents write them."""
    day = report.dated
    said_as = {"place": report.office.place, "day": f"{day:%d}", "month": f"{day:%m}", "year": f"{day:%Y}"}
    return translate(report.language, "%(place)s, ngày %(day)s tháng %(month)s năm %(year)s", **said_as)


def _line(paragraph: Any, text: str, size: float, *, bold: bool = False, italic: bool = False) -> None:
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    paragraph.paragraph_format.space_after = Pt(0)
    run = paragraph.add_run(text)
    run.font.size, run.font.bold, run.font.italic, run.font.name = Pt(size), bold, italic, FONT
    run.font.color.rgb = RGBColor(0, 0, 0)


def _write_table(document: Any, report: Report, table: Table, numbers: dict[str, int]) -> None:
    _write_caption(document, report, "table", table.caption, numbers)
    grid = document.add_table(1, len(table.columns))
    grid.style = "Table Grid"
    grid.autofit = False
    widths = _widths(table)
    for place, width in enumerate(widths):
        grid._tbl.tblGrid.gridCol_lst[place].set(qn("w:w"), str(width))
    head = grid.rows[0]
    _mark_head(head)
    for place, column in enumerate(table.columns):
        _fill(head.cells[place]._tc, column.label, widths[place], right=column.kind != TEXT, bold=True)
    model = deepcopy(head._tr)
    model.remove(model.find(qn("w:trPr")))
    for row in table.rows:
        made = deepcopy(model)
        for place, (cell, found) in enumerate(zip(row, made.findall(qn("w:tc")), strict=True)):
            _fill(found, said(cell), widths[place], right=table.columns[place].kind != TEXT)
        grid._tbl.append(made)
    document.add_paragraph(style="Cell")


def _widths(table: Table) -> list[int]:
    whole = sum(column.wide for column in table.columns)
    return [int(TABLE_WIDTH.twips * column.wide / whole) for column in table.columns]


def _mark_head(row: Any) -> None:
    properties = row._tr.get_or_add_trPr()
    for name in ("w:cantSplit", "w:tblHeader"):
        properties.append(OxmlElement(name))


def _fill(cell: Any, text: str, width: int, *, right: bool, bold: bool = False) -> None:
    """Write a cell by its elements: python-docx looks a whole table through for each cell."""
    for old in list(cell):
        cell.remove(old)
    properties = OxmlElement("w:tcPr")
    properties.append(_element("w:tcW", {"w:w": str(width), "w:type": "dxa"}))
    paragraph, run, words = OxmlElement("w:p"), OxmlElement("w:r"), OxmlElement("w:t")
    of_paragraph = OxmlElement("w:pPr")
    of_paragraph.append(_element("w:pStyle", {"w:val": "Cell"}))
    if right:
        of_paragraph.append(_element("w:jc", {"w:val": "right"}))
    if bold:
        of_run = OxmlElement("w:rPr")
        of_run.append(OxmlElement("w:b"))
        run.append(of_run)
    words.text = text
    words.set(qn("xml:space"), "preserve")
    run.append(words)
    paragraph.append(of_paragraph)
    paragraph.append(run)
    cell.append(properties)
    cell.append(paragraph)


def _element(name: str, attributes: dict[str, str]) -> Any:
    made = OxmlElement(name)
    for key, value in attributes.items():
        made.set(qn(key), value)
    return made


def _write_picture(document: Any, report: Report, picture: Picture, numbers: dict[str, int]) -> None:
    paragraph = document.add_paragraph(style="Cell")
    paragraph.paragraph_format.keep_with_next = True
    shape = paragraph.add_run().add_picture(BytesIO(draw_png(picture)), width=TABLE_WIDTH)
    shape._inline.docPr.set("descr", picture.description)
    _write_caption(document, report, "figure", picture.caption, numbers)


def _write_caption(document: Any, report: Report, kind: str, caption: str, numbers: dict[str, int]) -> None:
    """A caption with a SEQ field, so that Word numbers it anew and lists it."""
    numbers[kind] += 1
    word = translate(report.language, "Bảng") if kind == "table" else translate(report.language, "Hình")
    paragraph = document.add_paragraph(f"{word} ", "Caption")
    paragraph.paragraph_format.keep_with_next = kind == "table"
    _add_field(paragraph, f"SEQ {word} \\* ARABIC", str(numbers[kind]))
    paragraph.add_run(f". {caption}")


def _add_field(paragraph: Any, instruction: str, shown: str) -> None:
    field = _element("w:fldSimple", {"w:instr": instruction})
    run, text = OxmlElement("w:r"), OxmlElement("w:t")
    text.text = shown
    run.append(text)
    field.append(run)
    paragraph._p.append(field)


def _write_end(document: Any, report: Report) -> None:
    """Recipients on the left, who signs on the right."""
    document.add_paragraph()
    left, right = _two_cells(document, 8, 8)
    left.paragraphs[0].add_run(translate(report.language, "Nơi nhận:")).bold = True
    for recipient in report.office.recipients:
        left.add_paragraph(f"- {recipient};", "Note")
    _line(right.paragraphs[0], report.office.signer, 13, bold=True)


def _set_properties(document: Any, report: Report) -> None:
    core = document.core_properties
    core.title, core.subject, core.author = report.title, report.release, report.office.name
    core.language, core.comments = report.language, report.draft
    core.created = core.modified = datetime(report.dated.year, report.dated.month, report.dated.day)  # noqa: DTZ001
