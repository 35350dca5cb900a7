"""The cells of areas: sector by area, and area over all its sectors, at every level of the tree of areas.

Adequacy shows such a cell only where the release shows every figure of an agency under it. Then it tells nothing that
its parts do not tell; where one part is hidden, the rest and the whole would give that part away.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from survey.actions.suppressing import Key, round_figure
from survey.mandate.sectors import descendants
from survey.store.frames import Stratum
from survey.store.releases import StoredFigure

AREA, AGENCY, EVERY_SECTOR = "area", "agency", ""


class AreaCell(NamedTuple):
    """A cell of an area, and whether the release shows every part of it."""

    key: Key
    open: bool


def group_agencies(areas: Mapping[str, str], parents: Mapping[str, str | None]) -> dict[str, frozenset[str]]:
    """The agencies in each area or below it; `areas` has the area of each agency, `parents` the area above each."""
    found: dict[str, set[str]] = defaultdict(set)
    for agency, area in areas.items():
        step: str | None = area
        while step and agency not in found[step]:
            found[step].add(agency)
            step = parents.get(step)
    return {area: frozenset(agencies) for area, agencies in found.items()}


def list_area_cells(
    figures: Sequence[StoredFigure],
    strata: Sequence[Stratum],
    inside: Mapping[str, frozenset[str]],
    answered: Mapping[str, int],
) -> Iterator[AreaCell]:
    """The areas of every sector and of the whole wave that are neither one agency of a sector nor the sector itself.

    `answered` counts the responses of each stratum.
    """
    shown = {(each.sector_code, each.place) for each in figures if each.level == AGENCY and not each.suppressed}
    sectors = [each.sector_code for each in figures if each.level == "sector"]
    for sector in [EVERY_SECTOR, *dict.fromkeys(sectors)]:
        below = [each for each in strata if not sector or each.sector_code in set(descendants(sector))]
        everybody = {each.agency_code for each in below}
        for area in sorted(inside):
            agencies = inside[area] & everybody
            if agencies and agencies < everybody and (not sector or len(agencies) > 1):
                parts = [each for each in below if each.agency_code in agencies]
                yield AreaCell((AREA, sector, area), _is_open(parts, shown, answered))


def round_numbers(estimate: Any, more: Mapping[str, Any]) -> dict[str, Any]:
    """An estimate's numbers as exactly as a release prints them."""
    names = ("n", "rate", "low", "high", "df", "n_effective", "deff", "coverage")
    numbers = {name: getattr(estimate, name) for name in names} | dict(more)
    return round_figure(StoredFigure(AREA, "", "", False, json.dumps(numbers))).numbers


def _is_open(parts: Sequence[Stratum], shown: set[tuple[str, str]], answered: Mapping[str, int]) -> bool:
    """Whether shown figures of agencies account for all who answered there."""
    keys = {(each.sector_code or "", each.agency_code) for each in parts if answered.get(each.code)}
    return keys <= shown
