"""The fraud screen's statistics: exact where they can be, calm where agencies are honest, awake where they are not."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest

from analysis.multiplicity import adjust
from analysis.screening import combine, false_discovery_q, screen
from analysis.screening_callbacks import BadCallback, callback_rate, calls_needed
from analysis.screening_country import simulate_evidence
from analysis.screening_duplicates import near_pairs, permutation_moments
from analysis.screening_evidence import OFFICE, stack
from analysis.screening_frauds import CLERK, SCRIPTS, at_rate
from analysis.screening_null import heavy_tailed, robust_z
from analysis.screening_people import Country
from analysis.screening_tests import TESTS, run_tests

CHEATS = [3, 21, 39, 57]


def test_near_pairs_are_those_that_a_loop_finds():
    chance = np.random.default_rng(1)
    answers, groups = chance.integers(0, 3, (40, 5)), chance.integers(0, 2, 40)
    found = [0, 0]
    for one, other in itertools.combinations(range(40), 2):
        if groups[one] == groups[other] and (answers[one] != answers[other]).sum() <= 1:
            found[groups[one]] += 1
    assert near_pairs(answers, groups, 2).tolist() == found
    assert sum(found) > 0


def test_long_forms_are_told_apart_beyond_what_one_number_holds():
    answers = np.full((3, 60), 5)
    answers[1, 59] = 4
    answers[2, :2] = 4
    assert near_pairs(answers, np.zeros(3, dtype=np.int64), 1).tolist() == [1]


def test_permutation_moments_are_those_of_drawn_permutations():
    """Against 4,000 permutations, within four standard errors of mean and variance."""
    chance = np.random.default_rng(2)
    answers = chance.choice(3, p=[0.7, 0.2, 0.1], size=(25, 5))
    groups = np.zeros(25, dtype=np.int64)
    mean, variance = permutation_moments(np.stack([np.bincount(column, minlength=3) for column in answers.T]))
    drawn = np.array([near_pairs(chance.permuted(answers, axis=0), groups, 1)[0] for _ in range(4000)], dtype=float)
    assert drawn.mean() == pytest.approx(mean, abs=4 * np.sqrt(variance / 4000))
    assert drawn.var() == pytest.approx(variance, rel=4 * np.sqrt(2 / 4000) + 0.05)


def test_two_people_who_must_agree_have_no_variance():
    mean, variance = permutation_moments(np.array([[2, 0], [2, 0]]))
    assert (float(mean), float(variance)) == (1.0, 0.0)


def test_a_few_cheats_do_not_move_the_null():
    chance = np.random.default_rng(3)
    effect = 0.4 * chance.standard_normal(150)
    _, centre, between = robust_z(effect, np.full(150, 0.01))
    effect[:8] += 5
    z, moved_centre, moved_between = robust_z(effect, np.full(150, 0.01))
    assert abs(moved_centre - centre) < 0.1
    assert np.sqrt(moved_between) == pytest.approx(np.sqrt(between), rel=0.2)
    assert np.sqrt(between) == pytest.approx(np.sqrt(0.4**2 - 0.01), rel=0.25)
    assert (z[:8] > 8).all()


def test_where_sampling_explains_all_nothing_is_added():
    effect = np.linspace(-0.1, 0.1, 20)
    z, _, between = robust_z(effect, np.full(20, 1.0))
    assert between == 0
    assert np.abs(z).max() < 0.2


def test_too_few_agencies_and_unknown_effects_tell_nothing():
    assert np.isnan(robust_z(np.arange(7.0), np.ones(7))[0]).all()
    effect = np.append(np.arange(9.0), np.nan)
    z, _, _ = robust_z(effect, np.ones(10))
    assert np.isnan(z[-1])
    assert np.isfinite(z[:-1]).all()


def test_heavy_tails_soften_and_sides_are_kept():
    """Student's t with 8 degrees of freedom has p = 0.0008 above 4.5 (Abramowitz and Stegun, table 26.10: 4.501)."""
    assert heavy_tailed(4.501) == pytest.approx(3.09, abs=0.01)  # the normal point of 0.001
    assert heavy_tailed(-4.501, -1) == pytest.approx(float(heavy_tailed(4.501)))
    assert heavy_tailed(-4.501, 2) == pytest.approx(float(heavy_tailed(4.501, 2)))
    assert heavy_tailed(4.501, 2) < heavy_tailed(4.501)


def test_false_discoveries_are_controlled_as_elsewhere_in_the_library():
    p = np.random.default_rng(4).random((3, 40)) ** 3
    assert false_discovery_q(p) == pytest.approx(np.stack([adjust(row, "bh") for row in p]))


def test_one_loud_family_does_not_condemn():
    families = np.random.default_rng(5).standard_normal((150, 9))
    families[0] = [60.0, *[0.0] * 8]
    families[1] = 3.5
    z = combine(families)
    assert z[0] < 3 < z[1]


def test_honest_quarters_are_calm_and_cheats_are_listed():
    country = Country(answers=200.0)
    honest = screen(stack([simulate_evidence(country, {}, seed) for seed in range(8)]))
    assert honest.listed.sum() <= 1
    frauds = dict.fromkeys(CHEATS, at_rate(CLERK, 0.4))
    found = screen(stack([simulate_evidence(country, frauds, seed) for seed in range(3)]))
    assert found.listed[:, CHEATS].mean() >= 0.9
    others = np.setdiff1d(np.arange(country.agencies), CHEATS)
    assert found.listed[:, others].sum() <= 1


@pytest.mark.parametrize(
    ("script", "test"),
    [
        ("fast stuffing", "speed"),
        ("slow stuffing", "devices"),
        ("rotated devices", "bursts"),
        ("harvested codes", "overdue"),
        ("deadline burst", "deadline"),
        ("copied and edited", "duplicates"),
        ("slips withheld from the dissatisfied", "contrast"),
        ("answered under the clerk's eyes", "contrast"),
        ("stopping above the target", "bunching"),
    ],
)
def test_each_script_moves_the_test_that_is_named_for_it(script, test):
    """Not that it is caught, which docs/fraud.md tells; that the test leans the right way."""
    evidence = stack([simulate_evidence(Country(), dict.fromkeys(CHEATS, SCRIPTS[script]), seed) for seed in range(3)])
    (finding,) = (each for each in run_tests(evidence) if each.test.name == test)
    z = finding.z[..., OFFICE]
    honest = np.delete(z, CHEATS, axis=-1)
    assert np.nanmedian(z[:, CHEATS]) > np.nanmedian(honest) + 0.5


def test_rates_that_a_quota_made_equal_stand_out():
    """Six periods of 40 answers at exactly 90 %: chi-square 0 where 5 is expected; and one agency with honest noise."""
    evidence = simulate_evidence(Country(agencies=60), {}, 6)
    rated, satisfied = evidence.rated.copy(), evidence.satisfied.copy()
    rated[0], satisfied[0] = 20, 18
    quota = replace(evidence, rated=rated, satisfied=satisfied)
    (finding,) = (each for each in run_tests(quota) if each.test.name == "dispersion")
    assert finding.z[0, OFFICE] == np.nanmax(finding.z)
    assert finding.z[0, OFFICE] > 2.5
    assert finding.effect[0, OFFICE] < 0.2  # not quite 0: the smooth share has a half added


def test_what_was_not_collected_accuses_nobody():
    evidence = simulate_evidence(Country(agencies=20), {}, 1)
    nothing = np.full(evidence.fast.shape, np.nan)
    blind = replace(evidence, fast=nothing, after_hours=nothing, closing=nothing, overdue=nothing, same_device=nothing)
    found = screen(blind)
    silent = {each.test.name for each in found.findings if not np.isfinite(each.z).any()}
    assert {"speed", "after_hours", "deadline", "overdue", "devices"} <= silent
    assert np.isfinite(found.z).all()


def test_every_test_has_a_family_and_a_name_of_its_own():
    assert len({test.name for test in TESTS}) == len(TESTS) == 12


@pytest.mark.parametrize(("share", "calls"), [(0.05, 59), (0.02, 149), (0.01, 299)])
def test_so_many_clean_calls_exclude_a_share(share, calls):
    """0.95 ** 59 = 0.0485 and 0.95 ** 58 = 0.0510."""
    assert calls_needed(share) == calls
    assert (1 - share) ** calls <= 0.05 < (1 - share) ** (calls - 1)
    assert callback_rate(calls, 0).excluded_above <= share


def test_contradicted_calls_have_the_exact_interval():
    """R: binom.test(3, 20)$conf.int is 0.03207094 0.37892683."""
    rate = callback_rate(20, 3)
    assert (rate.low, rate.high) == (pytest.approx(0.03207094, abs=1e-8), pytest.approx(0.37892683, abs=1e-8))
    assert callback_rate(0, 0).rate is None
    assert (callback_rate(0, 0).low, callback_rate(0, 0).high) == (0.0, 1.0)


@pytest.mark.parametrize("share", [0.0, 1.0, 5.0])
def test_a_share_outside_0_and_1_is_refused(share):
    with pytest.raises(BadCallback, match=r"write five per cent as 0\.05"):
        calls_needed(share)


def test_nobody_makes_no_pairs() -> None:
    nobody = np.zeros((0, 3), dtype=np.int64)
    assert near_pairs(nobody, np.zeros(0, dtype=np.int64), 2).tolist() == [0, 0]
