"""The fraud screen: which agencies' answers deserve a call-back, in order, with the reasons.

Statistics see a pattern and not its cause: the list is for auditors, and what follows from it is a telephone call.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analysis.screening_evidence import Evidence
from analysis.screening_null import robust_z, upper_p, z_of_p
from analysis.screening_tests import FAMILIES, Finding, run_tests

Floats: TypeAlias = NDArray[np.float64]
Bools: TypeAlias = NDArray[np.bool_]

FALSE_DISCOVERY_RATE = 0.05
FEWEST_FAMILIES = 2
FAMILY_AT_LEAST = 2.25  # z of a family that counts as one of the two that an accusation needs
SPAN = (-1.0, 4.0)  # one family alone must neither condemn nor acquit


@dataclass(frozen=True, slots=True)
class Screening:
    """The whole screen. `families` has z by (..., agency, family); `z`, `p` and `q` (Benjamini-Hochberg) are of the
    combined score by (..., agency); `listed` are those for a call-back; `single` has for each test, by
    (test, ..., agency, channel), what would stand out if that test were asked alone."""

    findings: tuple[Finding, ...]
    families: Floats
    z: Floats
    p: Floats
    q: Floats
    listed: Bools
    single: Bools


def screen(evidence: Evidence) -> Screening:
    """Run every test, combine the families, control false discoveries over agencies.

    An agency is listed when its combined score survives Benjamini-Hochberg at 5 % and at least two families point the
    same way; so no single test accuses anybody.
    """
    findings = run_tests(evidence)
    families = _family_scores(findings)
    z = combine(families)
    p = np.where(np.isfinite(z), upper_p(z), 1.0)
    q = false_discovery_q(p)
    witnesses = (families >= FAMILY_AT_LEAST).sum(axis=-1)
    listed = (q <= FALSE_DISCOVERY_RATE) & (witnesses >= FEWEST_FAMILIES)
    return Screening(findings, families, z, p, q, listed, _stand_out(findings))


def combine(families: ArrayLike) -> Floats:
    """One z for each agency: the sum of its families' z within bounds, against the other agencies' sums."""
    f = np.asarray(families, dtype=float)
    known = np.isfinite(f)
    bounded = np.where(known, np.clip(f, *SPAN), 0.0)
    count = known.sum(axis=-1)
    total = bounded.sum(axis=-1) / np.sqrt(np.maximum(count, 1))
    z, _, _ = robust_z(np.where(count > 0, total, np.nan), np.zeros(total.shape))
    return z


def false_discovery_q(p: ArrayLike) -> Floats:
    """Benjamini-Hochberg's adjusted p over the last axis (JRSS B 57, 1995)."""
    values = np.asarray(p, dtype=float)
    m = values.shape[-1]
    order = np.argsort(values, axis=-1, kind="stable")
    scaled = np.take_along_axis(values, order, axis=-1) * m / np.arange(1, m + 1)
    monotone = np.minimum.accumulate(scaled[..., ::-1], axis=-1)[..., ::-1]
    q = np.empty_like(values)
    np.put_along_axis(q, order, np.minimum(1.0, monotone), axis=-1)
    return q


def _family_scores(findings: tuple[Finding, ...]) -> Floats:
    """z of each family: of the best of its tests and channels, corrected for having looked at all of them (Šidák)."""
    scores = []
    for family in FAMILIES:
        z = np.concatenate([each.z for each in findings if each.test.family == family], axis=-1)
        looked = np.isfinite(z).sum(axis=-1)
        best = np.max(np.where(np.isfinite(z), z, -8.0), axis=-1)
        p = -np.expm1(looked * np.log1p(-upper_p(best)))
        scores.append(np.where(looked > 0, z_of_p(p), np.nan))
    return np.stack(scores, axis=-1)


def _stand_out(findings: tuple[Finding, ...]) -> Bools:
    """What survives Benjamini-Hochberg over all tests, agencies and channels together."""
    z = np.stack([each.z for each in findings])
    moved = np.moveaxis(z, 0, -3)
    flat = moved.reshape(*moved.shape[:-3], -1)
    known = np.isfinite(flat)
    p = np.where(known, upper_p(flat), 1.0)
    stands = (false_discovery_q(p) <= FALSE_DISCOVERY_RATE) & known
    return np.moveaxis(stands.reshape(moved.shape), -3, 0)
