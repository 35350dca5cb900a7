"""The certificate of a clustered design draws its clusters: same limits as `rate`, honest about their correlation."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from analysis import Design, certify_rate, rate
from analysis.certificate import BadCertificate
from analysis.certifying import read_clusters
from analysis.chance import Chance
from analysis.cluster_certificate import CHUNK, ClusteredDesign, certify_clusters, draw_counts, find_rho, limit

DESIGN = Design(weight="w1", stratum="unit", psu="office", nest=True, lonely_psu="adjust")


@pytest.fixture(scope="module")
def offices() -> pd.DataFrame:
    frame = pd.read_csv(Path(__file__).parent / "reference" / "csat.csv")
    return frame.assign(sat=(frame["answer"] >= 4).astype(float).where(frame["answer"].notna()))


def make(clusters: int, size: int, rho: float) -> ClusteredDesign:
    """Clusters of alike answers in two strata."""
    place = np.arange(clusters)
    return ClusteredDesign(place, np.full(clusters, size), np.ones(clusters), place % 2, rho)


def test_a_draw_has_the_limits_that_rate_gives_its_responses() -> None:
    """Two strata of five and one lonely cluster, two weights in each: the draw written out as a frame of counts."""
    place = np.repeat(np.arange(11), 2)
    design = ClusteredDesign(
        place, np.tile([7, 4], 11), np.tile([1.0, 2.5], 11), np.array([0] * 5 + [1] * 5 + [2]), 0.1
    )
    counts = draw_counts(design, 0.8, Chance(3), 4)
    low, high = limit(design, counts, 0.95)
    for draw in range(4):
        base = pd.DataFrame({"psu": place, "w": design.weight, "h": design.stratum[place]})
        parts = [base.assign(y=1.0, n=counts[:, draw]), base.assign(y=0.0, n=design.n - counts[:, draw])]
        found = rate(pd.concat(parts), Design(weight="w", stratum="h", psu="psu", count="n", lonely_psu="adjust"), "y")
        assert (low[draw], high[draw]) == (pytest.approx(found.low, rel=1e-10), pytest.approx(found.high, rel=1e-10))


def test_counts_within_clusters_are_beta_binomial() -> None:
    """Mean n p, variance n p (1-p) (1 + (n-1) rho) (Williams 1975), and binomial without correlation."""
    draws, n, p = 40_000, 12, 0.85
    for rho, factor in ((0.0, 1.0), (0.15, 1 + 11 * 0.15)):
        counts = draw_counts(make(1, n, rho), p, Chance("counts"), draws)[0]
        assert counts.mean() == pytest.approx(n * p, abs=4 * np.sqrt(n * p * (1 - p) * factor / draws))
        assert counts.var() == pytest.approx(n * p * (1 - p) * factor, rel=0.03)
    shares = np.bincount(draw_counts(make(1, n, 0.15), p, Chance("shares"), draws)[0], minlength=n + 1) / draws
    expected = stats.betabinom.pmf(np.arange(n + 1), n, p * 0.85 / 0.15, (1 - p) * 0.85 / 0.15)
    np.testing.assert_allclose(shares, expected, atol=0.01)


def test_large_clusters_are_drawn_in_parts() -> None:
    counts = draw_counts(make(1, 3 * CHUNK + 1, 0.0), 0.3, Chance(1), 2000)[0]
    assert counts.mean() == pytest.approx(0.3 * (3 * CHUNK + 1), rel=0.003)
    assert counts.max() <= 3 * CHUNK + 1


def test_the_certificate_finds_the_correlation_that_an_interval_without_clusters_overlooks() -> None:
    """Sixteen clusters of ten, rho .2: deff 2.8. Analysed as 160 single answers, the interval misses far too often."""
    clustered = make(16, 10, 0.2)
    honest = certify_clusters(clustered, 0.85, draws=2000)
    assert honest.coverage > 0.92
    counts = draw_counts(clustered, 0.85, Chance("certificate"), 2000)
    blind = [stats.binomtest(int(count), 160).proportion_ci(0.95) for count in counts.sum(axis=0)[:500]]
    assert np.mean([ends.low <= 0.85 <= ends.high for ends in blind]) < 0.85


def test_a_frame_gives_its_own_clusters_and_correlation(offices: pd.DataFrame) -> None:
    found, read = rate(offices, DESIGN, "sat"), read_clusters(offices, DESIGN, "sat")
    assert (read.n.sum(), read.df) == (found.n, found.df)
    assert read.kish_deff == pytest.approx(found.kish_deff, rel=1e-12)
    sizes = np.bincount(read.cluster, read.n)
    expected = (found.n * found.variance / (found.rate * (1 - found.rate)) / found.kish_deff - 1) / (
        (sizes**2).sum() / sizes.sum() - 1
    )
    assert read.rho == pytest.approx(max(0.0, expected))
    assert read.pooled_deff is None
    assert read_clusters(offices, DESIGN, "sat", "sex == 'F'", 0.1).pooled_deff > 0


def test_it_is_the_same_everywhere_and_worse_with_correlation(offices: pd.DataFrame) -> None:
    once, again = (certify_rate(offices, DESIGN, "sat", 0.85, seed=7, draws=400) for _ in range(2))
    assert once == again
    wide = certify_rate(offices, DESIGN, "sat", 0.85, seed=7, draws=400, rho=0.3)
    assert wide.mean_width > once.mean_width
    assert once.coverage > 0.9


def test_correlation_is_kept_in_its_range() -> None:
    assert find_rho(0.5, 1.0, np.array([4.0, 4.0])) == 0
    assert find_rho(2.0, 1.0, np.array([1.0, 1.0])) == 0
    assert find_rho(99.0, 1.0, np.array([4.0, 4.0])) == 0.99
    assert find_rho(1.6, 1.0, np.array([4.0, 4.0])) == pytest.approx(0.2)


def test_designs_that_cannot_be_drawn_are_refused(offices: pd.DataFrame) -> None:
    with pytest.raises(BadCertificate, match="give rho"):
        certify_rate(offices.assign(sat=1.0), DESIGN, "sat", 0.9)
    assert certify_rate(offices.assign(sat=1.0), DESIGN, "sat", 0.9, rho=0.05, draws=200).coverage > 0.9
    with pytest.raises(BadCertificate, match="between 0 and 1"):
        certify_clusters(make(4, 5, 0.1), 1.0)
    with pytest.raises(BadCertificate, match="drop the empty"):
        make(4, 0, 0.1)
    with pytest.raises(BadCertificate, match="rho is 1"):
        make(4, 5, 1.0)
