"""Small areas: R's Fay-Herriot numbers are in the closed-form cases; here the milk data and the edges."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import optimize

from analysis import smallarea
from analysis.chance import Chance
from analysis.smallarea import LABEL, BadSmallAreas, benchmark, fay_herriot, small_areas


def simulated(m=30, spread=0.03, noise=0.02, seed="areas"):
    chance = Chance(seed)
    x = np.column_stack([np.ones(m), chance.normals(m)])
    d = np.full(m, noise**2) * (0.5 + chance.uniforms(m))
    y = x @ [0.9, 0.02] + spread * chance.normals(m) + np.sqrt(d) * chance.normals(m)
    return y, x, d


def test_reml_is_where_the_residual_likelihood_is_largest():
    y, x, d = simulated()
    found = fay_herriot(y, x, d)
    best = optimize.minimize_scalar(
        lambda a: -smallarea._residual_likelihood(y, x, a + d),
        bounds=(1e-6, 0.01),
        method="bounded",
        options={"xatol": 1e-12},
    )
    assert found.sigma2 == pytest.approx(best.x, rel=1e-4)
    assert not found.adjusted


def test_many_answers_speak_for_themselves_and_few_borrow():
    y, x, d = simulated()
    d[0], d[1] = 1e-8, 1.0
    found = fay_herriot(y, x, d)
    assert found.theta[0] == pytest.approx(y[0], abs=1e-4)
    assert found.theta[1] == pytest.approx(x[1] @ found.beta, abs=1e-3)
    assert found.gamma[0] > 0.99 > 0.01 > found.gamma[1]
    assert (found.mse > 0).all()


def test_where_areas_hardly_differ_each_keeps_a_part_of_its_own():
    """REML gives 0; the adjusted likelihood of Li and Lahiri (2010) stays above, at the largest A times likelihood."""
    x = np.ones((12, 1))
    y, d = 0.9 + 0.001 * np.arange(12), np.full(12, 0.01)
    found = fay_herriot(y, x, d)
    assert found.adjusted
    assert found.sigma2 > 0
    best = optimize.minimize_scalar(
        lambda a: -a - smallarea._residual_likelihood(y, x, np.exp(a) + d), bounds=(-12, 0), method="bounded"
    )
    assert np.log(found.sigma2) == pytest.approx(best.x, abs=1e-3)


def test_scoring_that_does_not_settle_returns_where_it_is(monkeypatch):
    y, x, d = simulated()
    settled = fay_herriot(y, x, d).sigma2
    monkeypatch.setattr(smallarea, "SCORING_STEPS", 2)
    assert fay_herriot(y, x, d).sigma2 == pytest.approx(settled, rel=0.3)


def test_benchmarking_reaches_the_total_both_ways():
    theta, weight = np.array([0.9, 0.8, 0.95]), np.array([1.0, 2.0, 3.0])
    for method in ("difference", "ratio"):
        assert benchmark(theta, weight, 0.85, method) @ weight / 6 == pytest.approx(0.85)
    with pytest.raises(BadSmallAreas, match="difference or ratio"):
        benchmark(theta, weight, 0.85, "guess")


def test_communes_come_with_direct_and_modelled_rate_and_add_up():
    rates = [0.9, 0.95, 1.0, 0.85, 0.9, 0.92]
    people = [1, 2, 3, 4, 5, 6]
    areas = small_areas([f"c{i}" for i in range(6)], rates, [30, 40, 12, 60, 100, 22], people, 0.91)
    assert [a.direct for a in areas] == rates
    assert {a.label for a in areas} == {LABEL}
    assert all(a.low < a.modelled < a.high <= 1 for a in areas)
    assert areas[2].modelled < 1
    assert areas[2].share < areas[4].share
    assert np.average([a.benchmarked for a in areas], weights=people) == pytest.approx(0.91)


def test_a_covariate_carries_areas_apart():
    chance = Chance("covariate")
    x = np.linspace(-1, 1, 40)
    truth = np.sin(1.2 + 0.15 * x) ** 2
    rates = np.clip(truth + 0.05 * chance.normals(40), 0, 1)
    with_x = small_areas([str(i) for i in range(40)], rates, np.full(40, 30.0), np.ones(40), rates.mean(), covariates=x)
    error = np.mean([(a.modelled - t) ** 2 for a, t in zip(with_x, truth, strict=True)])
    assert error < np.mean((rates - truth) ** 2) / 2


@pytest.mark.parametrize(
    ("y", "x", "d"),
    [
        ([0.9, 0.8], np.ones((2, 1)), [0.01, 0.01]),
        ([0.9, 0.8, 0.7, 0.9], np.ones((4, 2)), [0.01] * 4),
        ([0.9, 0.8, 0.7], np.ones((3, 1)), [0.01, 0.01, 0.0]),
    ],
)
def test_areas_that_cannot_carry_a_model_are_refused(y, x, d):
    with pytest.raises(BadSmallAreas, match="two areas more"):
        fay_herriot(y, x, d)
