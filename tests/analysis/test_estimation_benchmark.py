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
    monkeypatch.setattr(sys, "argv", ["estimation.py", "--responses", "16000"])
    monkeypatch.setattr(rivals, "find_svy", lambda: None)
    monkeypatch.setattr(rivals.shutil, "which", lambda name: None)
    estimation.main()
    said = capsys.readouterr().out
    assert len(re.findall(r"SKIPPED: (?:R|svy) is not installed", said)) == 2
    assert re.search(r"raking: [\d,]+ cells [\d.]+ ms .* x\d+", said)
    assert float(re.search(r"cells route: (-?[\d.]+) MB", said)[1]) <= 50


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
