"""Replaying: what a device kept while it was alone reaches the inbox, each answer exactly once.

The device sends an answer with the same idempotency key until it hears what became of it, and keeps it until a
checkpoint holds it. A batch is one transaction: answers, spent tokens, refusals and counters are committed together,
and only then told. The first use of a slip's code wins, wherever it was; what comes second is counted and not kept.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from survey.actions.answering import (
    BadAnswers,
    OpenForm,
    StaleForm,
    UnknownItem,
    find_receipt,
    new_receipt,
    new_response,
)
from survey.actions.kiosks import find_skew
from survey.actions.open_voice import voice_form
from survey.envelopes import Unreadable, open_envelope, server_key
from survey.keys import Keys, canonical_token
from survey.mandate.questionnaires import load_questionnaire
from survey.proof import receipt_hash
from survey.store import devices, invitations, responses, waves
from survey.store.database import Connection, Database
from survey.store.devices import Device, RefusedReplay
from survey.store.sql import take_turn
from survey.store.waves import Wave
from survey.store.writer import Outcome, Submission, store_submission

MOST_IN_A_REPLAY = 100
MOST_HELD = 500
OLDEST_DAYS = 60
TURN = "replay"
STORED, REPLAYED, SPENT, UNKNOWN, OTHER_WAVE, CLOSED, MALFORMED = (
    "stored",
    "replayed",
    "spent",
    "unknown_code",
    "other_wave",
    "closed",
    "malformed",
)
TAKEN = (STORED, REPLAYED)


class BadReplay(ValueError):
    """The request is no list of answers."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One answer as it stood on the device: `code` is the citizen's slip, None for open voice; `given_on` its day."""

    key: str
    code: str | None
    language: str
    answers: Mapping[str, str]
    given_on: date
    assisted: int


@dataclass(frozen=True, slots=True)
class Told:
    """What the device is told of one answer: an outcome, and the receipt where it was taken."""

    key: str
    outcome: str
    receipt: str | None = None


class _NotTaken(Exception):
    """Why an answer is counted and not kept."""

    def __init__(self, outcome: str, stratum_code: str | None = None) -> None:
        super().__init__(outcome)
        self.outcome = outcome
        self.stratum_code = stratum_code


def replay(
    database: Database,
    keys: Keys,
    device: Device,
    sent: Sequence[tuple[str, bytes]],
    *,
    clock: int,
    now: datetime,
    today: date,
) -> list[Told]:
    """Take a batch of (idempotency key, envelope) in the device's order, durably; what became of each.

    `clock` is the device's, in milliseconds since 1970. An answer that cannot be read is told so and keeps nobody back.
    """
    opened = [_open(keys, key, envelope) for key, envelope in sent]
    skewed = find_skew(clock, now) != "none"
    with database.writing("replay") as connection:
        take_turn(connection, TURN)  # two devices that hold the same codes would else wait for each other
        wave = waves.find_wave(connection, device.wave_code)
        assert wave is not None
        told = [
            _take(connection, keys, device, wave, key, entry, skewed=skewed, today=today)
            for (key, _), entry in zip(sent, opened, strict=True)
        ]
        stored = sum(each.outcome == STORED for each in told)
        if stored:
            devices.count_stored(connection, device.name, stored)
    return told


def find_held(database: Database, receipts: Sequence[str]) -> list[str]:
    """For each receipt: `included` in a checkpoint (the device may forget), `not_yet`, or `unknown` (send again)."""
    return [find_receipt(database, receipt).code for receipt in receipts]


def read_replay(body: bytes) -> list[tuple[str, bytes]]:
    """Keys and envelopes of a request. Raises BadReplay."""
    try:
        sent = [(each["key"], bytes.fromhex(each["envelope"])) for each in _read_list(body, MOST_IN_A_REPLAY)]
    except (TypeError, KeyError, ValueError) as wrong:
        raise BadReplay from wrong
    if not all(isinstance(key, str) for key, _ in sent):
        raise BadReplay
    return sent


def read_receipts(body: bytes) -> list[str]:
    """Receipt codes of a request. Raises BadReplay."""
    receipts = _read_list(body, MOST_HELD)
    if not all(isinstance(receipt, str) and len(receipt) <= 40 for receipt in receipts):
        raise BadReplay
    return receipts


def _read_list(body: bytes, most: int) -> list[Any]:
    try:
        told = json.loads(body)
    except (ValueError, RecursionError) as wrong:
        raise BadReplay from wrong
    if not isinstance(told, list) or len(told) > most:
        raise BadReplay
    return told


def _open(keys: Keys, key: str, envelope: bytes) -> Entry | None:
    """The entry in an envelope; None when it cannot be read, which waiting would not mend."""
    try:
        told = json.loads(open_envelope(server_key(keys.device), envelope, key))
        code, answers = told["code"], told["answers"]
        texts = [told["language"], *answers.keys(), *answers.values()]
        if not all(isinstance(text, str) for text in texts) or not isinstance(code, str | None):
            return None
        return Entry(key, code, told["language"], answers, date.fromisoformat(told["on"]), int(bool(told["assisted"])))
    except (Unreadable, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _take(
    connection: Connection,
    keys: Keys,
    device: Device,
    wave: Wave,
    key: str,
    entry: Entry | None,
    *,
    skewed: bool,
    today: date,
) -> Told:
    try:
        receipt = new_receipt(keys, key)
    except StaleForm:
        return Told(key, MALFORMED)
    hashed = receipt_hash(receipt)
    if responses.knows_receipt(connection, hashed):
        return Told(key, REPLAYED, receipt)
    before = devices.find_outcome(connection, hashed)
    if before is not None:
        return Told(key, before)
    try:
        _store(connection, keys, device, wave, receipt, entry, skewed=skewed, today=today)
    except _NotTaken as refused:
        lost = RefusedReplay(hashed, device.name, wave.code, refused.stratum_code, refused.outcome)
        devices.add_refused(connection, lost)
        return Told(key, refused.outcome)
    return Told(key, STORED, receipt)


def _store(
    connection: Connection,
    keys: Keys,
    device: Device,
    wave: Wave,
    receipt: str,
    entry: Entry | None,
    *,
    skewed: bool,
    today: date,
) -> None:
    """Store one answer, or raise _NotTaken."""
    if entry is None:
        raise _NotTaken(MALFORMED)
    form = _find_form(connection, keys, device, wave, entry)
    stratum = form.stratum_code if entry.code is not None else None
    given_on = _given_on(entry.given_on, wave, skewed=skewed, today=today)
    if given_on is None:
        raise _NotTaken(CLOSED, stratum)
    try:
        response = new_response(
            form, receipt, entry.answers, language=entry.language, on=given_on, assisted=entry.assisted
        )
    except (BadAnswers, UnknownItem) as wrong:
        raise _NotTaken(MALFORMED) from wrong
    if entry.code is None:
        responses.add_untokened(connection, response)
        return
    outcome = store_submission(connection, Submission(form.token_hash, response))
    if outcome is not Outcome.STORED:
        raise _NotTaken(SPENT if outcome is Outcome.TOKEN_SPENT else MALFORMED, stratum)


def _find_form(connection: Connection, keys: Keys, device: Device, wave: Wave, entry: Entry) -> OpenForm:
    """Where an answer belongs: the stratum of its slip, or open voice at the device's agency. Raises _NotTaken."""
    if entry.code is None:
        heard = voice_form(connection, wave.code, device.agency_code)
        if heard is None:
            raise _NotTaken(CLOSED)
        return heard
    code = canonical_token(entry.code)
    invitation = invitations.find_invitation(connection, keys.token_hash(code)) if code else None
    if invitation is None:
        raise _NotTaken(UNKNOWN)
    if invitation.wave_code != wave.code:
        raise _NotTaken(OTHER_WAVE)
    return OpenForm(
        wave.code,
        load_questionnaire(wave.questionnaire),
        invitation.token_hash,
        invitation.stratum_code,
        device.channel,
    )


def _given_on(said: date, wave: Wave, *, skewed: bool, today: date) -> date | None:
    """The day whose half-month is kept, or None when the wave took no answers then.

    A clock that is wrong now was wrong then: such a day is not believed, and the last one possible takes its place.
    """
    if not wave.takes_what_devices_hold(today):
        return None
    if skewed or not today - timedelta(days=OLDEST_DAYS) <= said <= today + timedelta(days=1):
        return min(today, wave.closes_on)
    said = min(said, today)
    return said if wave.opens_on <= said <= wave.closes_on else None
