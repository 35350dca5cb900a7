"""The official's boards and the public results: the same released figures everywhere, and nothing but released ones."""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from docx import Document
from fieldwork import TODAY, begin_fieldwork, publish
from flask import Flask
from flask.testing import FlaskClient
from openpyxl import load_workbook
from requirements import skip_or_fail
from sqlalchemy import inspect, text

from survey.actions.deriving import forget_kept
from survey.actions.releasing import release_wave
from survey.actions.reporting import Asked, tell_report, write_documents
from survey.actions.signing_in import add_staff
from survey.app import create_app
from survey.keys import derive_keys
from survey.mandate.sectors import load_sectors
from survey.proof import Signer
from survey.settings import Settings
from survey.store.database import Database
from survey.store.places import EVERYTHING

PASSWORD = "mật khẩu đủ dài để thử"
NOON = datetime(2026, 11, 24, 5, tzinfo=UTC)
SECTOR_PAGES = ("", "/places", "/trend", "/drivers", "/definitions", "/bridge?published=97,2")
STAFF_PAGES = [
    "/staff/scoreboard",
    "/staff/scoreboard/agency/A",
    *(f"/staff/scoreboard/{sector}{page}" for sector in ("procedures", "land") for page in SECTOR_PAGES),
]
PUBLIC_PAGES = [
    "/results",
    "/results/land",
    "/results/agency/A",
    "/results/land.csv",
    "/results/land.json",
    "/results/land.csv-metadata.json",
    "/api/v1/releases",
    "/api/v1/releases/W.1",
]
ANSWERS = {
    "A.land": "5" * 30 + "1" * 10,
    "B.land": "5" * 38 + "2" * 2,
    "C.land": "5551",
    "D.land": "5" * 20 + "3" * 12,
    "A.certification": "5" * 36 + "44" + "31",
    "B.certification": "4" * 40,
}


@pytest.fixture(scope="module")
def database(migrated_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """One database for all of these tests: none of them changes it, and pages are the same on every database."""
    home = tmp_path_factory.mktemp("boards")
    shutil.copy(migrated_file, home / "hailong.sqlite")
    opened = Database(f"sqlite:///{home / 'hailong.sqlite'}", home / "write.lock")
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def app(database: Database) -> Flask:
    """A published release: four agencies in land, one of them too small, two in certification."""
    secret = b"a secret of the tests, long enough to pass"
    home = Path(str(database.engine.url.database)).parent
    keys, signer = derive_keys(secret), Signer("boards", bytes(range(32)))
    frame: dict[tuple[str, str], int] = {(name[0], name[2:]): 400 for name in ANSWERS}
    work = begin_fieldwork(database, keys, signer, frame, invited=60)
    work.answer_all(ANSWERS)
    work.seal_and_tally()
    release_wave(database, "W", by="drafter", today=TODAY)
    publish(database, "W.1", by="statistician", now=NOON, today=TODAY)
    add_staff(database, "official", "official", PASSWORD, now=NOON, actor="tests")
    return create_app(Settings(home, str(database.engine.url), secret, base_url="http://localhost"), now=lambda: NOON)


@pytest.fixture
def official(app: Flask) -> FlaskClient:
    client = app.test_client()
    token = re.findall(r'name="csrf_token" value="([^"]*)"', client.get("/staff/sign-in").text)[0]
    client.post("/staff/sign-in", data={"name": "official", "password": PASSWORD, "csrf_token": token})
    return client


def without_nonce(page: str) -> str:
    return re.sub(r'(nonce|name="csrf_token" value)="[^"]*"', "", page)


def test_the_same_figure_stands_on_every_page_and_in_every_file(official: FlaskClient, app: Flask) -> None:
    """Land: (30 + 38 + 3 + 20) of 116 satisfied, weighted by 400 each: (.75 + .95 + .75 + .625) / 4 = 76.875 %."""
    anybody = app.test_client()
    for path in ("/staff/scoreboard", "/staff/scoreboard/land", "/staff/scoreboard/land/trend", "/results/land"):
        assert "76,9" in official.get(path).text, path
    [row, *_] = csv.DictReader(io.StringIO(anybody.get("/results/land.csv").text))
    told = json.loads(anybody.get("/results/land.json").text)["figures"][0]
    figures = json.loads(anybody.get("/api/v1/releases/W.1").text)["figures"]
    released = next(each["numbers"] for each in figures if each["level"] == "sector" and each["place"] == "land")
    assert (float(row["rate"]), told["rate"], released["rate"]) == (0.769, 0.769, 0.769)
    assert (int(row["answers"]), told["answers"], released["n"]) == (116, 116, 116)


def test_word_excel_and_pdf_print_the_figure_of_the_scoreboard(database: Database, app: Flask, tmp_path: Path) -> None:
    """The other three of the eight surfaces: 76.9 % of 116, each read back from its own file."""
    told = tell_report(database, Asked("W.1", "vi"), EVERYTHING, tmp_path, TODAY)
    written = write_documents(told, ("docx", "xlsx", "pdf"), tmp_path)
    name = load_sectors()["land"].name.in_language("vi")
    word = Document(io.BytesIO(written["docx"]))
    lines = [[cell.text for cell in row.cells] for table in word.tables for row in table.rows]
    assert any(line[0].strip() == name and "76,9" in line[1] for line in lines)
    book = load_workbook(io.BytesIO(written["xlsx"]))
    rows = [row for sheet in book for row in sheet.iter_rows(values_only=True)]
    assert any(str(row[0]).strip() == name and 0.769 in row and 116 in row for row in rows)
    if shutil.which("pdftotext") is None:
        skip_or_fail("No pdftotext found: install the package poppler-utils")
    (tmp_path / "report.pdf").write_bytes(written["pdf"])
    told_by = ["pdftotext", "-layout", tmp_path / "report.pdf", "-"]
    printed = subprocess.run(told_by, capture_output=True, text=True, check=True)
    assert re.search(rf"{re.escape(name)}.*76,9", printed.stdout)


@pytest.mark.parametrize("language", ["vi", "km", "en"])
def test_every_page_speaks_every_language_within_its_weight(official: FlaskClient, language: str) -> None:
    for path in (*STAFF_PAGES, *PUBLIC_PAGES[:3]):
        page = official.get(path, headers={"Accept-Language": language})
        assert page.status_code == 200, path
        assert len(gzip.compress(page.data)) < 60_000, path


def test_what_is_suppressed_has_no_number_anywhere(official: FlaskClient) -> None:
    """C has four answers: neither its page, nor the places, nor the files give a digit of it."""
    rows = list(csv.DictReader(io.StringIO(official.get("/results/land.csv").text)))
    hidden = [row for row in rows if row["status"] == "suppressed"]
    assert "C" in {row["place"] for row in hidden}
    numbers = ("answers", "rate", "low", "high", "response_rate", "population", "verdict")
    assert {row[name] for row in hidden for name in numbers} == {""}
    figures = json.loads(official.get("/api/v1/releases/W.1").text)["figures"]
    assert all("numbers" not in each for each in figures if each["suppressed"])
    assert "Cơ quan C" not in official.get("/staff/scoreboard/land/places").text
    page = official.get("/staff/scoreboard/agency/C").text
    assert "3 / 4" not in page
    assert "75,0" not in page


def test_a_ledger_that_nobody_can_read_changes_nothing(official: FlaskClient, database: Database) -> None:
    """Answers, tallies and frame are moved away; the control: the pages do change when the release is."""
    before = {path: without_nonce(official.get(path).text) for path in (*STAFF_PAGES, *PUBLIC_PAGES)}
    tables = ("ledger", "tally_cell", "tally_item", "tally_cross", "stratum", "invitation", "inbox")
    with unreadable(database, tables) as moved:
        assert moved >= 5
        forget_kept()
        after = {path: without_nonce(official.get(path).text) for path in (*STAFF_PAGES, *PUBLIC_PAGES)}
    assert after == before
    forget_kept()
    with unreadable(database, ("release_figure",)):
        assert official.get("/staff/scoreboard/land/places").status_code == 503


@contextmanager
def unreadable(database: Database, tables: Sequence[str]) -> Iterator[int]:
    """Rename the tables that exist while the block runs; how many."""
    with database.engine.begin() as connection:
        known = [name for name in tables if name in inspect(connection).get_table_names()]
        connection.execute(text("PRAGMA legacy_alter_table=ON"))
        for name in known:
            connection.execute(text(f'ALTER TABLE "{name}" RENAME TO "gone_{name}"'))
    try:
        yield len(known)
    finally:
        with database.engine.begin() as connection:
            for name in known:
                connection.execute(text(f'ALTER TABLE "gone_{name}" RENAME TO "{name}"'))


def test_drafts_are_open_to_nobody(app: Flask) -> None:
    anybody = app.test_client()
    assert anybody.get("/api/v1/releases/W.2").status_code == 404
    assert [each["code"] for each in json.loads(anybody.get("/api/v1/releases").text)["releases"]] == ["W.1"]


def test_the_releases_answer_as_their_document_says(app: Flask) -> None:
    """Required members and nothing that the schema does not allow, by hand: three types are all there is."""
    anybody = app.test_client()
    document = json.loads(anybody.get("/api/v1/releases/openapi.json").text)
    assert document["openapi"] == "3.1.0"
    for path, found in (("/api/v1/releases", "/api/v1/releases"), ("/api/v1/releases/{code}", "/api/v1/releases/W.1")):
        schema = document["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
        check(json.loads(anybody.get(found).text), schema)
    with pytest.raises(AssertionError):
        check({}, schema)


def check(value: object, schema: dict) -> None:  # type: ignore[type-arg]
    kinds = {"string": str, "boolean": bool, "array": list, "object": dict, "null": type(None)}
    allowed = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    assert isinstance(value, tuple(kinds[each] for each in allowed)), (value, schema)
    if isinstance(value, dict):
        assert set(schema.get("required", ())) <= value.keys()
        for name, each in schema.get("properties", {}).items():
            if name in value:
                check(value[name], each)
    for each in value if isinstance(value, list) else ():
        check(each, schema["items"])


def test_the_metadata_describes_every_column_of_the_csv(app: Flask) -> None:
    anybody = app.test_client()
    data = anybody.get("/results/land.csv")
    metadata = json.loads(anybody.get("/results/land.csv-metadata.json").text)
    assert metadata["url"] == "/results/land.csv"
    header = next(csv.reader(io.StringIO(data.text)))
    assert [each["name"] for each in metadata["tableSchema"]["columns"]] == header
    assert 'rel="describedby"' in data.headers["Link"]


def test_the_bridge_adds_up_and_says_what_nobody_knows(official: FlaskClient) -> None:
    """Its steps lead from 97.2 to 76.9; each is printed to a tenth, so that their sum is within two tenths."""
    page = official.get("/staff/scoreboard/land/bridge?published=97,2").text
    cells = re.findall(r'<td class="right number" data-label="Điểm phần trăm">([^<]*)</td>', page)
    assert cells[1] == "không biết"
    told = [read_number(each) for each in cells if each != "không biết"]
    assert told[0] == 97.2
    assert told[-1] == 76.9
    assert sum(told[:-1]) == pytest.approx(told[-1], abs=0.25)
    assert "Xin nhập một số" in official.get("/staff/scoreboard/land/bridge?published=nhiều").text


def read_number(printed: str) -> float:
    return float(printed.replace("\N{NO-BREAK SPACE}%", "").replace("−", "-").replace(",", "."))


def test_no_agency_gets_a_verdict_or_a_bare_rank(official: FlaskClient) -> None:
    page = official.get("/staff/scoreboard/land/places").text
    table = page[page.index('<table class="agencies compared"') : page.index("</table>")]
    assert not re.search(r'class="verdict (met|not_met|not_shown)"', table)
    assert len(re.findall(r"từ \d+ đến \d+ trong \d+", table)) == table.count('<th scope="row"')
