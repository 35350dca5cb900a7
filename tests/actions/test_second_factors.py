"""What a person has beside the password: each code opens once, and a key answers only to its own site."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from security_key import SecurityKey

from survey.actions import second_factors
from survey.actions.second_factors import BadFactor, Site, WrongFactor
from survey.actions.signing_in import MOST_FAILURES, add_staff, find_live_session, find_signed_in, sign_in
from survey.keys import Keys
from survey.store import audits
from survey.store.database import Database
from survey.store.sessions import Session

NOW = datetime(2026, 11, 24, 1, 30, tzinfo=UTC)
PASSWORD = "một mật khẩu đủ dài"
HERE = Site("localhost", "http://localhost")
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
Signs = Callable[..., Session]


@pytest.fixture
def signs_in(database: Database, keys: Keys) -> Signs:
    """Lan signs in by password; the session as it then is."""
    add_staff(database, "lan", "official", PASSWORD, now=NOW, actor="test")

    def again(now: datetime = NOW) -> Session:
        found = find_live_session(database, keys, sign_in(database, keys, "lan", PASSWORD, now), now)
        assert found is not None
        return found

    return again


def reread(database: Database, keys: Keys, value: str, now: datetime = NOW) -> Session:
    found = find_live_session(database, keys, value, now)
    assert found is not None
    return found


def enrol(database: Database, keys: Keys, session: Session) -> tuple[pyotp.TOTP, list[str]]:
    secret = second_factors.new_secret()
    generator = pyotp.TOTP(secret)
    given = second_factors.add_totp(
        database, keys, session, secret=secret, code=generator.at(NOW), label="điện thoại", now=NOW
    )
    return generator, given


def test_the_generator_is_that_of_rfc_6238() -> None:
    """Appendix B, SHA-1: at 59 s the code of the secret 12345678901234567890 ends in 287082."""
    secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    at_59 = datetime.fromtimestamp(59, UTC)
    assert second_factors._matching_step(secret, "287082", at_59) == 1
    assert second_factors._matching_step(secret, "287082", at_59 + timedelta(seconds=61)) is None
    assert second_factors._matching_step(secret, "287083", at_59) is None


def test_with_a_generator_the_password_alone_opens_nothing(database: Database, keys: Keys, signs_in: Signs) -> None:
    first = signs_in()
    assert not first.is_half
    generator, given = enrol(database, keys, first)
    assert len(set(given)) == 10
    value = sign_in(database, keys, "lan", PASSWORD, NOW)
    assert find_signed_in(database, keys, value, NOW) is None
    later = NOW + timedelta(seconds=30)
    second_factors.pass_code(database, keys, reread(database, keys, value), generator.at(later), later)
    assert find_signed_in(database, keys, value, later)


def test_a_code_opens_once_and_none_from_before_it(database: Database, keys: Keys, signs_in: Signs) -> None:
    generator, _ = enrol(database, keys, signs_in())
    with pytest.raises(WrongFactor):  # the code that enrolled
        second_factors.pass_code(database, keys, signs_in(), generator.at(NOW), NOW)
    later = NOW + timedelta(seconds=30)
    second_factors.pass_code(database, keys, signs_in(), generator.at(later), later)
    for code in (generator.at(later), generator.at(NOW)):
        with pytest.raises(WrongFactor):
            second_factors.pass_code(database, keys, signs_in(), code, later)


@on_sqlite
def test_a_recovery_code_opens_once_however_it_is_typed(database: Database, keys: Keys, signs_in: Signs) -> None:
    _, given = enrol(database, keys, signs_in())
    typed = f" {given[0][:4].lower()}-{given[0][4:8]} {given[0][8:]} "
    second_factors.pass_code(database, keys, signs_in(), typed, NOW)
    with pytest.raises(WrongFactor):
        second_factors.pass_code(database, keys, signs_in(), given[0], NOW)
    renewed = second_factors.renew_recovery_codes(database, keys, signs_in(), NOW)
    with pytest.raises(WrongFactor):
        second_factors.pass_code(database, keys, signs_in(), given[1], NOW)
    second_factors.pass_code(database, keys, signs_in(), renewed[1], NOW)


@on_sqlite
def test_a_recovery_code_of_one_account_is_none_of_another(database: Database, keys: Keys, signs_in: Signs) -> None:
    _, given = enrol(database, keys, signs_in())
    add_staff(database, "minh", "official", PASSWORD, now=NOW, actor="test")
    minh = reread(database, keys, sign_in(database, keys, "minh", PASSWORD, NOW))
    with pytest.raises(WrongFactor):
        second_factors.pass_code(database, keys, minh, given[0], NOW)


def test_after_five_wrong_codes_the_session_is_gone(database: Database, keys: Keys, signs_in: Signs) -> None:
    generator, _ = enrol(database, keys, signs_in())
    value = sign_in(database, keys, "lan", PASSWORD, NOW)
    for _ in range(MOST_FAILURES):
        with pytest.raises(WrongFactor):
            second_factors.pass_code(database, keys, reread(database, keys, value), "000000", NOW)
    assert find_live_session(database, keys, value, NOW) is None
    assert generator


@on_sqlite
def test_a_half_session_waits_ten_minutes(database: Database, keys: Keys, signs_in: Signs) -> None:
    enrol(database, keys, signs_in())
    value = sign_in(database, keys, "lan", PASSWORD, NOW)
    assert find_live_session(database, keys, value, NOW + timedelta(minutes=9))
    assert find_live_session(database, keys, value, NOW + timedelta(minutes=11)) is None


@on_sqlite
def test_the_secret_of_a_generator_is_sealed(database: Database, keys: Keys, signs_in: Signs) -> None:
    generator, given = enrol(database, keys, signs_in())
    kept = b"".join(path.read_bytes() for path in database_files(database))
    assert generator.secret.encode() not in kept
    assert not any(code.encode() in kept for code in given)
    assert "điện thoại".encode() in kept  # the control: what is not sealed is found


def test_a_security_key_opens_with_what_it_was_asked_to_sign(database: Database, keys: Keys, signs_in: Signs) -> None:
    key = add_key(database, keys, signs_in)
    value = sign_in(database, keys, "lan", PASSWORD, NOW)
    options = second_factors.ask_for_key(database, reread(database, keys, value), HERE)
    assert options is not None
    credential = key.sign(options)
    second_factors.pass_key(database, reread(database, keys, value), HERE, credential, NOW)
    assert find_signed_in(database, keys, value, NOW)
    with pytest.raises(WrongFactor):  # what it signed once is worth nothing again
        second_factors.pass_key(database, reread(database, keys, value), HERE, credential, NOW)


@on_sqlite
@pytest.mark.parametrize("wrong", ["site", "origin", "challenge", "copied", "stranger", "nonsense"])
def test_a_false_site_a_stranger_and_a_copied_key_open_nothing(
    database: Database, keys: Keys, signs_in: Signs, wrong: str
) -> None:
    key = add_key(database, keys, signs_in)
    value = sign_in(database, keys, "lan", PASSWORD, NOW)
    options = second_factors.ask_for_key(database, reread(database, keys, value), HERE)
    assert options is not None
    if wrong == "site":
        key.host = "evil.example"
    if wrong == "origin":
        key.origin = "http://evil.example"
    if wrong == "challenge":
        options = second_factors.ask_for_key(database, signs_in(), HERE) or ""
    if wrong == "copied":
        key.counter = 1  # signs with 2, and the server has seen 3
    if wrong == "stranger":
        key = SecurityKey()
    credential = {"rawId": "%%%"} if wrong == "nonsense" else key.sign(options)
    with pytest.raises(WrongFactor):
        second_factors.pass_key(database, reread(database, keys, value), HERE, credential, NOW)
    assert find_signed_in(database, keys, value, NOW) is None


@on_sqlite
def test_a_key_that_signed_something_else_is_not_added(database: Database, keys: Keys, signs_in: Signs) -> None:
    session, key = signs_in(), SecurityKey()
    other = second_factors.offer_key(database, signs_in(), HERE)
    second_factors.offer_key(database, session, HERE)
    with pytest.raises(BadFactor):
        second_factors.add_key(database, keys, session, HERE, credential=key.make(other), label="", now=NOW)


def test_adding_and_removing_ends_other_sessions_and_is_in_the_trail(
    database: Database, keys: Keys, signs_in: Signs
) -> None:
    other = sign_in(database, keys, "lan", PASSWORD, NOW)
    session = signs_in()
    enrol(database, keys, session)
    assert find_live_session(database, keys, other, NOW) is None
    with database.reading() as connection:
        code = next(iter(second_factors.factors.list_factors(connection, "lan"))).code
    assert second_factors.remove_factor(database, session, code, NOW)
    assert not second_factors.remove_factor(database, session, code, NOW)
    assert not signs_in().is_half
    with database.reading() as connection:
        events = [each.event for each in audits.list_entries(connection)]
        assert second_factors.factors.count_recovery_codes(connection, "lan") == 0
    assert {"factor-added", "factor-removed"} <= set(events)


def add_key(database: Database, keys: Keys, signs_in: Signs) -> SecurityKey:
    value = sign_in(database, keys, "lan", PASSWORD, NOW)
    key = SecurityKey(counter=3)
    options = second_factors.offer_key(database, reread(database, keys, value), HERE)
    session = reread(database, keys, value)
    second_factors.add_key(database, keys, session, HERE, credential=key.make(options), label="khóa", now=NOW)
    return key


def database_files(database: Database) -> list:
    from pathlib import Path

    path = Path(str(database.engine.url.database))
    return [each for each in (path, Path(f"{path}-wal")) if each.exists()]
