import datetime

import pytest

from survey.mandate.areas import Area, AreaGroup, find_area, is_valid, load_area_groups, load_areas, scopes_covering
from survey.mandate.errors import UnknownArea

MERGER = datetime.date(2025, 7, 1)
EVE = datetime.date(2025, 6, 30)


def test_the_former_soc_trang_is_43_communes_of_can_tho_8_wards_and_35_communes() -> None:
    members = [find_area(code) for code in load_area_groups()["former_soc_trang"].members]
    assert sorted(member.kind for member in members) == ["commune"] * 35 + ["ward"] * 8
    assert {member.parent for member in members} == {"92"}
    assert {member.valid_from for member in members} == {MERGER}


def test_the_names_carry_the_kind() -> None:
    assert find_area("31507").name.in_language("vi") == "Phường Sóc Trăng"
    assert find_area("31591").name.in_language("vi") == "Xã Mỹ Hương"
    assert find_area("31591").name.in_language("en") == "Mỹ Hương Commune"


def test_the_merged_city_came_from_three_provinces_that_ended_the_day_before() -> None:
    city = find_area("92")
    assert city.valid_from == MERGER
    assert city.predecessors == ("92-2004", "93", "94")
    assert {find_area(code).valid_to for code in city.predecessors} == {EVE}


def test_the_eleven_districts_ended_with_the_province() -> None:
    districts = [area for area in load_areas().values() if area.parent == "94"]
    assert len(districts) == 11
    assert {district.kind for district in districts} == {"district"}
    assert {district.valid_to for district in districts} == {EVE}


def test_each_commune_stands_on_one_former_district_and_three_on_two() -> None:
    members = [find_area(code) for code in load_area_groups()["former_soc_trang"].members]
    on_two = {member.name.in_language("vi"): member.predecessors for member in members if len(member.predecessors) == 2}
    assert on_two == {
        "Xã Nhơn Mỹ": ("943", "946"),
        "Phường Mỹ Xuyên": ("941", "947"),
        "Xã Tân Long": ("948", "949"),
    }
    assert sorted({len(member.predecessors) for member in members}) == [1, 2]


def test_every_former_district_lives_on_in_some_commune() -> None:
    members = load_area_groups()["former_soc_trang"].members
    claimed = {district for code in members for district in find_area(code).predecessors}
    assert claimed == {area.code for area in load_areas().values() if area.parent == "94"}


def test_only_the_commune_that_a_source_states_counts_as_khmer_majority() -> None:
    group = load_area_groups()["khmer_majority"]
    assert group.members == ("31591",)
    assert "56 %" in group.source.description


def test_a_commune_is_covered_by_the_city_and_by_its_groups() -> None:
    assert scopes_covering("31591", MERGER) == ("31591", "92", "former_soc_trang", "khmer_majority")
    assert scopes_covering("31507", EVE) == ("31507", "92")
    assert scopes_covering("former_soc_trang", MERGER) == ("former_soc_trang",)


def test_an_area_lives_from_its_first_to_its_last_day() -> None:
    district = find_area("941")
    assert is_valid(district, EVE)
    assert not is_valid(district, MERGER)
    assert not is_valid(find_area("92"), EVE)


def test_every_area_and_group_is_named_in_three_languages() -> None:
    places: list[Area | AreaGroup] = [*load_areas().values(), *load_area_groups().values()]
    assert [place.code for place in places if place.name.missing] == []


def test_an_unknown_area_is_refused() -> None:
    with pytest.raises(UnknownArea, match="No area '1'"):
        scopes_covering("1", MERGER)
