"""`hailong estimate FILE`: a file needs no installation, and the streams say what is figures and what is notes."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from survey.cli import hailong

REFERENCE = Path(__file__).parents[1] / "analysis" / "reference"
CSAT = str(REFERENCE / "csat.csv")
WEIGHTED = ["--stratum", "stratum", "--weight", "w0", "--population", "N_h", "--lonely-psu", "adjust"]
SATISFIED = ["--outcome", "answer", "--satisfied", "4,5"]
FIELDS = ["n", "rate", "se", "low", "high", "df", "n_effective", "deff", "method", "target", "verdict", "official"]


@pytest.fixture
def nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A home that does not exist, and no secret key."""
    monkeypatch.setenv("HAILONG_HOME", str(tmp_path / "nowhere"))
    for name in ("HAILONG_SECRET_KEY", "HAILONG_DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path / "nowhere"


def call(*arguments: str) -> Result:
    return CliRunner().invoke(hailong, ["estimate", *arguments])


def test_json_has_the_fields_of_a_wave_and_the_rows_go_to_stderr(nowhere: Path) -> None:
    """R: svymean(~sat) of csat with lonely.psu "adjust" is .8417969370979, se .0115052072704561."""
    done = call(CSAT, *SATISFIED, *WEIGHTED, "--target", "0.9", "--format", "json")
    assert done.exit_code == 0, done.output
    (row,) = json.loads(done.stdout)
    assert list(row) == FIELDS
    assert row["rate"] == pytest.approx(0.8417969370979, rel=1e-9)
    assert row["se"] == pytest.approx(0.0115052072704561, rel=1e-9)
    assert (row["n"], row["verdict"], row["official"]) == (1088, "not_met", False)
    assert row["df"] == 1088 - 60, "answers less strata, as R's degf()"
    assert done.stderr.splitlines() == [
        "Rows: 1,107 read, 0 dropped, 1,107 kept, 1,088 counted.",
        "  19 without an answer (they stay in the sample)",
    ]
    assert not nowhere.exists()


def test_two_stages_of_clusters(nowhere: Path) -> None:
    """R: svydesign(~dnum + snum, fpc = ~fpc1 + fpc2) of apiclus2; rate .751291512915129, se .0663949884342882."""
    stages = ["--psu", "dnum,snum", "--population", "fpc1,fpc2", "--lonely-psu", "fail"]
    file = str(REFERENCE / "apiclus2.csv")
    done = call(file, "--outcome", "sch.wide", "--satisfied", "Yes", *stages, "--format", "json")
    (row,) = json.loads(done.stdout)
    assert row["rate"] == pytest.approx(0.751291512915129, rel=1e-9)
    assert row["se"] == pytest.approx(0.0663949884342882, rel=1e-9)
    inner = call(file, "--outcome", "sch.wide", "--satisfied", "Yes", "--psu", "dnum", *stages[2:], "--format", "json")
    assert json.loads(inner.stdout) == [row], "the last population's units are the responses"


def test_a_table_shows_its_rows_above_and_a_csv_file_stays_clean(nowhere: Path) -> None:
    table = call(CSAT, *SATISFIED, "--by", "unit", "--within", "sex == 'F'")
    assert table.stdout.startswith("Rows: 1,107 read, 0 dropped")
    assert "outside the condition" in table.stdout
    sheet = call(CSAT, *SATISFIED, "--by", "unit,sex", "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(sheet.stdout)))
    assert list(rows[0]) == ["unit", "sex", *FIELDS]
    assert len(rows) == 24


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "Name either a FILE or a --wave"),
        ([CSAT, "--wave", "w"], "Name either a FILE or a --wave"),
        ([CSAT], "--outcome COLUMN"),
        ([CSAT, *SATISFIED, "--indicator", "top2"], "give one of them"),
        (["--wave", "w", "--outcome", "answer"], "--outcome describes a FILE"),
    ],
)
def test_what_contradicts_itself_is_refused(nowhere: Path, arguments: list[str], message: str) -> None:
    done = call(*arguments)
    assert done.exit_code == 2
    assert message in done.stderr


def test_a_fault_is_one_sentence_without_a_traceback(nowhere: Path) -> None:
    command = [sys.executable, "-m", "survey", "estimate", CSAT, "--outcome", "answr"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr == "hailong: csat.csv has no column 'answr'. Did you mean 'answer'?\n"


def test_the_command_starts_without_pandas() -> None:
    code = "import sys, survey.cli.figures; print({'pandas', 'scipy', 'duckdb', 'polars'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
