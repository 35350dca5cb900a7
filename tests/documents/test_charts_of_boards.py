"""The charts of the official's pages: what is drawn is what the numbers say, in every language, without style."""

import re
from datetime import date

import pytest
from markupsafe import Markup

from survey.documents.charts_of_parts import Quadrant, Step, quadrants, steps
from survey.documents.charts_of_places import (
    FunnelLimit,
    FunnelPoint,
    MapShape,
    choropleth,
    funnel,
    rank_bar,
    shade_of,
)
from survey.documents.charts_of_time import Course, Mark, Point, outlook
from survey.documents.marks import PAPER, standalone

LIMITS = [FunnelLimit(10, 0.6, 1.0, 0.5, 1.0), FunnelLimit(1000, 0.83, 0.87, 0.82, 0.88)]


def drawn() -> dict[str, Markup]:
    """One of each."""
    points = [FunnelPoint(50, 0.9, "A & B"), FunnelPoint(300, 0.7, "C", apart=True)]
    shapes = [MapShape("M0 0L1 0L1 1z", 0, "A"), MapShape("M1 0L2 0L2 1z", None, "B")]
    measured = [Point(date(2025, 6, 1), 0.8, 0.75, 0.85, "2025"), Point(date(2026, 6, 1), 0.9, None, None, "x", False)]
    course = Course(date(2026, 6, 1), 0.9, date(2030, 12, 31), 0.95, 0.9, 0.99)
    target = [Mark(date(2030, 12, 31), "95 %", 0.95)]
    parts = [Quadrant("A", "Nơi nộp", 0.5, 0.3, 0.7, 0.8), Quadrant("B", "Thủ tục", 0.1, 0.0, 0.2, 0.9)]
    return {
        "funnel": funnel(points, LIMITS, 0.85, "vi", "title", "description"),
        "map": choropleth(shapes, "0 0 2 1", "title", "description"),
        "rank": rank_bar(2, 9, 40, "2-9"),
        "outlook": outlook(
            measured, target, [Mark(date(2025, 7, 1), "01/07/2025")], course, "vi", "title", "description"
        ),
        "quadrants": quadrants(parts, "vi", "title", "description"),
        "steps": steps(
            [Step("a", 0.97, True), Step("b", -0.02), Step("c", None), Step("d", 0.95, True)], "vi", "t", "d"
        ),
    }


@pytest.mark.parametrize("name", drawn())
def test_a_chart_has_a_title_and_no_style_of_its_own(name: str) -> None:
    chart = drawn()[name]
    assert re.match(r'<svg class="chart [a-z]+" role="img" viewBox="[^"]+"><title>[^<]+</title>', chart)
    assert "style" not in chart
    assert "A & B" not in chart


def test_a_place_whose_difference_is_shown_differs_in_shape_too() -> None:
    """A circle is like the whole; a diamond is apart: colour alone never tells."""
    assert drawn()["funnel"].count('<circle class="point"') == 1
    assert drawn()["funnel"].count('<path class="apart"') == 1


def test_what_is_not_shown_is_hatched_on_the_map() -> None:
    assert re.findall(r'class="place (\w+)"', drawn()["map"]) == ["q1", "unknown"]


def test_the_five_shades_share_the_range_evenly() -> None:
    """0.80 to 0.90 in five: 0.02 each; the highest bound belongs to the darkest."""
    assert [shade_of(rate, (0.8, 0.9)) for rate in (0.80, 0.83, 0.85, 0.87, 0.90)] == [0, 1, 2, 3, 4]
    assert [shade_of(rate, (0.8, 0.9)) for rate in (0.5, 1.0)] == [0, 4]


def test_a_place_of_one_certain_rank_is_a_point() -> None:
    assert "<circle" in rank_bar(1, 1, 10, "1")
    assert "<circle" not in rank_bar(1, 2, 10, "1-2")


def test_the_band_ends_where_the_forecast_does() -> None:
    """From the last measurement (left) to the due date, the last thing on the axis: 640."""
    band = re.search(r'class="band" d="M([\d.]+) [\d.]+L([\d.]+) ([\d.]+)V([\d.]+)z"', drawn()["outlook"])
    assert band is not None
    assert float(band[1]) < float(band[2]) == 640
    assert float(band[3]) < float(band[4]), "the higher limit stands above the lower"


def test_figures_of_others_are_diamonds() -> None:
    assert drawn()["outlook"].count('class="published"') == 1
    assert drawn()["outlook"].count('<circle class="point"') == 1


def test_a_step_that_nobody_knows_is_a_question_mark_and_moves_nothing() -> None:
    """97 % - 2 points - ? = 95 %."""
    chart = drawn()["steps"]
    said = re.findall(r'<text class="name"[^>]*>([^<]+)</text>', chart)
    assert said == ["97,0\N{NO-BREAK SPACE}%", "−2,0", "?", "95,0\N{NO-BREAK SPACE}%"]


def test_a_chart_for_print_brings_its_own_colours() -> None:
    alone = standalone(drawn()["rank"])
    assert alone.startswith('<svg class="chart rank"')
    assert 'xmlns="http://www.w3.org/2000/svg"' in alone
    assert PAPER in alone
