"""Suppression: figures of few people are left out, with enough of their siblings that they cannot be worked out.

Primary: fewer than k answers, or everybody (or nobody) satisfied among fewer than 30. Complementary: a total and its
parts are one equation; where it has a single hidden member, the smallest shown part is hidden too, until no equation
has just one (a heuristic: Willenborg and de Waal 2001, 6.2). Totals and parts are a tree here, so that each hidden
figure then has another one to vary with, and none follows from what is shown.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from survey.mandate.sectors import load_sectors
from survey.store.releases import StoredFigure

GROUP_DISCLOSURE = 30
NOTHING = json.dumps({})


def hide_small(figures: Sequence[StoredFigure], k: int) -> list[StoredFigure]:
    """The figures with what is too small, or would give it away, replaced by nothing at all."""
    hidden = {number for number, figure in enumerate(figures) if _is_too_small(figure, k)}
    sums = _sums(figures)
    while (more := _find_cover(figures, sums, hidden)) is not None:
        hidden.add(more)
    return [
        replace(figure, suppressed=True, figure=NOTHING) if number in hidden else figure
        for number, figure in enumerate(figures)
    ]


def _is_too_small(figure: StoredFigure, k: int) -> bool:
    n = _n(figure)
    return 0 < n < k or (0 < n < GROUP_DISCLOSURE and figure.numbers["successes"] in (0, n))


def _find_cover(figures: Sequence[StoredFigure], sums: dict[int, list[int]], hidden: set[int]) -> int | None:
    """What to hide so that one more sum does not give its only hidden member away; a part rather than the total."""
    for total, parts in sums.items():
        if len(hidden & {total, *parts}) == 1:
            shown = [number for number in parts if number not in hidden and _n(figures[number])]
            if shown:
                return min(shown, key=lambda number: (_n(figures[number]), figures[number].place))
            if total not in hidden:
                return total
    return None


def _sums(figures: Sequence[StoredFigure]) -> dict[int, list[int]]:
    """Every total with its parts: a wave of its sectors or months, a sector of those below it or of its agencies."""
    sectors = {figure.place: number for number, figure in enumerate(figures) if figure.level == "sector"}
    waves = [number for number, figure in enumerate(figures) if figure.level == "wave"]
    sums: dict[int, list[int]] = defaultdict(list)
    for number, figure in enumerate(figures):
        above = load_sectors()[figure.place].parent if figure.level == "sector" else None
        if figure.level == "agency" and figure.sector_code in sectors:
            sums[sectors[figure.sector_code]].append(number)
        elif above in sectors:
            sums[sectors[above]].append(number)
        elif figure.level in ("sector", "month") and waves:
            sums[waves[0]].append(number)
    return sums


def _n(figure: StoredFigure) -> int:
    n: int = figure.numbers["n"]
    return n
