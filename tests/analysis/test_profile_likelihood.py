"""The likelihood interval, to the digit that R prints; its numbers are those of `reference.json`."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pandas as pd
import pytest

from analysis.profile_likelihood import first_logit, profile_interval

FOLDER = Path(__file__).parent / "reference"
RECORDS = {record["id"]: record for record in json.loads((FOLDER / "reference.json").read_text())["records"]}


@pytest.mark.parametrize("level", ["0.9", "0.95", "0.99"])
def test_r_is_matched_to_nine_digits_when_its_fisher_steps_are_followed(level):
    """apistrat, unequal weights: the digits that R loses in its last step are found again."""
    from scipy import special

    frame = pd.read_csv(FOLDER / "apistrat.csv")
    mean, ci = RECORDS["strat/schwide/mean"]["value"], RECORDS[f"strat/schwide/ci/likelihood/{level}"]["value"]
    t = -float(special.stdtrit(ci["df"], (1 - float(level)) / 2))
    start = first_logit(frame["pw"], frame["sch.wide"] == "Yes")
    low, high = profile_interval(mean["est"], mean["se"] ** 2, 200, t, start=start)
    assert low == pytest.approx(ci["lo"], rel=1e-9)
    assert high == pytest.approx(ci["hi"], rel=1e-9)


def test_groups_of_alike_responses_start_the_same_steps_as_single_ones():
    single = first_logit([2.0, 2.0, 2.0, 5.0, 5.0], [1, 1, 0, 1, 0])
    grouped = first_logit([2.0, 2.0, 5.0, 5.0], [1, 0, 1, 0], [2, 1, 1, 1])
    assert grouped == pytest.approx(single, rel=1e-14)


def test_limits_solve_the_deviance_equation_up_to_r_s_spline():
    """Without weights to follow: 2n [p log(p/q) + (1-p) log((1-p)/(1-q))] (n-1)/n = t² deff at both limits."""
    p, v, n, t = 0.9, 0.0006, 150, 1.96
    for q in profile_interval(p, v, n, t):
        deviance = 2 * (n - 1) * (p * math.log(p / q) + (1 - p) * math.log((1 - p) / (1 - q)))
        assert deviance == pytest.approx(t * t * n * v / (p * (1 - p)), rel=1e-3)


def test_where_r_s_walk_ends_too_early_the_equation_is_solved():
    """14 answers in one agency's clusters: R's record has no upper limit."""
    mean, ci = (RECORDS[f"csat_clus/sat@U11m4/ci/{method}/0.95"]["value"] for method in ("mean", "likelihood"))
    assert ci["hi"] is None
    p, n, t = mean["est"], 14, 3.18244630528
    v = ((mean["hi"] - p) / t) ** 2
    low, high = profile_interval(p, v, n, t)
    assert low < p < high < 1
    goal = t * t * n * v / (p * (1 - p))
    assert 2 * (n - 1) * (p * math.log(p / high) + (1 - p) * math.log((1 - p) / (1 - high))) == pytest.approx(goal)


def test_a_cut_beyond_any_quantile_is_still_answered():
    low, high = profile_interval(0.5, 10.0, 50, 4.0)
    assert 0 <= low < 0.5 < high <= 1


def test_a_walk_that_leaves_the_range_of_numbers_stops_and_the_equation_is_solved():
    """A variance that no share can have: the first step on the logit is 50."""
    low, high = profile_interval(0.5, 400.0, 2, 0.01)
    assert 0 < low < 0.5 < high < 1


def test_fisher_steps_that_run_away_are_not_followed():
    settled = profile_interval(0.9, 0.001, 100, 2.0)
    assert profile_interval(0.9, 0.001, 100, 2.0, start=800.0) == settled
