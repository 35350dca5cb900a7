"""The tree of areas as of a day, and the map of procedures, for pages and for the command line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from survey.store import area_trees
from survey.store.area_trees import DatedPlace, Succession
from survey.store.database import Database

DECISION_COLUMNS = ("code", "name_vi", "sector", "decided_by", "decided_on", "name_en", "name_km", "kind")


def list_tree(
    places: Mapping[str, DatedPlace], successions: Sequence[Succession], on: date, *, flat: bool = False
) -> Iterator[tuple[int, DatedPlace, str]]:
    """Depth, place and predecessors of every place that exists on a day, children below their parent.

    A place whose parent has ended stands at the top.
    """
    came_from: dict[str, list[str]] = {}
    for each in successions:
        share = "?" if each.share is None else f"{each.share:.6g}"
        came_from.setdefault(each.code, []).append(f"{each.predecessor}:{share}")
    alive = {code: place for code, place in places.items() if place.exists(on)}
    below: dict[str | None, list[DatedPlace]] = {}
    for place in alive.values():
        below.setdefault(place.parent if place.parent in alive and not flat else None, []).append(place)
    waiting = [(0, place) for place in reversed(below.get(None, []))]
    while waiting:
        depth, place = waiting.pop()
        yield depth, place, " ".join(came_from.get(place.code, []))
        waiting += [(depth + 1, child) for child in reversed(below.get(place.code, []))]


def name_places(database: Database, on: date) -> dict[str, Mapping[str, str]]:
    """The names of every area, ended ones included, and of every group of areas on a day, by code."""
    with database.reading() as connection:
        groups = {code: name for code, (name, _) in area_trees.list_groups(connection, on).items()}
        return {**groups, **{code: place.name for code, place in area_trees.list_areas(connection).items()}}


def list_decisions(database: Database, on: date) -> list[tuple[str, ...]]:
    """Header and rows of the map of procedures as of a day, as it is imported."""
    with database.reading() as connection:
        rows = area_trees.list_decisions(connection)
    return [
        DECISION_COLUMNS,
        *(
            (
                row["procedure_code"],
                row["name"]["vi"],
                row["sector_code"],
                row["decided_by"],
                row["valid_from"].isoformat(),
                row["name"].get("en", ""),
                row["name"].get("km", ""),
                row["kind"],
            )
            for row in rows
            if row["valid_from"] <= on and (row["valid_to"] is None or on <= row["valid_to"])
        ),
    ]
