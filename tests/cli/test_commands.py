"""The command line as scripts and people use it: fixed forms, one-sentence errors, nothing half done."""

from __future__ import annotations

import csv
import io
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from ended import Ended, Run

from survey.mandate.published import published_file
from survey.proof import Verifier

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
SECRET = "0123456789abcdef" * 4


@pytest.fixture
def counted(run: Run, home: Path, counted_file: Path) -> Run:
    """An installation with the real counts."""
    shutil.copytree(counted_file, home, dirs_exist_ok=True)
    return run


def is_one_sentence(done: Ended) -> bool:
    return done.status == 1 and "Traceback" not in done.err and done.err.count("\n") == 1


def test_help_lists_every_command_with_a_sentence(run: Run) -> None:
    shown = run("--help").out
    for command in ("init", "migrate", "doctor", "serve", "work", "import", "waves", "invite", "estimate", "verify"):
        assert any(line.split()[:1] == [command] and len(line.split()) > 3 for line in shown.splitlines()), command


def test_without_an_installation_it_says_to_run_init(run: Run) -> None:
    done = run("waves", HAILONG_SECRET_KEY=None)
    assert is_one_sentence(done)
    assert "hailong init" in done.err


@pytest.mark.parametrize(
    ("settings", "cure"),
    [
        ({"HAILONG_SECRET_KEY": "short"}, "at least 32 random characters"),
        ({"HAILONG_SECRET_KEY": "a" * 64}, "can be guessed"),
        ({"HAILONG_SECRET_KEY": "changeme0123456789abcdefghijklmnop"}, "can be guessed"),
        ({"HAILONG_DATABASE_URL": "mysql://x/y"}, "postgresql://"),
        ({"HAILONG_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/x"}, "HAILONG_DATABASE_URL"),
        ({"HAILONG_BASE_URL": "khaosat"}, "HAILONG_BASE_URL"),
        ({"HAILONG_PROXIES": "one"}, "whole number"),
    ],
    ids=["short", "monotonous", "well known", "foreign database", "no server", "no address", "no number"],
)
def test_a_weak_or_wrong_setting_stops_with_what_to_set(run: Run, settings: dict[str, str], cure: str) -> None:
    done = run("init", **settings)
    assert is_one_sentence(done)
    assert cure in done.err


def test_init_makes_a_private_key_and_keeps_it(run: Run, home: Path) -> None:
    assert run("init", HAILONG_SECRET_KEY=None).status == 0
    first = (home / "secret.key").read_bytes()
    assert len(first.strip()) == 64
    assert (home / "secret.key").stat().st_mode & 0o077 == 0
    again = run("init", HAILONG_SECRET_KEY=None)
    assert again.status == 0
    assert "nothing to do" in again.out
    assert (home / "secret.key").read_bytes() == first


def test_a_secret_in_the_environment_is_not_written_down(run: Run, home: Path) -> None:
    assert run("init", HAILONG_SECRET_KEY=SECRET).status == 0
    assert not (home / "secret.key").exists()


def test_an_outdated_database_says_to_migrate(run: Run, home: Path) -> None:
    run("init")
    (home / "hailong.sqlite").unlink()
    done = run("waves")
    assert is_one_sentence(done)
    assert "hailong migrate" in done.err


def test_the_real_march_of_2021_has_6055_answers_of_which_94_30_per_cent_are_satisfied(counted: Run) -> None:
    """use-an-lpa, 2021-03: 5,710 of 6,055 satisfied or very satisfied, 0.943022..."""
    rows = json.loads(counted("estimate", "--wave", "OPG", "--by", "service,month", "--format", "json").out)
    assert len(rows) == 78
    march = next(row for row in rows if (row["service"], row["month"]) == ("use-an-lpa", "2021-03"))
    assert march["n"] == 6055
    assert march["rate"] == pytest.approx(5710 / 6055, rel=1e-12)
    assert march["low"] < march["rate"] < march["high"]
    assert march["official"] is False
    assert set(march) == {
        *("service", "month", "n", "rate", "se", "low", "high", "df", "n_effective", "deff", "method"),
        *("target", "verdict", "official"),
    }


def test_estimates_come_as_csv_and_table_too(counted: Run) -> None:
    options = ("estimate", "--wave", "OPG", "--by", "service", "--target", "0.9")
    rows = list(csv.DictReader(io.StringIO(counted(*options, "--format", "csv").out)))
    assert [(row["service"], row["verdict"]) for row in rows] == [("make-a-lpa", "met"), ("use-an-lpa", "met")] or rows
    table = counted(*options).out.splitlines()
    assert len(table) == 3
    assert "rate" in table[0]


def test_an_indicator_changes_the_figure_as_its_formula_says(counted: Run) -> None:
    """(0*vd + 25*d + 50*n + 75*s + 100*vs) / (100 * all) of use-an-lpa 2021-03, computed here from the file."""
    with published_file("opg_satisfaction.csv").open(encoding="utf-8") as file:
        row = next(r for r in csv.DictReader(file) if (r["service"], r["month"]) == ("use-an-lpa", "2021-03"))
    counts = [int(row[n]) for n in ("very_dissatisfied", "dissatisfied", "neither", "satisfied", "very_satisfied")]
    expected = sum(score * count for score, count in zip((0, 0.25, 0.5, 0.75, 1), counts, strict=True)) / sum(counts)
    options = ("--by", "service,month", "--indicator", "rescaled_mean", "--format", "json")
    found = json.loads(counted("estimate", "--wave", "OPG", *options).out)
    march = next(each for each in found if (each["service"], each["month"]) == ("use-an-lpa", "2021-03"))
    assert march["rate"] == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    ("arguments", "cure"),
    [
        (("estimate", "--wave", "NONE"), "hailong waves"),
        (("estimate", "--wave", "OPG", "--by", "colour"), "Choose among"),
        (("estimate", "--wave", "OPG", "--indicator", "nps"), "top2@1"),
        (("estimate", "--wave", "OPG", "--indicator", "silence766"), "no invitations"),
        (("invite", "OPG", "--count", "3"), ""),
        (("release", "NONE"), "hailong waves"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_sentence(counted: Run, arguments: tuple[str, ...], cure: str) -> None:
    done = counted(*arguments)
    assert is_one_sentence(done), done.err
    assert cure in done.err


def test_from_frame_to_links_and_codes(installed: Run) -> None:
    installed("import", "agencies", str(EXAMPLES / "agencies.csv"))
    opened = ("--questionnaire", "procedures@1", "--name", "Thử", "--from", "2026-01-01", "--to", "2099-12-31")
    assert installed("wave", "open", "W", *opened).status == 0
    refused = installed("invite", "W", "--count", "5")
    assert is_one_sentence(refused)
    assert "hailong import frame" in refused.err
    assert installed("import", "frame", str(EXAMPLES / "frame-totals.csv"), "--wave", "W").status == 0
    lines = installed("invite", "W", "--count", "5", "--seed", "7", "--codes").out.splitlines()
    assert len({line.split("\t")[0] for line in lines}) == 5
    assert all(line.startswith("http://") and len(line.split("\t")[1]) == 11 for line in lines)


def test_waves_begin_with_their_code_and_can_be_asked_for_the_open_ones(counted: Run) -> None:
    rows = list(csv.reader(io.StringIO(counted("waves", "--format", "csv").out)))
    assert rows[0][0] == "code"
    assert [row[0] for row in rows[1:]] == ["OPG"]
    assert len(list(csv.reader(io.StringIO(counted("waves", "--open", "--format", "csv").out)))) == 1


def test_a_release_is_a_draft_and_a_second_one_needs_something_new(counted: Run) -> None:
    assert "Draft OPG.1" in counted("release", "OPG").out
    assert "Nothing new" in counted("release", "OPG").out


def test_verify_is_clean_and_names_what_was_changed(counted: Run, home: Path) -> None:
    import sqlite3

    counted("release", "OPG")
    clean = counted("verify")
    assert clean.status == 0, clean.out
    with sqlite3.connect(home / "hailong.sqlite") as database:
        database.execute("UPDATE tally_cell SET n = n + 1 WHERE rowid = (SELECT min(rowid) FROM tally_cell)")
    changed = counted("verify")
    assert changed.status == 1
    assert "WRONG tally of OPG" in changed.out


def test_the_bundle_is_checked_by_the_lone_verifier(counted: Run, home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "bundle"
    assert counted("bundle", str(folder), "--rows").status == 0
    key = (folder / "log.vkey").read_text().strip()
    assert Verifier.parse(key).name.startswith("hailong-")
    proof = Path(__file__).parents[2] / "survey" / "proof.py"
    line = [sys.executable, "-I", str(proof), str(folder), "--key", key]
    assert subprocess.run(line, capture_output=True, timeout=60).returncode == 0
    rows = folder / "ledger.jsonl"
    rows.write_bytes(rows.read_bytes().replace(b'"index":3', b'"index":4', 1))
    assert subprocess.run(line, capture_output=True, timeout=60).returncode == 1


def test_the_doctor_says_what_to_mend(installed: Run, home: Path) -> None:
    assert installed("init", HAILONG_SECRET_KEY=None).status == 0
    assert installed("doctor", HAILONG_SECRET_KEY=None).status == 0
    (home / "secret.key").chmod(0o644)
    ill = installed("doctor", HAILONG_SECRET_KEY=None)
    assert ill.status == 1
    assert "chmod 600" in ill.out


def test_an_account_shows_its_password_once_or_takes_one_from_standard_input(installed: Run) -> None:
    assert "shown only now" in installed("staff", "add", "an", "--role", "official").out
    assert is_one_sentence(installed("staff", "add", "an", "--role", "official"))
    short = installed("staff", "add", "binh", "--role", "official", "--password-stdin", typed="short\n")
    assert is_one_sentence(short)
    assert "15" in short.err
    given = installed("staff", "add", "binh", "--role", "official", "--password-stdin", typed="đủ dài để dùng thử\n")
    assert given.status == 0
    assert "Password" not in given.out


def test_sqlite_is_served_by_one_process(installed: Run) -> None:
    done = installed("serve", "--workers", "2")
    assert done.status == 2
    assert "PostgreSQL" in done.err
