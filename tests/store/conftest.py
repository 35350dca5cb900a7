"""A database that holds a row in every table that must never change."""

from __future__ import annotations

import pytest
from fieldwork import AFTER, TODAY, Fieldwork, begin_fieldwork, publish

from survey.actions.releasing import release_wave
from survey.actions.sealing import append_leaves, new_leaf
from survey.keys import Keys
from survey.proof import Signer
from survey.store import audits, people, tallies
from survey.store.database import Database
from survey.store.places import EVERYTHING
from survey.web.services import clock


@pytest.fixture
def work(database: Database, keys: Keys, signer: Signer) -> Fieldwork:
    """A wave that takes answers, with twenty invited in each of two strata."""
    return begin_fieldwork(database, keys, signer, {("A", "land"): 40, ("B", "land"): 60}, invited=20)


@pytest.fixture
def filled(work: Fieldwork) -> Database:
    """Answers in the ledger and in the inbox, an exclusion, a published release and a draft, an audit trail."""
    work.answer_all({"A.land": "5554", "B.land": "5541"})
    work.seal_and_tally()
    assert release_wave(work.database, "W", by="tester", today=TODAY)
    publish(work.database, "W.1", by="second", now=clock(), today=TODAY)
    work.answer_all({"A.land": "3"})
    work.seal_and_tally()
    assert release_wave(work.database, "W", by="tester", today=TODAY)
    work.answer_all({"B.land": "3"})
    with work.database.writing("fill") as connection:
        codes = {"kind": "exclusion", "excluded": 0, "rule": "test@1", "reason": "for the test"}
        append_leaves(connection, work.signer, "W", [new_leaf("exclusion", codes)], (), AFTER)
        published = {"wave_code": "W", "agency_code": "A", "period": "2026-11", "per_cent": "90"}
        tallies.add_published_figures(connection, [published])
        people.add_staff(connection, "lan", "official", "", EVERYTHING)
        audits.add_event(connection, at=clock(), actor="a", event="b", subject="c", detail={})
    return work.database
