"""docs/fraud.md is held to the code: a rerun of the small study, the promises of the full one, every test by name."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from analysis.screening_frauds import SCRIPTS
from analysis.screening_tests import TESTS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "fraud.md").read_text(encoding="utf-8")
FULL, SMALL = PAGE.split("## The small run")


def test_the_page_shows_what_the_small_run_prints():
    out = subprocess.run(
        [sys.executable, str(ROOT / "benchmarks" / "fraud.py")], capture_output=True, text=True, check=True
    )
    assert SMALL.split("\n\n", 2)[2].strip() == out.stdout.strip()


def test_the_page_explains_every_test_and_every_script():
    for test in TESTS:
        assert f"| `{test.name}` | {test.family} |" in FULL
    for script in SCRIPTS:
        assert f"| {script} |" in FULL


def test_the_full_run_kept_its_promises():
    honest = float(re.findall(r"\| as everywhere \| 1,000 \| ([\d.]+) \|", FULL)[0])
    at_20, at_40 = (float(re.findall(rf"\| ordinary \| {rate}% \| ([\d.]+) \|", FULL)[0]) for rate in (20, 40))
    assert honest <= 0.05
    assert at_20 >= 0.8
    assert at_40 >= 0.95


def test_every_script_is_caught_or_said_to_be_undetectable():
    verdicts = re.findall(r"^\| [^|]+ \| [\d.]+ \| (?:none|\w+ [\d.]+) \| \d+ \| (\w+) \|$", FULL, re.MULTILINE)
    assert len(verdicts) == len(SCRIPTS) == 12
    assert set(verdicts) == {"caught", "undetectable"}
