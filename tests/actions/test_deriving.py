"""What pages say beyond a release follows from its shown figures alone, by arithmetic shown beside it."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

from survey.actions.bridging import build_bridge
from survey.actions.comparing_places import compare_places, draw_funnel
from survey.actions.deriving import (
    Measured,
    change_since,
    describe_course,
    find_breaks,
    find_shortest,
    mix_of,
    outlook,
    silent_range,
)
from survey.store.releases import StoredFigure

AHEAD = {"kind": "due", "target": 0.95, "due": "2030-12-31", "verdict": "cannot_tell", "reason": "interval_straddles"}


def figure(
    level: str, sector: str, place: str, rate: float | None, n: int = 100, population: int = 1000
) -> StoredFigure:
    if rate is None:
        return StoredFigure(level, sector, place, True, "{}")
    numbers = {
        "rate": rate,
        "low": rate - 0.05,
        "high": rate + 0.05,
        "n": n,
        "n_effective": n,
        "population": population,
    }
    return StoredFigure(level, sector, place, False, json.dumps(numbers))


def measured(year: int, rate: float, indicator: str = "top2@1", instrument: str = "procedures@1") -> Measured:
    numbers: dict[str, Any] = {"rate": rate, "low": rate - 0.01, "high": rate + 0.01, "n": 900, "n_effective": 900.0}
    opens, closes = date(year, 1, 1), date(year, 12, 31)
    return Measured(f"W-{year}", {"vi": str(year)}, opens, closes, indicator, instrument, numbers)


def test_the_silent_could_be_all_dissatisfied_or_all_satisfied() -> None:
    """90 % of the 40 % who answered: 36 %, and with the silent 60 % satisfied 96 %."""
    low, high = silent_range({"rate": 0.9, "invited": 100, "answered": 40}) or (0, 0)
    assert (low, high) == (pytest.approx(0.36), pytest.approx(0.96))
    assert silent_range({"rate": 0.9, "invited": 0, "answered": 0}) is None


def test_a_change_is_told_only_between_alike_waves() -> None:
    """.92 less .90 with limits of one point each: .02 ± sqrt(2) points."""
    found = change_since([measured(2025, 0.90), measured(2026, 0.92)])
    assert found is not None
    assert (found[1].difference, found[1].low) == (pytest.approx(0.02), pytest.approx(0.02 - 0.01 * 2**0.5))
    assert found[1].shown
    assert change_since([measured(2025, 0.90, "mean5@1"), measured(2026, 0.92)]) is None
    assert change_since([measured(2026, 0.92)]) is None


def test_breaks_are_where_the_method_or_the_questionnaire_changed() -> None:
    waves = [measured(2023, 0.9, "mean5@1"), measured(2024, 0.9), measured(2025, 0.9, instrument="procedures@2")]
    assert find_breaks(waves) == [(date(2024, 1, 1), "method"), (date(2025, 1, 1), "instrument")]


def test_too_short_a_series_says_how_many_periods_of_five() -> None:
    told = describe_course([measured(2025, 0.90), measured(2026, 0.92)], AHEAD)
    assert (told["verdict"], told["reason"]) == ("cannot_tell", "short_history")
    assert told["numbers"] == {"periods": 2, "periods_needed": 5}


def test_a_steep_series_is_on_track_and_a_flat_one_is_not() -> None:
    steep = [measured(2022 + year, 0.80 + 0.03 * year) for year in range(5)]
    flat = [measured(2022 + year, 0.80 + 0.0005 * year) for year in range(5)]
    assert describe_course(steep, AHEAD)["verdict"] == "on_track"
    assert describe_course(flat, AHEAD)["verdict"] == "off_track"
    found = outlook(steep, 0.95, date(2030, 12, 31))
    assert found is not None
    assert found.forecast_low < found.forecast < found.forecast_high
    assert outlook(steep[:2], 0.95, date(2030, 12, 31)) is None


def test_what_was_released_of_a_shown_interval_stays() -> None:
    above = AHEAD | {"verdict": "above"}
    assert describe_course([measured(2026, 0.97)], above) == above


def test_a_mix_shows_the_rate_without_certification_and_with_equal_weights() -> None:
    """Certification .98 of 3000, land .80 of 1000, civil status .90 of 1000. Without: (.80 + .90) / 2 = .85; equal:
    (.98 + .80 + .90) / 3 = .893."""
    figures = {
        "procedures": figure("sector", "procedures", "procedures", 0.93, population=5000),
        "certification": figure("sector", "certification", "certification", 0.98, population=3000),
        "land": figure("sector", "land", "land", 0.80),
        "civil_status": figure("sector", "civil_status", "civil_status", 0.90),
    }
    found = mix_of("procedures", figures)
    assert found is not None
    assert found.without is not None
    assert found.equal is not None
    assert found.without.rate == pytest.approx(0.85)
    assert found.equal.rate == pytest.approx((0.98 + 0.80 + 0.90) / 3)
    assert next((each.sector, each.share) for each in found.shares) == ("certification", 0.6)
    assert mix_of("land", figures) is None


def test_a_hidden_sector_enters_no_mix() -> None:
    figures = {
        "procedures": figure("sector", "procedures", "procedures", 0.9, population=3000),
        "land": figure("sector", "land", "land", 0.8),
        "civil_status": figure("sector", "civil_status", "civil_status", 0.9),
        "justice": figure("sector", "justice", "justice", None),
    }
    found = mix_of("procedures", figures)
    assert found is not None
    assert found.equal is not None
    assert found.equal.rate == pytest.approx(0.85)
    assert {each.sector: each.rate for each in found.shares}["justice"] is None


def test_answers_are_wanted_where_most_are_lacking() -> None:
    """100 needed on 100: A should have 150 of its 3/4 of the transactions and has 80; B 50 and has 20."""
    shown = [{"place": "A", "population": 3000, "n": 80}, {"place": "B", "population": 1000, "n": 20}]
    assert find_shortest(shown, 100) == ["A", "B"]
    assert find_shortest(shown, 100, most=1) == ["A"]


def test_places_are_compared_at_the_same_mix() -> None:
    """A and B are alike in each sector (.95 and .75); A has more of the easy one. Crude they differ, adjusted not."""
    figures = [
        figure("agency", "certification", "A", 0.95, population=900),
        figure("agency", "land", "A", 0.75, population=100),
        figure("agency", "certification", "B", 0.95, population=100),
        figure("agency", "land", "B", 0.75, population=900),
    ]
    one, other = compare_places(figures)
    assert {round(one.rate, 3), round(other.rate, 3)} == {0.93, 0.77}
    assert one.adjusted == pytest.approx(0.85)
    assert other.adjusted == pytest.approx(0.85)
    assert (one.difference, one.apart) == (pytest.approx(0), "")
    assert {(each.best, each.worst) for each in (one, other)} == {(1, 2)}


def test_a_place_that_is_far_off_is_told_apart_and_ranked_last() -> None:
    figures = [figure("agency", "land", place, 0.9, n=400) for place in "ABCDE"]
    figures.append(figure("agency", "land", "F", 0.5, n=400))
    found = {each.place: each for each in compare_places(figures)}
    assert found["F"].apart == "below"
    assert (found["F"].best, found["F"].worst) == (6, 6)
    assert found["A"].apart != "below"
    limits = draw_funnel(list(found.values()), 0.85)
    assert all(each.outer_low <= each.low <= 0.85 <= each.high <= each.outer_high for each in limits)


def test_hidden_places_take_no_part_and_areas_sum_their_agencies() -> None:
    """Two schools in area X: (.9 * 300 + .6 * 100) / 400 = .825; the hidden one in Y leaves only X and Z."""
    figures = [
        figure("agency", "education", "S1", 0.9, population=300),
        figure("agency", "education", "S2", 0.6, population=100),
        figure("agency", "education", "S3", None),
        figure("agency", "education", "S4", 0.8),
    ]
    found = {each.place: each for each in compare_places(figures, {"S1": "X", "S2": "X", "S3": "Y", "S4": "Z"})}
    assert found.keys() == {"X", "Z"}
    assert found["X"].rate == pytest.approx(0.825)
    assert found["X"].n == 200
    assert compare_places(figures[:1]) == []


def test_the_bridge_leads_from_one_figure_to_the_other() -> None:
    """Satisfied .80, net .70: .10 dissatisfied, so .10 in the middle. With the silent .95. From .97: -.02 asked,
    .90 - .95 = -.05 silence, .80 - .90 = -.10 definition: .80."""
    definitions = [
        {"key": key, "rate": rate} for key, rate in (("top2@1", 0.8), ("net@1", 0.7), ("silence766@1", 0.95))
    ]
    found = build_bridge(0.97, definitions)
    assert found is not None
    steps = (found.asked, found.silence, found.definition)
    assert steps == (pytest.approx(-0.02), pytest.approx(-0.05), pytest.approx(-0.10))
    assert found.published + sum(steps) == pytest.approx(found.ours)
    assert build_bridge(0.97, definitions[:2]) is None
