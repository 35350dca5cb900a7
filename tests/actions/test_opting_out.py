"""Opting out: by telephone or with the code of a message; one code silences one contact, and nobody a commune."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from survey.actions.inviting import invite
from survey.actions.opting_out import NotOptedOut, UnknownCode, UnreadableContact, opt_in, opt_out, stop_by_code
from survey.keys import Keys
from survey.store import contacts
from survey.store.database import Database
from survey.store.tables import opt_out as table
from survey.store.tables import spent

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
TODAY = NOW.date()
PHONE = "0912 345 678"


@pytest.fixture
def codes(database: Database, keys: Keys, wave: str, load_totals: object) -> list[str]:
    """Two codes that messages brought."""
    assert callable(load_totals)
    load_totals(land=10)
    return [each.code for each in invite(database, keys, wave, 2, seed=1, today=TODAY)]


def is_out(database: Database, keys: Keys, identity: str) -> bool:
    with database.reading() as connection:
        return contacts.is_opted_out(connection, keys.contact_hash(identity))


def test_the_code_of_a_message_stops_the_contact_and_is_not_spent(
    database: Database, keys: Keys, codes: list[str]
) -> None:
    stop_by_code(database, keys, PHONE, codes[0].lower(), TODAY)
    assert is_out(database, keys, "tel:84912345678")
    with database.reading() as connection:
        assert connection.execute(spent.select()).all() == []
    stop_by_code(database, keys, PHONE, codes[0], TODAY)  # again: nothing changes
    with database.reading() as connection:
        assert contacts.count_opt_outs(connection) == 1


def test_one_code_stops_one_contact(database: Database, keys: Keys, codes: list[str]) -> None:
    stop_by_code(database, keys, PHONE, codes[0], TODAY)
    with pytest.raises(UnknownCode):
        stop_by_code(database, keys, "0987 654 321", codes[0], TODAY)
    stop_by_code(database, keys, "Ba.Tu@vidu.vn", codes[1], TODAY)
    assert is_out(database, keys, "ba.tu@vidu.vn")
    assert not is_out(database, keys, "tel:84987654321")


@pytest.mark.parametrize("code", ["", "0000-0000-000", "x" * 500, "K7QD93MX2TB"])
def test_without_a_code_of_a_message_nothing_is_stopped(database: Database, keys: Keys, wave: str, code: str) -> None:
    del wave
    with pytest.raises(UnknownCode):
        stop_by_code(database, keys, PHONE, code, TODAY)
    assert not is_out(database, keys, "tel:84912345678")


def test_what_is_no_contact_is_said(database: Database, keys: Keys, codes: list[str]) -> None:
    with pytest.raises(UnreadableContact, match="0912 345 678"):
        stop_by_code(database, keys, "ông Tư", codes[0], TODAY)


def test_only_a_keyed_hash_is_kept(database: Database, keys: Keys) -> None:
    opt_out(database, keys, PHONE, now=NOW, today=TODAY, actor="tester")
    with database.reading() as connection:
        [row] = connection.execute(table.select()).all()
    assert (row.contact_hash, row.stop_hash, row.since) == (keys.contact_hash("tel:84912345678"), None, TODAY)


def test_whoever_asks_may_get_messages_again(database: Database, keys: Keys) -> None:
    opt_out(database, keys, PHONE, now=NOW, today=TODAY, actor="tester")
    opt_in(database, keys, "+84912345678", now=NOW, today=TODAY, actor="tester")
    assert not is_out(database, keys, "tel:84912345678")
    with pytest.raises(NotOptedOut):
        opt_in(database, keys, PHONE, now=NOW, today=TODAY, actor="tester")
