"""Areas of any depth, dated, with what they came from; a file is loaded whole or not at all."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from fieldwork import TODAY

from survey.actions.following_places import Figure, combine, trace
from survey.actions.importing_areas import import_areas, import_groups
from survey.actions.importing_places import import_agencies, import_procedures
from survey.actions.reading_csv import ImportRefused
from survey.actions.shapes import simplify
from survey.actions.showing_places import list_decisions, list_tree
from survey.actions.waves import load_mandate
from survey.mandate.areas import load_areas
from survey.store import area_trees
from survey.store.area_trees import DatedPlace, Succession
from survey.store.audits import By
from survey.store.database import Database
from survey.web.services import clock

BY = By("an-operator", clock())
HEAD = "code,name_vi,kind,parent,valid_from,valid_to,predecessors\n"
OLD_DAY, NEW_DAY = date(2025, 6, 30), date(2025, 7, 1)
MERGED = (
    "T,Tỉnh Thử,province,,2020-01-01,,\n"
    "T1,Huyện Một,district,T,2020-01-01,2025-06-30,\n"
    "T2,Huyện Hai,district,T,2020-01-01,2025-06-30,\n"
    "T9,Phường Chín,ward,T,2025-07-01,,T1:0.4 T2:1\n"
    "T8,Xã Tám,commune,T,2025-07-01,,T1\n"
    "T81,Ấp Một,hamlet,T8,2025-07-01,,\n"
)


def written(tmp_path: Path, text: str, name: str = "areas.csv") -> Path:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def tree(database: Database, on: date) -> list[tuple[int, str, str]]:
    with database.reading() as connection:
        areas, before = area_trees.list_areas(connection), area_trees.list_area_successions(connection)
    mine = {code: place for code, place in areas.items() if code not in load_areas()}
    return [(depth, place.code, came_from) for depth, place, came_from in list_tree(mine, before, on)]


def test_the_tree_is_as_of_a_day_and_of_any_depth(database: Database, tmp_path: Path) -> None:
    path = written(tmp_path, HEAD + MERGED)
    assert str(import_areas(database, path, by=BY, keep=False)).endswith("Nothing was loaded (trial).")
    assert tree(database, NEW_DAY) == []
    assert str(import_areas(database, path, by=BY)) == "6 areas new, 0 there already, 0 shapes. Loaded."
    assert str(import_areas(database, path, by=BY)) == "0 areas new, 6 there already, 0 shapes. Loaded."
    assert tree(database, OLD_DAY) == [(0, "T", ""), (1, "T1", ""), (1, "T2", "")]
    assert tree(database, NEW_DAY) == [(0, "T", ""), (1, "T8", "T1:?"), (2, "T81", ""), (1, "T9", "T1:0.4 T2:1")]


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ("A,A,province,Z,2020-01-01,,\n", "parent 'Z' is neither known nor in the file"),
        ("A,A,province,B,2020-01-01,,\nB,B,province,A,2020-01-01,,\n", "below itself"),
        ("A,A,province,,2020-01-01,2019-01-01,\n", "valid_to lies before"),
        ("A,A,province,,01/01/2020,,\n", "must be a date"),
        ("A,A,province,,2020-01-01,,Z:0.5\n", "predecessor Z is not known"),
        ("A,A,province,,2020-01-01,,A:1.5\n", "a code and a share"),
        ("A,A,province,,2020-01-01,,\nB,B,ward,A,2020-01-01,,A:0.7\nC,C,ward,A,2020-01-01,,A:0.7\n", "more than 1"),
        ("A,A,province,,2020-01-01,,\nA,A,province,,2020-01-01,,\n", "twice"),
        ("A,,province,,2020-01-01,,\n", "name_vi"),
        ("A,A,Tỉnh,,2020-01-01,,\n", "kind"),
    ],
)
def test_a_wrong_row_refuses_the_file_whole(database: Database, tmp_path: Path, rows: str, reason: str) -> None:
    path = written(tmp_path, HEAD + "OK,Được,province,,2020-01-01,,\n" + rows)
    with pytest.raises(ImportRefused, match=reason):
        import_areas(database, path, by=BY)
    assert tree(database, NEW_DAY) == []


def test_geojson_brings_shapes_that_are_simplified(database: Database, tmp_path: Path) -> None:
    edge = [[105 + step / 1000, 9.5] for step in range(1000)]
    ring = [*edge, [106, 9.5], [106, 10], [105, 10], [105, 9.5]]
    feature = {
        "type": "Feature",
        "properties": {"code": "T", "name_vi": "Tỉnh Thử", "kind": "province", "valid_from": "2025-07-01"},
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }
    path = written(tmp_path, json.dumps({"type": "FeatureCollection", "features": [feature]}), "areas.geojson")
    assert import_areas(database, path, by=BY).shapes == 1
    with database.reading() as connection:
        shape = json.loads(area_trees.list_shapes(connection)["T"])
    assert shape["coordinates"] == [[[[105, 9.5], [106, 9.5], [106, 10], [105, 10], [105, 9.5]]]]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("\x89PNG", "not readable GeoJSON"),
        ('{"type": "Feature"}', "FeatureCollection"),
        ('{"type": "FeatureCollection", "features": [1]}', "no properties"),
        (
            '{"type": "FeatureCollection", "features": [{"properties": {"code": "T", "name_vi": "T", "kind": "ward",'
            '"valid_from": "2025-07-01"}, "geometry": {"type": "Polygon",'
            '"coordinates": [[[1, 200], [1, 2], [2, 2], [1, 200]]]}}]}',
            "outside the world",
        ),
    ],
)
def test_what_is_no_map_is_refused(database: Database, tmp_path: Path, text: str, reason: str) -> None:
    with pytest.raises(ImportRefused, match=reason):
        import_areas(database, written(tmp_path, text, "areas.geojson"), by=BY)
    assert tree(database, NEW_DAY) == []


def test_no_point_of_a_ring_is_further_from_the_simple_one_than_the_tolerance() -> None:
    ring = [(float(x), 0.3 * (x % 2)) for x in range(20)] + [(19.0, 9.0), (0.0, 9.0), (0.0, 0.0)]
    assert len(simplify(ring, 0.5)) < len(ring)
    assert simplify(ring, 0.0) == ring


def test_a_group_is_a_dated_set_of_areas(database: Database, tmp_path: Path) -> None:
    import_areas(database, written(tmp_path, HEAD + MERGED), by=BY)
    rows = [f"KM,Xã đông người Khmer,{area},2025-07-01," for area in ("T8", "T9")]
    text = "\n".join(["group,name_vi,area,valid_from,valid_to", *rows])
    import_groups(database, written(tmp_path, text, "groups.csv"), by=BY)
    with database.reading() as connection:
        assert area_trees.list_groups(connection, NEW_DAY)["KM"][1] == ["T8", "T9"]
        assert area_trees.list_groups(connection, OLD_DAY) == {}
    with pytest.raises(ImportRefused, match="import it first"):
        import_groups(database, written(tmp_path, text.replace("T9", "T7"), "groups.csv"), by=BY)


def places(*rows: tuple[str, str, str | None]) -> dict[str, DatedPlace]:
    return {
        code: DatedPlace(
            code, {"vi": code}, "ward", None, date.fromisoformat(starts), date.fromisoformat(ends) if ends else None
        )
        for code, starts, ends in rows
    }


class TestTrends:
    PLACES = places(
        ("A", "2020-01-01", "2025-06-30"),
        ("B", "2020-01-01", "2025-06-30"),
        ("C", "2025-07-01", "2026-06-30"),
        ("D", "2026-07-01", None),
        ("E", "2025-07-01", None),
    )
    KNOWN = (
        Succession("C", "A", 0.4),
        Succession("C", "B", 1.0),
        Succession("D", "C", 0.5),
        Succession("E", "A", None),
    )

    def test_shares_multiply_along_the_line(self) -> None:
        lineage = trace("D", OLD_DAY, self.PLACES, self.KNOWN)
        assert (dict(lineage.parts), lineage.broken) == ({"B": 0.5, "A": 0.2}, False)

    def test_a_split_whose_share_nobody_knows_is_a_break_and_so_is_a_line_that_ends(self) -> None:
        assert trace("E", OLD_DAY, self.PLACES, self.KNOWN).broken
        assert trace("D", date(2019, 1, 1), self.PLACES, self.KNOWN).broken
        assert combine(trace("E", OLD_DAY, self.PLACES, self.KNOWN), {"A": Figure(0.9, 0.01, 100)}) is None

    def test_whatever_had_one_successor_went_there_whole(self) -> None:
        lineage = trace("C", OLD_DAY, self.PLACES, [Succession("C", "A", None), Succession("C", "B", None)])
        assert (dict(lineage.parts), lineage.broken) == ({"A": 1.0, "B": 1.0}, False)

    def test_figures_of_the_parts_are_weighted_by_what_went_on(self) -> None:
        """0.4 of 1000 at 80 % and all of 600 at 90 %: (320 + 540) / 1000 = 86 %; se² = 0.4²·0.02² + 0.6²·0.01²."""
        lineage = trace("C", OLD_DAY, self.PLACES, self.KNOWN)
        found = combine(lineage, {"A": Figure(0.8, 0.02, 1000), "B": Figure(0.9, 0.01, 600)})
        assert found is not None
        assert found.rate == pytest.approx(0.86)
        assert found.standard_error == pytest.approx(0.01)
        assert found.population == 1000
        assert combine(lineage, {"A": Figure(0.8, 0.02, 1000)}) is None


def test_an_agency_remembers_what_it_came_from(database: Database, tmp_path: Path) -> None:
    head = "code,name_vi,kind,ownership,area,valid_from,valid_to,predecessors\n"
    rows = "OLD,Cũ,hospital,public,,2020-01-01,2025-06-30,\nNEW,Mới,hospital,public,,2025-07-01,,OLD:0.25\n"
    import_agencies(database, written(tmp_path, head + rows))
    with database.reading() as connection:
        assert area_trees.list_agency_successions(connection) == [Succession("NEW", "OLD", 0.25)]
    with pytest.raises(ImportRefused, match="GONE is not known"):
        import_agencies(database, written(tmp_path, head + "X,X,hospital,public,,2025-07-01,,GONE\n"))


class TestProcedures:
    HEAD = "code,name_vi,sector,decided_by,decided_on,kind\n"

    @pytest.mark.parametrize(
        ("row", "reason"),
        [
            ("1.001193,Cấp phép hành nghề,health,Sở Y tế,2026-01-01,\n", "goal group 14"),
            ("YT-01,Cấp phép hành nghề,health,Sở Y tế,2026-01-01,procedure\n", "goal group 14"),
            ("2.000001,Chuyển trường,education,Sở GDĐT,2026-01-01,procedure\n", "goal group 14"),
            ("KHAM,Khám ngoại trú,health_procedures,Sở Y tế,2026-01-01,service\n", "is a service"),
        ],
    )
    def test_dossiers_of_health_and_education_never_count_for_goal_16(
        self, database: Database, tmp_path: Path, row: str, reason: str
    ) -> None:
        load_mandate(database, TODAY)
        with pytest.raises(ImportRefused, match=reason):
            import_procedures(database, written(tmp_path, self.HEAD + row))

    def test_the_map_is_exported_as_it_is_imported(self, database: Database, tmp_path: Path) -> None:
        load_mandate(database, TODAY)
        rows = "1.001193,Cấp phép hành nghề,health_procedures,QĐ 1,2026-01-01,\nKHAM,Khám,health,QĐ 1,2026-01-01,\n"
        import_procedures(database, written(tmp_path, self.HEAD + rows))
        exported = list_decisions(database, TODAY)
        assert [row[:5] for row in exported[1:]] == [
            ("1.001193", "Cấp phép hành nghề", "health_procedures", "QĐ 1", "2026-01-01"),
            ("KHAM", "Khám", "health", "QĐ 1", "2026-01-01"),
        ]
        again = written(tmp_path, "\n".join(",".join(row) for row in exported))
        assert str(import_procedures(database, again)) == "0 procedures added, 2 there already."
        assert list_decisions(database, date(2025, 1, 1))[1:] == []
