"""The same figures in Word, Excel and PDF, as documents that an office can edit and a screen reader can follow."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import time
import zipfile
import zlib
from pathlib import Path

import pytest
from docx import Document
from openpyxl import load_workbook
from report_samples import a_report
from requirements import skip_or_fail

from survey.documents.report import Heading, Paragraph, Picture, Table, Written, said
from survey.documents.report_contents import write_report
from survey.documents.report_docx import write_docx
from survey.documents.report_pdf import write_pdf
from survey.documents.report_text import write_text
from survey.documents.report_xlsx import write_xlsx
from survey.mandate.text import LANGUAGES

SECONDS, PROVINCE = 20, 103


def tables_of(report) -> list[Table]:
    return [block for block in report.blocks if isinstance(block, Table)]


@pytest.fixture(scope="module")
def report():
    return write_report(a_report())


def test_word_holds_every_cell_under_real_headings_with_numbered_captions(report) -> None:
    document = Document(io.BytesIO(write_docx(report)))
    written = [[[cell.text for cell in row.cells] for row in table.rows] for table in document.tables[1:-1]]
    expected = [[[c.label for c in t.columns], *([said(c) for c in row] for row in t.rows)] for t in tables_of(report)]
    assert written == expected
    headings = [p.text for p in document.paragraphs if p.style.name.startswith("Heading")]
    assert headings == [block.text for block in report.blocks if isinstance(block, Heading)]
    captions = [p for p in document.paragraphs if p.style.name == "Caption"]
    assert len(captions) == sum(isinstance(block, Table | Picture) for block in report.blocks)
    assert all("SEQ" in p._p.xml for p in captions)
    assert all(t.rows[0]._tr.xpath("w:trPr/w:tblHeader") for t in document.tables[1:-1])
    assert all(drawing.get("descr") for drawing in document.element.xpath("//wp:docPr"))


def test_an_office_lends_its_own_word_template(report, tmp_path: Path) -> None:
    own = Document()
    own.add_paragraph("Mẫu riêng của cơ quan")
    own.save(tmp_path / "report.docx")
    document = Document(io.BytesIO(write_docx(report, tmp_path / "report.docx")))
    assert document.paragraphs[0].text == "Mẫu riêng của cơ quan"
    assert len(document.tables) == len(tables_of(report)) + 2


def test_excel_holds_numbers_as_numbers_a_chart_for_each_drawn_table_and_notes(report) -> None:
    content = write_xlsx(report)
    book = load_workbook(io.BytesIO(content))
    for table in tables_of(report):
        sheet = book[table.sheet[:31]]
        for line, row in enumerate(table.rows, start=4):
            for place, cell in enumerate(row, start=1):
                found = sheet.cell(line, place).value
                wanted = cell.value if isinstance(cell, Written) and cell.value is not None else said(cell)
                assert found == wanted, (table.sheet, line, place)
        assert bool(sheet._charts) or not table.drawn
    notes = " ".join(str(cell.value) for row in book.worksheets[-1].iter_rows() for cell in row)
    assert "ab" * 32 in notes
    assert "17 câu trả lời đến sau điểm chốt" in notes
    assert any("errBars" in zipfile.ZipFile(io.BytesIO(content)).read(name).decode() for name in _charts(content))


def _charts(content: bytes) -> list[str]:
    return [name for name in zipfile.ZipFile(io.BytesIO(content)).namelist() if name.startswith("xl/charts/chart")]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_pdf_is_tagged_declares_ua_1_and_carries_its_letters(language: str) -> None:
    content = write_pdf(write_report(a_report(language)))
    parts = b"".join(_streams(content)) + content
    assert b"<pdfuaid:part>1</pdfuaid:part>" in parts
    for mark in (b"/StructTreeRoot", b"/Table", b"/TH", b"/Figure", b"/Alt", b"/H1", b"/Lang"):
        assert mark in parts, mark
    fonts = {font for font in (b"LibertinusSerif", b"NotoSansKhmer") if font in parts}
    assert fonts == {b"LibertinusSerif"} | ({b"NotoSansKhmer"} if language == "km" else set())
    assert parts.count(b"/FontFile") >= len(fonts)


def _streams(content: bytes) -> list[bytes]:
    found = []
    for match in re.finditer(rb"stream\r?\n", content):
        try:
            found.append(zlib.decompressobj().decompress(content[match.end() :]))
        except zlib.error:
            continue
    return found


def test_the_pdf_prints_every_cell_of_every_table(report, tmp_path: Path) -> None:
    if shutil.which("pdftotext") is None:
        skip_or_fail("No pdftotext found: install the package poppler-utils")
    (tmp_path / "report.pdf").write_bytes(write_pdf(report))
    run = subprocess.run(["pdftotext", "-layout", tmp_path / "report.pdf", "-"], capture_output=True, check=True)
    printed = re.sub(r"\s+", " ", run.stdout.decode().replace("\xa0", " "))
    for table in tables_of(report):
        for row in table.rows:
            shares = [said(cell).replace("\xa0", " ") for cell in row if isinstance(cell, Written)]
            assert " ".join(shares) in printed, row


def test_every_verdict_of_the_sample_is_said_with_its_reason() -> None:
    text = "\n".join(write_text(a_report()))
    assert "Thủ tục hành chính: tỷ lệ hài lòng 93,1\xa0%" in text
    assert "Đất đai" in text.split("Chưa đạt chỉ tiêu:")[1].splitlines()[0]
    assert "cần thêm khoảng 1.212 câu trả lời" in text
    assert "Đầu tư: không công bố" in text
    assert "Giáo dục công: chưa có câu trả lời nào." in text
    assert "Trong 6 lĩnh vực được so với mức đang áp dụng: 2 đạt, 1 không đạt, 3 chưa đủ căn cứ" in text


def test_a_hidden_place_shows_no_number_in_any_table(report) -> None:
    for table in tables_of(report)[2:]:
        hidden = [row for row in table.rows if "(không công bố)" in str(row[1])]
        assert hidden
        assert all(cell.value is None for row in hidden for cell in row if isinstance(cell, Written))


def test_edited_lines_and_a_statement_stand_in_the_report_as_written() -> None:
    told = a_report(text=("# Mục riêng", "Một câu của người soạn."), edited_by="lan", edited_on=a_report().dated)
    texts = [block.text for block in write_report(told).blocks if isinstance(block, Heading | Paragraph)]
    assert texts[:2] == ["Mục riêng", "Một câu của người soạn."]
    assert any("do lan sửa ngày 21/09/2026" in text for text in texts)
    assert any("“Chúng tôi đã mở thêm một quầy.” (lan ký ngày 20/09/2026)" in text for text in texts)


@pytest.mark.parametrize("write", [write_docx, write_xlsx, write_pdf])
def test_a_whole_province_is_written_within_its_time(write) -> None:
    """7 sectors of 103 places each, 721 rows: CPU time, since other tests run beside this one."""
    big = write_report(a_report(places=PROVINCE))
    begun = time.process_time()
    assert len(write(big)) > 10_000
    assert time.process_time() - begun < SECONDS
