"""The forms of the commands that scripts rely on, and errors that are one sentence."""

from __future__ import annotations

import csv
import io
import json
import re
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from survey.cli import COMMANDS
from survey.cli.installation import LOCAL_TIME
from survey.mandate.published import published_file

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
OPG = str(published_file("opg_satisfaction.csv"))
FIGURES = ("n", "rate", "se", "low", "high", "df", "n_effective", "deff", "method", "target", "verdict", "official")

Run = Callable[..., Any]


@pytest.fixture
def wave(installed: Run) -> str:
    """A wave that takes answers today, with a frame."""
    today = datetime.now(LOCAL_TIME).date()
    dates = ("--from", (today - timedelta(days=3)).isoformat(), "--to", (today + timedelta(days=3)).isoformat())
    for command in (
        ("import", "agencies", str(EXAMPLES / "agencies.csv")),
        ("import", "procedures", str(EXAMPLES / "procedures.csv")),
        ("wave", "open", "TTHC", "--questionnaire", "procedures@1", "--name", "Đợt thử", *dates),
        ("import", "frame", str(EXAMPLES / "frame-totals.csv"), "--wave", "TTHC"),
    ):
        ended = installed(*command)
        assert ended.status == 0, ended.err
    return "TTHC"


@pytest.fixture
def opg(installed: Run) -> str:
    """The real counts of two services, as a closed wave."""
    ended = installed("import", "counts", OPG, "--wave", "OPG")
    assert ended.status == 0, ended.err
    return "OPG"


def refuse(ended: Any, *words: str) -> None:
    """It ended badly with one sentence on standard error, and with no traceback."""
    assert ended.status == 1
    assert ended.out == ""
    assert "Traceback" not in ended.err
    assert ended.err.startswith("hailong: ")
    assert ended.err.count("\n") == 1
    assert all(word in ended.err for word in words), ended.err


def test_help_names_every_command_with_a_sentence_and_fits_a_terminal(run: Run) -> None:
    ended = run("--help")
    assert ended.status == 0
    assert {"init", "migrate", "doctor", "serve", "work", "import", "waves", "invite", "estimate", "verify"} <= set(
        COMMANDS
    )
    for command in COMMANDS:
        assert re.search(rf"^  {command} +\S.{{10,}}", ended.out, re.MULTILINE), command
        own = run(command, "--help")
        assert own.status == 0
        assert max(map(len, own.lines)) <= 100
    assert max(map(len, ended.lines)) <= 100


@pytest.mark.parametrize("command", ["waves", "estimate --wave W", "work --once", "invite W --count 1", "verify"])
def test_before_init_the_next_step_is_named(run: Run, command: str) -> None:
    refuse(run(*command.split()), "hailong migrate")


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("HAILONG_SECRET_KEY", "changeme", "Set HAILONG_SECRET_KEY"),
        ("HAILONG_DATABASE_URL", "mysql://db/x", "HAILONG_DATABASE_URL"),
        ("HAILONG_BASE_URL", "nowhere", "HAILONG_BASE_URL"),
        ("HAILONG_PROXIES", "two", "HAILONG_PROXIES"),
    ],
)
@pytest.mark.parametrize("command", ["waves", "serve", "work --once"])
def test_a_weak_or_wrong_setting_stops_every_command(
    installed: Run, monkeypatch: pytest.MonkeyPatch, name: str, value: str, words: str, command: str
) -> None:
    monkeypatch.setenv(name, value)
    refuse(installed(*command.split()), words)


def test_init_makes_an_installation_and_again_keeps_it(run: Run, home: Path) -> None:
    first, again = run("init"), run("init")
    assert (first.status, again.status) == (0, 0), first.err + again.err
    assert "schema none -> " in first.out
    assert "nothing to do" in again.out
    signed = [line for line in first.lines if line.startswith("Checkpoints are signed as ")]
    assert signed == [line for line in again.lines if line.startswith("Checkpoints are signed as ")]
    assert run("migrate").status == run("doctor").status == run("verify").status == 0


def test_waves_are_listed_with_their_code_first(wave: str, opg: str, installed: Run) -> None:
    rows = list(csv.reader(io.StringIO(installed("waves", "--format", "csv").out)))
    assert rows[0][0] == "code"
    assert [row[0] for row in rows[1:]] == ["OPG", "TTHC"]
    only_open = list(csv.reader(io.StringIO(installed("waves", "--open", "--format", "csv").out)))
    assert [row[0] for row in only_open[1:]] == ["TTHC"]
    assert [line.split()[0] for line in installed("waves").lines] == ["code", "OPG", "TTHC"]


def test_invite_prints_one_link_a_line_and_nothing_else(
    wave: str, installed: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HAILONG_BASE_URL", "https://khaosat.example")
    ended = installed("invite", wave, "--count", "12", "--seed", "7")
    assert ended.status == 0, ended.err
    assert len(set(ended.lines)) == len(ended.lines) == 12
    assert all(re.fullmatch(r"https://khaosat\.example/t/[0-9A-HJKMNP-TV-Z]{26}", line) for line in ended.lines)


def test_no_frame_no_link(installed: Run) -> None:
    today = datetime.now(LOCAL_TIME).date().isoformat()
    dates = ("--from", today, "--to", today)
    assert installed("wave", "open", "BARE", "--questionnaire", "onequestion@1", "--name", "x", *dates).status == 0
    refuse(installed("invite", "BARE", "--count", "1"), "hailong import frame FILE --wave BARE")


def test_estimate_as_json_is_a_list_of_objects_with_the_fixed_names(opg: str, installed: Run) -> None:
    """use-an-lpa, March 2021: 5,710 of 6,055 answers are satisfied, 0.9430."""
    arguments = ("--by", "service,month", "--target", "0.9", "--format", "json")
    ended = installed("estimate", "--wave", opg, *arguments)
    assert ended.status == 0, ended.err
    rows = json.loads(ended.out, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))
    assert len(rows) == 78
    assert all(tuple(row) == ("service", "month", *FIGURES) for row in rows)
    (march,) = [row for row in rows if (row["service"], row["month"]) == ("use-an-lpa", "2021-03")]
    assert march["n"] == 6055
    assert march["rate"] == pytest.approx(5710 / 6055, abs=1e-12)
    assert march["low"] < march["rate"] < march["high"]
    assert (march["target"], march["official"], march["method"]) == (0.9, False, march["method"])


def test_another_definition_level_or_method_is_taken(opg: str, installed: Run) -> None:
    def read(*more: str) -> dict[str, Any]:
        ended = installed("estimate", "--wave", opg, "--format", "json", *more)
        assert ended.status == 0, ended.err
        (row,) = json.loads(ended.out)
        return dict(row)

    plain, wide = read(), read("--confidence-level", "0.99")
    assert wide["low"] < plain["low"] < plain["high"] < wide["high"]
    assert read("--indicator", "rescaled_mean")["rate"] != plain["rate"]
    assert read("--method", "wilson")["method"] != plain["method"]


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("estimate --wave NOWHERE", "`hailong waves`"),
        ("estimate --wave OPG --by moon", "Choose among"),
        ("estimate --wave OPG --indicator nonsense", "nonsense"),
        ("estimate --wave OPG --method nonsense", "nonsense"),
        ("release NOWHERE", "`hailong waves`"),
        ("wave close NOWHERE", "`hailong waves`"),
        ("invite NOWHERE --count 1", "`hailong waves`"),
        ("invite OPG --count 1", "OPG"),
        (f"import counts {OPG} --wave OPG", "OPG is there already"),
        (f"import frame {OPG} --wave OPG", "opg_satisfaction.csv"),
        (f"import agencies {OPG}", "opg_satisfaction.csv"),
        ("staff add x --role official --area NOWHERE", "no area with the code NOWHERE"),
        ("staff add x --role official --sector nothing", "no sector with the code nothing"),
    ],
)
def test_what_cannot_be_done_is_said_in_words(opg: str, installed: Run, command: str, words: str) -> None:
    ended = installed(*command.split())
    assert ended.status != 0
    assert "Traceback" not in ended.err
    assert words in ended.err


def test_a_bad_file_is_refused_with_its_line_and_nothing_is_loaded(installed: Run, tmp_path: Path) -> None:
    path = tmp_path / "bad.csv"
    path.write_text(Path(OPG).read_text(encoding="utf-8").replace("make-a-lpa,2025-06,361", "make-a-lpa,2025-06,-1", 1))
    ended = installed("import", "counts", str(path), "--wave", "BAD")
    assert ended.status == 1
    assert "line 3" in ended.err
    assert "very_dissatisfied is '-1'" in ended.err
    assert len(installed("waves", "--format", "csv").lines) == 1


def test_work_once_runs_what_is_due_and_ends(wave: str, installed: Run) -> None:
    ended = installed("work", "--once")
    assert (ended.status, ended.err) == (0, "")


def test_the_command_is_installed_and_starts_without_pandas() -> None:
    code = (
        "import sys; sys.argv = ['hailong', '--help']\n"
        "import survey.cli\n"
        "try:\n    survey.cli.main()\nexcept SystemExit:\n    pass\n"
        "print(sorted({'pandas', 'scipy', 'flask', 'sqlalchemy'} & set(sys.modules)))"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout.splitlines()[0].startswith("Usage: hailong")
    help_needs = ended.stdout.splitlines()[-1]
    assert "pandas" not in help_needs
    assert "scipy" not in help_needs


def test_a_wave_changes_only_in_what_is_named_and_not_at_all_once_somebody_is_invited(
    wave: str, installed: Run, home: Path
) -> None:
    before = stored_wave(home)
    assert installed("wave", "change", wave, "--name", "Tên mới", "--minimum-df", "12", "--finite").status == 0
    after = stored_wave(home)
    rule = json.loads(after.pop("rule"))
    assert (after.pop("name"), rule["minimum_df"], rule["target_population"]) == ('{"vi":"Tên mới"}', 12, "finite")
    assert {**json.loads(before.pop("rule")), "minimum_df": 12, "target_population": "finite"} == rule
    assert {**before, "name": "", "rule_digest": b""} == {**after, "name": "", "rule_digest": b""}
    refuse_usage(installed("wave", "change", wave), "Say what to change")
    refuse_usage(installed("wave", "change", wave, "--to", "2001-01-01"), "before the first day")
    assert installed("invite", wave, "--count", "1", "--seed", "7").status == 0
    refuse(installed("wave", "change", wave, "--name", "Muộn"), "locked", "new wave")
    assert stored_wave(home)["name"] == '{"vi":"Tên mới"}'


def test_a_closed_wave_stays_closed_when_it_is_changed(wave: str, installed: Run, home: Path) -> None:
    assert installed("wave", "close", wave).status == 0
    assert installed("wave", "change", wave, "--grace-days", "3").status == 0
    assert (stored_wave(home)["closed"], stored_wave(home)["grace_days"]) == (1, 3)


def stored_wave(home: Path) -> dict[str, Any]:
    """The only wave's row."""
    with sqlite3.connect(home / "hailong.sqlite") as connection:
        connection.row_factory = sqlite3.Row
        return dict(connection.execute("SELECT * FROM wave").fetchone())


def refuse_usage(ended: Any, words: str) -> None:
    assert ended.status == 2
    assert words in ended.err
