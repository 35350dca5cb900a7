"""The coverage study in small: the default keeps its promises where the usual intervals break theirs."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from survey.actions import studying_coverage as coverage
from survey.cli import hailong


def test_the_default_covers_and_rarely_says_met_falsely():
    """25 settings x 1,500 samples; the bounds are those of the full study less its noise at this size (3 SE = .017)."""
    found = coverage.study(coverage.stratified_settings(25, 7), 1500, coverage.METHODS)
    mean, worst, false, width = coverage.summarise(found[coverage.DEFAULT])
    assert mean >= 0.975
    assert worst >= 0.945 - 0.017
    assert false <= 0.035 + 0.012
    assert coverage.summarise(found["logit (R, Stata, SPSS, svy default)"])[0] < 0.9
    assert coverage.summarise(found["Korn-Graubard, NCHS form"])[1] < worst
    assert width < coverage.summarise(found["gamma (Fay-Feuer)"])[3]


def test_a_pooled_design_effect_is_narrower_and_covers_better():
    found = coverage.study(coverage.cluster_settings(7), 1000, coverage.CLUSTER_METHODS)
    own = coverage.summarise(found["guarded, without a pooled design effect"])
    pooled = coverage.summarise(found["guarded, pooled design effect"])
    assert pooled[1] > own[1]
    assert pooled[3] < own[3]


def test_the_command_prints_a_table_for_each_kind_of_design_and_the_same_for_a_seed(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(coverage.SIZES, "small", coverage.Size(4, 200, 4, 100))
    first, again, other = (
        CliRunner().invoke(hailong, ["simulate", "--coverage", "small", "--seed", seed]) for seed in ("5", "5", "6")
    )
    assert first.exit_code == 0, first.output
    assert [line.count("|") for line in first.output.splitlines() if line.startswith("| 95 %")] == [6, 6, 6]
    assert first.output.count("guarded (default)") == 2
    assert first.output == again.output != other.output


def test_broken_promises_are_noticed_and_end_the_command_badly(monkeypatch: pytest.MonkeyPatch):
    good, bad = coverage.Result(0.98, 0.02, 0.1), coverage.Result(0.93, 0.05, 0.1)
    assert coverage.keeps_guarantees([good])
    assert not coverage.keeps_guarantees([good, bad])
    monkeypatch.setitem(coverage.SIZES, "full", coverage.Size(3, 3000, 2, 10))
    monkeypatch.setitem(coverage.METHODS, coverage.DEFAULT, coverage.METHODS["logit (R, Stata, SPSS, svy default)"])
    ended = CliRunner().invoke(hailong, ["simulate", "--coverage", "full"])
    assert (ended.exit_code, "does not keep its guarantees" in ended.output) == (1, True)
