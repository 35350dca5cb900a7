"""Sample plans, against arithmetic and published figures; draws, against their planned chances."""

from __future__ import annotations

import math
from collections import Counter
from datetime import UTC, datetime

import pytest
from fieldwork import TODAY, begin_fieldwork
from scipy import stats
from sqlalchemy import select

from analysis.drawing import draw
from analysis.planning import BadPlan
from survey.actions.drawing_nightly import draw_nightly
from survey.actions.planning import Wanted, choose_continuously, lowest_shown, plan_sample
from survey.keys import Keys
from survey.proof import Signer
from survey.store import frames
from survey.store.audits import By
from survey.store.database import Database
from survey.store.frames import Stratum
from survey.store.tables import invitation

DRAWS = 10_000
FRAME = {"a": [f"u{number}" for number in range(12)]}


def test_580_interviews_at_a_design_effect_of_2_5_need_93_9_per_cent_to_show_90() -> None:
    """232 effective answers: the Korn-Graubard lower limit is 90 % at 93.9 %, by SciPy's own beta quantile too."""
    needed = lowest_shown(580, 2.5, 0.9)
    assert needed is not None
    assert round(100 * needed, 1) == 93.9
    assert stats.beta.ppf(0.025, 232 * needed, 232 * (1 - needed) + 1) == pytest.approx(0.9)


def test_a_sample_that_cannot_show_the_target_says_so() -> None:
    """ln .025 / ln .9 = 35.01: of 35 satisfied out of 35 the lower limit is .025 ** (1/35) = .89998."""
    assert math.log(0.025) / math.log(0.9) == pytest.approx(35.01, abs=0.01)
    assert lowest_shown(35, 1, 0.9) is None
    assert lowest_shown(36, 1, 0.9) is not None


def test_the_size_is_the_larger_of_decision_and_margin_through_every_step() -> None:
    """Margin: 1.95996² x .95 x .05 / .03² = 202.7; x 2.5 / (1 + 202.7/20000) = 501.7 -> 502."""
    plan = plan_sample({"A": 15_000, "B": 5_000}, Wanted(deff=2.5, response=0.5))
    assert plan.for_margin == 502
    assert plan.for_decision is not None
    needed = max(plan.for_decision, plan.for_margin)
    assert plan.invitations == math.ceil(needed / 0.5)
    assert sum(each.invitations for each in plan.strata) == plan.invitations
    assert [each.invitations for each in plan.strata] == pytest.approx(
        [0.75 * plan.invitations, 0.25 * plan.invitations], abs=1
    )
    assert plan.power >= 0.79


def test_cost_and_reserve_follow_the_invitations() -> None:
    wanted = Wanted(cost_fixed=1000, cost_invitation=2, cost_answer=5, reserve=0.2)
    plan = plan_sample({"A": 100_000}, wanted)
    assert plan.cost == 1000 + 2 * plan.invitations + 5 * plan.answers
    assert plan.reserve == math.ceil(0.2 * plan.invitations)


def test_a_population_that_is_too_small_is_asked_whole_and_the_plan_says_so() -> None:
    plan = plan_sample({"A": 60, "B": 40}, Wanted(response=0.4))
    assert (plan.invitations, plan.is_cut) == (100, True)
    assert [each.probability for each in plan.strata] == [1.0, 1.0]


@pytest.mark.parametrize(
    "wrong",
    [
        {"response": 0.0},
        {"deff": 0.5},
        {"target": 1.5},
        {"margin": 0.0},
        {"allocation": "equal"},
        {"cost_answer": -1.0},
        {"reserve": 2.0},
        {"power": 1.0},
    ],
)
def test_a_plan_out_of_range_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(BadPlan):
        plan_sample({"A": 1000}, Wanted(**wrong))  # type: ignore[arg-type]


@pytest.mark.parametrize("method", ["random", "systematic", "pps"])
def test_ten_thousand_draws_hit_each_unit_with_its_planned_probability(method: str) -> None:
    """Chi-square over the units, each against its own binomial chance; the control is a chance that is wrong by 5 %."""
    sizes = {unit: float(1 + place) for place, unit in enumerate(FRAME["a"])}
    hits: Counter[str] = Counter()
    for seed in range(DRAWS):
        drawn = draw(FRAME, {"a": 4}, f"plan/{seed}", method, sizes)
        hits.update(each.identifier for each in drawn)
    planned = {unit: 4 * sizes[unit] / 78 if method == "pps" else 1 / 3 for unit in FRAME["a"]}
    assert distance(hits, planned) < 1
    assert distance(hits, {unit: min(0.99, 1.05 * chance) for unit, chance in planned.items()}) > 1


def test_ten_thousand_nights_take_each_transaction_with_its_planned_probability() -> None:
    hits: Counter[str] = Counter()
    for seed in range(DRAWS):
        drawn = choose_continuously({"A": 6, "B": 6}, {"A": 0.25, "B": 0.6}, str(seed), {})
        hits.update(f"{each.stratum}{each.position}" for each in drawn)
    planned = {f"{name}{place}": rate for name, rate in (("A", 0.25), ("B", 0.6)) for place in range(1, 7)}
    assert distance(hits, planned) < 1
    assert distance(hits, {unit: 1.05 * chance for unit, chance in planned.items()}) > 1


def test_a_night_that_is_run_again_or_late_draws_the_same() -> None:
    first = choose_continuously({"A": 100}, {"A": 0.2}, "s", {})
    later = choose_continuously({"A": 150}, {"A": 0.2}, "s", {"A": {each.position for each in first}})
    at_once = choose_continuously({"A": 150}, {"A": 0.2}, "s", {})
    assert {*first, *later} == set(at_once)
    assert not {each.position for each in later} & {each.position for each in first}


def test_each_night_adds_what_came_since_and_no_more(database: Database, keys: Keys, signer: Signer) -> None:
    work = begin_fieldwork(database, keys, signer, {("A", "land"): 400})
    operator = By("op", datetime(2026, 11, 24, 5, tzinfo=UTC))
    first = draw_nightly(database, "W", 0.2, seed="s", today=TODAY, by=operator)
    assert draw_nightly(database, "W", 0.2, seed="s", today=TODAY, by=operator) == 0
    with database.writing("test") as connection:
        grown = [Stratum("A.land", "A", "land", None, 600)]
        frames.add_frame(connection, "W", grown, source="test", source_digest=bytes(32), on=TODAY)
    second = draw_nightly(database, "W", 0.2, seed="s", today=TODAY, by=operator)
    with database.reading() as connection:
        places = connection.execute(select(invitation.c.position, invitation.c.probability)).all()
    assert work.wave == "W"
    assert len(places) == first + second
    assert {chance for _, chance in places} == {0.2}
    assert 50 < first < 115
    assert sum(position > 400 for position, _ in places) == second


def distance(hits: Counter[str], planned: dict[str, float]) -> float:
    """Sum of squared standardised gaps over the 99.9 % point of chi-square with as many degrees: above 1 it differs.

    Units of a sample of fixed size exclude one another, which makes the sum smaller than chi-square, never larger.
    """
    gaps = [(hits[unit] - DRAWS * p) ** 2 / (DRAWS * p * (1 - p)) for unit, p in planned.items()]
    return float(sum(gaps) / stats.chi2.ppf(0.999, len(gaps)))
