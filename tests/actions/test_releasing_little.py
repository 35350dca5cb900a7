"""Two releases that differ by a few answers would tell what those few said."""

from __future__ import annotations

from fieldwork import AFTER, TODAY, Fieldwork, begin_fieldwork

from survey.actions.releasing import release_wave
from survey.keys import Keys
from survey.proof import Signer
from survey.store.database import Database


def test_a_release_waits_until_as_many_are_new_as_are_sealed_together(
    database: Database, keys: Keys, signer: Signer
) -> None:
    work = begin_fieldwork(database, keys, signer, {("A", "land"): 90, ("B", "land"): 90}, invited=40, seal_minimum=10)
    work.answer_all({"A.land": "5" * 12, "B.land": "5" * 12})
    work.seal_and_tally()
    assert release(work) == "W.1"
    work.answer_all({"A.land": "1" * 9})
    work.seal_and_tally(AFTER)
    assert release(work) is None
    assert count_releases(work) == 1


def test_ten_new_answers_are_enough(database: Database, keys: Keys, signer: Signer) -> None:
    work = begin_fieldwork(database, keys, signer, {("A", "land"): 90}, invited=40, seal_minimum=10)
    work.answer_all({"A.land": "5" * 12})
    work.seal_and_tally()
    assert release(work) == "W.1"
    work.answer_all({"A.land": "1" * 10})
    work.seal_and_tally()
    assert release(work) == "W.2"


def release(work: Fieldwork) -> str | None:
    made = release_wave(work.database, "W", by="tester", today=TODAY)
    return made.code if made else None


def count_releases(work: Fieldwork) -> int:
    from survey.store.releases import list_releases

    with work.database.reading() as connection:
        return len(list_releases(connection))
