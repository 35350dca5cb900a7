"""The audit trail: every entry is bound to the one before, and the first break is found."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import text

from survey.store import audits
from survey.store.database import Database

AT = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
OPEN_TRIGGERS = {
    True: ("DROP TRIGGER audit_no_update", "DROP TRIGGER audit_no_delete"),
    False: ("ALTER TABLE audit DISABLE TRIGGER USER",),
}


def add(database: Database, subject: str, at: datetime = AT) -> None:
    with database.writing("test") as connection:
        audits.add_event(connection, at=at, actor="a", event="read", subject=subject, detail={"rows": 3, "ở": "đây"})


def first_break(database: Database) -> int | None:
    with database.reading() as connection:
        return audits.find_first_break(connection)


@pytest.fixture
def trail(database: Database) -> Database:
    """Five entries, written from two time zones."""
    for number in range(5):
        add(database, f"subject {number}", AT.astimezone(timezone(timedelta(hours=number))) + timedelta(minutes=number))
    return database


def test_a_trail_that_nobody_touched_holds_in_any_time_zone(trail: Database) -> None:
    assert first_break(trail) is None
    if not trail.is_sqlite:
        with trail.reading() as connection:
            connection.execute(text("SET TIME ZONE 'America/Caracas'"))
            assert audits.find_first_break(connection) is None


TAMPERED = {
    "UPDATE audit SET digest = previous_digest WHERE position = 4": 4,
    "UPDATE audit SET actor = 'somebody else' WHERE position = 3": 3,
    "DELETE FROM audit WHERE position = 2": 2,
    "UPDATE audit SET detail = '{}' WHERE position = 1": 1,
    "UPDATE audit SET at = (SELECT max(at) FROM audit) WHERE position = 0": 0,
}


def test_the_first_entry_that_was_tampered_with_is_named(trail: Database) -> None:
    """From the last to the first, so that each is the first break when it is made."""
    with trail.writing("test") as connection:
        for statement in OPEN_TRIGGERS[trail.is_sqlite]:
            connection.execute(text(statement))
    for tampering, found in TAMPERED.items():
        with trail.writing("test") as connection:
            connection.execute(text(tampering))
        assert first_break(trail) == found, tampering


def test_a_page_of_entries_names_the_first_that_does_not_follow(trail: Database) -> None:
    """It looks at these and at the one before each, and at nothing else."""
    with trail.writing("test") as connection:
        assert audits.find_broken(connection, range(5)) is None
        for statement in (*OPEN_TRIGGERS[trail.is_sqlite], "UPDATE audit SET actor = 'else' WHERE position = 3"):
            connection.execute(text(statement))
    with trail.reading() as connection:
        assert audits.find_broken(connection, [4, 3, 2]) == 3
        assert audits.find_broken(connection, [2, 1, 0]) is None
        assert audits.find_digest(connection, 0) == audits.GENESIS
        assert audits.find_digest(connection, 6) is None


def test_a_trail_without_its_beginning_is_broken(trail: Database) -> None:
    with trail.writing("test") as connection:
        for statement in (*OPEN_TRIGGERS[trail.is_sqlite], "DELETE FROM audit WHERE position = 0"):
            connection.execute(text(statement))
    assert first_break(trail) == 0


def test_entries_written_at_the_same_time_follow_one_another(database: Database) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: add(database, f"subject {number}"), range(24)))
    assert first_break(database) is None
    with database.reading() as connection:
        assert connection.scalar(text("SELECT count(*) FROM audit")) == 24
