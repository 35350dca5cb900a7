"""A release is rebuilt from its own leaves, here and in other programs, to the last digit; a changed one is found."""

from __future__ import annotations

import csv
import json
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest
from fieldwork import TODAY, Fieldwork, begin_fieldwork
from requirements import skip_or_fail
from sqlalchemy import text

from survey.actions.releasing import release_wave
from survey.actions.reproducing import Reproduction, UnknownRelease, reproduce, write_bundle
from survey.actions.tallying import rebuild
from survey.keys import Keys
from survey.mandate.rules import Rule
from survey.proof import Signer
from survey.store import audits
from survey.store.audits import By
from survey.store.database import Database

POPULATIONS = {
    ("A", "land"): 400,
    ("B", "land"): 600,
    ("C", "land"): 90,
    ("D", "land"): 9,
    ("A", "certification"): 500,
    ("B", "certification"): 260,
    ("D", "certification"): 15,
}
ANSWERS = {
    "A.land": "5" * 30 + "2" * 4,
    "B.land": "4" * 20 + "1" * 6,
    "C.land": "5" * 12 + "4" * 2 + "1",
    "D.land": "5",
    "A.certification": "5" * 40 + "3" * 5,
    "B.certification": "5" * 29 + "2",
    "D.certification": "5" * 14 + "1",
}
LATER = {"A.land": "1" * 12}
NUMBERS = ("n", "rate", "se", "df", "survey_deff", "n_effective", "low", "high")


BY = By("os:lan", datetime(2031, 1, 1, tzinfo=UTC))
PROCESS = pytest.mark.parametrize("case", ["process"], indirect=True)


@dataclass(frozen=True)
class Case:
    """A release, and what `reproduce` made of it after more answers and another tally."""

    work: Fieldwork
    code: str
    made: Reproduction

    def bundle(self, folder: Path) -> Path:
        write_bundle(self.made, folder)
        return folder


def prepare(database: Database, keys: Keys, signer: Signer, population: str) -> Case:
    rule = Rule(target_population=population)
    work = begin_fieldwork(database, keys, signer, POPULATIONS, invited=60, rule=rule)
    work.answer_all(ANSWERS)
    work.seal_and_tally()
    released = release_wave(database, work.wave, by="lan", today=TODAY)
    assert released is not None
    work.answer_all(LATER)
    work.seal_and_tally()
    rebuild(database, work.wave)
    return Case(work, released.code, reproduce(database, released.code, by=BY))


@pytest.fixture(scope="module", params=["process", pytest.param("finite", marks=pytest.mark.postgresql)])
def case(
    request: pytest.FixtureRequest,
    migrated_file: Path,
    tmp_path_factory: pytest.TempPathFactory,
    keys: Keys,
    signer: Signer,
) -> Iterator[Case]:
    """A process on SQLite and a finite population on PostgreSQL: what they say does not depend on the database."""
    folder = tmp_path_factory.mktemp(request.param)
    if request.param == "process":
        shutil.copy(migrated_file, folder / "hailong.sqlite")
        place = nullcontext(f"sqlite:///{folder / 'hailong.sqlite'}")
    else:
        server = request.getfixturevalue("postgresql_server")
        place = server.clone(request.getfixturevalue("migrated_template"))
    with place as url:
        database = Database(url, folder / "write.lock")
        yield prepare(database, keys, signer, request.param)
        database.close()


def rebuilt(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / name).open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_every_printed_digit_comes_back_after_more_answers_and_another_tally(case: Case) -> None:
    made = case.made
    assert made.findings.is_clean, made.findings.lines
    assert "figures recomputed to the last digit" in made.findings.lines[0]
    assert {"checkpoint", "frame", "inputs", "rule", "mandate", "software", "libraries"} <= made.pins.keys()
    with case.work.database.reading() as connection:
        (entry,) = [each for each in audits.list_entries(connection) if each.event == "release-reproduced"]
    assert (entry.actor, entry.subject) == ("os:lan", case.code)


@PROCESS
def test_a_changed_figure_is_named(case: Case, tmp_path: Path) -> None:
    """The control: somebody with the database in hand raises one rate."""
    with closing(sqlite3.connect(str(case.work.database.engine.url.database))) as connection:
        connection.execute("VACUUM INTO ?", (str(tmp_path / "changed.sqlite"),))
    changed = Database(f"sqlite:///{tmp_path / 'changed.sqlite'}", tmp_path / "write.lock")
    with changed.writing("attack") as connection:
        connection.execute(text("DROP TRIGGER release_figure_no_update"))
        (figure,) = connection.scalars(text("SELECT figure FROM release_figure WHERE place = 'W'")).all()
        numbers = json.loads(figure)
        raised = json.dumps({**numbers, "rate": 0.999}, sort_keys=True)
        connection.execute(text("UPDATE release_figure SET figure = :new WHERE place = 'W'"), {"new": raised})
    made = reproduce(changed, case.code, by=BY)
    changed.close()
    assert not made.findings.is_clean
    assert f"wave W has rate 0.999, computed {numbers['rate']}" in made.findings.lines[0]


@PROCESS
def test_an_unknown_release_is_told(case: Case) -> None:
    with pytest.raises(UnknownRelease, match=r"WAVE\.NUMBER"):
        reproduce(case.work.database, "W.7", by=BY)


def test_r_rebuilds_the_whole_release_to_a_billionth(case: Case, tmp_path: Path) -> None:
    """rate, se, df and deff are R survey's own, the guarded limits qbeta's; the sums have a checksum each."""
    if not shutil.which("Rscript"):
        skip_or_fail("No R: install the packages r-base-core and r-cran-survey, or run `make setup-all`.")
    folder = case.bundle(tmp_path / "bundle")
    done = subprocess.run(["Rscript", str(folder / "rebuild.R")], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    theirs, ours = rebuilt(folder, "rebuilt-by-r.csv"), rebuilt(folder, "figures.csv")
    assert len(theirs) == len(ours) >= 7
    for r, own in zip(theirs, ours, strict=True):
        for name in NUMBERS:
            known = float(own[name]) if own[name] else None
            found = float(r[name]) if r[name] != "NA" else None
            assert found == (None if known is None else pytest.approx(known, rel=1e-9, abs=1e-9)), (own["place"], name)
    for line in (folder / "SHA256SUMS").read_text().splitlines():
        digest, name = line.split("  ")
        assert sha256((folder / name).read_bytes()).hexdigest() == digest


@PROCESS
def test_r_and_python_refuse_a_figure_that_is_wrong(case: Case, tmp_path: Path) -> None:
    """The control of the scripts: one rate in figures.csv is off by a hundred-millionth."""
    folder = case.bundle(tmp_path / "bundle")
    scripts = [[sys.executable, "rebuild.py"]] + ([["Rscript", "rebuild.R"]] if shutil.which("Rscript") else [])
    lines = (folder / "figures.csv").read_text().splitlines()
    cells = lines[1].split(",")
    cells[7] = repr(float(cells[7]) + 1e-8)
    (folder / "figures.csv").write_text("\n".join([lines[0], ",".join(cells), *lines[2:]]) + "\n")
    for script in scripts:
        assert subprocess.run(script, cwd=folder, capture_output=True).returncode == 1, script


@PROCESS
def test_plain_python_rebuilds_it_without_this_program(case: Case, tmp_path: Path) -> None:
    folder = case.bundle(tmp_path / "bundle")
    done = subprocess.run([sys.executable, "-I", str(folder / "rebuild.py")], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "figures rebuilt; largest difference" in done.stdout


@PROCESS
def test_what_the_release_hides_is_in_no_table_of_figures(case: Case, tmp_path: Path) -> None:
    """One person answered about land at D: the cell is hidden in the release, and so here."""
    assert any(each.suppressed for each in case.made.released)
    folder = case.bundle(tmp_path / "bundle")
    for name in ("figures.csv", "released.csv"):
        assert ("land", "D") not in {(row["sector"], row["place"]) for row in rebuilt(folder, name)}
