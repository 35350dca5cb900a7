"""Intervals: R's numbers where R is right, an answer where every rival has none."""

from __future__ import annotations

import math
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats

from analysis.intervals import FROM_VARIANCE, METHODS, UnknownMethod, guarded_intervals, interval
from analysis.limits import clopper_pearson, exact_finite, guarded_size, t_quantile
from analysis.sufficient import (
    NOTE_CENSUS,
    NOTE_COUNTED,
    NOTE_EDGE,
    NOTE_NO_ANSWER,
    NOTE_NO_DF,
    NOTE_NO_SPREAD,
    NOTE_OUTSIDE,
    BadStatistic,
    MissingStatistic,
)

EXTRA = {"rare_squares": 0.001, "largest_share": 0.05, "population": 5000}

known = st.builds(
    lambda n, part, deff, kish, df, fraction: {
        "rate": (x := round(part * n)) / n,
        "n": n,
        "successes": x,
        "variance": deff * (x / n) * (1 - x / n) / n,
        "kish_deff": kish,
        "df": df,
        "fraction": fraction,
    },
    n=st.integers(1, 2000),
    part=st.floats(0, 1),
    deff=st.floats(0, 6),
    kish=st.floats(0.2, 6),
    df=st.one_of(st.floats(-2, 500), st.just(math.inf)),
    fraction=st.one_of(st.just(0.0), st.floats(0, 0.999)),
)


@pytest.mark.parametrize("method", METHODS)
@given(known)
@settings(max_examples=60, deadline=None)
def test_every_method_answers_around_the_estimate_and_never_with_a_point(method, statistics):
    """No NaN, no zero width, and the estimate inside, whatever the sample."""
    given_ = interval(method, **statistics, **EXTRA)
    assert given_.low <= statistics["rate"] + 1e-9
    assert given_.high >= statistics["rate"] - 1e-9
    assert given_.high > given_.low
    assert given_.n_effective > 0
    if method != "mean":
        assert given_.low >= 0
        assert given_.high <= 1


@given(st.lists(known, min_size=1, max_size=8))
@settings(max_examples=60, deadline=None)
def test_many_rates_at_once_get_the_same_limits_as_one_by_one(rows):
    columns = {name: np.array([row[name] for row in rows]) for name in rows[0]}
    low, high, size = guarded_intervals(**columns)
    for place, row in enumerate(rows):
        one = interval(**row)
        assert [one.low, one.high, one.n_effective] == pytest.approx([low[place], high[place], size[place]], rel=1e-13)


@given(known)
@settings(max_examples=60, deadline=None)
def test_a_higher_confidence_level_never_narrows(statistics):
    """A design has at most n - 1 degrees of freedom, else Korn and Graubard's factor turns round."""
    assume(statistics["df"] <= statistics["n"] - 1)
    wide, narrow = (interval(**statistics, confidence_level=level) for level in (0.99, 0.9))
    assert wide.low <= narrow.low + 1e-12
    assert wide.high >= narrow.high - 1e-12


def test_fifty_six_of_fifty_six_is_not_certainty():
    """R gives [1, 1] (logit, mean, asin), [0.5, 0.5] (beta) or NaN; the exact lower limit is .025^(1/56) = .93625."""
    given_ = interval(rate=1 - 1e-16, variance=0.0, n=56, successes=56, df=55)
    assert given_.low == pytest.approx(0.025 ** (1 / 56), rel=1e-12)
    assert given_.high == 1.0
    assert given_.notes == (NOTE_EDGE,)


def test_unanimous_strata_are_not_certainty():
    """One stratum 4 of 4, one 0 of 3: the variance is 0, and R and svy give zero width; the size is n / Kish's 1.2."""
    given_ = interval(rate=0.6, variance=0.0, n=7, successes=4, df=5, kish_deff=1.2)
    low, high = clopper_pearson(0.6, 7 / 1.2)
    assert (given_.low, given_.high) == (float(low), float(high))
    assert given_.notes == (NOTE_NO_SPREAD,)


def test_three_answers_that_hold_the_weight_are_not_fifteen():
    """15 satisfied, 3 of them with 96 % of the weight: NCHS says at least 77.9 %, Kish's 3.2 answers say about 32 %."""
    weights = np.array([1.0] * 12 + [96.0] * 3)
    kish = float(15 * (weights**2).sum() / weights.sum() ** 2)
    nchs, guarded = (
        interval(method, rate=1.0, variance=0.0, n=15, successes=15, df=14, kish_deff=kish)
        for method in ("nchs", "guarded")
    )
    assert nchs.low == pytest.approx(0.782, abs=0.005)
    assert nchs.notes == (NOTE_COUNTED,)
    assert guarded.n_effective == pytest.approx(3.254, abs=0.001)
    assert guarded.low == pytest.approx(0.32, abs=0.01)


@pytest.mark.parametrize("method", sorted(FROM_VARIANCE))
def test_a_method_without_an_answer_says_so_and_gives_the_guarded_one(method):
    edge = {"rate": 1.0, "variance": 0.0, "n": 30, "successes": 30, "df": 29}
    given_ = interval(method, **edge)
    default = interval(**edge)
    assert given_.method == "guarded"
    assert (given_.low, given_.high) == (default.low, default.high)
    assert given_.notes == (NOTE_NO_ANSWER, NOTE_EDGE)


@pytest.mark.parametrize("method", METHODS)
def test_a_full_census_is_the_point_itself(method):
    given_ = interval(method, rate=0.9, variance=0.0, n=10, successes=9, df=9, census=True)
    assert (given_.low, given_.high, given_.notes) == (0.9, 0.9, (NOTE_CENSUS,))


def test_without_degrees_of_freedom_the_sample_counts_as_one_answer():
    """Clopper and Pearson at n = 1: [.025, 1] after a yes."""
    given_ = interval(rate=1.0, variance=0.0, n=1, successes=1, df=0)
    assert (given_.low, given_.high) == (pytest.approx(0.025), 1.0)
    assert given_.notes == (NOTE_NO_DF,)


@pytest.mark.parametrize("method", ["guarded-full", "nchs", "wilson-guarded", "jeffreys", "uniform"])
def test_guarded_variants_answer_without_degrees_of_freedom(method):
    given_ = interval(method, rate=0.5, variance=0.25, n=2, successes=1, df=0)
    assert given_.low < 0.5 < given_.high


def test_asin_is_not_folded_back():
    """29 of 30 in 5 clusters: past π/2 R's sine comes back down to .9945; the limit is 1."""
    given_ = interval("asin", rate=29 / 30, variance=0.0011, n=30, successes=29, df=4)
    assert given_.high == 1.0


def test_mean_can_leave_the_range_as_in_r_and_says_so():
    given_ = interval("mean", rate=0.95, variance=0.001, n=40, successes=38, df=39)
    assert given_.high == pytest.approx(0.95 + float(t_quantile(39, 0.025)) * math.sqrt(0.001))
    assert given_.notes == (NOTE_OUTSIDE,)


def test_beta_counts_the_rows_that_r_counts_only_when_told():
    """14 answers of a calibrated survey of 1,107: with all rows, as in R, [.609, .9992]; with 14, [.649, .9984]."""
    statistics = {"rate": 0.92729716920611, "variance": 0.0691881**2, "n": 14, "successes": 13, "df": 10}
    honest, quirk = interval("beta", **statistics), interval("beta", rows=1107, **statistics)
    assert (honest.low, honest.high) == (pytest.approx(0.649, abs=0.001), pytest.approx(0.9984, abs=1e-4))
    assert (quirk.low, quirk.high) == (pytest.approx(0.609, abs=0.001), pytest.approx(0.9992, abs=1e-4))


@pytest.mark.parametrize("fraction", [0.1, 0.3, 0.5, 0.7])
def test_nearly_complete_samples_of_small_populations_are_not_overconfident(fraction):
    """All 150 users of an office, hypergeometric, at every possible number of satisfied: exact error of both claims.

    With the finite population in the effective size alone the error reaches .089 at 70 %; Clopper and Pearson's own
    bound is .025.
    """
    population = 150
    n = round(fraction * population)
    x = np.arange(n + 1)
    p = x / n
    variance = (1 - fraction) * p * (1 - p) / (n - 1)
    known = {"rate": p, "variance": variance, "n": np.full(n + 1, n), "successes": x, "df": np.full(n + 1, n - 1)}
    low, high, _ = guarded_intervals(**known, kish_deff=1 - fraction, fraction=fraction)
    for satisfied in range(population + 1):
        chance = stats.hypergeom.pmf(x, population, satisfied, n)
        assert chance[low > satisfied / population + 1e-12].sum() <= 0.029
        assert chance[high < satisfied / population - 1e-12].sum() <= 0.029


def test_an_interval_never_excludes_what_the_unobserved_could_still_be():
    """54 of 60 asked, all satisfied: the other six could hold dissatisfied ones, the lower limit is 1 - .1 * .49."""
    found = interval(rate=1.0, variance=0.0, n=54, successes=54, df=53, kish_deff=0.1, fraction=0.9)
    assert found.low == pytest.approx(1 - 0.1 * (1 - 0.025 ** (1 / 5.4)))


@pytest.mark.parametrize("method", METHODS)
def test_a_dissatisfied_answer_without_weight_does_not_break_the_interval(method):
    """A rate that rounds to 1 although one of 30 is dissatisfied: the counts say that this is no edge."""
    found = interval(method, rate=1.0, variance=1e-30, n=30, successes=29, df=29, **EXTRA)
    assert 0 <= found.low < found.high <= 1


def test_without_a_population_nothing_is_moved():
    known = {"rate": 0.9, "variance": 0.0004, "n": 200, "successes": 180, "df": 150, "kish_deff": 1.2}
    assert interval(**known, fraction=0.0) == interval(**known)


def test_a_pooled_design_effect_steadies_a_noisy_one_from_both_sides():
    """rarer answers 10: λ = 30/40; d = 0.4 rises to 1.3, d = 5 falls to 2.45 (large df: no t factor)."""
    for deff, faded in ((0.4, 0.25 * 0.4 + 0.75 * 1.6), (5.0, 0.25 * 5 + 0.75 * 1.6)):
        variance = deff * 0.09 / 100
        size = guarded_size(0.9, variance, 100, 90, math.inf, confidence_level=0.95, pooled_deff=1.6)
        factor = float((t_quantile(math.inf, 0.025) / t_quantile(99, 0.025)) ** 2)
        expected = 100 / (deff * factor + 0.75 * (1.6 - deff * factor))
        assert float(size) == pytest.approx(expected, rel=1e-12)
        assert float(size) == pytest.approx(100 / faded, rel=0.04)


def test_logit_takes_the_replicates_variance_when_there_is_one():
    statistics = {"rate": 0.9, "variance": 0.0004, "n": 200, "successes": 180, "df": 50}
    own = interval("logit", **statistics, logit_variance=0.0004 / 0.09**2)
    assert (own.low, own.high) == (interval("xlogit", **statistics).low, interval("xlogit", **statistics).high)
    wider = interval("logit", **statistics, logit_variance=0.1)
    assert wider.low < own.low


def test_a_misspelt_method_and_missing_statistics_are_named():
    statistics = {"rate": 0.9, "variance": 0.001, "n": 90, "successes": 81, "df": 89}
    with pytest.raises(UnknownMethod, match="choose one of guarded"):
        interval("wald", **statistics)
    with pytest.raises(MissingStatistic, match="rare_squares"):
        interval("gamma", **statistics)
    with pytest.raises(MissingStatistic, match="population"):
        interval("exact-fpc", **statistics)


@pytest.mark.parametrize(
    "change",
    [
        {"rate": float("nan")},
        {"rate": 1.2},
        {"successes": 91},
        {"kish_deff": 0.0},
        {"kish_deff": float("nan")},
        {"confidence_level": 95},
        {"fraction": 2.0},
    ],
)
def test_impossible_statistics_are_refused_and_never_become_a_number(change):
    statistics = {"rate": 0.9, "variance": 0.001, "n": 90, "successes": 81, "df": 89}
    with pytest.raises(BadStatistic):
        interval(**{**statistics, **change})


def test_exact_finite_limits_are_the_outermost_counts_not_rejected():
    """By hand, N = 4, n = 2, both satisfied: K = 2 has P(X = 2) = 1/6 > .05, K = 1 cannot give two; so 2..4 at 90 %."""
    assert exact_finite(2, 2, 4, 0.9) == (2, 4)
    assert exact_finite(4, 4, 4, 0.95) == (4, 4)


def test_nobody_asked_is_not_a_number_but_an_open_interval():
    low, high, size = guarded_intervals(rate=0.0, variance=0.0, n=0, successes=0, df=0)
    assert (float(low), float(high), float(size)) == (0.0, pytest.approx(0.975), 1.0)


def test_light_processes_can_import_it():
    """Web processes must not load pandas or scipy.stats for an interval."""
    code = "import sys, analysis.intervals, analysis.decisions; print({'pandas', 'scipy.stats'} & set(sys.modules))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "set()"
