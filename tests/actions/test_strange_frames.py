"""What strangers hand in as a frame: told by line what to do, nothing half-loaded, the rest only if asked for."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from openpyxl import Workbook

from survey.actions.importing_frame import import_frame
from survey.actions.reading_csv import ImportRefused
from survey.documents import big_sheets
from survey.keys import Keys
from survey.store import frames
from survey.store.database import Database

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
HEADER = "dossier,agency,procedure,received_on,returned_on,area\n"
GOOD = "D{},TTPVHCC-31507,VD-CHUNG-THUC,2026-11-03,2026-11-05,31507\n"
Write = Callable[[Path], Path]


def text(*rows: str, encoding: str = "utf-8") -> Write:
    return raw((HEADER + "".join(rows)).encode(encoding), "frame.csv")


def raw(content: bytes, name: str) -> Write:
    def write(folder: Path) -> Path:
        (folder / name).write_bytes(content)
        return folder / name

    return write


def workbook(change: Callable[[Workbook], None]) -> Write:
    def write(folder: Path) -> Path:
        book = Workbook()
        for row in (HEADER.strip().split(","), GOOD.format(1).strip().split(",")):
            book.active.append(row)
        change(book)
        book.save(folder / "frame.xlsx")
        return folder / "frame.xlsx"

    return write


def bomb() -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
        archive.writestr("xl/worksheets/sheet1.xml", b" " * 30_000_000)
    return content.getvalue()


def sheet_of_rows(count: int) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
        rows = "".join(f'<row r="{number}" spans="1:{number % 97}"/>' for number in range(count))
        archive.writestr("xl/worksheets/sheet1.xml", rows)
    return content.getvalue()


STRANGE = {
    "ragged": (text("D1,TTPVHCC-31507\n"), r"line 2: 2 values where the header names 6"),
    "utf-16": (text(GOOD.format(1), encoding="utf-16"), r"the file is UTF-16: save the file as UTF-8"),
    "windows-1258": (
        raw(HEADER.encode() + "D1,Cơ quan Sóc".encode("cp1258", "replace") + b"\xd0\xc3,,,,\n", "frame.csv"),
        r"not UTF-8 text, perhaps Windows-1258",
    ),
    "formula": (workbook(lambda book: book.active.__setitem__("A3", "=1+1")), r"Cell A3 holds a formula: paste"),
    "merged": (workbook(lambda book: book.active.merge_cells("A3:B3")), r"merged cells: unmerge"),
    "bomb": (raw(bomb(), "frame.xlsx"), r"suspiciously large"),
    "extra rows": (raw(sheet_of_rows(400_000), "frame.xlsx"), r"more than 200,000 rows: delete the empty ones"),
    "picture": (raw(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0", "frame.csv"), r"line 1|line 2"),
    "duplicate": (text(GOOD.format(1), GOOD.format(1)), r"line 3: the dossier of this line is on line 2 already"),
    "unknown procedure": (text("D1,TTPVHCC-31507,NO-SUCH,,,\n"), r"line 2: procedure 'NO-SUCH' has no sector: load"),
    "before receipt": (
        text("D1,TTPVHCC-31507,VD-CHUNG-THUC,2026-11-03,2026-11-01,\n"),
        r"line 2: returned_on 2026-11-01 is before received_on 2026-11-03: correct one",
    ),
    "no day": (text("D1,TTPVHCC-31507,VD-CHUNG-THUC,31/02/2026,,\n"), r"write it as 2026-11-24 or 24/11/2026"),
    "not a zip": (raw(b"PK\x03\x04 but nothing more", "frame.xlsx"), r"no .xlsx workbook"),
}


@on_sqlite
@pytest.mark.parametrize("name", STRANGE)
def test_a_strange_file_is_refused_with_the_remedy_and_nothing_is_loaded(
    name: str, database: Database, keys: Keys, wave: str, today: date, tmp_path: Path
) -> None:
    write, said = STRANGE[name]
    with pytest.raises(ImportRefused, match=said) as refused:
        import_frame(database, keys, write(tmp_path), wave_code=wave, today=today)
    assert str(refused.value).startswith("frame.")
    assert versions(database, wave) == 0


@on_sqlite
def test_the_same_shape_without_the_fault_is_taken(
    database: Database, keys: Keys, wave: str, today: date, tmp_path: Path
) -> None:
    """The control: CSV and Excel alike, so that what is refused above is refused for its fault."""
    for write in (text(GOOD.format(1)), workbook(lambda _: None)):
        loaded = import_frame(database, keys, write(tmp_path), wave_code=wave, today=today)
        assert (loaded.population, loaded.rejected) == (1, ())
    with database.reading() as connection:
        facts = frames.list_facts(connection, wave, 2)
    assert facts == {("TTPVHCC-31507.certification", "area", "31507"): 1}


@on_sqlite
def test_accepted_lines_are_loaded_only_if_the_operator_says_so(
    database: Database, keys: Keys, wave: str, today: date, tmp_path: Path
) -> None:
    rows = (GOOD.format(1), GOOD.format(1), "D2,NOBODY,VD-CHUNG-THUC,,,\n", "short\n", GOOD.format(3))
    path = text(*rows)(tmp_path)
    with pytest.raises(ImportRefused, match=r"line 4: .*\n.*line 5: "):
        import_frame(database, keys, path, wave_code=wave, today=today)
    tried = import_frame(database, keys, path, wave_code=wave, today=today, accepted_only=True, trial=True)
    assert ([problem.line for problem in tried.rejected], tried.population) == ([3, 4, 5], 2)
    assert versions(database, wave) == 0
    loaded = import_frame(database, keys, path, wave_code=wave, today=today, accepted_only=True)
    assert (loaded.population, loaded.rejected) == (2, tried.rejected)
    assert versions(database, wave) == 1


@on_sqlite
def test_an_area_that_ended_is_named_with_its_day(
    database: Database, keys: Keys, wave: str, today: date, tmp_path: Path
) -> None:
    with database.reading() as connection:
        ended = next(row for row in connection.exec_driver_sql("SELECT code FROM area WHERE valid_to IS NOT NULL"))[0]
    path = text(GOOD.format(1), f"D2,TTPVHCC-31507,VD-CHUNG-THUC,2026-11-03,,{ended}\n")(tmp_path)
    with pytest.raises(ImportRefused, match=rf"line 3: area {ended} ended on 20\d\d-\d\d-\d\d, before 2026-11-03"):
        import_frame(database, keys, path, wave_code=wave, today=today)


@on_sqlite
def test_a_column_that_has_another_name_is_mapped(
    database: Database, keys: Keys, wave: str, today: date, tmp_path: Path
) -> None:
    path = raw("Mã hồ sơ;Cơ quan;Thủ tục\nD1;TTPVHCC-31507;VD-CHUNG-THUC\n".encode(), "frame.csv")(tmp_path)
    renamed = {"mã hồ sơ": "dossier", "cơ quan": "agency", "thủ tục": "procedure"}
    assert import_frame(database, keys, path, wave_code=wave, today=today, renamed=renamed).population == 1


def test_a_sheet_of_formulas_is_refused_by_the_reader_itself(tmp_path: Path) -> None:
    path = workbook(lambda book: book.active.__setitem__("C2", "=HYPERLINK(A1)"))(tmp_path)
    with pytest.raises(big_sheets.SheetUnreadable, match="Cell C2"):
        big_sheets.write_as_csv(path, io.StringIO())


def versions(database: Database, wave: str) -> int:
    with database.reading() as connection:
        return frames.find_frame_version(connection, wave) or 0
