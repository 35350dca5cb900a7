"""Interviewers' and callers' devices: the doors they take along, and what they bring of them when there is a network.

A device of this kind bears its interviewer's code as its name, so that what it takes along is what was assigned, and
what it brings says who asked. It takes along, for each door, the adult that is drawn for every number of adults: the
draw on the doorstep is the one of the village's seed, with the network gone as with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from survey.actions import interviewing
from survey.actions.interviewing import CallRefused, Door, Interview, NotAssigned, RosterFixed
from survey.store import fieldwork, waves
from survey.store.database import Connection
from survey.store.devices import Device

CHANNELS = ("interviewer", "phone")
LONGEST_CODE = 64


class NotTaken(Exception):
    """What was brought of a door is not kept; `is_over` when somebody was there before."""

    def __init__(self, *, is_over: bool, stratum_code: str | None = None) -> None:
        super().__init__()
        self.is_over = is_over
        self.stratum_code = stratum_code


@dataclass(frozen=True, slots=True)
class AtDoor:
    """What a device tells of one attempt: `outcome` is AAPOR's; with answers it is an interview."""

    psu: str
    number: int
    adults: int | None
    outcome: str
    sex: str = ""
    age: str = ""


def list_doors(connection: Connection, device: Device, today: date) -> list[dict[str, Any]] | None:
    """The villages that a device takes along, as JSON; None where it works at no doors."""
    wave = waves.find_wave(connection, device.wave_code)
    if device.channel not in CHANNELS or wave is None or not fieldwork.has_psus(connection, wave.code):
        return None
    if not (wave.takes_what_devices_hold(today) and wave.uses(device.channel)):
        return []
    mine = [each for each in fieldwork.list_psus_of(connection, device.name) if each.wave_code == wave.code]
    return [
        {"code": psu.code, "name": psu.name, "doors": [_door(connection, each) for each in doors]}
        for psu in mine
        if (doors := interviewing.list_doors(connection, psu))
    ]


def read_door(told: object) -> AtDoor | None:
    """The door in an envelope; None where there is none. Raises ValueError when it makes no sense."""
    if told is None:
        return None
    if not isinstance(told, dict):
        raise ValueError(told)
    texts = [told.get(name, "") for name in ("psu", "outcome", "sex", "age")]
    number, adults = told.get("number"), told.get("adults")
    if not all(isinstance(text, str) and len(text) <= LONGEST_CODE for text in texts):
        raise ValueError(told)
    if type(number) is not int or not isinstance(adults, int | None) or isinstance(adults, bool):
        raise ValueError(told)
    psu, outcome, sex, age = texts
    return AtDoor(psu, number, adults, outcome, sex, age)


def keep_attempt(
    connection: Connection, device: Device, wave_code: str, door: AtDoor, receipt_hash: bytes, on: date
) -> None:
    """Keep an attempt without an interview, and how many adults were counted. Raises NotTaken, CallRefused."""
    _check_channel(connection, device, wave_code)
    home = _find(connection, device, wave_code, door)
    if home.is_done:
        raise NotTaken(is_over=True, stratum_code=home.household.stratum_code)
    if door.outcome == interviewing.COMPLETE:
        raise CallRefused("An interview is complete when its answers are stored.")
    if door.outcome == interviewing.NO_SERVICE and device.channel != interviewing.PHONE:
        raise CallRefused("A number out of service is met on the telephone only.")
    _fix_roster(connection, home, door)
    interviewing.add_call(connection, home, door.outcome, device.name, on, receipt_hash)


def keep_interview(
    connection: Connection, device: Device, wave_code: str, door: AtDoor, interview: Interview, receipt: str, on: date
) -> None:
    """Store what the drawn adult said. Raises NotTaken, CallRefused, BadAnswers, UnknownItem."""
    _check_channel(connection, device, wave_code)
    home = _find(connection, device, wave_code, door)
    if home.is_done:
        raise NotTaken(is_over=True, stratum_code=home.household.stratum_code)
    if door.adults is None:
        raise CallRefused("Nobody was drawn among the adults.")
    _fix_roster(connection, home, door)
    again = _find(connection, device, wave_code, door)
    interviewing.store_interview(connection, again, interview, receipt, interviewer=device.name, on=on)


def _check_channel(connection: Connection, device: Device, wave_code: str) -> None:
    wave = waves.find_wave(connection, wave_code)
    if device.channel not in CHANNELS or wave is None or not wave.uses(device.channel):
        raise NotTaken(is_over=False)


def _find(connection: Connection, device: Device, wave_code: str, door: AtDoor) -> Door:
    try:
        return interviewing.find_assigned(connection, wave_code, door.psu, door.number, device.name)
    except NotAssigned as stranger:
        raise NotTaken(is_over=False) from stranger


def _fix_roster(connection: Connection, home: Door, door: AtDoor) -> None:
    """The first count of adults holds; an interview of whoever another count draws is not taken."""
    known = home.household
    if door.adults is None or door.adults == known.adults:
        return
    try:
        interviewing.fix_roster(connection, home, door.adults)
    except RosterFixed as fixed:
        raise NotTaken(is_over=True, stratum_code=known.stratum_code) from fixed


def _door(connection: Connection, door: Door) -> dict[str, Any]:
    home = door.household
    listed = fieldwork.find_list(connection, home.wave_code, home.psu_code)
    assert listed is not None
    return {
        "number": home.number,
        "address": home.address,
        "calls": len(door.calls),
        "outcome": door.calls[-1].outcome if door.calls else None,
        "done": door.is_done,
        "adults": home.adults,
        "drawn": [interviewing.choose_adult(listed, home.number, count) for count in interviewing.COUNTS_OF_ADULTS],
    }
