"""Raking: weights fitted to margins in turn (Deming and Stephan, Annals of Mathematical Statistics 11, 1940).

It runs on the combinations of the margins' categories that occur, which are few, and never on responses.
"""

from __future__ import annotations

import math

import numpy as np

from analysis.arrays import Codes, Vector, add_up
from analysis.coding import number
from analysis.errors import CalibrationFailed
from analysis.terms import Model

_TIGHT, _LOOSE = 1e-12, 1e-9  # of the population, before a cycle that lessens it again
_CYCLES = 2000


def rake_margins(model: Model, weights: Vector, totals: Vector) -> Vector:
    """Log factor of each category such that the weights d exp(x'λ) meet every margin. Raises CalibrationFailed."""
    parts, held = _cross_margins(model, weights)
    wanted = [np.append(totals[place], 1.0) for place in model.places]  # the last: those outside, who stay as they are
    factors = [np.ones(len(total)) for total in wanted]
    size = float(totals[model.places[0]].sum())
    off, before = np.inf, np.inf
    for _ in range(_CYCLES):
        with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
            off = _cycle(parts, held, wanted, factors) / size
        if off <= _TIGHT or (off <= _LOOSE and off >= before):
            break
        before = off
    if off > _LOOSE:
        raise _explain(model, parts, held, totals)
    with np.errstate(divide="ignore"):
        logs: Vector = np.log(np.concatenate([factor[:-1] for factor in factors]))
    return logs


def _cycle(parts: list[Codes], held: Vector, wanted: list[Vector], factors: list[Vector]) -> float:
    """Fit each margin in turn, changing weights and factors in place; how far the worst margin was off."""
    off = 0.0
    for part, total, factor in zip(parts, wanted, factors, strict=True):
        reached = np.bincount(part, held, len(total))
        reached[-1] = 1.0
        miss = total - reached
        off = max(off, float(miss @ miss))
        change = total / reached
        if not math.isfinite(change @ change):
            change = np.where(reached > 0, change, 1.0)
        factor *= change
        held *= change[part]
    return math.sqrt(off)


def _cross_margins(model: Model, weights: Vector) -> tuple[list[Codes], Vector]:
    """Category codes and weight of every combination of the margins' categories that occurs.

    Cells that are fewer than the possible combinations stay as they are.
    """
    if len(weights) < math.prod(place.stop - place.start + 1 for place in model.places):
        return [part.astype(np.intp, copy=False) for part in model.parts], weights.copy()
    joined, count = np.zeros(len(weights), dtype=np.intp), 1
    for part, place in zip(model.parts, model.places, strict=True):
        size = place.stop - place.start + 1
        found, joined = number(joined * size + part.astype(np.intp, copy=False), count * size)
        count = len(found)
    first = np.zeros(count, dtype=np.intp)
    first[joined[::-1]] = np.arange(len(joined) - 1, -1, -1)
    return [part[first].astype(np.intp, copy=False) for part in model.parts], add_up(joined, weights, count)


def _explain(model: Model, parts: list[Codes], held: Vector, totals: Vector) -> CalibrationFailed:
    worst, name = 0.0, model.names[0]
    for part, place in zip(parts, model.places, strict=True):
        reached = add_up(part, held, place.stop - place.start + 1)[:-1]
        miss = np.abs(reached - totals[place])
        if miss.max() > worst:
            worst, name = float(miss.max()), model.names[place][int(np.argmax(miss))]
    return CalibrationFailed(
        f"Raking did not converge in {_CYCLES} cycles: {name} is still off by {worst:g}; its respondents do not "
        "combine with those of the other margins. Merge its category, or use calibrate()"
    )
