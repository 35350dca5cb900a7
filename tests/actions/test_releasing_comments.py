"""A comment reaches those it is about among ten, a week late, scrubbed, read before, and without its answer."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta

import pytest
from fieldwork import AFTER, TODAY, Fieldwork, begin_fieldwork

from survey.actions.releasing_comments import (
    DELAY,
    AlreadyRead,
    UnknownBatch,
    list_batches,
    pass_on,
    read_batch,
    release_comments,
    show_batch,
)
from survey.keys import Keys
from survey.proof import Signer
from survey.store.database import Database

NOW = datetime(2026, 12, 10, tzinfo=UTC)
LATER = TODAY + DELAY


@pytest.fixture
def work(database: Database, keys: Keys, signer: Signer) -> Fieldwork:
    populations = {("A", "land"): 100, ("B", "land"): 100, ("C", "land"): 100}
    return begin_fieldwork(database, keys, signer, populations, invited=20, questionnaire="onequestion@1")


def test_a_comment_waits_a_week_and_for_nine_others(work: Fieldwork) -> None:
    say(work, "A.land", 9)
    assert release_comments(work.database, LATER - timedelta(days=1)) == 0
    assert release_comments(work.database, LATER) == 9
    assert list_batches(work.database) == []
    say(work, "A.land", 1)
    assert release_comments(work.database, LATER) == 1
    (batch,) = list_batches(work.database)
    assert (batch.agency_code, batch.size) == ("A", 10)
    assert release_comments(work.database, LATER) == 0


def test_when_the_wave_is_over_agencies_with_too_few_go_together_without_a_name(work: Fieldwork) -> None:
    say(work, "B.land", 5)
    say(work, "C.land", 6)
    over = AFTER + DELAY
    release_comments(work.database, over)
    (batch,) = list_batches(work.database)
    assert (batch.agency_code, batch.size) == ("", 11)
    assert {each.agency_code for each in read_batch(work.database, batch.number, by="lan", now=NOW)} == {""}


def test_officials_read_what_a_statistician_passed_on(work: Fieldwork) -> None:
    number = make_batch(work)
    with pytest.raises(UnknownBatch):
        show_batch(work.database, number)
    first, *others = read_batch(work.database, number, by="lan", now=NOW)
    pass_on(work.database, number, withheld=[first.id], by="lan", now=NOW, on=LATER)
    assert show_batch(work.database, number) == others
    with pytest.raises(AlreadyRead):
        pass_on(work.database, number, withheld=[], by="hoa", now=NOW, on=LATER)


def test_a_comment_has_no_rating_no_date_no_place_and_no_person(work: Fieldwork) -> None:
    number = make_batch(work)
    found = read_batch(work.database, number, by="lan", now=NOW)
    assert {each.text for each in found} == {"Anh [tên người], gọi [số điện thoại]"}
    assert asdict(found[0]).keys() == {"id", "wave_code", "agency_code", "item", "text", "batch_number", "withheld"}
    assert [each.id for each in found] == sorted(each.id for each in found)


def make_batch(work: Fieldwork) -> int:
    say(work, "A.land", 10)
    release_comments(work.database, LATER)
    return list_batches(work.database)[0].number


def say(work: Fieldwork, stratum: str, count: int, on: date = TODAY) -> None:
    for _ in range(count):
        answers = {"K1": "Anh Tuấn, gọi 0912345678"}
        work.answer(work.tokens[stratum].pop(), **answers)
    work.seal_and_tally(on)
