"""The benchmark of estimation answers on a small frame, refuses a rival with other figures, and says what it skips."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "benchmarks"))

import estimation  # noqa: E402
import rivals  # noqa: E402


def test_it_runs_and_says_aloud_what_it_skips(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(sys, "argv", ["estimation.py", "--responses", "2000"])
    monkeypatch.setattr(estimation, "PROCEDURES", 5)
    monkeypatch.setattr(rivals, "find_svy", lambda: None)
    monkeypatch.setattr(rivals.shutil, "which", lambda name: None)
    estimation.main()
    said = capsys.readouterr().out
    assert len(re.findall(r"SKIPPED: (?:R|svy) is not installed", said)) == 2
    assert re.search(
        r"\| raking to four margins on [\d,]+ kept cells \| [\d.]+ ms \| NumPy on rows .* \| x\d+ \|", said
    )
    assert float(re.search(r"memory of the cells route \| (-?[\d.]+) MB", said)[1]) <= 50


def test_a_missed_goal_is_marked_and_a_kept_one_is_not(capsys: pytest.CaptureFixture[str]) -> None:
    """Twice as fast as R where a hundred times is promised; of two engines the faster one counts."""
    rival = rivals.Rival("R survey", 1.0, by=2.0, raking=1.0, sum_of_squares=1.0, rate=0.9, se=0.01)
    for seconds, missed in ((1.0, 1), (0.01, 0)):
        ours = estimation.Ours(rows={"DuckDB": 3 * seconds, "Polars": seconds}, again=1, raking=1)
        estimation.print_table([*estimation.list_against(rival, ours)])
        assert capsys.readouterr().out.count("**missed**") == missed


def test_a_rival_with_other_figures_stops_it() -> None:
    rival = rivals.Rival("rival", 1.0, 1.0, 1.0, sum_of_squares=100.0, rate=0.9, se=0.01)
    rivals.check_same(rival, 0.9, 0.01, 100.0)
    with pytest.raises(SystemExit, match="rival gives other figures"):
        rivals.check_same(rival, 0.9, 0.0101, 100.0)


def test_the_commands_of_the_page_exist_and_svy_has_a_lock() -> None:
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = re.findall(r"^make ([\w-]+)$", (ROOT / "docs" / "performance.md").read_text(), re.MULTILINE)
    assert named
    assert set(named) <= targets
    assert re.search(r"^svy==\d", (ROOT / "locks" / "svy.txt").read_text(), re.MULTILINE)
