"""What is kept past its time is gone, from the files' bytes too, and everything that was signed still verifies."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fieldwork import CLOSES, TODAY, Fieldwork, begin_fieldwork
from kept_files import files_with
from sqlalchemy import text

from survey.actions.releasing import release_wave
from survey.actions.releasing_comments import release_comments
from survey.actions.retaining import retain
from survey.actions.verifying import verify_installation
from survey.keys import Keys
from survey.mandate.retention import load_retention
from survey.proof import Signer
from survey.store.database import Database

SECRET_WORDS = "con đường trước nhà tôi ngập quanh năm"
NOW = datetime(2026, 11, 24, tzinfo=UTC)
ANSWERED = 24  # too few for a table of definitions, so a release is soon made
YEAR = CLOSES + timedelta(days=365)


@pytest.fixture
def work(database: Database, keys: Keys, signer: Signer) -> Fieldwork:
    begun = begin_fieldwork(database, keys, signer, {("A", "land"): 100}, invited=40)
    for _ in range(ANSWERED):
        begun.answer(begun.tokens["A.land"].pop(), "5", K1=SECRET_WORDS)
    begun.seal_and_tally()
    release_wave(database, "W", by="lan", today=TODAY)
    release_comments(database, CLOSES + timedelta(days=1))
    return begun


def test_texts_go_a_year_after_the_wave_and_everything_still_verifies(work: Fieldwork) -> None:
    assert retain(work.database, NOW, CLOSES + timedelta(days=90)) == 0
    assert retain(work.database, NOW, YEAR + timedelta(days=1)) == 2 * ANSWERED + 40
    assert count(work.database, "ledger WHERE text IS NOT NULL OR nonce2 IS NOT NULL") == 0
    assert count(work.database, "comment") == 0
    assert count(work.database, "ledger") == ANSWERED
    assert verify_installation(work.database, work.signer.verifier).is_clean
    assert retain(work.database, NOW, YEAR + timedelta(days=2)) == 0


def test_the_audit_trail_says_what_was_destroyed_how_many_and_which(work: Fieldwork) -> None:
    retain(work.database, NOW, YEAR + timedelta(days=1))
    with work.database.reading() as connection:
        entries = connection.execute(
            text("SELECT detail FROM audit WHERE event = 'retention' ORDER BY position")
        ).scalars()
        details = " ".join(entries)
    assert '"rule":"texts"' in details
    assert f'"count":{2 * ANSWERED}' in details, "leaves and comments"
    assert '"digest":"' in details


def test_the_words_are_gone_from_every_byte_of_the_files(work: Fieldwork, home: Path) -> None:
    """On PostgreSQL those of its tables and of its log, too. With a control: before, the words are there."""
    words = SECRET_WORDS.encode()
    write_to_disk(work.database)
    assert files_with(words, work.database, home) != []
    retain(work.database, NOW, YEAR + timedelta(days=1))
    write_to_disk(work.database)
    assert files_with(words, work.database, home) == []


def test_ninety_days_after_the_wave_no_hash_leads_from_a_code_to_its_place(work: Fieldwork, database: Database) -> None:
    before = hashes(database)
    assert retain(database, NOW, CLOSES + timedelta(days=91)) == 40
    assert hashes(database).isdisjoint(before)
    assert count(database, "invitation") == 40
    assert retain(database, NOW, CLOSES + timedelta(days=92)) == 0


def test_every_rule_that_the_job_enforces_has_a_period_and_every_rule_three_languages() -> None:
    rules = load_retention().values()
    assert all(rule.days for rule in rules if rule.enforced_by == "retain")
    assert all({*rule.name} == {*rule.kept} == {"vi", "en", "km"} for rule in rules)
    assert {rule.code for rule in rules if rule.enforced_by == "retain"} == {
        "texts",
        "tokens",
        "applicants",
        "households",
        "sessions",
    }


def write_to_disk(database: Database) -> None:
    """PostgreSQL keeps changed pages in memory until a checkpoint, when it also removes the files of old tables."""
    if not database.is_sqlite:
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("CHECKPOINT"))


def hashes(database: Database) -> set[bytes]:
    with database.reading() as connection:
        return {bytes(each) for each in connection.execute(text("SELECT token_hash FROM invitation")).scalars()}


def count(database: Database, what: str) -> int:
    with database.reading() as connection:
        found: int = connection.execute(text(f"SELECT count(*) FROM {what}")).scalar_one()
    return found
