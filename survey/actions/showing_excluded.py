"""The rate with and without what was excluded, shown only where it tells nothing about fewer than ten people.

The two figures of a cell differ by exactly its excluded answers, and the figures of a total differ from those of its
parts by the excluded answers of the rest. So the pair stands at the whole wave when at least k are excluded there and
at least k remain; and at the parts of a total, all of them or none, when each part has none excluded or at least k,
nothing of the total lies outside its parts, and the total shows its own pair. Whatever is added or subtracted, what
comes out is then the answers of nobody or of at least k (siblings all or none in a nested table).
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from survey.mandate.sectors import load_sectors
from survey.store.releases import StoredFigure

EXCLUDED = "excluded"
WITH_EXCLUDED = "with_excluded"
Key = tuple[str, str, str]
WAVE_KEY: Key = ("wave", "", "")


def show_excluded(
    figures: Sequence[StoredFigure], excluded: Mapping[Key, int], others: Mapping[Key, Mapping[str, Any]], k: int
) -> list[StoredFigure]:
    """The figures with the pair added where it may be shown: `excluded` answers and `others`, by `key_of`."""
    shown = _find_showable(figures, excluded, k)
    return [
        _add_pair(figure, excluded.get(key, 0), others.get(key)) if (key := key_of(figure)) in shown else figure
        for figure in figures
    ]


def key_of(figure: StoredFigure) -> Key:
    """What a figure is of: its level, sector and place; the whole wave has neither."""
    return WAVE_KEY if figure.level == "wave" else (figure.level, figure.sector_code, figure.place)


def _find_showable(figures: Sequence[StoredFigure], excluded: Mapping[Key, int], k: int) -> set[Key]:
    known = {key_of(figure): figure for figure in figures}
    parts = _parts(known)
    if WAVE_KEY not in known or excluded.get(WAVE_KEY, 0) < k or not _is_fit(known[WAVE_KEY], excluded, k):
        return set()
    shown, waiting = {WAVE_KEY}, [WAVE_KEY]
    while waiting:
        total = waiting.pop()
        below = parts.get(total, [])
        outside = excluded.get(total, 0) - sum(excluded.get(key, 0) for key in below)
        if below and outside == 0 and all(_is_fit(known[key], excluded, k) for key in below):
            shown.update(below)
            waiting.extend(below)
    return shown


def _is_fit(figure: StoredFigure, excluded: Mapping[Key, int], k: int) -> bool:
    """Whether a figure and its other do not differ by a few: none excluded, or at least k with at least k left."""
    count = excluded.get(key_of(figure), 0)
    if count == 0:
        return not figure.suppressed
    return not figure.suppressed and count >= k and figure.numbers["n"] >= k


def _parts(known: Mapping[Key, StoredFigure]) -> dict[Key, list[Key]]:
    """Every total with its parts: the wave of its sectors, a sector of those below it or of its agencies."""
    parts: dict[Key, list[Key]] = defaultdict(list)
    for key in known:
        level, sector, _ = key
        if level == "agency":
            parts["sector", sector, sector].append(key)
        elif level == "sector":
            above = load_sectors()[sector].parent
            parts[("sector", above, above) if above and ("sector", above, above) in known else WAVE_KEY].append(key)
    return parts


def _add_pair(figure: StoredFigure, count: int, other: Mapping[str, Any] | None) -> StoredFigure:
    numbers = figure.numbers | {EXCLUDED: count} | ({WITH_EXCLUDED: dict(other)} if count and other else {})
    return replace(figure, figure=json.dumps(numbers, sort_keys=True, ensure_ascii=False))
