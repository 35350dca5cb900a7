"""Goal groups 14 to 16 of resolution 10-NQ/TU of 29 December 2021: 90/95 %, 85/90 %, 90/95 %, 85/90 %."""

import datetime

import pytest

from survey.mandate.areas import load_area_groups, load_areas
from survey.mandate.errors import UnknownArea, UnknownSector, UnknownTarget
from survey.mandate.targets import find_target, formula_note, load_targets, targets_for

TODAY = datetime.date(2026, 11, 24)
LEVELS = {
    "procedures": (0.90, 0.95),
    "land_construction_investment": (0.85, 0.90),
    "land": (0.85, 0.90),
    "construction": (0.85, 0.90),
    "investment": (0.85, 0.90),
    "agencies_service": (0.90, 0.95),
    "health": (0.85, 0.90),
    "education": (0.85, 0.90),
}


@pytest.mark.parametrize(("sector", "levels"), LEVELS.items())
def test_each_sector_has_its_2025_and_2030_levels(sector: str, levels: tuple[float, float]) -> None:
    targets = targets_for(sector, "former_soc_trang", TODAY)
    assert tuple(target.rate for target in targets) == levels
    assert [target.due.isoformat() for target in targets] == ["2025-12-31", "2030-12-31"]


def test_no_sector_has_a_target_that_the_resolution_does_not_name() -> None:
    assert {target.sector for target in load_targets().values()} == set(LEVELS)


def test_every_target_says_which_document_and_goal_group_it_comes_from() -> None:
    targets = load_targets().values()
    assert {target.document for target in targets} == {"Nghị quyết 10-NQ/TU"}
    assert {target.source.date for target in targets} == {datetime.date(2021, 12, 29)}
    assert {target.issuer for target in targets} == {"Tỉnh ủy Sóc Trăng"}
    assert {target.article for target in targets} == {f"nhóm mục tiêu {group}" for group in (14, 15, 16)}


def test_the_targets_bound_the_province_until_it_was_merged() -> None:
    last_day = datetime.date(2025, 6, 30)
    assert [target.status for target in targets_for("land", "94", last_day)] == ["in_force", "in_force"]
    assert targets_for("land", "94", last_day + datetime.timedelta(days=1)) == ()


def test_after_the_merger_nobody_knows_whether_they_bind() -> None:
    assert {target.status for target in targets_for("land", "former_soc_trang", TODAY)} == {"unknown"}


def test_nothing_binds_before_the_resolution() -> None:
    assert targets_for("land", "94", datetime.date(2021, 12, 28)) == ()


def test_a_commune_of_the_former_province_is_judged_by_its_targets_and_the_merged_city_is_not() -> None:
    assert [target.code for target in targets_for("land", "31507", TODAY)] == ["T14a-land-2025", "T14a-land-2030"]
    assert targets_for("land", "92", TODAY) == ()


def test_the_2025_level_stays_the_bar_until_the_2030_level_falls_due() -> None:
    day = datetime.date(2030, 12, 30)
    assert [target.rate for target in targets_for("procedures", "former_soc_trang", day)] == [0.90, 0.95]
    on_due_date = targets_for("procedures", "former_soc_trang", datetime.date(2030, 12, 31))
    assert [target.rate for target in on_due_date] == [0.95]


def test_every_target_names_an_area_or_an_area_group() -> None:
    places = set(load_areas()) | set(load_area_groups())
    assert {target.area for target in load_targets().values()} <= places


def test_the_missing_formula_is_stated() -> None:
    assert "không nêu công thức" in formula_note().in_language("vi")
    assert formula_note().missing == ()


def test_unknown_codes_are_refused_by_name() -> None:
    with pytest.raises(UnknownSector):
        targets_for("taxes", "92", TODAY)
    with pytest.raises(UnknownArea):
        targets_for("land", "99999", TODAY)
    with pytest.raises(UnknownTarget, match="No target 'T99'"):
        find_target("T99")
