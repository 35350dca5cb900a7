"""The coverage study in small: the default keeps its promises where the usual intervals break theirs."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture(scope="module")
def coverage():
    sys.path.insert(0, str(BENCHMARKS))
    specification = importlib.util.spec_from_file_location("coverage_study", BENCHMARKS / "coverage.py")
    module = importlib.util.module_from_spec(specification)
    sys.modules["coverage_study"] = module
    specification.loader.exec_module(module)
    yield module
    sys.path.remove(str(BENCHMARKS))


def test_the_default_covers_and_rarely_says_met_falsely(coverage):
    """25 settings x 1,500 samples; the bounds are those of the full study less its noise at this size (3 SE = .017)."""
    found = coverage.study(coverage.stratified_settings(25, 7), 1500, coverage.METHODS)
    mean, worst, false, width = coverage.summarise(found["guarded (default)"])
    assert mean >= 0.975
    assert worst >= 0.945 - 0.017
    assert false <= 0.035 + 0.012
    assert coverage.summarise(found["logit (R, Stata, SPSS, svy default)"])[0] < 0.9
    assert coverage.summarise(found["Korn-Graubard, NCHS form"])[1] < worst
    assert width < coverage.summarise(found["gamma (Fay-Feuer)"])[3]


def test_a_pooled_design_effect_is_narrower_and_covers_better(coverage):
    found = coverage.study(coverage.cluster_settings(7), 1000, coverage.CLUSTER_METHODS)
    own = coverage.summarise(found["guarded, without a pooled design effect"])
    pooled = coverage.summarise(found["guarded, pooled design effect"])
    assert pooled[1] > own[1]
    assert pooled[3] < own[3]


def test_the_study_runs_from_the_command_line():
    out = subprocess.run([sys.executable, str(BENCHMARKS / "coverage.py")], capture_output=True, text=True, check=True)
    assert "20 settings x 1,000 samples" in out.stdout
    assert "guarded (default)" in out.stdout


def test_broken_promises_are_noticed(coverage):
    good, bad = coverage.Result(0.98, 0.02, 0.1), coverage.Result(0.93, 0.05, 0.1)
    assert coverage.keeps_guarantees([good])
    assert not coverage.keeps_guarantees([good, bad])
