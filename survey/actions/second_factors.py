"""What a person has beside the password: a generator of codes (RFC 6238), a security key (WebAuthn), recovery codes.

A code opens once: the step of a generator and the counter of a key only move forward, a recovery code is spent.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyotp
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import base64url_to_bytes
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import PublicKeyCredentialDescriptor

from survey.actions.signing_in import record_sign_in
from survey.keys import Keys, canonical_token, new_code
from survey.store import audits, factors, sessions
from survey.store.database import Connection, Database
from survey.store.factors import KEY, TOTP, Factor
from survey.store.sessions import Session

STEP_SECONDS = 30
STEPS_AROUND = 1
NONCE = 12
RECOVERY_CODES = 10
MOST_FACTORS = 10
LONGEST_LABEL = 64
NAME = "Hài Lòng"


class WrongFactor(Exception):
    """The code or the key is not one of this account, or was used before."""

    def __init__(self) -> None:
        super().__init__("The code is wrong or was used before. Wait for the next one, or use a recovery code.")


class BadFactor(ValueError):
    """The factor cannot be added. `code` is wrong_code, unreadable, known or too_many."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(f"The second factor was not added: {code}.")


@dataclass(frozen=True, slots=True)
class Site:
    """The staff's door as a browser knows it: what a security key is made for, and signs."""

    host: str
    origin: str


def new_secret() -> str:
    """A secret for a generator of codes: 160 random bits in base32."""
    return pyotp.random_base32()


def enrolment_address(secret: str, name: str) -> str:
    """What a generator reads from a QR code (otpauth://)."""
    return pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=NAME)


def add_totp(
    database: Database, keys: Keys, session: Session, *, secret: str, code: str, label: str, now: datetime
) -> list[str]:
    """Add a generator whose first code is right; recovery codes when there were none. Raises BadFactor."""
    step = _matching_step(secret, code, now)
    if step is None:
        raise BadFactor("wrong_code")
    number = secrets.token_hex(8)
    sealed = _seal(keys, secret, number)
    factor = Factor(number, session.staff.name, TOTP, _label(label), sealed, None, step, now)
    return _add(database, keys, session, factor, now)


def offer_key(database: Database, session: Session, site: Site) -> str:
    """What the browser asks a new security key to sign, as JSON."""
    name = session.staff.name
    with database.writing("offer-key") as connection:
        known = _descriptors(factors.list_factors(connection, name))
        options = generate_registration_options(
            rp_id=site.host, rp_name=NAME, user_name=name, user_id=name.encode(), exclude_credentials=known
        )
        sessions.set_challenge(connection, session.session_hash, options.challenge)
    return options_to_json(options)


def add_key(
    database: Database,
    keys: Keys,
    session: Session,
    site: Site,
    *,
    credential: Mapping[str, Any],
    label: str,
    now: datetime,
) -> list[str]:
    """Add a security key that signed what was offered; recovery codes when there were none. Raises BadFactor."""
    _use_up_challenge(database, session)
    try:
        verified = verify_registration_response(
            credential=dict(credential),
            expected_challenge=session.challenge or b"",
            expected_rp_id=site.host,
            expected_origin=site.origin,
        )
    except (WebAuthnException, KeyError, TypeError, ValueError) as error:
        raise BadFactor("unreadable") from error
    factor = Factor(
        secrets.token_hex(8),
        session.staff.name,
        KEY,
        _label(label),
        verified.credential_public_key,
        verified.credential_id,
        verified.sign_count,
        now,
    )
    return _add(database, keys, session, factor, now)


def ask_for_key(database: Database, session: Session, site: Site) -> str | None:
    """What the browser asks a security key of the account to sign, as JSON; None when it has none."""
    with database.writing("ask-for-key") as connection:
        known = _descriptors(factors.list_factors(connection, session.staff.name))
        if not known:
            return None
        options = generate_authentication_options(rp_id=site.host, allow_credentials=known)
        sessions.set_challenge(connection, session.session_hash, options.challenge)
    return options_to_json(options)


def pass_code(database: Database, keys: Keys, session: Session, code: str, now: datetime) -> None:
    """Make a half session whole, or confirm a whole one, by a generator's or a recovery code. Raises WrongFactor."""
    with database.writing("second-factor") as connection:
        right = _use_code(connection, keys, session.staff.name, code, now)
        _finish(connection, session, now, right=right)
    if not right:
        raise WrongFactor


def pass_key(database: Database, session: Session, site: Site, credential: Mapping[str, Any], now: datetime) -> None:
    """The same by a security key. Raises WrongFactor."""
    _use_up_challenge(database, session)
    with database.writing("second-factor") as connection:
        right = _use_key(connection, session, site, credential)
        _finish(connection, session, now, right=right)
    if not right:
        raise WrongFactor


def remove_factor(database: Database, session: Session, code: str, now: datetime) -> bool:
    """Remove one of a person's own factors; with the last go the recovery codes. False when there is none such."""
    name = session.staff.name
    with database.writing("remove-factor") as connection:
        if not factors.remove_factor(connection, name, code):
            return False
        if not factors.list_factors(connection, name):
            factors.remove_every_factor(connection, name)
        audits.add_event(connection, at=now, actor=name, event="factor-removed", subject=name, detail={})
    return True


def renew_recovery_codes(database: Database, keys: Keys, session: Session, now: datetime) -> list[str]:
    """New recovery codes in place of all that were given before."""
    name = session.staff.name
    with database.writing("recovery-codes") as connection:
        audits.add_event(connection, at=now, actor=name, event="recovery-codes", subject=name, detail={})
        return _give_recovery_codes(connection, keys, name)


def _add(database: Database, keys: Keys, session: Session, factor: Factor, now: datetime) -> list[str]:
    name = session.staff.name
    with database.writing("add-factor") as connection:
        there = factors.list_factors(connection, name)
        if len(there) >= MOST_FACTORS:
            raise BadFactor("too_many")
        if any(each.credential_id and each.credential_id == factor.credential_id for each in there):
            raise BadFactor("known")
        factors.add_factor(connection, factor)
        sessions.remove_sessions_of(connection, name, but=session.session_hash)
        detail = {"kind": factor.kind}
        audits.add_event(connection, at=now, actor=name, event="factor-added", subject=name, detail=detail)
        return [] if there else _give_recovery_codes(connection, keys, name)


def _give_recovery_codes(connection: Connection, keys: Keys, name: str) -> list[str]:
    codes = [new_code() for _ in range(RECOVERY_CODES)]
    factors.replace_recovery_codes(connection, name, [keys.recovery_hash(name, code) for code in codes])
    return codes


def _use_code(connection: Connection, keys: Keys, name: str, code: str, now: datetime) -> bool:
    digits = "".join(code.split())
    for factor in factors.list_factors(connection, name):
        if factor.kind == TOTP:
            step = _matching_step(_unseal(keys, factor), digits, now)
            if step is not None and step > factor.counter:
                return factors.raise_counter(connection, factor.code, step, above=factor.counter)
    letters = canonical_token(code)
    return letters is not None and factors.use_recovery_code(connection, keys.recovery_hash(name, letters))


def _use_key(connection: Connection, session: Session, site: Site, credential: Mapping[str, Any]) -> bool:
    known = {each.credential_id: each for each in factors.list_factors(connection, session.staff.name)}
    try:
        factor = known[base64url_to_bytes(str(credential["rawId"]))]
        verified = verify_authentication_response(
            credential=dict(credential),
            expected_challenge=session.challenge or b"",
            expected_rp_id=site.host,
            expected_origin=site.origin,
            credential_public_key=factor.secret,
            credential_current_sign_count=factor.counter,
        )
    except (WebAuthnException, KeyError, TypeError, ValueError):
        return False
    if verified.new_sign_count == factor.counter:  # a key that does not count says zero every time
        return True
    return factors.raise_counter(connection, factor.code, verified.new_sign_count, above=factor.counter)


def _finish(connection: Connection, session: Session, now: datetime, *, right: bool) -> None:
    if not right:
        sessions.count_failure(connection, session.session_hash)
        return
    sessions.complete_session(connection, session.session_hash, now)
    if session.is_half:
        record_sign_in(connection, session.staff.name, now)


def _use_up_challenge(database: Database, session: Session) -> None:
    with database.writing("use-challenge") as connection:
        sessions.set_challenge(connection, session.session_hash, None)


def _matching_step(secret: str, code: str, now: datetime) -> int | None:
    """The step of 30 seconds, now or next to it, whose code this is."""
    if len(code) != 6 or not code.isascii() or not code.isdigit():
        return None
    generator, present = pyotp.TOTP(secret), int(now.timestamp()) // STEP_SECONDS
    steps = range(present - STEPS_AROUND, present + STEPS_AROUND + 1)
    return next((step for step in steps if secrets.compare_digest(generator.generate_otp(step), code)), None)


def _descriptors(known: list[Factor]) -> list[PublicKeyCredentialDescriptor]:
    return [PublicKeyCredentialDescriptor(id=each.credential_id) for each in known if each.credential_id]


def _label(text: str) -> str:
    return "".join(each for each in text.strip() if each.isprintable())[:LONGEST_LABEL]


def _seal(keys: Keys, secret: str, number: str) -> bytes:
    nonce = secrets.token_bytes(NONCE)
    return nonce + AESGCM(keys.factor_seal).encrypt(nonce, secret.encode(), number.encode())


def _unseal(keys: Keys, factor: Factor) -> str:
    """The secret of a generator; what was sealed under another secret key yields no code that anybody has."""
    sealed = factor.secret
    try:
        return AESGCM(keys.factor_seal).decrypt(sealed[:NONCE], sealed[NONCE:], factor.code.encode()).decode()
    except InvalidTag:
        return new_secret()
