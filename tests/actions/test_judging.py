"""Verdict words on and before due dates, milestones, and what self-selected answers never get."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from analysis import Estimate
from survey.actions.judging import judge_nobody, judge_sector
from survey.mandate.rules import Rule
from survey.store.waves import Wave

RULE = Rule()
WAVE = Wave(
    code="W",
    series_code=None,
    name={"vi": "Đợt"},
    questionnaire_code="procedures",
    questionnaire_version=1,
    population="transactions",
    collected="sample",
    purpose="official",
    opens_on=date(2026, 11, 1),
    closes_on=date(2026, 11, 30),
    closed=True,
    seal_minimum=10,
    rule=RULE.canonical(),
    rule_digest=RULE.digest(),
)
IN_2026, DUE_2030 = date(2026, 12, 1), date(2030, 12, 31)


def estimate(rate: float, low: float, high: float, **changes: Any) -> Estimate:
    made = Estimate(
        rate=rate,
        se=(high - low) / 4,
        low=low,
        high=high,
        df=500,
        n=600,
        n_effective=500.0,
        deff=1.2,
        method="guarded",
        confidence_level=0.95,
        successes=int(600 * rate),
    )
    return replace(made, **changes)


def judge(found: Estimate, on: date, wave: Wave = WAVE, sector: str = "procedures") -> dict[str, tuple[str, float]]:
    """Verdict and target by kind."""
    return {each["kind"]: (each["verdict"], each["target"]) for each in judge_sector(found, sector, wave, RULE, on)}


@pytest.mark.parametrize(
    ("low", "high", "in_force", "ahead"),
    [
        (0.96, 0.98, "met", "above"),
        (0.91, 0.94, "met", "cannot_tell"),
        (0.85, 0.89, "not_met", "cannot_tell"),
        (0.88, 0.93, "not_shown", "cannot_tell"),
    ],
)
def test_in_2026_the_level_of_2025_is_in_force_and_2030_is_never_not_met(
    low: float, high: float, in_force: str, ahead: str
) -> None:
    """Administrative procedures: 90 % by the end of 2025, 95 % by the end of 2030."""
    judged = judge(estimate((low + high) / 2, low, high), IN_2026)
    assert judged == {
        "in_force": (in_force, 0.90),
        "milestone": ("not_measured", 0.90),
        "due": (ahead, 0.95),
    }


def test_on_its_due_date_2030_is_the_bar_in_force() -> None:
    wave = replace(WAVE, opens_on=date(2030, 12, 1), closes_on=DUE_2030)
    judged = judge(estimate(0.92, 0.91, 0.93), DUE_2030, wave)
    assert judged["in_force"] == ("not_met", 0.95)
    assert "due" not in judged


def test_a_milestone_is_judged_only_on_a_window_that_ended_in_time() -> None:
    """A wave that closed on 31 December 2025 measures the level of 2025; one that closed a day later does not."""
    in_time = replace(WAVE, opens_on=date(2025, 12, 1), closes_on=date(2025, 12, 31))
    late = replace(in_time, closes_on=date(2026, 1, 1))
    found = estimate(0.92, 0.91, 0.93)
    assert judge(found, IN_2026, in_time)["milestone"] == ("met", 0.90)
    assert judge(found, IN_2026, late)["milestone"] == ("not_measured", 0.90)


def test_points_to_gain_a_year_run_to_the_due_date() -> None:
    """From 1 December 2026 to 31 December 2030 are 1,491 days, 4.082 years of 365.25; 5 points are 1.225 a year."""
    (ahead,) = [
        each
        for each in judge_sector(estimate(0.90, 0.89, 0.91), "procedures", WAVE, RULE, IN_2026)
        if each["kind"] == "due"
    ]
    assert ahead["points_a_year"] == pytest.approx(0.05 / (1491 / 365.25))
    (ahead,) = [
        each
        for each in judge_sector(estimate(0.97, 0.96, 0.98), "procedures", WAVE, RULE, IN_2026)
        if each["kind"] == "due"
    ]
    assert ahead["points_a_year"] is None


@pytest.mark.parametrize("sector", ["land", "construction", "investment", "land_construction_investment", "health"])
def test_sectors_with_their_own_level_have_it(sector: str) -> None:
    """Land, construction, investment and health: 85 % by 2025, 90 % by 2030."""
    judged = judge(estimate(0.93, 0.91, 0.95), IN_2026, sector=sector)
    assert judged["in_force"] == ("met", 0.85)
    assert judged["due"] == ("above", 0.90)


@pytest.mark.parametrize(
    "changes", [{"n_effective": 29.9}, {"df": 7.0}, {"coverage": 0.94}], ids=["effective n", "df", "coverage"]
)
def test_below_any_minimum_it_is_too_few(changes: dict[str, Any]) -> None:
    judged = judge(estimate(0.5, 0.4, 0.6, **changes), IN_2026)
    assert judged["in_force"][0] == judged["due"][0] == "too_few"


def test_a_stricter_rule_asks_for_more() -> None:
    found = estimate(0.97, 0.96, 0.98, n_effective=500.0)
    stricter = Rule(minimum_effective=501)
    (bar,) = [each for each in judge_sector(found, "procedures", WAVE, stricter, IN_2026) if each["kind"] == "in_force"]
    assert bar["verdict"] == "too_few"


def test_self_selected_answers_get_no_verdict_at_all() -> None:
    chosen = replace(WAVE, collected="self-selected")
    assert judge_sector(estimate(0.97, 0.96, 0.98), "procedures", chosen, RULE, IN_2026) == []
    assert judge_nobody("procedures", chosen, RULE, IN_2026) == []


def test_where_nobody_answered_it_is_too_few_against_the_bar_in_force() -> None:
    (judged,) = judge_nobody("procedures", WAVE, RULE, IN_2026)
    assert (judged["kind"], judged["verdict"], judged["reason"], judged["target"]) == (
        "in_force",
        "too_few",
        "no_answers",
        0.90,
    )
