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
from survey.actions.interviewing import COMPLETE, CallRefused, Interview
from survey.actions.kiosks import find_skew
from survey.actions.open_voice import voice_form
from survey.actions.working_offline import AtDoor, NotTaken, keep_attempt, keep_interview, read_door
from survey.envelopes import Unreadable, open_envelope, server_key
from survey.keys import Keys, canonical_token
from survey.proof import receipt_hash
from survey.store import devices, fieldwork, invitations, responses, waves
from survey.store.database import Connection, Database
from survey.store.devices import Device, RefusedReplay
from survey.store.questionnaires import load_version
from survey.store.sql import take_turn
from survey.store.writer import Outcome, Submission, store_submission

MOST_IN_A_REPLAY = 100
MOST_HELD = 500
OLDEST_DAYS = 60
TURN = "replay"
ALONE = "kiosk"  # on any other channel somebody asks the questions and helps
STORED, REPLAYED, NOTED, SPENT, UNKNOWN, OTHER_WAVE, CLOSED, MALFORMED = (
    "stored",
    "replayed",
    "noted",
    "spent",
    "unknown_code",
    "other_wave",
    "closed",
    "malformed",
)


class BadReplay(ValueError):
    """The request is no list of answers."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One answer as it stood on the device: `code` is the citizen's slip, None for open voice and at a `door`;
    `given_on` its day; `wave`, `agency` and `questionnaire` what the device asked for then, since it may work elsewhere
    by now; `helped` when whoever answered alone said that somebody else had worked the device."""

    code: str | None
    language: str
    answers: Mapping[str, str]
    given_on: date
    wave: str
    agency: str
    questionnaire: str
    door: AtDoor | None = None
    helped: bool = False


@dataclass(frozen=True, slots=True)
class Told:
    """What the device is told of one answer: an outcome, and the receipt where it was taken."""

    key: str
    outcome: str
    receipt: str | None = None


class _NotTaken(Exception):
    """Why an answer is counted and not kept."""

    def __init__(self, outcome: str, wave_code: str | None = None, stratum_code: str | None = None) -> None:
        super().__init__(outcome)
        self.outcome = outcome
        self.wave_code = wave_code
        self.stratum_code = stratum_code


@dataclass(frozen=True, slots=True)
class _Batch:
    """What the answers of one transaction share; `skewed` when the device's clock is not to be believed."""

    connection: Connection
    keys: Keys
    device: Device
    skewed: bool
    today: date


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
    with database.writing("replay") as connection:
        take_turn(connection, TURN)  # two devices that hold the same codes would else wait for each other
        batch = _Batch(connection, keys, device, find_skew(clock, now) != "none", today)
        told = [_take(batch, key, entry) for (key, _), entry in zip(sent, opened, strict=True)]
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
        texts = {name: told[name] for name in ("language", "wave", "agency", "questionnaire")}
        if not all(isinstance(text, str) for text in (*texts.values(), *answers.keys(), *answers.values())):
            return None
        if not isinstance(code, str | None):
            return None
        door = read_door(told.get("door"))
        given_on, helped = date.fromisoformat(told["on"]), told.get("helped") is True
        return Entry(code=code, answers=answers, given_on=given_on, door=door, helped=helped, **texts)
    except (Unreadable, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _take(batch: _Batch, key: str, entry: Entry | None) -> Told:
    try:
        receipt = new_receipt(batch.keys, key)
    except StaleForm:
        return Told(key, MALFORMED)
    hashed = receipt_hash(receipt)
    if responses.knows_receipt(batch.connection, hashed):
        return Told(key, REPLAYED, receipt)
    if fieldwork.knows_call(batch.connection, hashed):
        return Told(key, NOTED)
    before = devices.find_outcome(batch.connection, hashed)
    if before is not None:
        return Told(key, before)
    try:
        outcome = _store(batch, receipt, entry)
    except _NotTaken as refused:
        wave_code = refused.wave_code or batch.device.wave_code
        lost = RefusedReplay(hashed, batch.device.name, wave_code, refused.stratum_code, refused.outcome)
        devices.add_refused(batch.connection, lost)
        return Told(key, refused.outcome)
    return Told(key, outcome, receipt if outcome == STORED else None)


def _store(batch: _Batch, receipt: str, entry: Entry | None) -> str:
    """Store one answer, or note an attempt at a door; or raise _NotTaken."""
    if entry is None:
        raise _NotTaken(MALFORMED)
    if entry.door is not None:
        return _store_at_door(batch, receipt, entry, entry.door)
    form = _find_voice(batch, entry) if entry.code is None else _find_invited(batch, entry, entry.code)
    where = (form.wave_code, form.stratum_code)
    given_on = _given_on(batch, entry.given_on, form.wave_code)
    if given_on is None:
        raise _NotTaken(CLOSED, *where)
    device = batch.device
    try:
        response = new_response(
            form,
            receipt,
            entry.answers,
            language=entry.language,
            on=given_on,
            assisted=int(device.channel != ALONE or entry.helped),
            interviewer="" if device.channel == ALONE else device.name,
        )
    except (BadAnswers, UnknownItem) as wrong:
        raise _NotTaken(MALFORMED, *where) from wrong
    if entry.code is None:
        responses.add_untokened(batch.connection, response)
        return STORED
    outcome = store_submission(batch.connection, Submission(form.token_hash, response))
    if outcome is not Outcome.STORED:
        raise _NotTaken(SPENT if outcome is Outcome.TOKEN_SPENT else MALFORMED, *where)
    return STORED


def _store_at_door(batch: _Batch, receipt: str, entry: Entry, door: AtDoor) -> str:
    """An interview, or an attempt that led to none: whole or not at all. Raises _NotTaken."""
    given_on = _given_on(batch, entry.given_on, entry.wave)
    if given_on is None:
        raise _NotTaken(CLOSED)
    device, wave = batch.device, waves.find_wave(batch.connection, entry.wave)
    if wave is None or wave.questionnaire != entry.questionnaire:
        raise _NotTaken(OTHER_WAVE)
    interview = Interview(entry.answers, door.sex, door.age, entry.language, device.channel)
    try:
        with batch.connection.begin_nested():
            if door.outcome == COMPLETE:
                keep_interview(batch.connection, device, entry.wave, door, interview, receipt, given_on)
                return STORED
            keep_attempt(batch.connection, device, entry.wave, door, receipt_hash(receipt), given_on)
            return NOTED
    except NotTaken as lost:
        raise _NotTaken(SPENT if lost.is_over else UNKNOWN, entry.wave, lost.stratum_code) from lost
    except (CallRefused, BadAnswers, UnknownItem) as wrong:
        raise _NotTaken(MALFORMED, entry.wave) from wrong


def _find_voice(batch: _Batch, entry: Entry) -> OpenForm:
    """Open voice at the agency where the device stood. Raises _NotTaken."""
    heard = voice_form(batch.connection, entry.wave, entry.agency)
    if heard is None:
        raise _NotTaken(CLOSED)
    return heard


def _find_invited(batch: _Batch, entry: Entry, typed: str) -> OpenForm:
    """The stratum of a slip, which may be of another wave that asks the same. Raises _NotTaken."""
    code = canonical_token(typed)
    invitation = invitations.find_invitation(batch.connection, batch.keys.token_hash(code)) if code else None
    if invitation is None or invitation.questionnaire_code is None:
        raise _NotTaken(UNKNOWN)
    wave = waves.find_wave(batch.connection, invitation.wave_code)
    if invitation.questionnaire != entry.questionnaire or wave is None or not wave.uses(batch.device.channel):
        raise _NotTaken(OTHER_WAVE, invitation.wave_code, invitation.stratum_code)
    return OpenForm(
        invitation.wave_code,
        load_version(batch.connection, invitation.questionnaire),
        invitation.token_hash,
        invitation.stratum_code,
        batch.device.channel,
    )


def _given_on(batch: _Batch, said: date, wave_code: str) -> date | None:
    """The day whose half-month is kept, or None when the wave took no answers then.

    A clock that is wrong now was wrong then: such a day is not believed, and the last one possible takes its place.
    """
    wave, today = waves.find_wave(batch.connection, wave_code), batch.today
    if wave is None or not wave.takes_what_devices_hold(today):
        return None
    if batch.skewed or not today - timedelta(days=OLDEST_DAYS) <= said <= today + timedelta(days=1):
        return min(today, wave.closes_on)
    said = min(said, today)
    return said if wave.opens_on <= said <= wave.closes_on else None
