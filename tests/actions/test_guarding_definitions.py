"""Several definitions of one figure tell how its answers spread: of 30 people or of nobody, whatever is subtracted."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from survey.actions.guarding_definitions import guard_definitions
from survey.actions.suppressing import Shown, shown_figures
from survey.store.releases import StoredFigure

TOGETHER, LAND, BUILDING = "land_construction_investment", "land", "construction"


def figures(sizes: Mapping[str, int]) -> list[StoredFigure]:
    numbers = {code: {"n": n, "rate": 0.5, "definitions": [{"key": "top2@1"}]} for code, n in sizes.items()}
    return [StoredFigure("sector", code, code, False, json.dumps(each)) for code, each in numbers.items()]


def told(sizes: Mapping[str, int], *earlier: Mapping[str, int]) -> set[str]:
    """Which sectors tell their definitions; `earlier` releases newest first."""
    before: list[Shown] = [shown_figures(figures(each)) for each in earlier]
    return {each.place for each in guard_definitions(figures(sizes), before) if each.numbers["definitions"]}


@pytest.mark.parametrize(("then", "now", "tells"), [(40, 69, False), (40, 70, True), (40, 40, True), (29, 58, True)])
def test_growth_by_few_is_not_told(then: int, now: int, tells: bool) -> None:
    """69 - 40 = 29 newcomers would be spread out; of 29 nothing was told, so that 58 - 29 tells nothing."""
    assert told({LAND: now}, {LAND: then}) == ({LAND} if tells else set())


@pytest.mark.parametrize(("part", "tells"), [(70, True), (71, False), (100, True)])
def test_what_a_total_has_beyond_its_parts_is_not_of_few(part: int, tells: bool) -> None:
    """100 - 70 = 30 others; 100 - 71 = 29, then the total is silent; 100 - 100 = nobody else."""
    assert told({TOGETHER: 100, LAND: part}) == ({TOGETHER, LAND} if tells else {LAND})


def test_the_rest_of_a_total_does_not_grow_by_few() -> None:
    """The total grew by 60 and the part by 50; the 10 others would be spread out."""
    before = {TOGETHER: 200, LAND: 100}
    assert told({TOGETHER: 260, LAND: 150}, before) == {LAND}
    assert told({TOGETHER: 280, LAND: 150}, before) == {TOGETHER, LAND}


def test_what_an_earlier_release_did_not_tell_is_not_held_against_this_one() -> None:
    """50 was silent after 40; 75 is 35 more than the 40 that were told."""
    assert told({LAND: 75}, {LAND: 50}, {LAND: 40}) == {LAND}
    assert told({LAND: 75}, {LAND: 50}) == set()


def test_a_figure_whose_rate_moved_without_growing_tells_nothing() -> None:
    moved = [StoredFigure("sector", LAND, LAND, False, json.dumps({"n": 40, "rate": 0.6, "definitions": [1]}))]
    assert guard_definitions(moved, [shown_figures(figures({LAND: 40}))])[0].numbers["definitions"] == []


def test_parts_that_add_up_tell_all() -> None:
    assert told({TOGETHER: 100, LAND: 60, BUILDING: 40}) == {TOGETHER, LAND, BUILDING}
