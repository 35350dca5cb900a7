"""34 provinces with a database each: only counts move up, and the nation's figures are those of all answers."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from analysis import Design, difference, rate, rate_by
from analysis.errors import BadPopulation

PROVINCES, STRATA = 34, 20
ALONE = Design(stratum="stratum", population="population")
ANSWERS = Design(stratum="of_nation", population="population")
COUNTS = Design(stratum="of_nation", population="population", count="n")


def answer(province: int) -> pd.DataFrame:
    """What citizens of one province said: strata of every province bear the same names, sizes and rates differ."""
    chance = np.random.default_rng(34_000 + province)
    sampled = chance.integers(5, 30, STRATA)
    stratum = np.repeat(np.arange(STRATA), sampled)
    populations = sampled * chance.integers(2, 200, STRATA)
    rate_here = np.clip(chance.normal(0.75 + province / 200, 0.08, STRATA), 0.05, 0.98)
    return pd.DataFrame(
        {
            "province": f"P{province:02}",
            "stratum": [f"S{each:02}" for each in stratum],
            "of_nation": [f"P{province:02}.S{each:02}" for each in stratum],
            "population": populations[stratum],
            "satisfied": (chance.random(len(stratum)) < rate_here[stratum]) * 1.0,
        }
    )


@pytest.fixture(scope="module")
def provinces() -> list[pd.DataFrame]:
    return [answer(province) for province in range(PROVINCES)]


@pytest.fixture(scope="module")
def moved_up(provinces: list[pd.DataFrame]) -> pd.DataFrame:
    """What leaves the provinces: counts by stratum and level, with the frame's totals."""
    return pd.concat([frame.groupby(list(frame.columns)).size().rename("n").reset_index() for frame in provinces])


def test_counts_that_moved_up_give_the_figures_of_all_answers(
    provinces: list[pd.DataFrame], moved_up: pd.DataFrame
) -> None:
    assert len(moved_up) < sum(map(len, provinces)) / 5
    whole, nation = rate(pd.concat(provinces), ANSWERS, "satisfied"), rate(moved_up, COUNTS, "satisfied")
    assert (nation.n, nation.df) == (whole.n, whole.df)
    for name in ("rate", "se", "low", "high", "n_effective"):
        assert getattr(nation, name) == pytest.approx(getattr(whole, name), rel=1e-12)


def test_the_nation_s_variance_is_the_sum_of_what_each_province_found_alone(
    provinces: list[pd.DataFrame], moved_up: pd.DataFrame
) -> None:
    """Samples of different provinces are independent: v = Σ (N_p / N)² v_p."""
    alone = [rate(frame, ALONE, "satisfied") for frame in provinces]
    size = np.array([found.population for found in alone])
    share = size / size.sum()
    nation = rate(moved_up, COUNTS, "satisfied")
    assert nation.rate == pytest.approx(float(share @ [found.rate for found in alone]), rel=1e-12)
    assert nation.se == pytest.approx(math.sqrt(share**2 @ [found.variance for found in alone]), rel=1e-9)
    table = rate_by(moved_up, COUNTS, "satisfied", "province")
    for found, (name, row) in zip(alone, table.iterrows(), strict=True):
        assert (row["rate"], row["low"], row["high"]) == pytest.approx((found.rate, found.low, found.high)), name


def test_two_provinces_differ_by_what_they_found_apart(provinces: list[pd.DataFrame], moved_up: pd.DataFrame) -> None:
    first, last = (rate(provinces[place], ALONE, "satisfied") for place in (0, -1))
    found = difference(moved_up, COUNTS, "satisfied", "province", "P00", "P33")
    assert found.difference == pytest.approx(first.rate - last.rate)
    assert found.se == pytest.approx(math.hypot(first.se, last.se), rel=1e-9)


def test_strata_that_are_told_apart_by_their_own_name_alone_are_refused(moved_up: pd.DataFrame) -> None:
    """The control: "S00" of one province is not "S00" of another, and their populations disagree."""
    with pytest.raises(BadPopulation, match="'population' differs within stratum 'S00'"):
        rate(moved_up, Design(stratum="stratum", population="population", count="n"), "satisfied")
