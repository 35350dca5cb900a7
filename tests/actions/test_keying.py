"""Paper: two people key a sheet, a third settles what differs, and each sheet is stored once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta

import pytest
from fieldwork import CLOSES, TODAY, Fieldwork, begin_fieldwork
from sqlalchemy import select

from survey.actions import keying
from survey.actions.answering import BadAnswers
from survey.keys import Keys
from survey.proof import Signer
from survey.store.audits import By
from survey.store.database import Database
from survey.store.paper import PaperBatch
from survey.store.tables import inbox, invitation, paper_keying, spent

NOON = datetime(2026, 11, 24, 5, tzinfo=UTC)


@pytest.fixture
def work(database: Database, keys: Keys, signer: Signer) -> Fieldwork:
    return begin_fieldwork(database, keys, signer, {("A", "land"): 40, ("B", "land"): 20})


@pytest.fixture
def batches(work: Fieldwork) -> list[tuple[PaperBatch, list[str]]]:
    return keying.print_batches(work.database, "W", 6, "vi", seed=7, today=TODAY, by=by("operator"))


def by(who: str) -> By:
    return By(who, NOON)


def key(work: Fieldwork, number: str, who: str, level: str = "4", today: date = TODAY, **more: str) -> keying.Keyed:
    answers: Mapping[str, str] = {"G1": level, **more}
    return keying.key_sheet(work.database, work.keys, number, answers, keyer=who, today=today, by=by(who))


def settle(work: Fieldwork, number: str, who: str, level: str) -> None:
    keying.settle_sheet(work.database, work.keys, number, {"G1": level}, keyer=who, today=TODAY, by=by(who))


def stored(work: Fieldwork) -> list[dict[str, object]]:
    with work.database.reading() as connection:
        return [json.loads(codes) for codes in connection.scalars(select(inbox.c.codes))]


def count_spent(work: Fieldwork) -> int:
    with work.database.reading() as connection:
        return len(connection.execute(select(spent.c.token_hash)).all())


def test_a_batch_holds_a_sheet_for_each_place_of_one_stratum(batches: list[tuple[PaperBatch, list[str]]]) -> None:
    found = {batch.stratum_code: len(numbers) for batch, numbers in batches}
    assert found == {"A.land": 4, "B.land": 2}
    every = [number for _, numbers in batches for number in numbers]
    assert len(set(every)) == 6


def test_two_keyings_that_agree_are_stored_once_on_the_paper_channel(
    work: Fieldwork, batches: list[tuple[PaperBatch, list[str]]]
) -> None:
    number = batches[0][1][0]
    assert key(work, number, "an").state == "first"
    assert stored(work) == []
    assert key(work, number.lower(), "binh").state == "stored"
    assert [(c["channel"], c["assisted"], c["stratum"], c["answers"]) for c in stored(work)] == [
        ("paper", 0, "A.land", {"G1": "4"})
    ]
    assert count_spent(work) == 1
    with pytest.raises(keying.SheetDone, match="copy"):
        key(work, number, "chi")
    assert count_spent(work) == 1


def test_one_person_cannot_be_both(work: Fieldwork, batches: list[tuple[PaperBatch, list[str]]]) -> None:
    number = batches[0][1][0]
    key(work, number, "an")
    with pytest.raises(keying.SamePerson):
        key(work, number, "an")
    assert stored(work) == []


def test_what_differs_waits_for_a_third_and_both_keyings_stay(
    work: Fieldwork, batches: list[tuple[PaperBatch, list[str]]]
) -> None:
    number = batches[0][1][1]
    key(work, number, "an", "4")
    assert key(work, number, "binh", "5") == keying.Keyed("differs", ("G1",))
    assert (stored(work), keying.list_to_settle(work.database)) == ([], [number])
    for one in ("an", "binh"):
        with pytest.raises(keying.SamePerson):
            settle(work, number, one, "5")
    settle(work, number, "chi", "5")
    assert [each["answers"] for each in stored(work)] == [{"G1": "5"}]
    assert keying.list_to_settle(work.database) == []
    with work.database.reading() as connection:
        kept = connection.execute(select(paper_keying.c.keyer, paper_keying.c.codes, paper_keying.c.text))
        assert sorted(kept.all()) == [("an", '{"G1":"4"}', ""), ("binh", '{"G1":"5"}', "")]


def test_a_batch_takes_no_more_answers_than_it_has_sheets(
    work: Fieldwork, batches: list[tuple[PaperBatch, list[str]]]
) -> None:
    for _, numbers in batches:
        for number in numbers:
            key(work, number, "an")
            assert key(work, number, "binh").state == "stored"
    assert (len(stored(work)), count_spent(work)) == (6, 6)
    assert {report.counts["stored"] for report in keying.list_reports(work.database)} == {4, 2}


def test_bad_answers_and_unknown_sheets_change_nothing(
    work: Fieldwork, batches: list[tuple[PaperBatch, list[str]]]
) -> None:
    with pytest.raises(BadAnswers):
        key(work, batches[0][1][0], "an", "9")
    with pytest.raises(keying.UnknownSheet):
        key(work, "0000-0000-000", "an")
    with work.database.reading() as connection:
        assert connection.execute(select(paper_keying)).all() == []


def test_late_sheets_are_taken_in_the_grace_period_and_not_after_it(
    work: Fieldwork, batches: list[tuple[PaperBatch, list[str]]]
) -> None:
    one, other = batches[0][1][:2]
    key(work, one, "an", today=CLOSES)
    assert key(work, one, "binh", today=CLOSES + timedelta(days=7)).state == "stored"
    assert [each["period"] for each in stored(work)] == ["2026-11b"]
    key(work, other, "an", today=CLOSES)
    with pytest.raises(keying.BatchUsedUp, match="no more answers"):
        key(work, other, "binh", today=CLOSES + timedelta(days=8))


def test_which_place_a_sheet_spends_is_chance(database: Database, keys: Keys, signer: Signer) -> None:
    """Of thirty places eight are spent: that they are the first eight has one chance in 5,852,925."""
    work = begin_fieldwork(database, keys, signer, {("A", "land"): 40})
    ((_, numbers),) = keying.print_batches(database, "W", 30, "vi", seed=1, today=TODAY, by=by("operator"))
    for number in numbers[:8]:
        key(work, number, "an")
        key(work, number, "binh")
    with database.reading() as connection:
        query = select(invitation.c.position, spent.c.token_hash).outerjoin(
            spent, spent.c.token_hash == invitation.c.token_hash
        )
        used = [token is not None for _, token in connection.execute(query.order_by(invitation.c.position))]
    assert sum(used) == 8
    assert used != [True] * 8 + [False] * 22
