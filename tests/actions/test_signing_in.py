"""Staff accounts: strong passwords, sessions that end, and no hint of which names exist."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from survey.actions.signing_in import (
    BadAccount,
    NotSignedIn,
    add_staff,
    find_signed_in,
    new_password,
    sign_in,
    sign_out,
)
from survey.keys import Keys
from survey.store import audits
from survey.store.database import Database
from survey.store.places import Scope
from survey.store.tables import staff, staff_session

NOW = datetime(2026, 11, 24, 1, 30, tzinfo=UTC)
PASSWORD = "một mật khẩu đủ dài"


@pytest.fixture
def lan(database: Database) -> str:
    add_staff(database, "lan", "official", PASSWORD, now=NOW, actor="test", scope=Scope(None, "land"))
    return "lan"


def test_a_made_password_has_a_hundred_random_bits() -> None:
    """20 letters of an alphabet of 31: 20 x log2(31) = 99.1 bits."""
    passwords = {new_password() for _ in range(50)}
    assert len(passwords) == 50
    assert all(re.fullmatch(r"([a-hjkmnp-z2-9]{5}-){3}[a-hjkmnp-z2-9]{5}", each) for each in passwords)


def test_only_a_hash_of_the_password_and_of_the_session_is_kept(database: Database, keys: Keys, lan: str) -> None:
    session = sign_in(database, keys, lan, PASSWORD, NOW)
    with database.reading() as connection:
        kept = repr(connection.execute(staff.select()).all()) + repr(connection.execute(staff_session.select()).all())
    assert "$argon2id$" in kept
    assert PASSWORD not in kept
    assert session not in kept


def test_whatever_is_wrong_the_answer_is_the_same(database: Database, keys: Keys, lan: str) -> None:
    said = set()
    for name, password in (("lan", "sai mật khẩu hoàn toàn"), ("nobody", PASSWORD), ("", PASSWORD), ("lan", "")):
        with pytest.raises(NotSignedIn) as refused:
            sign_in(database, keys, name, password, NOW)
        said.add(str(refused.value))
    assert said == {"The name and the password do not belong together, or the account is closed. Check both."}


def test_a_password_typed_on_another_keyboard_fits(database: Database, keys: Keys, lan: str) -> None:
    assert sign_in(database, keys, lan, unicodedata.normalize("NFD", PASSWORD), NOW)


def test_a_session_knows_its_member_with_role_and_scope(database: Database, keys: Keys, lan: str) -> None:
    session = sign_in(database, keys, lan, PASSWORD, NOW)
    member = find_signed_in(database, keys, session, NOW)
    assert member is not None
    assert (member.name, member.role, member.scope) == ("lan", "official", Scope(None, "land"))
    assert find_signed_in(database, keys, session + "x", NOW) is None


def test_a_session_that_is_used_lasts_ten_hours_and_an_idle_one_half_an_hour(
    database: Database, keys: Keys, lan: str
) -> None:
    used, idle = sign_in(database, keys, lan, PASSWORD, NOW), sign_in(database, keys, lan, PASSWORD, NOW)
    for minutes in range(0, 601, 25):
        assert find_signed_in(database, keys, used, NOW + timedelta(minutes=minutes))
    assert find_signed_in(database, keys, used, NOW + timedelta(minutes=601)) is None
    assert find_signed_in(database, keys, idle, NOW + timedelta(minutes=31)) is None


def test_signing_out_ends_that_session_alone(database: Database, keys: Keys, lan: str) -> None:
    one, other = (sign_in(database, keys, lan, PASSWORD, NOW) for _ in range(2))
    sign_out(database, keys, one)
    assert find_signed_in(database, keys, one, NOW) is None
    assert find_signed_in(database, keys, other, NOW)


def test_a_disabled_account_is_out_at_once(database: Database, keys: Keys, lan: str) -> None:
    session = sign_in(database, keys, lan, PASSWORD, NOW)
    with database.writing("test") as connection:
        connection.execute(text("UPDATE staff SET disabled = true"))
    assert find_signed_in(database, keys, session, NOW) is None
    with pytest.raises(NotSignedIn):
        sign_in(database, keys, lan, PASSWORD, NOW)


def test_a_bad_account_is_refused_with_what_to_do(database: Database, lan: str) -> None:
    for name, role, password, reason in (
        ("an", "king", PASSWORD, "There is no role king. Choose one of"),
        ("an", "official", "short", "too short. Give at least 15 characters"),
        ("", "official", PASSWORD, "1 to 64 printable characters"),
        ("a\nb", "official", PASSWORD, "1 to 64 printable characters"),
        ("lan", "auditor", PASSWORD, "an account with the name lan already"),
    ):
        with pytest.raises(BadAccount, match=reason):
            add_staff(database, name, role, password, now=NOW, actor="test")
    with database.reading() as connection:
        assert len(connection.execute(staff.select()).all()) == 1


def test_accounts_and_sign_ins_are_in_the_audit_trail(database: Database, keys: Keys, lan: str) -> None:
    sign_in(database, keys, lan, PASSWORD, NOW)
    with database.reading() as connection:
        events = connection.execute(text("SELECT event, subject, actor FROM audit ORDER BY position")).all()
        assert audits.find_first_break(connection) is None
    assert [tuple(each) for each in events] == [("staff-added", "lan", "test"), ("signed-in", "lan", "lan")]


def test_a_name_that_no_database_can_hold_is_just_wrong(database: Database, keys: Keys) -> None:
    for name in ("\x00", "lan\x00", "\ud800", "'; DROP TABLE staff; --"):
        with pytest.raises(NotSignedIn):
            sign_in(database, keys, name, PASSWORD, NOW)
