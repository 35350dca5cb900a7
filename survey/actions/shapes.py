"""Shapes of areas from GeoJSON (RFC 7946), checked and simplified for maps on a page."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

TOLERANCE = 0.0005  # degrees, about 50 metres: less than a dot on a map of a province
MOST_POINTS = 200_000
Point = tuple[float, float]


class BadShape(ValueError):
    """The geometry is none that a map can show; the message says why."""


def read_shape(geometry: object, tolerance: float = TOLERANCE) -> str:
    """A Polygon or MultiPolygon in longitude and latitude as compact GeoJSON, simplified. Raises BadShape."""
    if not isinstance(geometry, dict) or geometry.get("type") not in ("Polygon", "MultiPolygon"):
        raise BadShape("the geometry must be a Polygon or a MultiPolygon")
    found = geometry.get("coordinates")
    polygons = [found] if geometry["type"] == "Polygon" else found
    if not isinstance(polygons, list) or not polygons:
        raise BadShape("the geometry has no coordinates")
    simple = [[simplify(_ring(ring), tolerance) for ring in _rings(polygon)] for polygon in polygons]
    return json.dumps({"type": "MultiPolygon", "coordinates": simple}, separators=(",", ":"))


def simplify(ring: Sequence[Point], tolerance: float) -> list[Point]:
    """A closed ring with fewer points, none further than `tolerance` from it (Douglas and Peucker 1973).

    The point furthest from the first one is kept too, so that a ring never collapses into a line.
    """
    far = max(range(len(ring)), key=lambda at: _squared(ring[0], ring[at]))
    keep = {0, far, len(ring) - 1}
    left = [(0, far), (far, len(ring) - 1)]
    while left:
        first, last = left.pop()
        inside = range(first + 1, last)
        if not inside:
            continue
        furthest = max(inside, key=lambda at: _from_line(ring[at], ring[first], ring[last]))
        if _from_line(ring[furthest], ring[first], ring[last]) > tolerance:
            keep.add(furthest)
            left += [(first, furthest), (furthest, last)]
    kept = [ring[at] for at in sorted(keep)]
    return [(round(x, 5), round(y, 5)) for x, y in (kept if len(kept) >= 4 else ring)]


def _rings(polygon: object) -> list[Any]:
    if not isinstance(polygon, list) or not polygon:
        raise BadShape("a polygon has no ring")
    return polygon


def _ring(ring: object) -> list[Point]:
    if not isinstance(ring, list) or not 4 <= len(ring) <= MOST_POINTS:
        raise BadShape(f"a ring must have 4 to {MOST_POINTS:,} points")
    points = [_point(each) for each in ring]
    if points[0] != points[-1]:
        raise BadShape("a ring must end where it begins")
    return points


def _point(value: object) -> Point:
    if not isinstance(value, list) or len(value) < 2 or not all(isinstance(each, int | float) for each in value[:2]):
        raise BadShape("a point must be two numbers: longitude, latitude")
    x, y = float(value[0]), float(value[1])
    if not (-180 <= x <= 180 and -90 <= y <= 90):
        raise BadShape("a point lies outside the world: are the coordinates longitude and latitude in WGS 84?")
    return x, y


def _squared(a: Point, b: Point) -> float:
    return (a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2


def _from_line(point: Point, start: Point, end: Point) -> float:
    """How far a point lies from a segment."""
    length = _squared(start, end)
    along = 0.0
    if length:
        (x, y), (x1, y1), (x2, y2) = point, start, end
        along = min(1.0, max(0.0, ((x - x1) * (x2 - x1) + (y - y1) * (y2 - y1)) / length))
    nearest = (start[0] + along * (end[0] - start[0]), start[1] + along * (end[1] - start[1]))
    return float(_squared(point, nearest) ** 0.5)
