"""Reports of a release: their period, their text until it is public, documents as a job."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from fieldwork import TODAY, begin_fieldwork, publish

from survey.actions import report_jobs, report_texts
from survey.actions.releasing import release_wave
from survey.actions.report_texts import TextIsFinal
from survey.actions.reporting import Asked, choose_period, read_office, tell_report
from survey.keys import Keys
from survey.proof import Signer
from survey.store import waves
from survey.store.audits import By
from survey.store.database import Database
from survey.store.places import EVERYTHING, Scope

NOON = datetime(2026, 11, 24, 5, tzinfo=UTC)
BY = By("thanh", NOON)
ASKED = Asked("W.1", "vi")


@pytest.fixture(scope="module")
def drafted(migrated_file: Path, tmp_path_factory: pytest.TempPathFactory, keys: Keys, signer: Signer) -> Path:
    """A database with a draft of 30 answers at two agencies, drafted by the command line; to be copied."""
    folder = tmp_path_factory.mktemp("drafted")
    shutil.copy(migrated_file, folder / "hailong.sqlite")
    database = Database(f"sqlite:///{folder / 'hailong.sqlite'}", folder / "write.lock")
    work = begin_fieldwork(database, keys, signer, {("A", "land"): 200, ("C", "land"): 100}, invited=30)
    work.answer_all({"A.land": "5" * 15 + "1", "C.land": "5" * 10 + "1111"})
    work.seal_and_tally()
    release_wave(database, "W", by="command line", today=TODAY)
    database.close()
    with closing(sqlite3.connect(folder / "hailong.sqlite")) as connection:
        connection.execute("VACUUM INTO ?", (str(folder / "drafted.sqlite"),))
    return folder / "drafted.sqlite"


@pytest.fixture
def released(drafted: Path, tmp_path: Path) -> Iterator[tuple[Database, Path]]:
    shutil.copy(drafted, tmp_path / "hailong.sqlite")
    database = Database(f"sqlite:///{tmp_path / 'hailong.sqlite'}", tmp_path / "write.lock")
    yield database, tmp_path
    database.close()


def tell(released: tuple[Database, Path], asked: Asked = ASKED):
    return tell_report(released[0], asked, EVERYTHING, released[1], TODAY)


@pytest.mark.parametrize(
    ("closes", "name", "year", "begins"),
    [
        (date(2027, 3, 14), "quý I", 2027, date(2026, 12, 15)),
        (date(2026, 12, 15), "quý I", 2027, date(2026, 12, 15)),
        (date(2027, 3, 15), "6 tháng đầu năm", 2027, date(2026, 12, 15)),
        (date(2027, 9, 14), "quý III", 2027, date(2027, 6, 15)),
        (date(2027, 9, 15), "cả năm", 2027, date(2026, 12, 15)),
    ],
)
def test_a_report_takes_the_shortest_period_that_holds_the_waves_last_day(
    released: tuple[Database, Path], closes: date, name: str, year: int, begins: date
) -> None:
    with released[0].reading() as connection:
        wave = waves.find_wave(connection, "W")
    assert wave is not None
    moved = type(wave)(**{**{field: getattr(wave, field) for field in wave.__slots__}, "closes_on": closes})
    found = choose_period(moved, ASKED)
    assert (found.name, found.year, found.begins) == (name, year, begins)


def test_an_operators_own_letterhead_replaces_what_it_names(tmp_path: Path) -> None:
    (tmp_path / "office.toml").write_text('name = "SỞ Y TẾ"\nrecipients = ["Lưu"]\n', encoding="utf-8")
    office = read_office(tmp_path)
    assert (office.name, office.recipients, office.place) == ("SỞ Y TẾ", ("Lưu",), "Cần Thơ")


def test_the_text_is_edited_until_the_release_is_public(released: tuple[Database, Path]) -> None:
    database, told = released[0], tell(released)
    generated = report_texts.read_text(database, told)
    assert generated.edited is None
    report_texts.edit_text(database, told, "# Mục\nTỷ lệ tăng lên 47,3 %, trong 3 cơ quan.", by=BY, on=TODAY)
    draft = report_texts.read_text(database, told)
    assert draft.lines[0] == "# Mục"
    assert draft.strange == ("47,3",)
    assert report_texts.with_text(database, told).edited_by == "thanh"
    report_texts.edit_text(database, told, "", by=BY, on=TODAY)
    assert report_texts.read_text(database, told).lines == generated.lines
    publish(database, "W.1", by="thanh", now=NOON, today=TODAY)
    with pytest.raises(TextIsFinal):
        report_texts.edit_text(database, told, "Muộn.", by=BY, on=TODAY)


def test_numbers_that_the_figures_hold_are_not_strange(released: tuple[Database, Path]) -> None:
    """The control: the generated text itself, with a figure of an agency's table, has none."""
    told = tell(released)
    place = next(part for part in told.sectors if part.places).places[0]
    assert place.figure.n == 16
    assert report_texts.find_strange([*report_texts.read_text(released[0], told).lines, "Có 16 câu."], told) == ()


def test_documents_are_written_by_the_job_one_by_one_and_forgotten_after_thirty_days(
    released: tuple[Database, Path],
) -> None:
    database, home = released
    number = report_jobs.ask_documents(database, ASKED, ["xlsx", "pdf", "exe"], EVERYTHING, by="lan", on=TODAY)
    assert report_jobs.find_document(database, number, "pdf", EVERYTHING) is None
    assert report_jobs.write_due(database, home, TODAY) == 2
    assert report_jobs.write_due(database, home, TODAY) == 0
    found = report_jobs.find_document(database, number, "pdf", EVERYTHING)
    assert found is not None
    assert found.content.startswith(b"%PDF")
    assert report_jobs.find_document(database, number, "pdf", Scope(area="94", sector=None)) is None
    report_jobs.write_due(database, home, date(2026, 12, 25))
    assert report_jobs.list_documents(database, "W.1", EVERYTHING) == []


def test_a_job_that_asks_for_nothing_known_is_refused(released: tuple[Database, Path]) -> None:
    with pytest.raises(report_jobs.NothingAsked):
        report_jobs.ask_documents(released[0], ASKED, ["exe"], EVERYTHING, by="lan", on=TODAY)
