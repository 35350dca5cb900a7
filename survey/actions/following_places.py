"""Trends across reorganisations: which places of an earlier day a place of today stands on, and their figures together.

A predecessor that was split carries its share; where nobody knows the share, the trend breaks there and says so.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from survey.store.area_trees import DatedPlace, Succession

LONGEST_LINE = 20


@dataclass(frozen=True, slots=True)
class Lineage:
    """What a place was on an earlier day: code to share of it; empty with `broken` where that cannot be said."""

    parts: Mapping[str, float]
    broken: bool


@dataclass(frozen=True, slots=True)
class Figure:
    """A rate with its standard error, of a place with so many units in the frame."""

    rate: float
    standard_error: float
    population: int


def trace(code: str, on: date, places: Mapping[str, DatedPlace], successions: Sequence[Succession]) -> Lineage:
    """The places that existed on the day `on` and on whose ground or work `code` stands.

    Broken when a share on the way is unknown, or when a line ends before that day. A predecessor with a single
    successor went there whole.
    """
    came_from = _with_whole_shares(successions)
    parts: dict[str, float] = {}
    left, steps = [(code, 1.0)], 0
    while left:
        steps += 1
        place, share = left.pop()
        if places[place].exists(on):
            parts[place] = parts.get(place, 0.0) + share
            continue
        before = came_from.get(place, [])
        if not before or steps > LONGEST_LINE * len(places) or any(each.share is None for each in before):
            return Lineage({}, broken=True)
        left += [(each.predecessor, share * each.share) for each in before if each.share is not None]
    return Lineage({place: min(share, 1.0) for place, share in parts.items()}, broken=False)


def _with_whole_shares(successions: Sequence[Succession]) -> dict[str, list[Succession]]:
    successors = Counter(each.predecessor for each in successions)
    came_from: dict[str, list[Succession]] = {}
    for each in successions:
        whole = each.share is None and successors[each.predecessor] == 1
        came_from.setdefault(each.code, []).append(replace(each, share=1.0) if whole else each)
    return came_from


def combine(lineage: Lineage, figures: Mapping[str, Figure]) -> Figure | None:
    """The figure of the parts together, each weighted by its share of its population; None when broken or when a part
    has no figure.

    Parts are independent samples, so the variance is the sum of w² se². It assumes that those who went here answered
    like the whole predecessor, which a page that shows the figure must say.
    """
    if lineage.broken or not lineage.parts or any(place not in figures for place in lineage.parts):
        return None
    sizes = {place: share * figures[place].population for place, share in lineage.parts.items()}
    total = sum(sizes.values())
    if total <= 0:
        return None
    rate = sum(size * figures[place].rate for place, size in sizes.items()) / total
    variance = sum((size / total * figures[place].standard_error) ** 2 for place, size in sizes.items())
    return Figure(rate, math.sqrt(variance), round(total))
