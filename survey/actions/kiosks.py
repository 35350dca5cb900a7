"""Devices that answer for many: paired by an operator with a one-time code, known by a key that never leaves them.

A device is no member of staff: it has no password and no session, sees no figure, and can do one thing, which is to
bring answers. So it has a table of its own, and a thief of one gains nothing but the right to type codes.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from survey.actions.open_voice import voice_form
from survey.actions.waves import UnknownWave, WrongChannel
from survey.actions.working_offline import list_doors
from survey.envelopes import is_signed_by, public_point, request_message, server_key
from survey.keys import Keys, canonical_token, new_code
from survey.store import audits, devices, places, waves
from survey.store.database import Connection, Database
from survey.store.devices import Device
from survey.store.places import EVERYTHING
from survey.store.questionnaires import list_languages, load_version
from survey.store.waves import Wave

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
PAIRING_HOURS = 24
KEY_DAYS = 90
SKEW_SECONDS = 600
MOST_WAITING = 5000
POINT_BYTES = 65


class BadDevice(ValueError):
    """The device cannot be made; the message says why."""


class UnknownDevice(LookupError):
    """No paired device of this name signed this."""


class NotPaired(ValueError):
    """The pairing code is unknown, used or too old."""


@dataclass(frozen=True, slots=True)
class Contact:
    """What a device says of itself: its clock in milliseconds since 1970, and what waits on it."""

    clock: int
    waiting: int = 0
    waiting_since: date | None = None
    unreadable: int = 0


@dataclass(frozen=True, slots=True)
class DeviceReport:
    """A device as operators see it: with its losers, by wave and outcome."""

    device: Device
    refused: dict[str, dict[str, int]]


def pair_device(
    database: Database,
    keys: Keys,
    name: str,
    *,
    agency: str,
    wave: str,
    now: datetime,
    actor: str,
    channel: str = "kiosk",
) -> str:
    """Make a device, or pair one again; its one-time code, which is kept nowhere else.

    A device that is paired keeps its key until the code is used. Raises BadDevice, UnknownWave or WrongChannel.
    """
    if not NAME.fullmatch(name):
        raise BadDevice(f"'{name}' cannot name a device. Use 1 to 64 letters without accents, digits, '.', '_' or '-'.")
    code = new_code()
    with database.writing("pair-device") as connection:
        _check_place(connection, agency, wave, channel)
        waiting = {
            "channel": channel,
            "agency_code": agency,
            "wave_code": wave,
            "pairing_hash": keys.pairing_hash(code),
            "pairing_until": now + timedelta(hours=PAIRING_HOURS),
        }
        known = devices.find_device(connection, name)
        if known is None:
            devices.add_device(connection, Device(name=name, state="waiting", **waiting))  # type: ignore[arg-type]
        else:
            devices.change_device(connection, name, **waiting)
        _remember(connection, now, actor, "device pairing offered", name, {"agency": agency, "wave": wave})
    return code


def accept_pairing(database: Database, keys: Keys, typed: str, point: bytes, signature: bytes, now: datetime) -> Device:
    """Pair the device that typed a code, under the public key with which it signed the code. Raises NotPaired."""
    code = canonical_token(typed)
    if code is None or not is_signed_by(point, request_message("/kiosk/pair", "", "", typed.encode()), signature):
        raise NotPaired
    with database.writing("accept-pairing") as connection:
        found = devices.find_device_to_pair(connection, keys.pairing_hash(code))
        if found is None or found.pairing_until is None or _in_utc(found.pairing_until) < now:
            raise NotPaired
        values = {"state": "paired", "pairing_hash": None, "pairing_until": None} | _key(point, now)
        devices.change_device(connection, found.name, **values)
        _remember(connection, now, f"device:{found.name}", "device paired", found.name, {})
    return replace(found, **values)  # type: ignore[arg-type]


def unpair_device(database: Database, name: str, *, now: datetime, actor: str) -> None:
    """Take nothing more from a device. Raises UnknownDevice."""
    with database.writing("unpair-device") as connection:
        _find(connection, name)
        devices.change_device(
            connection, name, state="unpaired", public_key=None, key_since=None, pairing_hash=None, pairing_until=None
        )
        _remember(connection, now, actor, "device unpaired", name, {})


def ask_for_new_key(database: Database, name: str, *, now: datetime, actor: str) -> None:
    """Have a device make a new key at its next contact. Raises UnknownDevice."""
    with database.writing("renew-key") as connection:
        _find(connection, name)
        devices.change_device(connection, name, renew_key=True)
        _remember(connection, now, actor, "device key renewal asked", name, {})


def clear_unreadable(database: Database, name: str, *, now: datetime, actor: str) -> None:
    """Have a device send once more what the server could not read, and get rid of what it still cannot.

    Raises UnknownDevice, or BadDevice when nothing unreadable is on it.
    """
    with database.writing("clear-unreadable") as connection:
        found = _find(connection, name)
        if not found.unreadable:
            raise BadDevice(f"Nothing on {name} is unreadable, as far as it has told.")
        devices.change_device(connection, name, clear_unreadable=True)
        _remember(connection, now, actor, "device clearing asked", name, {"unreadable": str(found.unreadable)})


def renew_key(database: Database, device: Device, point: bytes, signature: bytes, now: datetime) -> None:
    """Put a new public key in the place of the old one, which signed the request; the new one signed itself.

    Raises NotPaired when it did not.
    """
    if len(point) != POINT_BYTES or not is_signed_by(
        point, request_message("/kiosk/renew", device.name, "", point), signature
    ):
        raise NotPaired
    with database.writing("renew-key") as connection:
        devices.change_device(connection, device.name, **_key(point, now))
        _remember(connection, now, f"device:{device.name}", "device key renewed", device.name, {})


def find_signer(database: Database, name: str, path: str, clock: str, body: bytes, signature: bytes) -> Device:
    """The paired device that signed a request. Raises UnknownDevice, whatever is wrong."""
    with database.reading() as connection:
        found = devices.find_device(connection, name) if NAME.fullmatch(name) else None
    message = request_message(path, name, clock, body)
    if found is None or found.public_key is None or not is_signed_by(found.public_key, message, signature):
        raise UnknownDevice(name)
    return found


def note_contact(database: Database, device: Device, contact: Contact, now: datetime) -> None:
    """Keep when a device was last heard, to the hour, what waits on it and whether its clock is wrong."""
    values = {
        "contact_at": now.astimezone(UTC).replace(minute=0, second=0, microsecond=0),
        "waiting": contact.waiting,
        "waiting_since": contact.waiting_since,
        "unreadable": contact.unreadable,
        "clear_unreadable": device.clear_unreadable and contact.unreadable > 0,
        "skew": find_skew(contact.clock, now),
    }
    known = {name: getattr(device, name) for name in values}
    if known["contact_at"] is not None:
        known["contact_at"] = _in_utc(known["contact_at"])
    if known != values:
        with database.writing("device-contact") as connection:
            devices.change_device(connection, device.name, **values)


def find_skew(clock: int, now: datetime) -> str:
    """`fast` or `slow` for a clock that is off by more than ten minutes, else `none`."""
    ahead = clock / 1000 - now.timestamp()
    if abs(ahead) <= SKEW_SECONDS:
        return "none"
    return "fast" if ahead > 0 else "slow"


def describe_work(database: Database, keys: Keys, device: Device, today: date) -> dict[str, object]:
    """What a device needs to work, as JSON: who it is, what it asks, until when, and the server's public key."""
    with database.reading() as connection:
        wave = waves.find_wave(connection, device.wave_code)
        agency = places.list_agencies(connection, EVERYTHING)[device.agency_code]
        voice = voice_form(connection, device.wave_code, device.agency_code)
        villages = list_doors(connection, device, today)
        assert wave is not None
        languages = list_languages(connection, load_version(connection, wave.questionnaire), wave.purpose)
    return {
        "device": device.name,
        "agency": dict(agency.name),
        "agency_code": agency.code,
        "wave": wave.code,
        "channel": device.channel,
        "questionnaire": wave.questionnaire,
        "languages": languages,
        "opens": wave.opens_on.isoformat(),
        "closes": wave.closes_on.isoformat(),
        "open": wave.takes_answers(today) and wave.uses(device.channel),
        "voice": voice is not None,
        "villages": villages,
        "server_key": public_point(server_key(keys.device)).hex(),
        "renew_key": _is_due(device, today),
        "clear_unreadable": device.clear_unreadable,
    }


def asks(wave: Wave) -> bool:
    """Whether a device can ask for a wave: it has a questionnaire and is not itself one of open voice."""
    return wave.questionnaire_code is not None and wave.voice_of is None


def find_device(database: Database, name: str) -> Device:
    """The device of this name. Raises UnknownDevice."""
    with database.reading() as connection:
        return _find(connection, name)


def list_reports(database: Database) -> list[DeviceReport]:
    """Every device with what it lost, by wave and outcome."""
    with database.reading() as connection:
        refused = devices.count_refused(connection)
        found = devices.list_devices(connection)
    return [
        DeviceReport(each, {wave: counts for (name, wave), counts in refused.items() if name == each.name})
        for each in found
    ]


def read_contact(body: bytes, clock: str) -> Contact:
    """A device's contact as it was sent. Raises ValueError when it is none."""
    told = read_object(body)
    since = told.get("waiting_since")
    if not isinstance(since, str | None):
        raise ValueError(since)
    return Contact(
        clock=int(clock),
        waiting=_count(told.get("waiting", 0)),
        waiting_since=date.fromisoformat(since) if since else None,
        unreadable=_count(told.get("unreadable", 0)),
    )


def read_object(body: bytes) -> dict[str, Any]:
    """A JSON object that a device sent. Raises ValueError."""
    try:
        told = json.loads(body)
    except RecursionError as deep:
        raise ValueError(len(body)) from deep
    if not isinstance(told, dict):
        raise ValueError(told)
    return told


def _count(told: object) -> int:
    if not isinstance(told, int) or not 0 <= told <= 10 * MOST_WAITING:
        raise ValueError(told)
    return told


def _check_place(connection: Connection, agency: str, wave_code: str, channel: str) -> None:
    wave: Wave | None = waves.find_wave(connection, wave_code)
    if wave is None:
        raise UnknownWave(f"There is no wave with the code {wave_code}. `hailong waves` lists them.")
    if not asks(wave) or wave.closed:
        raise BadDevice(f"Wave {wave_code} asks nobody. `hailong waves --open` lists those that take answers.")
    if not wave.uses(channel):
        raise WrongChannel(wave, channel)
    if agency not in places.list_agencies(connection, EVERYTHING):
        raise BadDevice(f"There is no agency with the code {agency}. `hailong import agencies` brings them in.")


def _find(connection: Connection, name: str) -> Device:
    found = devices.find_device(connection, name)
    if found is None:
        raise UnknownDevice(f"There is no device named {name}. `hailong kiosk list` lists them.")
    return found


def _key(point: bytes, now: datetime) -> dict[str, object]:
    return {"public_key": point, "key_since": now.astimezone(UTC).date(), "renew_key": False}


def _is_due(device: Device, today: date) -> bool:
    return device.renew_key or (device.key_since is not None and (today - device.key_since).days > KEY_DAYS)


def _in_utc(moment: datetime) -> datetime:
    """SQLite hands moments back without their zone, which is UTC."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


def _remember(
    connection: Connection, now: datetime, actor: str, event: str, subject: str, detail: dict[str, str]
) -> None:
    audits.add_event(connection, at=now, actor=actor, event=event, subject=subject, detail=detail)
