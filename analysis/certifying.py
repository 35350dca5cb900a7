"""The coverage certificate of a rate: its own design, read from the frame that it was estimated from."""

from __future__ import annotations

from typing import Any

import numpy as np

from analysis.certificate import DRAWS, BadCertificate, Certificate, SimulatedDesign, certify
from analysis.design import Design
from analysis.errors import EmptyDomain
from analysis.sample import read_sample


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
) -> Certificate:
    """Simulate the guarded interval of `rate(frame, design, outcome, within=within)` at a truth, the target say.

    Strata, answers, weights (after every weighting step) and sampling fractions are the frame's own; all strata share
    the truth. The gain of a calibration is not simulated, so its certificate errs on the safe side. Raises
    `BadCertificate` for clustered designs, `EmptyDomain`, and what `rate` raises.
    """
    simulated = read_simulated(frame, design, outcome, within)
    return certify(simulated, truth, seed=seed, draws=draws, confidence_level=confidence_level)


def read_simulated(frame: Any, design: Design, outcome: str, within: str | None = None) -> SimulatedDesign:
    """Read the classes of answers (stratum and weight) of a domain, each with its share of the population."""
    if design.psus:
        raise BadCertificate("a certificate is made for strata of single responses, not for clusters")
    by = (design.weight,) if design.weight else ()
    sample = read_sample(frame, design, (outcome,), by, within=within, binary=True)
    stage, n = sample.stages[0], sample.counts[:, 1]
    kept = (n > 0) & (sample.first[:, 1] > 0)
    if not kept.any():
        raise EmptyDomain(f"Nobody in the domain has an answer to {outcome!r}; widen it")
    stratum, answers = stage.stratum[kept], n[kept]
    fraction = stage.fraction[stratum]
    held = np.bincount(stratum, answers)[stratum]
    population = None if not (fraction > 0).all() else np.maximum(held, held / fraction)
    return SimulatedDesign.read(stratum, answers, sample.first[kept, 1] / answers, population)
