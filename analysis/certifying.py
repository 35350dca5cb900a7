"""The coverage certificate of a rate: its own design, read from the frame that it was estimated from.

Coverage by simulation of the finite population, as in Franco, Little, Louis and Slud (J. Survey Statistics and
Methodology 7, 2019), but of one's own sample.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from analysis.arrays import Flags, Vector, add_up
from analysis.certificate import DRAWS, BadCertificate, Certificate, SimulatedDesign, certify
from analysis.cluster_certificate import ClusteredDesign, certify_clusters, find_rho
from analysis.design import Design
from analysis.errors import EmptyDomain
from analysis.estimate import Estimate
from analysis.estimation import pool_deff, rate
from analysis.measuring import Question
from analysis.sample import Sample, read_sample


def certify_rate(
    frame: Any,
    design: Design,
    outcome: str,
    truth: float,
    *,
    within: str | None = None,
    seed: str | int = "certificate",
    draws: int = DRAWS,
    confidence_level: float = 0.95,
    rho: float | None = None,
) -> Certificate:
    """Simulate the guarded interval of `rate(frame, design, outcome, within=within)` at a truth, the target say.

    Strata, answers, weights (after every weighting step) and sampling fractions are the frame's own; all strata share
    the truth. The gain of a calibration is not simulated, so its certificate errs on the safe side. Of a clustered
    design the first stage's clusters are drawn too, their rates scattered by the intra-cluster correlation `rho`
    (None: the frame's own, from its design effect) and without a finite population. Raises `BadCertificate`,
    `EmptyDomain`, and what `rate` raises.
    """
    if design.psus:
        clustered = read_clusters(frame, design, outcome, within, rho)
        return certify_clusters(clustered, truth, seed=seed, draws=draws, confidence_level=confidence_level)
    simulated = read_simulated(frame, design, outcome, within)
    return certify(simulated, truth, seed=seed, draws=draws, confidence_level=confidence_level)


def read_simulated(frame: Any, design: Design, outcome: str, within: str | None = None) -> SimulatedDesign:
    """Read the classes of answers (stratum and weight) of a domain, each with its share of the population."""
    sample, kept = _read_classes(frame, design, outcome, within)
    stage, n = sample.stages[0], sample.counts[:, 1]
    stratum, answers = stage.stratum[kept], n[kept]
    fraction = stage.fraction[stratum]
    held = np.bincount(stratum, answers)[stratum]
    population = None if not (fraction > 0).all() else np.maximum(held, held / fraction)
    return SimulatedDesign.read(stratum, answers, sample.first[kept, 1] / answers, population)


def read_clusters(
    frame: Any, design: Design, outcome: str, within: str | None = None, rho: float | None = None
) -> ClusteredDesign:
    """Read the classes of answers (cluster and weight) of a domain, and the correlation within its clusters."""
    sample, kept = _read_classes(frame, design, outcome, within)
    stage, n = sample.stages[0], sample.counts[kept, 1]
    assert stage.unit is not None, "the caller has looked"
    _, first, cluster = np.unique(stage.unit[kept], return_index=True, return_inverse=True)
    estimate = rate(frame, design, outcome, within=within)
    if rho is None:
        rho = _find_rho(estimate, add_up(cluster, n, int(cluster.max()) + 1))
    pooled = pool_deff(Question(frame, design, outcome, binary=True)) if within else None
    weight = sample.first[kept, 1] / n
    return ClusteredDesign(cluster, n.astype(np.int64), weight, stage.stratum[kept][first], rho, pooled)


def _find_rho(estimate: Estimate, sizes: Vector) -> float:
    spread = estimate.rate * (1 - estimate.rate)
    if not (spread > 0 and estimate.variance > 0):
        raise BadCertificate("nothing varies in these clusters, so their correlation is unknown: give rho, 0.05 say")
    return find_rho(estimate.n * estimate.variance / spread, estimate.kish_deff, sizes)


def _read_classes(frame: Any, design: Design, outcome: str, within: str | None) -> tuple[Sample, Flags]:
    """Cells that keep weights apart, and which of them hold answers."""
    by = (design.weight,) if design.weight else ()
    sample = read_sample(frame, design, (outcome,), by, within=within, binary=True)
    kept = (sample.counts[:, 1] > 0) & (sample.first[:, 1] > 0)
    if not kept.any():
        raise EmptyDomain(f"Nobody in the domain has an answer to {outcome!r}; widen it")
    return sample, kept
