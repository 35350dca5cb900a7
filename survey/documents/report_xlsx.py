"""A report as an Excel workbook: a sheet for each table with typed cells and a chart, and a sheet of notes."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import xlsxwriter
from xlsxwriter.utility import quote_sheetname, xl_range_abs

from survey.documents.environment import translate
from survey.documents.report import COUNT, SHARE, Heading, Paragraph, Report, Table, Written

FONT = "Times New Roman"
LONGEST_SHEET = 31
CHART_ROWS = 25
WIDEST_NOTE = 95


def write_xlsx(report: Report) -> bytes:
    """The workbook's bytes: the same for the same report."""
    made = BytesIO()
    book = xlsxwriter.Workbook(made, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    book.set_properties({"title": report.title, "subject": report.release, "comments": report.draft})
    formats = _Formats(book)
    for table in (block for block in report.blocks if isinstance(block, Table)):
        _write_table(book, formats, table)
    _write_notes(book, formats, report)
    book.close()
    return made.getvalue()


class _Formats:
    """The few formats of all sheets."""

    def __init__(self, book: Any) -> None:
        base = {"font_name": FONT, "font_size": 11, "valign": "top"}
        self.caption = book.add_format(base | {"bold": True, "font_size": 13})
        self.head = book.add_format(base | {"bold": True, "text_wrap": True, "bottom": 1, "bg_color": "#EEF1F5"})
        self.text = book.add_format(base | {"text_wrap": True})
        self.count = book.add_format(base | {"num_format": "#,##0"})
        self.shares = [book.add_format(base | {"num_format": form}) for form in ("0%", "0.0%", "0.00%", "0.000%")]

    def of(self, cell: Written) -> Any:
        """The format that shows a number with as many decimals as the pages do."""
        if cell.kind == COUNT:
            return self.count
        decimals = next((len(cell.text.split(point)[1].rstrip("% \xa0")) for point in ",." if point in cell.text), 0)
        return self.shares[min(decimals, 3)]


def _write_table(book: Any, formats: _Formats, table: Table) -> None:
    sheet = book.add_worksheet(table.sheet[:LONGEST_SHEET])
    sheet.write_string(0, 0, table.caption, formats.caption)
    for place, column in enumerate(table.columns):
        sheet.set_column(place, place, 12 * column.wide)
        sheet.write_string(2, place, column.label, formats.head)
    for line, row in enumerate(table.rows, start=3):
        for place, cell in enumerate(row):
            _write_cell(sheet, formats, line, place, cell)
    sheet.freeze_panes(3, 1)
    sheet.autofilter(2, 0, 2 + max(len(table.rows), 1), len(table.columns) - 1)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(2)
    if table.drawn and table.rows:
        _draw(book, sheet, table)


def _write_cell(sheet: Any, formats: _Formats, line: int, place: int, cell: Written | str) -> None:
    if isinstance(cell, str):
        sheet.write_string(line, place, cell, formats.text)
    elif cell.value is None:
        sheet.write_string(line, place, cell.text, formats.text)
    else:
        sheet.write_number(line, place, cell.value, formats.of(cell))


def _draw(book: Any, sheet: Any, table: Table) -> None:
    """Rates with their intervals as error bars, on the rows of the table."""
    rate, low, high = _places(table)
    last = 2 + len(table.rows)
    chart = book.add_chart({"type": "bar"})
    plus, minus = _write_errors(sheet, table, (rate, low, high))
    chart.add_series(
        {
            "name": [sheet.name, 2, rate],
            "categories": [sheet.name, 3, rate - 1, last, rate - 1],
            "values": [sheet.name, 3, rate, last, rate],
            "fill": {"color": "#7C8896"},
            "gap": 60,
            "x_error_bars": {
                "type": "custom",
                "plus_values": plus,
                "minus_values": minus,
            },
        }
    )
    chart.set_title({"name": table.caption, "name_font": {"size": 11, "name": FONT}})
    chart.set_legend({"none": True})
    chart.set_y_axis({"reverse": True, "num_font": {"name": FONT}})
    chart.set_x_axis({"min": 0, "max": 1, "num_format": "0%", "num_font": {"name": FONT}})
    chart.set_size({"width": 760, "height": 120 + CHART_ROWS * len(table.rows)})
    sheet.insert_chart(last + 3, 0, chart, {"description": table.caption})


def _write_errors(sheet: Any, table: Table, places: tuple[int, int, int]) -> tuple[str, str]:
    """The arms of the intervals, beside the table and outside of what is printed; their cells' addresses."""
    beside = len(table.columns) + 1
    for line, row in enumerate(table.rows, start=3):
        below, above = _error(*(row[place] for place in places))
        sheet.write_number(line, beside, below)
        sheet.write_number(line, beside + 1, above)
    last = 2 + len(table.rows)
    sheet.print_area(0, 0, last + 6 + 2 * len(table.rows) + 6, len(table.columns) - 1)
    name = quote_sheetname(sheet.name)
    plus, minus = (xl_range_abs(3, place, last, place) for place in (beside + 1, beside))
    return f"={name}!{plus}", f"={name}!{minus}"


def _places(table: Table) -> tuple[int, int, int]:
    found = [place for place, column in enumerate(table.columns) if column.kind == SHARE]
    return found[0], found[1], found[2]


def _error(rate: Any, low: Any, high: Any) -> tuple[float, float]:
    middle, least, most = (cell.value if isinstance(cell, Written) else None for cell in (rate, low, high))
    if middle is None or least is None or most is None:
        return 0.0, 0.0
    return middle - least, most - middle


def _write_notes(book: Any, formats: _Formats, report: Report) -> None:
    sheet = book.add_worksheet(translate(report.language, "Ghi chú")[:LONGEST_SHEET])
    sheet.set_column(0, 0, 28)
    sheet.set_column(1, 1, 100)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.write_string(0, 0, report.title, formats.caption)
    line = 2
    for name, value in report.facts:
        sheet.write_string(line, 0, name, formats.head)
        sheet.write_string(line, 1, value, formats.text)
        line += 1
    for block in report.blocks:
        if isinstance(block, Heading):
            line += 1
            sheet.write_string(line, 0, block.text, formats.head)
        elif isinstance(block, Paragraph):
            sheet.set_row(line, 15 * (1 + len(block.text) // WIDEST_NOTE))
            sheet.write_string(line, 1, block.text, formats.text)
            line += 1
