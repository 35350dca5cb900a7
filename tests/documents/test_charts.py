"""Charts put marks where the numbers are. Places are computed by hand beside each expectation."""

import re
from datetime import date

import pytest

from survey.documents.charts import Interval, Scale, TargetLine, TrendPoint, bounds_of, caterpillar, interval_bar, trend


def places(svg, kind, attribute):
    return [float(value) for value in re.findall(rf'class="{kind}"[^>]* {attribute}="([^"]+)"', svg)]


def test_a_point_its_interval_and_its_target_stand_at_their_values():
    # The track runs from 8 to 232 for 0.5 to 1: a share p stands at 8 + 224 (p - 0.5) / 0.5.
    bar = interval_bar(Interval(0.9, 0.85, 0.95, "x"), [TargetLine(0.75)], (0.5, 1.0))
    assert places(bar, "point", "cx") == [pytest.approx(187.2)]
    assert places(bar, "interval", "x1") == [pytest.approx(164.8)]
    assert places(bar, "interval", "x2") == [pytest.approx(209.6)]
    assert places(bar, "target in_force", "x1") == [pytest.approx(120)]


def test_a_figure_that_is_not_shown_leaves_no_mark_of_its_place():
    bar = interval_bar(Interval(None, None, None, "hidden"), [], (0.5, 1.0))
    assert "point" not in bar
    assert 'class="interval"' not in bar


def test_all_bars_of_a_caterpillar_share_one_scale():
    rows = [Interval(0.9, 0.88, 0.92, "a"), Interval(0.9, 0.6, 0.99, "b")]
    drawn = caterpillar(rows, [[], []], "vi")
    assert places(drawn.bars[0], "point", "cx") == places(drawn.bars[1], "point", "cx")


def test_an_interval_too_wide_for_the_others_is_cut_with_an_arrow():
    rows = [Interval(0.9, 0.88, 0.92, "a"), Interval(0.9, 0.2, 0.95, "b", sets_scale=False)]
    drawn = caterpillar(rows, [[], []], "en")
    assert "85%" in drawn.axis
    assert drawn.bars[1].count('<path class="point"') == 1
    assert drawn.bars[1].count('<line class="cap"') == 1


def test_a_scale_clamps_what_lies_outside():
    assert Scale(0.5, 1.0, 0, 100).place(0.2) == 0


@pytest.mark.parametrize(
    ("values", "bounds"),
    [
        ([0.93, 0.95], (0.9, 1.0)),  # 0.92 and 0.96 with a point of air
        ([0.712, 0.97], (0.7, 1.0)),
        ([0.004, 1.0], (0.0, 1.0)),
        ([None], (0.45, 1.0)),
        ([0.5], (0.45, 0.55)),
    ],
)
def test_bounds_hold_every_value_in_whole_steps_of_five_points(values, bounds):
    assert bounds_of(values) == bounds


def test_an_axis_names_round_shares_whatever_the_range():
    wide = caterpillar([Interval(0.3, 0.07, 0.6, "a"), Interval(0.9, 0.8, 0.98, "b")], [[], []], "en")
    assert re.findall(r">(\d+%)<", wide.axis) == ["20%", "40%", "60%", "80%", "100%"]
    narrow = caterpillar([Interval(0.9, 0.88, 0.93, "a")], [[]], "en")
    assert re.findall(r">(\d+%)<", narrow.axis) == ["85%", "90%", "95%"]


def test_a_trend_marks_breaks_and_what_no_definition_explains():
    points = [
        TrendPoint(date(2026, 3, 1), 0.91, 0.9, 0.92, 0.9),
        TrendPoint(date(2026, 4, 1), 0.91, 0.9, 0.92, 0.92, breaks=True),
        TrendPoint(date(2026, 5, 1), 0.91, 0.9, 0.92, 0.7, explained=False),
    ]
    drawn = trend(points, [0.9], "vi", "t", "d")
    assert drawn.count('<line class="break"') == 1
    assert "04/2026" in drawn
    assert drawn.count('class="published"') == 2
    assert drawn.count('class="unexplained"') == 1


def test_an_empty_trend_is_an_empty_chart():
    assert "point" not in trend([], [0.9], "vi", "t", "")


def test_names_in_titles_are_escaped():
    bar = interval_bar(Interval(0.9, 0.8, 0.95, "<script>alert(1)</script>", '"><b>'), [], (0.5, 1.0))
    assert "<script>" not in bar
    assert "<b>" not in bar
