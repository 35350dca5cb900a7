"""Imported counts: all of a sound file, nothing of a faulty one."""

from __future__ import annotations

import json
import os
import signal
from datetime import date
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from survey.actions import tallying
from survey.actions.importing_counts import LEVELS, MOST_ROWS, import_counts, read_counts
from survey.actions.reading_csv import ImportRefused
from survey.mandate.published import published_file
from survey.proof import Signer
from survey.store import ledger, places, tallies, waves
from survey.store.database import CRASH_VARIABLE, Database

HEADER = "service,month,very_dissatisfied,dissatisfied,neither,satisfied,very_satisfied,published_percent\n"
GOOD = HEADER + "a,2025-05,439,282,1046,4087,8081,84\nb,2025-05,1,0,0,0,2,\na,2025-06,0,0,0,0,7,100\n"


@pytest.fixture
def write(tmp_path: Path):
    def write(content: str | bytes) -> Path:
        path = tmp_path / "counts.csv"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


def refusal(path: Path, today: date = date(2026, 11, 24)) -> ImportRefused:
    with pytest.raises(ImportRefused) as refused:
        read_counts(path, today)
    return refused.value


def test_a_sound_file_becomes_a_closed_wave_with_one_leaf_a_cell(
    database: Database, signer: Signer, today: date, write
) -> None:
    path = write(GOOD)
    summary = import_counts(database, signer, path, wave_code="REAL", today=today)
    assert (summary.rows, summary.services, summary.answers, summary.published_figures) == (3, 2, 13935 + 3 + 7, 2)
    with database.reading() as connection:
        wave = waves.find_wave(connection, "REAL")
        rows = list(ledger.iterate_rows(connection, wave_code="REAL"))
        assert wave is not None
        assert (wave.closed, wave.opens_on, wave.closes_on) == (True, date(2025, 5, 1), date(2025, 6, 30))
        assert sha256(GOOD.encode()).hexdigest() in str(wave.source)
        assert json.loads(rows[0].codes) == {
            "collected": "self-selected",
            "counts": {"1": 439, "2": 282, "3": 1046, "4": 4087, "5": 8081},
            "kind": "counts",
            "period": "2025-05",
            "published": "84",
            "source": sha256(GOOD.encode()).hexdigest(),
            "stratum": "a",
            "wave": "REAL",
        }
        assert [row.kind for row in rows] == ["counts"] * 3
        assert places.find_agency(connection, "b") is not None
        assert tallies.list_published_figures(connection, "REAL") == {("a", "2025-05"): "84", ("a", "2025-06"): "100"}


def test_what_is_self_selected_is_never_official(database: Database, signer: Signer, today: date, write) -> None:
    import_counts(database, signer, write(GOOD), wave_code="REAL", today=today)
    with database.reading() as connection:
        wave = waves.find_wave(connection, "REAL")
    assert wave is not None
    assert not wave.is_official


def test_the_tally_counts_imported_people(database: Database, signer: Signer, today: date, write) -> None:
    import_counts(database, signer, write(GOOD), wave_code="REAL", today=today)
    assert tallying.tally(database) == 3
    with database.reading() as connection:
        assert tallies.count_counted(connection, "REAL") == {"a": 13935 + 7, "b": 3}
        items = {
            (item["agency_code"], item["period"], item["choice"]): item["n"]
            for item in tallies.list_items(connection, "REAL", tallying.IMPORTED_ITEM)
        }
    assert items["a", "2025-05", "5"] == 8081
    assert items["a", "2025-06", "5"] == 7
    assert items["b", "2025-05", "1"] == 1
    assert len(items) == 5 + 2 + 1


def test_the_published_real_counts_load_whole(database: Database, signer: Signer, today: date) -> None:
    path = published_file("opg_satisfaction.csv")
    summary = import_counts(database, signer, path, wave_code="OPG", today=today)
    assert (summary.rows, summary.services, summary.answers) == (78, 2, 911_823 + 221_396)
    assert (summary.first_month, summary.last_month) == ("2021-03", "2026-06")


def test_a_second_import_under_the_same_code_is_refused(database: Database, signer: Signer, today: date, write) -> None:
    import_counts(database, signer, write(GOOD), wave_code="REAL", today=today)
    with pytest.raises(ImportRefused, match="REAL is there already: choose another"):
        import_counts(database, signer, write(GOOD), wave_code="REAL", today=today)
    with database.reading() as connection:
        assert ledger.count_leaves(connection) == 3


def test_nothing_is_left_of_a_refused_file(database: Database, signer: Signer, today: date, write) -> None:
    with pytest.raises(ImportRefused):
        import_counts(database, signer, write(GOOD + "c,2025-05,-1,0,0,0,0,\n"), wave_code="REAL", today=today)
    with database.reading() as connection:
        assert waves.find_wave(connection, "REAL") is None
        assert places.find_agency(connection, "a") is None
        assert ledger.count_leaves(connection) == 0


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("a,2025-07,1,2,3,4,-5,80", "very_satisfied is '-5'"),
        ("a,2025-07,1,2,3,4.5,5,80", "satisfied is '4.5'"),
        ("a,2025-07,,2,3,4,5,80", "very_dissatisfied is ''"),
        ("a,2025-07,1e3,2,3,4,5,80", "very_dissatisfied is '1e3'"),
        ("a,2025-07,١,2,3,4,5,80", "very_dissatisfied is '١'"),
        ("a,2025-07,1000000001,2,3,4,5,80", "from 0 to 1000000000"),
        ("a,2025-07," + "9" * 5000 + ",2,3,4,5,80", "from 0 to 1000000000"),
        ("a,2025-13,1,2,3,4,5,80", "month '2025-13' must be written as YYYY-MM"),
        ("a,07/2025,1,2,3,4,5,80", "month '07/2025'"),
        ("a,0000-01,1,2,3,4,5,80", "month '0000-01'"),
        ("a,2026-12,1,2,3,4,5,80", "month 2026-12 has not begun"),
        ("a,2025-05,1,2,3,4,5,80", "'a' in 2025-05 is on line 2 already"),
        (",2025-07,1,2,3,4,5,80", "service '' must be a code"),
        ("a b,2025-07,1,2,3,4,5,80", "service 'a b' must be a code"),
        ("a,2025-07,0,0,0,0,0,80", "all five counts are 0"),
        ("a,2025-07,1,2,3,4,5,180", "published_percent '180'"),
        ("a,2025-07,1,2,3,4,5,nan", "published_percent 'nan'"),
        ("a,2025-07,1,2,3,4,5", "7 values where the header names 8"),
        ('a,2025-07,1,2,3,4,5,"80', "not a CSV row"),
    ],
)
def test_a_faulty_row_is_refused_with_its_line_and_what_to_do(row: str, reason: str, write) -> None:
    problems = refusal(write(GOOD + row + "\n")).problems
    assert [problem.line for problem in problems] == [5]
    assert reason in problems[0].reason


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        (HEADER.replace("neither", "neutral"), "the column 'neither' is missing"),
        (HEADER.replace("neither", "neutral"), "the column 'neutral' is not known"),
        (HEADER.replace("neither", "satisfied"), "the column 'satisfied' is named twice"),
        ("", "the file is empty"),
        (HEADER, "no rows"),
    ],
)
def test_a_wrong_header_is_refused_by_name(header: str, reason: str, write) -> None:
    assert reason in str(refusal(write(header)))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (GOOD.encode("utf-16"), "UTF-16: save the file as UTF-8"),
        (GOOD.encode("utf-16-le"), "NUL bytes"),
        (
            (GOOD + "Đô thị,2025-07,1,2,3,4,5,80\n").encode("cp1258", "ignore"),
            "Windows-1258 or TCVN3: save the file as UTF-8",
        ),
        (GOOD.encode() + b"a,2025-07,\0,2,3,4,5,80\n", "NUL bytes"),
        (GOOD.encode() + b"x" * 100_000, "longer than 65,536 bytes"),
        (GOOD.replace("\n", "\r").encode(), "line ends"),
    ],
)
def test_bytes_that_are_not_utf8_text_are_refused_with_the_way_to_save_them(content, reason: str, write) -> None:
    assert reason in str(refusal(write(content)))


@pytest.mark.parametrize("content", [GOOD.replace(",", ";"), "\ufeff" + GOOD, GOOD.replace("\n", "\r\n") + "\r\n\r\n"])
def test_what_spreadsheets_write_is_read(content: str, write) -> None:
    cells, _ = read_counts(write(content), date(2026, 11, 24))
    assert [(cell.service, cell.month, sum(cell.counts)) for cell in cells] == [
        ("a", "2025-05", 13935),
        ("b", "2025-05", 3),
        ("a", "2025-06", 7),
    ]


def test_a_missing_file_is_refused_in_words(tmp_path: Path) -> None:
    assert "cannot be read (No such file or directory)" in str(refusal(tmp_path / "nowhere.csv"))


def test_ten_million_rows_are_refused_without_reading_them(write) -> None:
    path = write(HEADER)
    with path.open("ab") as file:
        file.write("".join(f"s{n},2025-05,1,2,3,4,5,\n" for n in range(MOST_ROWS + 1)).encode())
        file.truncate(10**11)  # sparse: who read on would meet a hundred billion NUL bytes
    assert [tuple(problem) for problem in refusal(path).problems] == [
        (MOST_ROWS + 2, "more than 100,000 rows: split the file, or check that it is the right one")
    ]


def test_the_message_shows_the_first_twenty_problems(write) -> None:
    message = str(refusal(write(HEADER + "".join(f"s{n},2025-05,x,0,0,0,1,\n" for n in range(50)))))
    assert len(message.splitlines()) == 22
    assert message.splitlines()[1].startswith("  line 2: very_dissatisfied is 'x'")
    assert message.endswith("and 30 more")


CELLS = st.one_of(
    st.text(max_size=12),
    st.integers(min_value=-5, max_value=10**20).map(str),
    st.sampled_from(["a", "2025-05", "2026-11", '"', "\n", "\x00", "", "1.5"]),
)


@given(rows=st.lists(st.lists(CELLS, min_size=6, max_size=9), max_size=6), header=st.booleans())
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_table_is_read_or_refused_and_nothing_else(rows: list[list[str]], header: bool, tmp_path: Path) -> None:
    path = tmp_path / "fuzzed.csv"
    text = (HEADER if header else "") + "".join(",".join(row) + "\n" for row in rows)
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    _read_or_refuse(path)


@given(content=st.binary(max_size=300))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_are_read_or_refused_and_nothing_else(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "fuzzed.csv"
    path.write_bytes(HEADER.encode() + content)
    _read_or_refuse(path)


def _read_or_refuse(path: Path) -> None:
    try:
        cells, _ = read_counts(path, date(2026, 11, 24))
    except ImportRefused:
        return
    assert cells
    assert all(len(cell.counts) == len(LEVELS) and sum(cell.counts) > 0 for cell in cells)


@pytest.mark.faults
@pytest.mark.parametrize(("point", "leaves"), [("before-commit", 0), ("after-commit", 3)])
def test_an_import_that_is_killed_is_there_whole_or_not_at_all(
    point: str, leaves: int, database: Database, signer: Signer, today: date, write, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(GOOD)
    database.close()
    monkeypatch.setenv(CRASH_VARIABLE, f"import-counts:{point}")
    child = os.fork()
    if child == 0:
        import_counts(database, signer, path, wave_code="REAL", today=today)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    with database.reading() as connection:
        assert ledger.count_leaves(connection) == leaves
        assert (waves.find_wave(connection, "REAL") is not None) == (leaves > 0)
        assert len(tallies.list_published_figures(connection, "REAL")) == (2 if leaves else 0)
