import pytest

from survey.mandate.errors import UnknownSector
from survey.mandate.sectors import ancestors, descendants, find_sector, load_sectors


def test_land_construction_and_investment_lie_under_administrative_procedures() -> None:
    assert {"land", "construction", "investment"} <= set(descendants("procedures"))
    assert {find_sector(code).goal_group for code in ("land", "construction", "investment")} == {"14a"}


def test_the_three_are_also_judged_together() -> None:
    pooled = descendants("land_construction_investment")
    assert pooled == ("land_construction_investment", "land", "construction", "investment")


def test_health_and_education_stand_apart_from_each_other_and_from_procedures() -> None:
    assert descendants("health") == ("health",)
    assert descendants("education") == ("education",)
    assert {find_sector(code).goal_group for code in ("health", "education")} == {"16"}
    assert {find_sector(code).service_kind for code in ("health", "education")} == {"service"}


def test_the_health_authorities_procedures_are_not_the_hospitals_service() -> None:
    assert find_sector("health_procedures").service_kind == "procedure"
    assert "procedures" in ancestors("health_procedures")


def test_service_by_agencies_is_goal_group_15() -> None:
    assert find_sector("agencies_service").goal_group == "15"
    assert find_sector("agencies_service").parent is None


def test_every_line_of_ancestors_ends_at_a_goal_group() -> None:
    roots = {ancestors(code)[-1] for code in load_sectors()}
    assert roots == {"procedures", "agencies_service", "health", "education"}


def test_every_sector_is_named_in_three_languages_and_dated() -> None:
    sectors = load_sectors()
    assert [sector.code for sector in sectors.values() if sector.name.missing] == []
    assert {sector.valid_from.isoformat() for sector in sectors.values()} == {"2021-12-29"}


def test_an_unknown_sector_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UnknownSector, match=r"No sector 'lan'.*land"):
        descendants("lan")
