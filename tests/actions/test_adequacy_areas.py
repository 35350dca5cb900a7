"""Adequacy by area, across its agencies: every level of the tree of areas, and never the way to a hidden figure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from statistics_wave import TODAY, statistics_wave

from survey.actions.adequacy import check_areas, freeze, read_frozen
from survey.actions.adequacy_areas import group_agencies, list_area_cells
from survey.keys import Keys
from survey.proof import Signer
from survey.store import adequacy, releases
from survey.store.adequacy import Asked
from survey.store.database import Database
from survey.store.frames import Stratum
from survey.store.releases import StoredFigure

PARENTS = {"commune-1": "province", "commune-2": "province", "province": None}
AREAS = {"A": "commune-1", "B": "commune-1", "C": "commune-2", "D": ""}
SHARES = {f"CQ-{number}": f"commune-{1 + number // 6}" for number in range(12)}


def test_agencies_stand_in_their_area_and_in_every_area_above() -> None:
    assert group_agencies(AREAS, PARENTS) == {
        "commune-1": {"A", "B"},
        "commune-2": {"C"},
        "province": {"A", "B", "C"},
    }


def figure(level: str, sector: str, place: str, *, suppressed: bool = False) -> StoredFigure:
    return StoredFigure(level, sector, place, suppressed, "{}")


def list_cells(figures: list[StoredFigure], answered: dict[str, int]) -> dict[tuple[str, str], bool]:
    strata = [Stratum(f"{agency}.land", agency, "land", None, 100) for agency in AREAS]
    cells = list_area_cells(figures, strata, group_agencies(AREAS, PARENTS), answered)
    return {(key[1], key[2]): is_open for key, is_open in cells}


def test_an_area_is_closed_where_one_of_its_agencies_is_hidden() -> None:
    """commune-2 has one agency, so in a sector it would repeat that agency; over all sectors it stands."""
    shown = [figure("sector", "land", "land"), figure("agency", "land", "A"), figure("agency", "land", "C")]
    hidden = figure("agency", "land", "B", suppressed=True)
    everybody = {f"{agency}.land": 40 for agency in AREAS}
    assert list_cells([*shown, hidden], everybody) == {
        ("", "commune-1"): False,
        ("", "commune-2"): True,
        ("", "province"): False,
        ("land", "commune-1"): False,
        ("land", "province"): False,
    }
    control = list_cells([*shown, figure("agency", "land", "B")], everybody)
    assert set(control.values()) == {True}, "without a hidden figure all are open"
    assert list_cells(shown, everybody | {"B.land": 0})["land", "commune-1"], "nobody answered at B: nothing to hide"


@pytest.fixture(scope="module")
def released(
    migrated_file: Path, tmp_path_factory: pytest.TempPathFactory, keys: Keys, signer: Signer
) -> Iterator[Database]:
    with statistics_wave(migrated_file, tmp_path_factory.mktemp("areas"), keys, signer) as (_, work):
        yield work.database


def test_the_cell_of_an_area_adds_its_agencies_up(released: Database) -> None:
    frozen = replace(read_frozen(released, "W"), inside=group_agencies(SHARES, PARENTS))
    with released.reading() as connection:
        figures = [replace(each, suppressed=False) for each in releases.list_figures(connection, "W.1")]
    cells = {(each["sector_code"], each["place"]): each for each in check_areas(frozen, figures, 50)}
    assert {place for _, place in cells} == {"commune-1", "commune-2"}, "the province is the whole wave"
    first = frozen.data.answers
    first = first[first["agency"].map(SHARES) == "commune-1"]
    whole, land = cells["", "commune-1"], cells["land", "commune-1"]
    assert whole["n"] == int(first["n"].sum())
    assert land["n"] == int(first.loc[first["sector"] == "land", "n"].sum())
    assert (land["level"], land["area_code"]) == ("area", "commune-1")
    assert '"undecided"' in land["checks"], "a sector's target decides its areas"
    assert '"undecided"' not in whole["checks"], "several sectors have several targets"


def test_areas_of_hidden_figures_keep_no_number(released: Database) -> None:
    frozen = replace(read_frozen(released, "W"), inside=group_agencies(SHARES, PARENTS))
    with released.reading() as connection:
        figures = releases.list_figures(connection, "W.1")
    assert any(each.suppressed for each in figures)
    closed: list[dict[str, Any]] = [each for each in check_areas(frozen, figures, 50) if each["hidden"]]
    assert closed
    assert {each["n"] for each in closed} == {None}


def test_a_reader_of_one_area_sees_its_cell_and_no_other(released: Database) -> None:
    with released.reading() as connection:
        release = releases.find_release(connection, "W.1")
    assert release is not None
    freeze(released, release, TODAY, {"wave": 50, "area": 50})
    with released.writing("test") as connection:
        cells = adequacy.list_checked(connection, Asked({}))
        moved = [{**cells[0], "level": "area", "place": place, "area_code": place} for place in ("X", "Y")]
        adequacy.keep(connection, "W.1", "W", basis="{}", on=TODAY, cells=[*cells, *moved])
        seen = adequacy.list_cells(connection, Asked({}, agencies=[], areas=["X"]))
    assert [each["place"] for each in seen] == ["X"]
