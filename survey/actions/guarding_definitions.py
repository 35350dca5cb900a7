"""How answers spread over five levels follows from a figure under several definitions: told of 30 people or of nobody.

A shown figure tells its definitions only where no subtraction of what else was told, in this release or an earlier one,
leaves the spread of fewer than 30 answers: its own growth, what a total has beyond those of its parts that tell theirs,
and the growth of that rest.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from survey.actions.suppressing import GROUP_DISCLOSURE, Past, Shown, shown_figures
from survey.mandate.sectors import ancestors
from survey.store.releases import StoredFigure

DEFINITIONS = "definitions"
Spread = Mapping[str, Past]  # of each sector whose definitions a release tells


def guard_definitions(figures: Sequence[StoredFigure], earlier: Sequence[Shown] = ()) -> list[StoredFigure]:
    """The figures, without definitions where these would tell the spread of few. `earlier` is newest first.

    What earlier releases told is worked out again, release by release, from what they showed.
    """
    told: list[Spread] = []
    for shown in (*reversed(earlier), shown_figures(figures)):
        told.append(_find_tellable(shown, told))
    return [each if _keeps(each, told[-1]) else _without(each) for each in figures]


def _find_tellable(shown: Shown, before: Sequence[Spread]) -> Spread:
    """The sectors that may tell their spread, parts before totals."""
    sectors = {
        sector: past
        for (level, sector, _), past in shown.items()
        if level == "sector" and past.shown and past.n >= GROUP_DISCLOSURE
    }
    told: dict[str, Past] = {}
    for sector in sorted(sectors, key=lambda code: (-len(ancestors(code)), code)):
        leftovers = _leftovers(sector, {**told, sector: sectors[sector]}, before)
        if not any(0 < abs(count) < GROUP_DISCLOSURE for count in leftovers):
            told[sector] = sectors[sector]
    return told


def _leftovers(sector: str, now: Spread, before: Sequence[Spread]) -> Iterator[int]:
    """Of how many answers the spread would follow, for everything that can be subtracted from this sector's."""
    parts = _parts(sector, now)
    if parts:
        yield now[sector].n - sum(now[part].n for part in parts)
    for then in before:
        if sector not in then:
            continue
        yield _moved(now[sector], then[sector])
        common = [part for part in parts if part in then]
        yield now[sector].n - then[sector].n - sum(now[part].n - then[part].n for part in common)


def _parts(sector: str, told: Spread) -> list[str]:
    """The nearest sectors below this one that tell theirs."""
    below = [code for code in told if code != sector and sector in ancestors(code)]
    return [code for code in below if not any(other in ancestors(code) for other in below if other != code)]


def _moved(now: Past, then: Past) -> int:
    """New answers; 1 where as many came as went, and the rate tells so."""
    return now.n - then.n or int(now.rate != then.rate)


def _keeps(figure: StoredFigure, told: Spread) -> bool:
    return figure.suppressed or figure.level != "sector" or figure.place in told


def _without(figure: StoredFigure) -> StoredFigure:
    numbers = figure.numbers
    if not numbers.get(DEFINITIONS):
        return figure
    return replace(figure, figure=json.dumps(numbers | {DEFINITIONS: []}, sort_keys=True, ensure_ascii=False))
