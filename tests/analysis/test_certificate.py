"""A design's own coverage, simulated."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from analysis import certificate
from analysis.certificate import BadCertificate, SimulatedDesign, certify

PEOPLE = np.array([9000, 3000, 1000, 400, 60])


def test_a_simple_sample_has_the_coverage_that_the_binomial_gives():
    """n = 100, truth .9, no finite population: the sum of exact probabilities whose interval holds .9."""
    design = SimulatedDesign.read([0], [100], [1.0])
    found = certify(design, 0.9, draws=20_000)
    x = np.arange(101)
    low = stats.beta.ppf(0.025, np.maximum(x, 1e-9), 101 - x)
    high = stats.beta.ppf(0.975, x + 1, np.maximum(100 - x, 1e-9))
    held = stats.binom.pmf(x, 100, 0.9)[(low <= 0.9) & (high >= 0.9)].sum()
    assert found.coverage == pytest.approx(held, abs=0.005)
    assert found.false_met == pytest.approx(stats.binom.pmf(x, 100, 0.9)[low > 0.9].sum(), abs=0.004)
    assert found.coverage + found.false_met + found.false_not_met == pytest.approx(1.0)


def test_a_sound_design_is_certified_and_a_certificate_can_be_repeated():
    design = SimulatedDesign.read(list("abcde"), [60, 40, 30, 20, 10], PEOPLE / [60, 40, 30, 20, 10], PEOPLE)
    found = certify(design, 0.9)
    assert found.sufficient
    assert found.false_met <= 0.035
    assert found == certify(design, 0.9)
    assert found != certify(design, 0.9, seed="other")


def test_a_flat_allocation_with_the_largest_stratum_worst_is_found_out():
    """Ten answers in each of 20 strata of very unequal size whose rates fall with size: certified below nominal."""
    people = np.array([40] * 19 + [20_000])
    design = SimulatedDesign.read(np.arange(20), [10] * 20, people / 10, people)
    found = certify(design, 0.9, rates=[0.99] * 19 + [0.9])
    equal = certify(design, 0.9)
    assert found.truth == pytest.approx(0.9, abs=0.002)
    assert min(found.coverage, equal.coverage) > 0.9
    assert found.mean_width > 0.2


def test_classes_of_different_weights_share_a_stratum():
    design = SimulatedDesign.read([1, 1, 2], [20, 10, 30], [5.0, 10.0, 4.0], [200, 200, 120])
    assert design.answers.tolist() == [30.0, 30.0]
    assert design.fraction.tolist() == [0.15, 0.25]
    assert design.kish_deff == pytest.approx(60 * (0.85 * (500 + 1000) + 0.75 * 480) / 320**2)
    assert certify(design, 0.85, draws=1000).coverage > 0.93


def test_lonely_strata_are_collapsed_and_a_single_one_is_centred_on_the_whole():
    for n in ([1, 1, 30], [1, 29, 30]):
        design = SimulatedDesign.read([0, 1, 2], n, [10.0, 10.0, 10.0], [500, 500, 500])
        assert certify(design, 0.9, draws=1000).coverage > 0.93


def test_many_strata_are_simulated_in_blocks(monkeypatch):
    design = SimulatedDesign.read(np.arange(12), [5] * 12, [10.0] * 12, [50] * 12)
    whole = certify(design, 0.9, draws=600)
    monkeypatch.setattr(certificate, "BLOCK", 1200)
    assert certify(design, 0.9, draws=600) == whole


def test_a_census_is_certain():
    design = SimulatedDesign.read([0, 1], [10, 20], [1.0, 1.0], [10, 20])
    found = certify(design, 0.9, draws=200)
    assert (found.coverage, found.mean_width) == (1.0, 0.0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([0], [0], [1.0]), "above 0"),
        (([0], [5], [0.0]), "above 0"),
        (([0], [11], [1.0], [10]), "more answers than its population"),
    ],
)
def test_impossible_designs_are_refused(arguments, message):
    with pytest.raises(BadCertificate, match=message):
        SimulatedDesign.read(*arguments)


def test_a_truth_at_the_edge_is_refused():
    with pytest.raises(BadCertificate, match="strictly between"):
        certify(SimulatedDesign.read([0], [10], [1.0]), 1.0)
