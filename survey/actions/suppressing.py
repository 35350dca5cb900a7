"""Suppression: figures of few people are left out, with enough of their siblings that they cannot be worked out.

Primary: fewer than k answers, or everybody (or nobody) satisfied among fewer than 30. Complementary: in a table whose
total is shown, a lone hidden figure takes its smallest sibling with it (a heuristic: Willenborg and de Waal 2001, 6.2).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

from survey.store.releases import StoredFigure

GROUP_DISCLOSURE = 30
TABLES = ("agency", "sector", "month")
NOTHING = json.dumps({})


def hide_small(figures: Sequence[StoredFigure], k: int) -> list[StoredFigure]:
    """The figures with what is too small, or would give it away, replaced by nothing at all."""
    hidden = {number for number, figure in enumerate(figures) if _is_too_small(figure, k)}
    for siblings in _tables(figures):
        alone = [number for number in siblings if number in hidden]
        others = [number for number in siblings if number not in hidden]
        if len(alone) == 1 and others:
            hidden.add(min(others, key=lambda number: (_n(figures[number]), figures[number].place)))
    return [
        replace(figure, suppressed=True, figure=NOTHING) if number in hidden else figure
        for number, figure in enumerate(figures)
    ]


def _is_too_small(figure: StoredFigure, k: int) -> bool:
    n = _n(figure)
    return 0 < n < k or (0 < n < GROUP_DISCLOSURE and figure.numbers["successes"] in (0, n))


def _tables(figures: Sequence[StoredFigure]) -> list[list[int]]:
    """Figures that add up to one shown total: agencies of a sector, leaf sectors of the wave."""
    tables: dict[tuple[str, str], list[int]] = {}
    parents = {figure.sector_code for figure in figures if figure.level == "agency"}
    for number, figure in enumerate(figures):
        if figure.level == "agency":
            tables.setdefault(("agency", figure.sector_code), []).append(number)
        elif figure.level == "sector" and figure.sector_code in parents:
            tables.setdefault(("sector", ""), []).append(number)
    return list(tables.values())


def _n(figure: StoredFigure) -> int:
    n: int = figure.numbers["n"]
    return n
