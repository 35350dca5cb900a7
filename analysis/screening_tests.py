"""The named tests of the fraud screen: each an effect with its sampling variance, by agency and channel.

An effect that is large in its suspicious direction is not guilt: `screening_null` says how large honest agencies'
effects are, and `screening` which deserve a call-back.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import special

from analysis.screening_evidence import OFFICE, OWN, TARGETS, Evidence
from analysis.screening_null import heavy_tailed, robust_z

Floats: TypeAlias = NDArray[np.float64]
Measured: TypeAlias = tuple[Floats, Floats]

FEWEST_ANSWERS = 30
FEWEST_PAIRS = 3.0  # expected pairs below which their logarithm tells nothing
BAND = 0.015  # how far above and below a target counts as "just"


@dataclass(frozen=True, slots=True)
class Test:
    """A named test. `family` groups tests that the same cause would move; `scale` says how its effect is read:
    `odds` and `ratio` are logarithms, `share` is a difference, `dispersion` is near 1 where chance alone varies.
    `whole_agency` tests have one result an agency, in the place of the office channel."""

    name: str
    family: str
    scale: str
    measure: Callable[[Evidence], Measured]
    sides: int = 1  # 1: suspicious above; 2: on either side; -1: below
    whole_agency: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """One test on every agency and channel: effect and its sampling standard error, the honest agencies' centre and
    standard deviation (by channel), and z, positive where suspicious."""

    test: Test
    effect: Floats
    se: Floats
    centre: Floats
    spread: Floats
    z: Floats


def run_tests(evidence: Evidence) -> tuple[Finding, ...]:
    """Every test against its own empirical null, channel by channel."""
    return tuple(_run(test, evidence) for test in TESTS)


def _run(test: Test, evidence: Evidence) -> Finding:
    effect, variance = test.measure(evidence)
    enough = evidence.answers >= FEWEST_ANSWERS
    if test.whole_agency:
        enough = np.broadcast_to(enough.any(axis=-1, keepdims=True), enough.shape)
    effect = np.where(enough, effect, np.nan)
    z, centre, between = robust_z(np.swapaxes(effect, -1, -2), np.swapaxes(variance, -1, -2))
    suspicious = np.swapaxes(heavy_tailed(z, test.sides), -1, -2)
    return Finding(test, effect, np.sqrt(variance), centre, np.sqrt(between), suspicious)


def _log_odds(part: Floats, whole: Floats) -> Measured:
    """Log odds with Haldane's half; its variance (Gart and Zweifel, Biometrika 54, 1967)."""
    return np.log((part + 0.5) / (whole - part + 0.5)), 1 / (part + 0.5) + 1 / (whole - part + 0.5)


def _funnel(e: Evidence) -> Measured:
    return _log_odds(np.minimum(e.answered, e.invited), e.invited)


def _contrast(e: Evidence) -> Measured:
    """Satisfaction where staff can reach against the citizens' own phones; told for the office channel."""
    rated, satisfied = e.rated.sum(axis=-1), e.satisfied.sum(axis=-1)
    value, variance = _log_odds(satisfied, rated)
    comparable = rated.min(axis=-1) >= FEWEST_ANSWERS
    difference = np.where(comparable, value[..., OFFICE] - value[..., OWN], np.nan)
    return _for_office(difference, variance.sum(axis=-1))


def _speed(e: Evidence) -> Measured:
    return _log_odds(e.fast, e.timed)


def _duplicates(e: Evidence) -> Measured:
    """Pairs of forms that differ in at most one item, over what permuting the answers would leave."""
    return np.log((e.near_pairs + 0.5) / (e.near_mean + 0.5)), (e.near_variance + 0.5) / (e.near_mean + 0.5) ** 2


def _straight(e: Evidence) -> Measured:
    return _log_odds(e.straight, e.answers)


def _bursts(e: Evidence) -> Measured:
    even = np.where(e.crowded_even >= FEWEST_PAIRS, e.crowded_even, np.nan)
    return np.log((e.crowded + 0.5) / (even + 0.5)), 1 / even


def _after_hours(e: Evidence) -> Measured:
    return _log_odds(e.after_hours, e.arrivals)


def _deadline(e: Evidence) -> Measured:
    return _log_odds(e.closing, e.arrivals)


def _overdue(e: Evidence) -> Measured:
    return _log_odds(e.overdue, e.arrivals)


def _devices(e: Evidence) -> Measured:
    """Pairs of one day that share a device; a device with many answers makes pairs that are not independent, which the
    spread between agencies takes up."""
    pairs = np.where(e.device_pairs >= FEWEST_ANSWERS, e.device_pairs, np.nan)
    return np.log((e.same_device + 0.5) / (pairs + 1)), 1 / (e.same_device + 0.5)


def _bunching(e: Evidence) -> Measured:
    """Periods just above a target against just below, over what a smooth count would put there; per period."""
    n, s = e.rated.sum(axis=-2), e.satisfied.sum(axis=-2)
    p = _smooth_share(n, s)
    excess, variance = np.zeros(n.shape[:-1]), np.zeros(n.shape[:-1])
    for target in TARGETS:
        first = np.ceil(target * n - 1e-9)
        width = np.maximum(1.0, np.ceil(BAND * n))
        above = _between(n, p, first, first + width - 1)
        below = _between(n, p, first - width, first - 1)
        share = np.divide(above, above + below, out=np.full(n.shape, 0.5), where=above + below > 0)
        near = (s >= first - width) & (s < first + width) & (n > 0)
        excess += (near * ((s >= first) - share)).sum(axis=-1)
        variance += (near * share * (1 - share)).sum(axis=-1)
    told = variance > 0
    periods = n.shape[-1]
    return _for_office(np.where(told, excess / periods, np.nan), np.where(told, variance / periods**2, np.nan))


def _dispersion(e: Evidence) -> Measured:
    """Pearson's chi-square over its degrees of freedom between periods, made normal by its cube root (Wilson and
    Hilferty, PNAS 17, 1931): far below 1 where a quota was kept."""
    n, s = e.rated.sum(axis=-2), e.satisfied.sum(axis=-2)
    p = _smooth_share(n, s)
    df = np.maximum((n > 0).sum(axis=-1) - 1.0, 1.0)
    chi = np.divide((s - n * p) ** 2, n * p * (1 - p), out=np.zeros(n.shape), where=n > 0).sum(axis=-1)
    return _for_office(np.cbrt(chi / df), 2 / (9 * df))


def _smooth_share(n: Floats, s: Floats) -> Floats:
    return np.asarray((s.sum(axis=-1, keepdims=True) + 0.5) / (n.sum(axis=-1, keepdims=True) + 1))


def _for_office(effect: Floats, variance: Floats) -> Measured:
    """What is told of the whole agency, in the place of its first channel."""
    nothing = np.full(effect.shape, np.nan)
    return np.stack([effect, nothing], axis=-1), np.stack([variance, nothing], axis=-1)


def _between(n: Floats, p: Floats, first: Floats, last: Floats) -> Floats:
    """Probability that a binomial count lies from first to last."""
    return _at_most(last, n, p) - _at_most(first - 1, n, p)


def _at_most(k: Floats, n: Floats, p: Floats) -> Floats:
    inside = (k >= 0) & (k < n)
    below = special.betainc(np.where(inside, n - k, 1.0), np.where(inside, k + 1, 1.0), 1 - p)
    return np.asarray(np.where(k < 0, 0.0, np.where(k >= n, 1.0, below)))


TESTS = (
    Test("funnel", "funnel", "odds", _funnel, sides=2),
    Test("contrast", "contrast", "odds", _contrast, whole_agency=True),
    Test("bursts", "timing", "ratio", _bursts),
    Test("after_hours", "timing", "odds", _after_hours),
    Test("deadline", "timing", "odds", _deadline),
    Test("speed", "speed", "odds", _speed),
    Test("duplicates", "duplicates", "ratio", _duplicates),
    Test("straight", "duplicates", "odds", _straight),
    Test("bunching", "bunching", "share", _bunching, whole_agency=True),
    Test("dispersion", "dispersion", "dispersion", _dispersion, sides=-1, whole_agency=True),
    Test("devices", "devices", "ratio", _devices),
    Test("overdue", "overdue", "odds", _overdue),
)
FAMILIES = tuple(dict.fromkeys(test.family for test in TESTS))
