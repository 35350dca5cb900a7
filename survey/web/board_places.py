"""Places of a sector as rows and as shapes of a map."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from flask import url_for

from survey.actions.comparing_places import Compared
from survey.actions.deriving import keep
from survey.actions.reading import OpenRelease
from survey.actions.reading_boards import Places
from survey.documents.boards import MapArea, PlaceRow
from survey.documents.figures import Figure

MAP_SIZE = 400
EDGE = 4


def area_rows(
    compared: Sequence[Compared], names: Mapping[str, Mapping[str, str]], language: str, kind: str
) -> tuple[PlaceRow, ...]:
    """Compared places with their names; an agency leads to its own page."""
    return tuple(
        PlaceRow(
            name=_name(names, each.place, language),
            figure=Figure(each.rate, each.low, each.high, each.n, each.n_effective),
            adjusted=each.adjusted,
            difference=each.difference,
            difference_low=each.difference_low,
            difference_high=each.difference_high,
            best=each.best,
            worst=each.worst,
            apart=each.apart,
            covered=each.covered,
            url=url_for("boards.show_agency", agency=each.place) if kind == "agency" else None,
        )
        for each in compared
    )


def map_areas(
    found: Places, opened: OpenRelease, compared: Sequence[Compared], kind: str, language: str
) -> tuple[tuple[MapArea, ...], str]:
    """Every area that has an outline, with the rate that the table shows of it, or of its only agency."""
    area_of = found.area_of
    rates = {each.place if kind == "area" else area_of.get(each.place, ""): each.rate for each in compared}
    outlines, box = keep((opened.release.digest, "outlines", *sorted(found.shapes)), lambda: _outline(found.shapes))
    shapes = tuple(MapArea(_name(found.area_names, code, language), path, rates.get(code)) for code, path in outlines)
    return shapes, box


def _outline(shapes: Mapping[str, str]) -> tuple[list[tuple[str, str]], str]:
    """Paths with north above in whole units, and the box around them."""
    known = {code: json.loads(text)["coordinates"] for code, text in shapes.items()}
    points = [point for polygons in known.values() for polygon in polygons for ring in polygon for point in ring]
    if not points:
        return [], "0 0 1 1"
    left, right = min(x for x, _ in points), max(x for x, _ in points)
    low, high = min(y for _, y in points), max(y for _, y in points)
    scale = MAP_SIZE / (max(right - left, high - low) or 1)
    paths = [
        (code, "".join(_ring(ring, left, high, scale) for polygon in polygons for ring in polygon))
        for code, polygons in known.items()
    ]
    width, height = (right - left) * scale + 2 * EDGE, (high - low) * scale + 2 * EDGE
    return paths, f"0 0 {width:.0f} {height:.0f}"


def _ring(ring: Sequence[tuple[float, float]], left: float, high: float, scale: float) -> str:
    return "M" + "L".join(f"{(x - left) * scale + EDGE:.1f} {(high - y) * scale + EDGE:.1f}" for x, y in ring) + "Z"


def _name(names: Mapping[str, Mapping[str, str]], code: str, language: str) -> str:
    known = names.get(code)
    return known.get(language, known["vi"]) if known else code
