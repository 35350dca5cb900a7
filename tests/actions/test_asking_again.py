"""Whom of the silent to ask again is drawn by a seed, never holds who answered, and is in the audit trail."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from fieldwork import CLOSES, Fieldwork, begin_fieldwork

from survey.actions.asking_again import BadShare, NobodySilent, TooLate, draw_silent, size_subsample
from survey.actions.retaining import retain
from survey.keys import Keys
from survey.proof import Signer
from survey.store import audits
from survey.store.audits import By
from survey.store.database import Database

NOW = datetime(2026, 11, 24, tzinfo=UTC)
BY = By("os:thanh", NOW)
ANSWERED = 12  # the first places of A.land


@pytest.fixture
def work(database: Database, keys: Keys, signer: Signer) -> Fieldwork:
    """Land has 28 silent of 40; certification 5 of 5."""
    work = begin_fieldwork(
        database,
        keys,
        signer,
        {("A", "land"): 100, ("A", "certification"): 5},
        invited={"A.land": 40, "A.certification": 5},
    )
    work.answer_all({"A.land": "5" * ANSWERED})
    return work


def test_a_seed_draws_the_same_silent_people_and_nobody_who_answered(work: Fieldwork) -> None:
    """A quarter of 28 is 7; of 5 it would be one, whose variance nobody knows, so two."""
    drawn = draw_silent(work.database, "W", 0.25, seed="s", by=BY)
    assert drawn == draw_silent(work.database, "W", 0.25, seed="s", by=BY)
    assert drawn != draw_silent(work.database, "W", 0.25, seed="t", by=BY)
    land = [each for each in drawn if each.stratum == "A.land"]
    assert (len(land), len(drawn)) == (7, 9)
    assert {each.probability for each in land} == {7 / 28}
    assert all(each.position > ANSWERED for each in land)
    with work.database.reading() as connection:
        entry = audits.list_entries(connection)[-1]
    assert (entry.event, entry.subject, entry.actor) == ("silent-drawn", "W", "os:thanh")


def test_when_nothing_leads_to_a_place_any_more_nobody_is_called_silent(work: Fieldwork) -> None:
    """After 90 days the links are destroyed and every place would look silent; before, the draw works (the control)."""
    assert draw_silent(work.database, "W", 1, seed="s", by=BY)
    retain(work.database, NOW, CLOSES + timedelta(days=91))
    with pytest.raises(TooLate):
        draw_silent(work.database, "W", 1, seed="s", by=BY)


def test_a_draw_of_nobody_is_refused(work: Fieldwork) -> None:
    with pytest.raises(BadShare):
        draw_silent(work.database, "W", 0, seed="s", by=BY)
    work.answer_all({"A.land": "5" * 28, "A.certification": "5" * 5})
    with pytest.raises(NobodySilent):
        draw_silent(work.database, "W", 0.5, seed="s", by=BY)


def test_a_stratum_of_one_silent_person_gives_that_one() -> None:
    assert size_subsample({"a": 1, "b": 2, "c": 100, "d": 0}, 0.1) == {"a": 1, "b": 2, "c": 10}
