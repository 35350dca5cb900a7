"""Nobody, not even the administrator of the database with every file in hand, can tell whose answer is whose.

With m tokens of a stratum spent between two seals a blind guess is right once in m; here m is 10. The measured rates
and what the promise does not cover are in docs/privacy.md.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from kept_files import folders_of
from linkage import Result, attack
from linked_load import answer_in_known_order
from sqlalchemy import text

from survey.actions.forgetting import forget_order
from survey.keys import Keys
from survey.proof import Signer
from survey.settings import Settings
from survey.store import traces
from survey.store.database import Database

FULL = os.environ.get("HAILONG_FULL_COUNTS") == "1"
STRATA = 500 if FULL else 12
POSTING = 200 if FULL else 6
ALLOWED = 0.01


def test_the_day_after_a_guess_is_blind(database: Database, home: Path, keys: Keys, signer: Signer) -> None:
    truth = answer_in_known_order(database, keys, signer, strata=STRATA, seals=2, seed=11)
    assert forget_order(database, thoroughly=True) == []
    assert_blind(attack(database, folders_of(database, home), truth))


def test_a_guess_is_blind_among_those_that_still_wait(
    database: Database, home: Path, keys: Keys, signer: Signer
) -> None:
    """They are not sealed: token and answer stand in two tables of a few rows each, committed together."""
    truth = answer_in_known_order(database, keys, signer, strata=STRATA, seals=1, seed=12, sealed=False)
    assert forget_order(database, thoroughly=True) == []
    assert_blind(attack(database, folders_of(database, home), truth))


def test_nor_does_what_the_web_process_keeps_of_a_post_help(
    database: Database, home: Path, keys: Keys, signer: Signer, settings: Settings
) -> None:
    """Each answer comes over HTTP from a browser of its own, and what the door counts of browsers is written too.
    Before the hour is over, the control: the database's log pairs them."""
    truth = answer_in_known_order(database, keys, signer, strata=POSTING, seals=1, seed=16, door=settings)
    assert attack(database, folders_of(database, home), truth).rate > 0.5
    assert forget_order(database, thoroughly=True) == []
    assert_blind(attack(database, folders_of(database, home), truth))


@pytest.mark.thorough
def test_without_forgetting_the_attack_finds_most(database: Database, home: Path, keys: Keys, signer: Signer) -> None:
    """The control: sealed and shuffled as ever, but the database's own log pairs what was committed together."""
    truth = answer_in_known_order(database, keys, signer, strata=12, seals=1, seed=13)
    assert attack(database, folders_of(database, home), truth).rate > 0.5


@pytest.mark.postgresql
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.thorough
def test_a_log_that_is_emptied_does_not_help_while_rows_stand_as_they_came(
    database: Database, home: Path, keys: Keys, signer: Signer
) -> None:
    """The other control: what waits is not rewritten, and both rows of a transaction carry its number (xmin)."""
    truth = answer_in_known_order(database, keys, signer, strata=12, seals=1, seed=14, sealed=False)
    assert traces.empty_log(database) == []
    assert attack(database, folders_of(database, home), truth).rate == 1.0


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_no_page_of_the_file_remembers_a_sealed_answer_twice(
    database: Database, home: Path, keys: Keys, signer: Signer
) -> None:
    """Free pages and free parts of pages are overwritten: the ledger's own row is the only place of its nonce."""
    truth = answer_in_known_order(database, keys, signer, strata=3, seals=1, seed=15)
    forget_order(database)
    content = b"".join(path.read_bytes() for path in home.iterdir())
    assert {content.count(nonce) for nonce in truth.answer_of.values()} == {1}


@pytest.mark.postgresql
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_server_that_keeps_its_log_is_told(database: Database) -> None:
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ALTER SYSTEM SET wal_keep_size = '64MB'"))
        connection.execute(text("SELECT pg_reload_conf()"))
        try:
            assert any("wal_keep_size" in line for line in forget_order(database))
        finally:
            connection.execute(text("ALTER SYSTEM RESET wal_keep_size"))
            connection.execute(text("SELECT pg_reload_conf()"))


def assert_blind(result: Result) -> None:
    print(f"best guess: {result.guess}; {result.hits} of {result.tokens}, {result.rate:.4f}; blind {result.chance:.4f}")
    assert result.rate <= result.chance + ALLOWED + result.luck, result
