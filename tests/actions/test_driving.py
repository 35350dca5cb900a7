"""What moves with satisfaction: weighted parts, facts only of many, told once, and again only after more answers."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest
from fieldwork import AFTER, TODAY, Fieldwork, begin_fieldwork, publish

from analysis.driver_parts import relative_weights
from survey.actions.adequacy import freeze_due
from survey.actions.driving import Drivers, Part, compute_due, find_drivers, find_first, read_drivers
from survey.actions.releasing import release_wave
from survey.keys import Keys
from survey.mandate.questionnaires import load_questionnaire
from survey.proof import Signer
from survey.store.database import Database

PROCEDURES = load_questionnaire("procedures@1")
NOON = datetime(2026, 11, 24, 5, tzinfo=UTC)
ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def people(count: int, **columns: Any) -> pd.DataFrame:
    """So many of two strata, of unequal weight; sections A and B answered, the others by nobody."""
    order = np.arange(count)
    a, b = 1 + order % 5, 1 + (order * 7 // 3) % 5
    known: dict[str, Any] = {
        "stratum": order % 2,
        "agency": "A",
        "psu": 0,
        "weight": np.where(order % 2, 1.0, 3.0),
        "overall": np.clip(np.rint((2 * a + b) / 3), 1, 5),
        "mean A": a.astype(float),
        "mean B": b.astype(float),
        "share A": (a >= 4).astype(float),
        "share B": (b >= 4).astype(float),
    }
    known["satisfied"] = (known["overall"] >= 4).astype(int)
    known |= {f"{what} {section}": np.nan for section in "CDE" for what in ("mean", "share")}
    return pd.DataFrame(known | {"fact F1": 1, "fact F2": 255} | columns)


def test_parts_are_those_of_the_weighted_moments_and_sections_of_few_are_left_out() -> None:
    told = find_drivers(people(200), PROCEDURES)
    assert told is not None
    rows = people(200)
    weights = rows["weight"] / rows["weight"].sum()
    values = rows[["overall", "mean A", "mean B"]].to_numpy()
    centred = values - weights.to_numpy() @ values
    parts, _ = relative_weights((centred * weights.to_numpy()[:, None]).T @ centred)
    assert {each.section: each.part for each in told.parts} == {
        "A": round(float(parts[0]), 2),
        "B": round(float(parts[1]), 2),
    }
    assert [each.section for each in told.parts] == ["A", "B"], "the overall level leans twice as much on A"
    assert told.parts[0].satisfied == round(float(weights @ rows["share A"]), 2)
    assert told.n == 200


def test_of_fewer_than_a_hundred_nothing_is_told() -> None:
    assert find_drivers(people(100), PROCEDURES) is not None
    assert find_drivers(people(99), PROCEDURES) is None


@pytest.mark.parametrize(
    ("counts", "told"),
    [
        ({1: 100, 2: 60, 3: 40}, {"0", "1", "2"}),
        ({1: 130, 2: 60, 3: 10}, {"0"}),  # the one of 10 would follow from the whole: the next smallest hides it
        ({1: 120, 2: 40, 3: 20, 4: 20}, {"0", "1"}),
    ],
)
def test_a_fact_of_few_is_hidden_and_does_not_follow_from_the_others(counts: dict[int, int], told: set[str]) -> None:
    happened = np.repeat(list(counts), list(counts.values()))
    found = find_drivers(people(200, **{"fact F1": happened}), PROCEDURES)
    assert found is not None
    assert {each.choice for each in found.facts if each.rate is not None} == told
    assert len(found.facts) == len(counts)


def test_a_fact_whose_people_are_all_of_one_mind_is_hidden() -> None:
    rows = people(200, **{"fact F1": np.repeat([1, 2, 3, 4], 50)})
    rows.loc[rows["fact F1"] == 2, "satisfied"] = 1
    found = find_drivers(rows, PROCEDURES)
    assert found is not None
    hidden = {each.choice for each in found.facts if each.rate is None}
    assert "1" in hidden
    assert len(hidden) == 2


def test_only_a_part_that_moves_more_and_satisfies_less_comes_first() -> None:
    parts = (Part("A", 0.3, 0.25, 0.35, 0.6), Part("B", 0.3, 0.1, 0.5, 0.6), Part("C", 0.05, 0.0, 0.1, 0.95))
    assert find_first(Drivers(300, 0.65, parts, ())) == {"A"}


@ON_SQLITE
def test_a_release_keeps_its_drivers_once_and_tells_again_only_after_thirty_more(
    database: Database, keys: Keys, signer: Signer
) -> None:
    work = begin_fieldwork(database, keys, signer, {("A", "land"): 900}, invited=170, questionnaire="procedures@1")
    answer(work, range(120))
    release(work, "W.1", TODAY)
    assert compute_due(database, TODAY) == 1
    told = read_drivers(database, "W.1", "land")
    assert told is not None
    assert (told.n, told.parts[0].section) == (120, "C")
    assert compute_due(database, TODAY) == 0
    answer(work, range(120, 149))
    release(work, "W.2", AFTER)
    assert compute_due(database, AFTER) == 1
    assert read_drivers(database, "W.2", "land") is None, "29 more tell too much of themselves"
    answer(work, range(149, 160))
    release(work, "W.3", date(2026, 12, 2))
    assert compute_due(database, date(2026, 12, 2)) == 1
    assert read_drivers(database, "W.3", "land") is not None


def answer(work: Fieldwork, numbers: range) -> None:
    """Overall follows the staff (section C), and the place (A) goes its own way."""
    for number in numbers:
        staff, place = str(1 + number % 5), str(1 + number * 7 // 3 % 5)
        others = dict.fromkeys(("C1", "C2", "C3"), staff) | dict.fromkeys(("A1", "A2", "A3", "A4"), place)
        work.answer(work.tokens["A.land"].pop(0), staff, **others, F1="1")


def release(work: Fieldwork, code: str, today: date) -> None:
    work.seal_and_tally(today)
    assert release_wave(work.database, "W", by="lan", today=today) is not None
    publish(work.database, code, by="hoa", now=NOON, today=today)
    freeze_due(work.database, today)
