"""Areas from CSV or GeoJSON, and groups of areas from CSV: with a trial, and nothing half-loaded."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from survey.actions.importing_places import (
    LONGEST_NAME,
    check_date,
    check_names,
    check_order,
    names_of,
    read_predecessors,
)
from survey.actions.reading_csv import Columns, CsvFile, is_code
from survey.actions.shapes import BadShape, read_shape
from survey.store import area_trees, places
from survey.store.area_trees import DatedPlace, Succession
from survey.store.audits import By
from survey.store.database import Database

AREA_COLUMNS = Columns(
    ("code", "name_vi", "kind", "parent", "valid_from"), ("name_en", "name_km", "valid_to", "predecessors")
)
GROUP_COLUMNS = Columns(("group", "name_vi", "area", "valid_from"), ("name_en", "name_km", "valid_to"))
MOST_ROWS = 100_000
LARGEST_GEOJSON = 50_000_000
TOO_MUCH = 1.000001
Values = dict[str, str]


@dataclass(frozen=True, slots=True)
class ImportedAreas:
    """What a file brought; nothing was kept in a trial."""

    added: int
    known: int
    shapes: int
    kept: bool

    def __str__(self) -> str:
        said = f"{self.added:,} areas new, {self.known:,} there already, {self.shapes:,} shapes"
        return f"{said}. " + ("Loaded." if self.kept else "Nothing was loaded (trial).")


def import_areas(database: Database, path: Path, *, by: By, keep: bool = True) -> ImportedAreas:
    """Load areas: code, name_vi, kind, parent (may be empty), valid_from; also name_en, name_km, valid_to, predecessors
    ("941:0.6 942:1", or without a share where nobody knows it: a break there). GeoJSON carries the same as properties.

    Raises ImportRefused, with nothing loaded.
    """
    file, shapes = CsvFile(path), dict[str, str]()
    rows: dict[str, tuple[int, Values]] = {}
    for line, values in _read(file, shapes):
        if not is_code(values["code"]):
            file.refuse(line, f"code {values['code'][:80]!r} must hold A-Z, a-z, 0-9, . - _ only (at most 64)")
        elif values["code"] in rows:
            file.refuse(line, f"code {values['code']} stands in the file twice: keep one")
        else:
            rows[values["code"]] = (line, values)
    with database.reading() as connection:
        known = area_trees.list_areas(connection)
        before = area_trees.list_area_successions(connection)
    successions = _check_all(file, rows, known, before)
    file.finish()
    new = [_row(values) for code, (_, values) in rows.items() if code not in known]
    if keep:
        _load(database, new, successions, shapes, path.name, by)
    return ImportedAreas(len(new), len(rows) - len(new), len(shapes), keep)


def import_groups(database: Database, path: Path, *, by: By, keep: bool = True) -> str:
    """Load groups of areas, a line for each member: group, name_vi, area, valid_from; also valid_to.

    Raises ImportRefused, with nothing loaded.
    """
    with database.reading() as connection:
        areas = area_trees.list_areas(connection)
    file = CsvFile(path)
    groups: dict[str, dict[str, Any]] = {}
    members: list[dict[str, Any]] = []
    for line, values in file.read(GROUP_COLUMNS, MOST_ROWS):
        reasons = [*check_names(values), *_check_dates(values)]
        if not is_code(values["group"]):
            reasons.append(f"group {values['group'][:80]!r} must hold A-Z, a-z, 0-9, . - _ only")
        if values["area"] not in areas:
            reasons.append(f"area {values['area'][:80]!r} is not known: import it first")
        for reason in reasons:
            file.refuse(line, reason)
        if not reasons:
            dates = _dates(values)
            groups.setdefault(values["group"], {"code": values["group"], "name": names_of(values), **dates})
            members.append({"group_code": values["group"], "area_code": values["area"], **dates})
    file.finish()
    if keep:
        with database.writing("import-area-groups") as connection:
            places.add_places(connection, places.area_group, list(groups.values()))
            places.add_places(connection, places.area_group_member, members)
            by.record(connection, "area-groups-imported", path.name[:64], groups=len(groups), members=len(members))
    return f"{len(groups):,} groups with {len(members):,} members. " + (
        "Loaded." if keep else "Nothing was loaded (trial)."
    )


def _read(file: CsvFile, shapes: dict[str, str]) -> Iterator[tuple[int, Values]]:
    if file.path.suffix.lower() not in (".geojson", ".json"):
        yield from file.read(AREA_COLUMNS, MOST_ROWS)
        return
    for number, feature in enumerate(_features(file), start=1):
        properties = feature.get("properties") if isinstance(feature, dict) else None
        if not isinstance(properties, dict):
            file.refuse(number, "the feature has no properties: it needs code, name_vi, kind, valid_from")
            continue
        values = {name: _text(properties.get(name)) for name in (*AREA_COLUMNS.required, *AREA_COLUMNS.optional)}
        if feature.get("geometry") is not None:
            try:
                shapes[values["code"]] = read_shape(feature["geometry"])
            except BadShape as error:
                file.refuse(number, f"{values['code'][:64] or 'the feature'}: {error}")
        yield number, values


def _features(file: CsvFile) -> list[Any]:
    """The features of a file; a problem's line is then the number of the feature."""
    try:
        if file.path.stat().st_size > LARGEST_GEOJSON:
            file.refuse(
                0, f"the file has more than {LARGEST_GEOJSON:,} bytes: simplify it, for instance with mapshaper"
            )
            file.finish()
        found = json.loads(file.path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        file.refuse(0, f"this is not readable GeoJSON ({type(error).__name__}): export it again as UTF-8")
        found = None
    file.finish()
    features = found.get("features") if isinstance(found, dict) and found.get("type") == "FeatureCollection" else None
    if not isinstance(features, list) or not features:
        file.refuse(0, "the file must hold a FeatureCollection with a feature for each area")
        file.finish()
    return features or []


def _check_all(
    file: CsvFile, rows: Mapping[str, tuple[int, Values]], known: Mapping[str, DatedPlace], before: list[Succession]
) -> list[Succession]:
    parents = {code: place.parent for code, place in known.items()} | {
        code: values["parent"] or None for code, (_, values) in rows.items()
    }
    successions: list[Succession] = []
    for code, (line, values) in rows.items():
        reasons = [*check_names(values), *_check_dates(values)]
        if not is_code(values["kind"]) or len(values["kind"]) > 32:
            reasons.append(f"kind {values['kind'][:80]!r} must be one word, for instance province or commune")
        if values["parent"] and values["parent"] not in parents:
            reasons.append(f"parent {values['parent'][:80]!r} is neither known nor in the file")
        elif _is_circular(code, parents):
            reasons.append(f"{code} would stand below itself: correct its parent")
        found, wrong = read_predecessors(code, values.get("predecessors", ""))
        successions += found
        reasons += wrong
        reasons += [f"predecessor {each.predecessor} is not known" for each in found if each.predecessor not in parents]
        reasons += [] if reasons else _check_same(known.get(code), values)
        for reason in reasons:
            file.refuse(line, reason)
    for reason in _check_shares([*before, *successions]):
        file.refuse(0, reason)
    return successions


def _check_dates(values: Values) -> list[str]:
    reasons = check_date(values, "valid_from")
    if values.get("valid_to"):
        reasons += check_date(values, "valid_to") or check_order(values)
    return reasons


def _check_same(known: DatedPlace | None, values: Values) -> list[str]:
    """A code means one place for ever; only its end may be learnt later, by the mandate's own files."""
    if known is None:
        return []
    same = (known.name.get("vi"), known.kind, known.parent) == (
        values["name_vi"],
        values["kind"],
        values["parent"] or None,
    )
    return [] if same else [f"area {known.code} is there already with another name, kind or parent: use another code"]


def _check_shares(successions: list[Succession]) -> list[str]:
    totals: dict[str, float] = {}
    for each in {(each.code, each.predecessor): each for each in successions}.values():
        totals[each.predecessor] = totals.get(each.predecessor, 0.0) + (each.share or 0.0)
    return [f"the shares of {code} add up to more than 1" for code, total in sorted(totals.items()) if total > TOO_MUCH]


def _is_circular(code: str, parents: Mapping[str, str | None]) -> bool:
    above, seen = parents.get(code), {code}
    while above is not None:
        if above in seen:
            return True
        seen.add(above)
        above = parents.get(above)
    return False


def _load(
    database: Database,
    rows: list[dict[str, Any]],
    successions: list[Succession],
    shapes: Mapping[str, str],
    source: str,
    by: By,
) -> None:
    with database.writing("import-areas") as connection:
        added = {row["code"]: row for row in rows}
        for row in sorted(rows, key=lambda row: _depth(row, added)):  # a parent before its children
            places.add_places(connection, places.area, [row])
        area_trees.add_successions(connection, places.area_predecessor, successions)
        for code, geometry in shapes.items():
            area_trees.set_shape(connection, code, geometry, source)
        by.record(connection, "areas-imported", source[:64], areas=len(rows), shapes=len(shapes))


def _depth(row: Mapping[str, Any], added: Mapping[str, Mapping[str, Any]]) -> int:
    depth, parent = 0, row["parent_code"]
    while parent in added:
        depth, parent = depth + 1, added[parent]["parent_code"]
    return depth


def _row(values: Values) -> dict[str, Any]:
    return {
        "code": values["code"],
        "name": names_of(values),
        "kind": values["kind"],
        "parent_code": values["parent"] or None,
        **_dates(values),
    }


def _dates(values: Values) -> dict[str, date | None]:
    ends = values.get("valid_to")
    return {
        "valid_from": date.fromisoformat(values["valid_from"]),
        "valid_to": date.fromisoformat(ends) if ends else None,
    }


def _text(value: object) -> str:
    return "" if value is None else unicodedata.normalize("NFC", str(value).strip())[: LONGEST_NAME + 1]
