"""Raking: weights fitted to margins in turn (Deming and Stephan, Annals of Mathematical Statistics 11, 1940).

It runs on the combinations of the margins' categories that occur, which are few, and never on responses.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from analysis.arrays import Codes, Vector, add_up
from analysis.coding import number
from analysis.errors import CalibrationFailed
from analysis.terms import Model

_TIGHT, _LOOSE = 1e-12, 1e-9  # of the population, before a cycle that lessens it again
_CYCLES = 2000
_EMPTY = 8  # fields of a table for each cell in it, beyond which its empty fields cost more than the cells' codes


def rake_margins(model: Model, weights: Vector, totals: Vector) -> Vector:
    """Log factor of each category such that the weights d exp(x'λ) meet every margin. Raises CalibrationFailed."""
    parts, held = _cross_margins(model, weights)
    wanted = [np.append(totals[place], 1.0) for place in model.places]  # the last: those outside, who stay as they are
    factors = [np.ones(len(total)) for total in wanted]
    size = float(totals[model.places[0]].sum())
    cycle = _begin_table(parts, held, wanted, factors) or _begin_cells(parts, held, wanted, factors)
    off, before = np.inf, np.inf
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        for _ in range(_CYCLES):
            off = cycle() / size
            if off <= _TIGHT or (off <= _LOOSE and off >= before):
                break
            before = off
        if off > _LOOSE:
            for part, factor in zip(parts, factors, strict=True):
                held = held * factor[part]
            raise _explain(model, parts, held, totals)
        logs: Vector = np.log(np.concatenate([factor[:-1] for factor in factors]))
    return logs


def _begin_cells(parts: list[Codes], held: Vector, wanted: list[Vector], factors: list[Vector]) -> Callable[[], float]:
    """A cycle over the cells: fits each margin in turn, and says how far the worst was off."""
    held = held.copy()

    def cycle() -> float:
        off = 0.0
        for part, total, factor in zip(parts, wanted, factors, strict=True):
            change, missed = _fit(np.bincount(part, held, len(total)), total, factor)
            held[:] *= change[part]
            off = max(off, missed)
        return math.sqrt(off)

    return cycle


def _begin_table(
    parts: list[Codes], held: Vector, wanted: list[Vector], factors: list[Vector]
) -> Callable[[], float] | None:
    """The same over a table of the longest margin by the others' combinations; None where few of its fields occur."""
    sizes = [len(total) for total in wanted]
    long, width = int(np.argmax(sizes)), math.prod(sizes) // max(sizes)
    if width * sizes[long] > _EMPTY * len(held):
        return None
    column, others, step = np.zeros(len(held), dtype=np.intp), {}, 1
    for place, size in enumerate(sizes):
        if place != long:
            column += parts[place] * step
            others[place] = np.arange(width) // step % size
            step *= size
    table = add_up(parts[long] * width + column, held, sizes[long] * width).reshape(sizes[long], width)
    across = np.ones(width)

    def cycle() -> float:
        off, below = 0.0, factors[long] @ table
        for place, (total, factor) in enumerate(zip(wanted, factors, strict=True)):
            if place == long:
                _, missed = _fit(factor * (table @ across), total, factor)
                below = factor @ table
            else:
                change, missed = _fit(np.bincount(others[place], across * below, len(total)), total, factor)
                across[:] *= change[others[place]]
            off = max(off, missed)
        return math.sqrt(off)

    return cycle


def _fit(reached: Vector, total: Vector, factor: Vector) -> tuple[Vector, float]:
    """Change the factors of a margin, in place, so that its totals are met: by how much, and the squares missed."""
    reached[-1] = 1.0
    miss = total - reached
    change = total / reached
    if not math.isfinite(change @ change):
        change = np.where(reached > 0, change, 1.0)
    factor *= change
    return change, float(miss @ miss)


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
