"""A release follows from checkpoint, frame and rule alone; a second person publishes it; a checkpoint binds it."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from fieldwork import TODAY, Fieldwork, begin_fieldwork, publish
from sqlalchemy import text

from survey.actions.reading import (
    AlreadyPublished,
    SecondPersonNeeded,
    UnknownRelease,
    read_boards,
    read_newest,
    read_published,
)
from survey.actions.releasing import NotTallied, release_due_waves, release_wave
from survey.actions.sealing import seal
from survey.actions.tallying import tally
from survey.actions.verifying import verify_installation
from survey.keys import Keys
from survey.proof import Signer
from survey.store import audits, ledger, releases
from survey.store.database import Database
from survey.store.places import EVERYTHING

NOW = datetime(2026, 11, 24, 5, tzinfo=UTC)
POPULATIONS = {("A", "land"): 400, ("B", "land"): 600, ("A", "certification"): 500}
ANSWERS = {"A.land": "5" * 30 + "2" * 4, "B.land": "4" * 20 + "1" * 6, "A.certification": "5" * 40 + "3" * 5}
OPEN_TRIGGERS = {
    True: ("DROP TRIGGER release_figure_no_update",),
    False: ("ALTER TABLE release_figure DISABLE TRIGGER USER",),
}


FEW = {"A.land": "5" * 11 + "2", "B.land": "4" * 11 + "1"}  # too few for a table of definitions, so it is soon done
ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def work(database: Database, keys: Keys, signer: Signer) -> Fieldwork:
    work = begin_fieldwork(database, keys, signer, POPULATIONS, invited=60)
    work.answer_all(ANSWERS)
    work.seal_and_tally()
    return work


@pytest.fixture
def small(database: Database, keys: Keys, signer: Signer) -> Fieldwork:
    work = begin_fieldwork(database, keys, signer, POPULATIONS, invited=60)
    work.answer_all(FEW)
    work.seal_and_tally()
    return work


def figures(work: Fieldwork, code: str) -> dict[tuple[str, str, str], dict[str, object]]:
    with work.database.reading() as connection:
        return {(f.level, f.sector_code, f.place): f.numbers for f in releases.list_figures(connection, code)}


def test_a_release_has_the_wave_its_sectors_with_those_above_and_their_agencies(work: Fieldwork) -> None:
    """Land: (400 x 30/34 + 600 x 20/26) / 1000 = .352941 + .461538 = .814479; nothing is small enough to hide."""
    drafted = release_wave(work.database, "W", by="lan", today=TODAY)
    assert drafted is not None
    found = figures(work, drafted.code)
    assert {key[:1] + key[2:] for key in found} == {
        ("wave", "W"),
        ("sector", "procedures"),
        ("sector", "land_construction_investment"),
        ("sector", "land"),
        ("sector", "certification"),
        ("agency", "A"),
        ("agency", "B"),
    }
    land = found["sector", "land", "land"]
    assert land["rate"] == round(400 * 30 / 34 / 1000 + 600 * 20 / 26 / 1000, 3)
    assert (land["n"], land["invited"], land["answered"]) == (60, 120, 60)
    assert found["sector", "land_construction_investment", "land_construction_investment"]["rate"] == land["rate"]


def test_the_same_checkpoint_frame_and_rule_give_the_same_bytes_whatever_day_it_is(work: Fieldwork) -> None:
    first = release_wave(work.database, "W", by="lan", today=TODAY)
    assert release_wave(work.database, "W", by="hoa", today=TODAY) is None, "nothing new is no new release"
    work.answer_all({"A.land": "5"})
    work.seal_and_tally()
    second = release_wave(work.database, "W", by="lan", today=TODAY)
    assert first is not None
    assert second is not None
    assert first.digest != second.digest
    header = json.loads(second.header)
    with work.database.reading() as connection:
        checkpoint = ledger.find_latest_checkpoint(connection)
    assert checkpoint is not None
    assert header["checkpoint"] == {"number": 2, "size": 106, "root": checkpoint.root.hex()}
    assert header["frame"]["version"] == 1


@ON_SQLITE
def test_answers_that_are_sealed_but_not_tallied_hold_a_release_back(small: Fieldwork) -> None:
    small.answer_all({"A.land": "5"})
    seal(small.database, small.signer, TODAY)
    with pytest.raises(NotTallied, match=r"Run `hailong work --once` first"):
        release_wave(small.database, "W", by="lan", today=TODAY)
    tally(small.database)
    assert release_wave(small.database, "W", by="lan", today=TODAY)


@ON_SQLITE
def test_whoever_drafted_it_does_not_publish_it(small: Fieldwork) -> None:
    assert release_wave(small.database, "W", by="lan", today=TODAY)
    with pytest.raises(SecondPersonNeeded):
        publish(small.database, "W.1", by="lan", now=NOW, today=TODAY)
    with pytest.raises(UnknownRelease):
        read_published(small.database, "W", "sector", EVERYTHING)
    publish(small.database, "W.1", by="hoa", now=NOW, today=TODAY)
    opened = read_published(small.database, "W", "sector", EVERYTHING)
    assert (opened.release.drafted_by, opened.release.published_by) == ("lan", "hoa")
    with pytest.raises(AlreadyPublished):
        publish(small.database, "W.1", by="mai", now=NOW, today=TODAY)
    with pytest.raises(UnknownRelease):
        publish(small.database, "W.9", by="hoa", now=NOW, today=TODAY)


def test_publishing_is_in_the_audit_trail_and_in_the_next_checkpoint(small: Fieldwork) -> None:
    drafted = release_wave(small.database, "W", by="lan", today=TODAY)
    assert drafted is not None
    publish(small.database, "W.1", by="hoa", now=NOW, today=TODAY)
    small.answer_all({"A.land": "5"})
    small.seal_and_tally()
    with small.database.reading() as connection:
        checkpoint = ledger.find_latest_checkpoint(connection)
        events = connection.execute(text("SELECT event, subject, actor FROM audit ORDER BY position")).all()
        assert audits.find_first_break(connection) is None
    assert checkpoint is not None
    assert json.loads(checkpoint.releases) == [["W.1", drafted.digest.hex()]]
    assert [tuple(each) for each in events] == [
        ("release-signed", "W.1", "hoa"),
        ("release-published", "W.1", "hoa"),
    ]


@ON_SQLITE
def test_boards_show_what_is_published_and_not_the_newer_draft(small: Fieldwork) -> None:
    assert release_wave(small.database, "W", by="lan", today=TODAY)
    assert read_boards(small.database, "sector", EVERYTHING) == []
    publish(small.database, "W.1", by="hoa", now=NOW, today=TODAY)
    small.answer_all({"A.land": "5"})
    small.seal_and_tally()
    assert release_wave(small.database, "W", by="lan", today=TODAY)
    (board,) = read_boards(small.database, "sector", EVERYTHING)
    assert board.release.code == "W.1"
    assert read_newest(small.database, "W", EVERYTHING).release.code == "W.2"


@ON_SQLITE
def test_only_a_demo_wave_is_released_by_itself(database: Database, keys: Keys, signer: Signer) -> None:
    for code, purpose in (("OFFICIAL", "official"), ("DEMO", "demo")):
        work = begin_fieldwork(database, keys, signer, POPULATIONS, code=code, purpose=purpose, invited=40)
        work.answer_all({"A.land": "5" * 20 + "1" * 5})
        work.seal_and_tally()
    assert release_due_waves(database, TODAY) == 1
    assert release_due_waves(database, TODAY) == 0
    with database.reading() as connection:
        (only,) = releases.list_releases(connection)
    assert (only.wave_code, only.published_on) == ("DEMO", TODAY)


def test_a_figure_that_was_changed_is_found(work: Fieldwork) -> None:
    assert release_wave(work.database, "W", by="lan", today=TODAY)
    assert verify_installation(work.database, work.signer.verifier).is_clean
    raised = "UPDATE release_figure SET figure = replace(figure, '\"rate\": 0.8', '\"rate\": 0.9') WHERE place = 'land'"
    with work.database.writing("test") as connection:
        for statement in OPEN_TRIGGERS[work.database.is_sqlite]:
            connection.execute(text(statement))
        assert connection.execute(text(raised)).rowcount == 1
    findings = verify_installation(work.database, work.signer.verifier)
    assert not findings.is_clean
    assert "WRONG release W.1: a figure was changed after it was drafted" in findings.lines


@ON_SQLITE
def test_a_tally_that_was_changed_is_found(work: Fieldwork) -> None:
    with work.database.writing("test") as connection:
        connection.execute(text("UPDATE tally_cell SET n = n + 1 WHERE stratum_code = 'A.land' AND outcome = 'level5'"))
    findings = verify_installation(work.database, work.signer.verifier)
    (wrong,) = [line for line in findings.lines if line.startswith("WRONG")]
    assert "tally of W: cell ('A.land'" in wrong
    assert "(31, 30, 30), the ledger (30, 30, 30)" in wrong
