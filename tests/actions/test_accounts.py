"""Accounts: invited and helped by operators, none of whom gives what they do not have."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from survey.actions import accounts
from survey.actions.accounts import AboveYou, InvitationGone, NotYours, UnknownAccount
from survey.actions.passwords import BadAccount, BadPassword
from survey.actions.signing_in import NotSignedIn, add_staff, find_live_session, find_signed_in, sign_in
from survey.keys import Keys
from survey.store import audits
from survey.store.audits import By
from survey.store.database import Database
from survey.store.people import Staff
from survey.store.places import EVERYTHING, Scope

NOW = datetime(2026, 11, 24, 1, 30, tzinfo=UTC)
PASSWORD = "một mật khẩu đủ dài"
COMMUNE, SIBLING = Scope("31507", None), Scope("31510", None)
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def staff(database: Database, name: str, role: str = "operator", scope: Scope = EVERYTHING) -> Staff:
    add_staff(database, name, role, PASSWORD, now=NOW, actor="test", scope=scope)
    return accounts.read_account(database, name).staff


def test_an_invitation_is_taken_once_and_looking_uses_nothing_up(database: Database, keys: Keys) -> None:
    boss = staff(database, "boss")
    token = accounts.invite(database, keys, "lan", "official", COMMUNE, actor=boss, now=NOW)
    with pytest.raises(NotSignedIn):
        sign_in(database, keys, "lan", "", NOW)
    for _ in range(3):
        assert accounts.open_invitation(database, keys, token, NOW).name == "lan"
    with pytest.raises(BadPassword):
        accounts.accept(database, keys, token, "short", now=NOW)
    accounts.accept(database, keys, token, PASSWORD, now=NOW)
    assert find_signed_in(database, keys, sign_in(database, keys, "lan", PASSWORD, NOW), NOW)
    with pytest.raises(InvitationGone):
        accounts.accept(database, keys, token, "ai đó muốn đổi nó lần nữa", now=NOW)


@on_sqlite
def test_an_invitation_ends_after_72_hours_when_replaced_and_when_the_account_is_closed(
    database: Database, keys: Keys
) -> None:
    boss = staff(database, "boss")
    first = accounts.invite(database, keys, "lan", "official", COMMUNE, actor=boss, now=NOW)
    assert accounts.open_invitation(database, keys, first, NOW + timedelta(hours=71))
    with pytest.raises(InvitationGone):
        accounts.open_invitation(database, keys, first, NOW + timedelta(hours=73))
    second = accounts.reset(database, keys, "lan", actor=boss, now=NOW)
    with pytest.raises(InvitationGone):
        accounts.open_invitation(database, keys, first, NOW)
    accounts.set_disabled(database, "lan", disabled=True, actor=boss, now=NOW)
    with pytest.raises(InvitationGone):
        accounts.open_invitation(database, keys, second, NOW)


@on_sqlite
@pytest.mark.parametrize(
    ("scope", "role", "given"),
    [
        (COMMUNE, "official", EVERYTHING),
        (COMMUNE, "operator", EVERYTHING),
        (COMMUNE, "official", SIBLING),
        (COMMUNE, "official", Scope(None, "land")),
        (Scope(None, "land"), "official", EVERYTHING),
        (Scope(None, "land"), "official", Scope("31507", None)),
        (Scope(None, "land"), "official", Scope(None, "health")),
        (EVERYTHING, "auditor", EVERYTHING),
        (EVERYTHING, "king", EVERYTHING),
    ],
)
def test_nobody_grants_above_themselves(database: Database, keys: Keys, scope: Scope, role: str, given: Scope) -> None:
    boss = staff(database, "boss", scope=scope)
    add_staff(database, "lan", "official", PASSWORD, now=NOW, actor="test", scope=scope)
    with pytest.raises(AboveYou):
        accounts.invite(database, keys, "new", role, given, actor=boss, now=NOW)
    with pytest.raises(AboveYou):
        accounts.change_rights(database, "lan", role, given, actor=boss, now=NOW)
    assert accounts.read_account(database, "lan").staff.scope == scope
    with pytest.raises(UnknownAccount):
        accounts.read_account(database, "new")


@on_sqlite
def test_what_one_has_one_may_give(database: Database, keys: Keys) -> None:
    """The control: the same operator, within the own area."""
    boss = staff(database, "boss", scope=COMMUNE)
    accounts.invite(database, keys, "lan", "official", Scope("31507", "land"), actor=boss, now=NOW)
    accounts.change_rights(database, "lan", "operator", COMMUNE, actor=boss, now=NOW)
    assert accounts.read_account(database, "lan").staff.role == "operator"


@on_sqlite
@pytest.mark.parametrize("role", ["official", "statistician", "auditor", "kiosk", "keyer", "interviewer"])
def test_only_operators_give_anything(database: Database, keys: Keys, role: str) -> None:
    member = staff(database, "lan", role)
    for given in accounts.GRANTED_BY["operator"]:
        with pytest.raises(AboveYou):
            accounts.invite(database, keys, "new", given, EVERYTHING, actor=member, now=NOW)


@on_sqlite
def test_auditors_and_oneself_are_seen_and_not_changed_and_others_places_not_seen(
    database: Database, keys: Keys
) -> None:
    boss, local = staff(database, "boss"), staff(database, "local", scope=COMMUNE)
    staff(database, "thanh", "auditor")
    staff(database, "afar", "official", SIBLING)
    for name in ("thanh", "boss"):
        assert accounts.read_account(database, name, boss.scope).staff.name == name
        for attempt in (accounts.reset,):
            with pytest.raises(NotYours):
                attempt(database, keys, name, actor=boss, now=NOW)
        with pytest.raises(NotYours):
            accounts.set_disabled(database, name, disabled=True, actor=boss, now=NOW)
    for name in ("afar", "boss", "nobody"):
        with pytest.raises(UnknownAccount):
            accounts.set_disabled(database, name, disabled=True, actor=local, now=NOW)
    assert [each.name for each in accounts.list_accounts(database, COMMUNE)] == ["local"]


def test_a_change_of_rights_a_closing_and_a_reset_end_every_session(database: Database, keys: Keys) -> None:
    boss = staff(database, "boss")
    staff(database, "lan", "official")
    steps = (
        lambda: accounts.change_rights(database, "lan", "statistician", EVERYTHING, actor=boss, now=NOW),
        lambda: accounts.set_disabled(database, "lan", disabled=True, actor=boss, now=NOW),
        lambda: accounts.reset(database, keys, "lan", actor=boss, now=NOW),
    )
    for number, step in enumerate(steps):
        value = sign_in(database, keys, "lan", PASSWORD, NOW)
        step()
        assert find_live_session(database, keys, value, NOW) is None, number
        accounts.set_disabled(database, "lan", disabled=False, actor=boss, now=NOW)
    with database.reading() as connection:
        events = {each.event for each in audits.list_entries(connection)}
        assert audits.find_first_break(connection) is None
    assert {"rights-changed", "staff-disabled", "staff-enabled", "factors-forgotten", "staff-invited"} <= events


@on_sqlite
def test_ones_own_password_is_changed_by_whoever_knows_it(database: Database, keys: Keys) -> None:
    staff(database, "lan", "official")
    other, value = (sign_in(database, keys, "lan", PASSWORD, NOW) for _ in range(2))
    session = find_live_session(database, keys, value, NOW)
    assert session is not None
    assert not accounts.change_password(database, session, "sai mật khẩu rồi đó", "một câu khác hẳn câu cũ", now=NOW)
    with pytest.raises(BadPassword):
        accounts.change_password(database, session, PASSWORD, "short", now=NOW)
    assert accounts.change_password(database, session, PASSWORD, "một câu khác hẳn câu cũ", now=NOW)
    assert find_live_session(database, keys, other, NOW) is None
    assert find_live_session(database, keys, value, NOW)
    with pytest.raises(NotSignedIn):
        sign_in(database, keys, "lan", PASSWORD, NOW)


@on_sqlite
def test_a_session_is_ended_only_under_its_own_account(database: Database, keys: Keys) -> None:
    staff(database, "lan", "official")
    staff(database, "minh", "official")
    value = sign_in(database, keys, "lan", PASSWORD, NOW)
    named = keys.session_hash(value)
    assert not accounts.end_session(database, "minh", named, By("test", NOW))
    assert find_live_session(database, keys, value, NOW)
    assert accounts.end_session(database, "lan", named, By("test", NOW))
    assert find_live_session(database, keys, value, NOW) is None


@on_sqlite
@pytest.mark.parametrize("name", ["", "a/b", "a\nb", "x" * 65, "boss"])
def test_a_name_that_cannot_be_is_refused(database: Database, keys: Keys, name: str) -> None:
    boss = staff(database, "boss")
    with pytest.raises(BadAccount):
        accounts.invite(database, keys, name, "official", EVERYTHING, actor=boss, now=NOW)
