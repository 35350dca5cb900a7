"""A window of waves is one survey whose strata are wave × stratum."""

from __future__ import annotations

from datetime import date

import pandas as pd
import polars as pl
import pytest

from analysis import Design, Target, judge, post_stratify, rate
from analysis.window import BadWindow, unite_waves

DESIGN = Design(stratum="office", population="N", count="n")
FIRST = pd.DataFrame(
    {"office": ["A", "A", "B", "B"], "N": [400, 400, 100, 100], "sat": [1, 0, 1, 0], "n": [45, 5, 20, 5]}
)
SECOND = FIRST.assign(N=[600, 600, 300, 300], n=[57, 3, 22, 8])


def test_the_window_s_rate_is_the_waves_weighted_by_their_transactions():
    """Stratified by hand: p = Σ W p_h, v = Σ W² (1-f) p (1-p) / (n-1) over four wave × office strata."""
    frame, design = unite_waves({"Q1": FIRST, "Q2": SECOND}, DESIGN)
    found = rate(frame, design, "sat")
    strata = [(400, 50, 0.9), (100, 25, 0.8), (600, 60, 0.95), (300, 30, 22 / 30)]
    assert found.rate == pytest.approx(sum(N * p for N, _, p in strata) / 1400, rel=1e-12)
    variance = sum((N / 1400) ** 2 * (1 - n / N) * p * (1 - p) / (n - 1) for N, n, p in strata)
    assert found.variance == pytest.approx(variance, rel=1e-12)
    assert found.df == 165 - 4


def test_a_verdict_may_rest_on_a_window_where_no_wave_decides():
    target, on = Target(0.82), date(2026, 1, 1)
    frame, design = unite_waves({"Q1": FIRST, "Q2": SECOND}, DESIGN)
    assert [judge(rate(wave, DESIGN, "sat"), target, on).code for wave in (FIRST, SECOND)] == ["not_shown"] * 2
    assert judge(rate(frame, design, "sat"), target, on).code == "met"


def test_one_wave_is_its_own_window_in_any_frame():
    frame, design = unite_waves({"Q1": pl.from_pandas(FIRST)}, DESIGN)
    assert rate(frame, design, "sat").low == rate(FIRST, DESIGN, "sat").low
    assert isinstance(frame, pl.DataFrame)


def test_clusters_need_only_be_unique_within_a_wave():
    wave = pd.DataFrame({"office": [1, 1, 2, 2, 3, 3], "sat": [1, 1, 1, 0, 0, 1]})
    _, design = unite_waves({"Q1": wave, "Q2": wave}, Design(psu="office"))
    assert (design.nest, design.strata) == (True, ("wave_stratum",))


def test_waves_that_do_not_fit_are_refused():
    with pytest.raises(BadWindow, match="at least one"):
        unite_waves({}, DESIGN)
    with pytest.raises(BadWindow, match="different columns"):
        unite_waves({"Q1": FIRST, "Q2": FIRST.assign(more=1)}, DESIGN)
    with pytest.raises(BadWindow, match="two-stage"):
        unite_waves({"Q1": FIRST}, Design(stratum=["office", "N"], psu=["office", None], count="n"))
    weighted = post_stratify(FIRST, DESIGN, {"office": {"A": 500, "B": 100}})
    with pytest.raises(BadWindow, match="first, then post-stratify"):
        unite_waves({"Q1": FIRST}, weighted)
