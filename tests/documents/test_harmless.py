"""No cell of a table that leaves begins a formula, whoever wrote the text in it."""

from __future__ import annotations

import csv
from io import BytesIO, StringIO

import pytest
from openpyxl import load_workbook

from survey.documents.harmless import harmless
from survey.documents.open_data import OpenRow, write_csv
from survey.documents.sheets import Column, Sheet, write_workbook
from survey.documents.sheets import write_csv as write_sheets

FORMULAS = (
    "=1+1",
    "+1+1",
    "-cmd|' /C calc'!A0",
    "@SUM(1)",
    "\t=1",
    "\r=1",
    "\n=1",
    "\0=1",
    "＝1+1",
    "＋1",
    "－x",
    "＠x",
)


@pytest.mark.parametrize("formula", FORMULAS)
def test_no_cell_of_any_table_begins_a_formula(formula: str) -> None:
    sheet = Sheet("x", (Column("a"), Column("b", "count")), [(formula, -3)])
    rows = list(csv.reader(StringIO(write_sheets([sheet]).removeprefix("\ufeff").replace("\0", ""), newline="")))
    assert rows[1][0].startswith("'")
    assert rows[1][1] == "-3", "a number stays a number"
    if formula.isprintable():
        cell = load_workbook(BytesIO(write_workbook([sheet]))).worksheets[0]["A2"]
        assert (cell.data_type, cell.value) == ("s", formula), "a workbook knows text from formulas"
    row = OpenRow("W.1", "land", formula, "agency", "A", formula, "shown", *[None] * 7)
    assert f",{formula}" not in write_csv([row])


@pytest.mark.parametrize("value", ["-3", "+4.5", "-1e9", "văn bản", "", "a=b", 7, None, 0.5])
def test_what_is_no_formula_stays(value: object) -> None:
    assert harmless(value) == value
