"""Interviewing: calls at the doors of drawn households, one adult drawn from the roster, the answer stored once.

Which adult is asked follows from the seed of the village's draw, the household's line and the number of adults,
so neither the interviewer nor the household chooses, and anybody can repeat it. A response holds its village and its
class (adults, sex, age, contact), never the household; a household holds how the call ended, never the answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from analysis.drawing import random_number
from survey.actions.answering import OpenForm, check_answers, new_receipt, new_response
from survey.keys import Keys
from survey.mandate.questionnaires import Questionnaire
from survey.proof import receipt_hash
from survey.store import fieldwork, responses, waves
from survey.store.audits import By
from survey.store.database import Connection, Database
from survey.store.fieldwork import Call, Household, HouseholdList, Psu
from survey.store.questionnaires import list_languages, load_version
from survey.store.waves import Wave
from survey.store.writer import Outcome, Submission, store_submission

COMPLETE, PARTIAL = "1.1", "1.2"
NO_SERVICE = "4.3"  # only a telephone has it
FINAL = (COMPLETE, PARTIAL, "2.1", "2.3", "4.5", "4.6", "4.7")
SEXES = ("f", "m")
AGES = ("18-29", "30-44", "45-59", "60+")
MOST_ADULTS = 30
COUNTS_OF_ADULTS = range(1, MOST_ADULTS + 1)
LARGEST_CLASS = 6
CHANNEL, PHONE = "interviewer", "phone"
CHANNELS = (CHANNEL, PHONE)
CONTACT_ITEM, CONTACTED = "S1", "yes"  # a procedure in the last 12 months, in the household questionnaire


class NotAssigned(LookupError):
    """The household was not drawn, or somebody else works there."""


class RosterFixed(ValueError):
    """The adult was drawn already; drawing again would be choosing."""


class NoRoster(ValueError):
    """Nobody was drawn yet in this household."""


class CallRefused(ValueError):
    """The call cannot be kept as it was told."""


@dataclass(frozen=True, slots=True)
class Door:
    """A drawn household in its village, with every call there."""

    psu: Psu
    household: Household
    calls: tuple[Call, ...]

    @property
    def is_done(self) -> bool:
        """Whether no further call is due."""
        return bool(self.calls) and self.calls[-1].outcome in FINAL


@dataclass(frozen=True, slots=True)
class Visit:
    """A door with what is asked there, in which languages, and by which channels it may be asked."""

    door: Door
    questionnaire: Questionnaire
    languages: tuple[str, ...]
    channels: tuple[str, ...]

    def allows(self, outcome: str) -> bool:
        """Whether an attempt here can end so without an interview."""
        return outcome != COMPLETE and (outcome != NO_SERVICE or PHONE in self.channels)


@dataclass(frozen=True, slots=True)
class Interview:
    """What the drawn adult said, who that is in classes, and by which channel it was asked."""

    answers: Mapping[str, str]
    sex: str
    age: str
    language: str
    channel: str = CHANNEL


@dataclass(frozen=True, slots=True)
class Assignment:
    """A village where somebody works, with its doors."""

    psu: Psu
    wave: Wave
    doors: tuple[Door, ...]


def list_work(database: Database, interviewer: str, today: date) -> list[Assignment]:
    """The villages of an interviewer in waves that still take answers."""
    with database.reading() as connection:
        found = []
        for psu in fieldwork.list_psus_of(connection, interviewer):
            wave = waves.find_wave(connection, psu.wave_code)
            if wave is not None and wave.takes_what_devices_hold(today):
                found.append(Assignment(psu, wave, tuple(list_doors(connection, psu))))
    return found


def record_call(
    database: Database, wave_code: str, psu_code: str, number: int, outcome: str, *, interviewer: str, on: date, by: By
) -> int:
    """Keep an attempt that led to no interview; its number. Raises NotAssigned, CallRefused."""
    if outcome == COMPLETE:
        raise CallRefused("An interview is complete when its answers are stored: fill in the form.")
    with database.writing("record-call") as connection:
        door = find_assigned(connection, wave_code, psu_code, number, interviewer)
        wave = waves.find_wave(connection, wave_code)
        if outcome == NO_SERVICE and not (wave and wave.uses(PHONE)):
            raise CallRefused(f"Wave {wave_code} calls nobody, so no number can be out of service.")
        attempt = add_call(connection, door, outcome, interviewer, on)
        by.record(connection, "household-called", f"{wave_code}/{psu_code}", outcome=outcome)
    return attempt


def draw_adult(
    database: Database, wave_code: str, psu_code: str, number: int, adults: int, *, interviewer: str, by: By
) -> int:
    """Whom to ask among so many adults, counted from the oldest; fixed from then on.

    Raises NotAssigned, RosterFixed, CallRefused.
    """
    with database.writing("draw-adult") as connection:
        door = find_assigned(connection, wave_code, psu_code, number, interviewer)
        drawn = fix_roster(connection, door, adults)
        by.record(connection, "adult-drawn", f"{wave_code}/{psu_code}", adults=adults)
    return drawn


def fix_roster(connection: Connection, door: Door, adults: int) -> int:
    """Draw once among so many adults, in the caller's transaction. Raises RosterFixed, CallRefused."""
    if adults not in COUNTS_OF_ADULTS:
        raise CallRefused(f"Count the adults of 18 and over who live here: 1 to {MOST_ADULTS}.")
    home = door.household
    if home.adults is not None:
        raise RosterFixed(f"Adult {home.drawn_adult} of {home.adults} was drawn here; nobody is drawn twice.")
    listed = fieldwork.find_list(connection, home.wave_code, home.psu_code)
    assert listed is not None
    drawn = choose_adult(listed, home.number, adults)
    fieldwork.change_household(connection, home, adults=adults, drawn_adult=drawn)
    return drawn


def choose_adult(listed: HouseholdList, number: int, adults: int) -> int:
    """The drawn adult, 1 being the oldest: each with the same chance, from the list's seed."""
    seed = f"{listed.wave_code}/adults/{listed.seed}"
    return 1 + int(random_number(seed, listed.psu_code, str(number)) * adults)


def answer(
    database: Database,
    keys: Keys,
    wave_code: str,
    psu_code: str,
    number: int,
    interview: Interview,
    *,
    key: str,
    interviewer: str,
    today: date,
) -> str:
    """Store what the drawn adult said, once, with the village, the class and the interviewer; the receipt code.

    The same key again gives the same receipt. Raises NotAssigned, NoRoster, CallRefused, BadAnswers, UnknownItem,
    StaleForm.
    """
    receipt = new_receipt(keys, key)
    with database.writing("interview") as connection:
        door = find_assigned(connection, wave_code, psu_code, number, interviewer)
        if not responses.knows_receipt(connection, receipt_hash(receipt)):
            store_interview(connection, door, interview, receipt, interviewer=interviewer, on=today)
    return receipt


def store_interview(
    connection: Connection, door: Door, interview: Interview, receipt: str, *, interviewer: str, on: date
) -> None:
    """The same in the caller's transaction. Raises NoRoster, CallRefused, BadAnswers, UnknownItem."""
    if interview.sex not in SEXES or interview.age not in AGES:
        raise CallRefused(f"Say the sex ({', '.join(SEXES)}) and the age group ({', '.join(AGES)}) of the drawn adult.")
    if door.household.adults is None:
        raise NoRoster("Count the adults first: the one to ask is drawn from them.")
    form, given_on = _open_form(connection, door, interview, on)
    response = new_response(
        form, receipt, interview.answers, language=interview.language, on=given_on, assisted=1, interviewer=interviewer
    )
    token = fieldwork.find_token_hash(connection, door.household)
    assert token is not None
    if store_submission(connection, Submission(token, response)) is not Outcome.STORED:
        raise CallRefused("This household has answered already: one answer a household.")
    add_call(connection, door, COMPLETE, interviewer, given_on)


def find_door(database: Database, wave_code: str, psu_code: str, number: int, interviewer: str) -> Visit:
    """A household with what is asked there. Raises NotAssigned."""
    with database.reading() as connection:
        door = find_assigned(connection, wave_code, psu_code, number, interviewer)
        wave = waves.find_wave(connection, wave_code)
        assert wave is not None
        version = load_version(connection, wave.questionnaire)
        languages = list_languages(connection, version, wave.purpose)
        return Visit(door, version, languages, tuple(filter(wave.uses, CHANNELS)))


def class_of(adults: int, sex: str, age: str, contact: str) -> str:
    """A response's class: what its weight and its domain need to know of a person. Six adults or more are one class."""
    return f"{min(adults, LARGEST_CLASS)}.{sex}.{age}.{contact}"


def add_call(
    connection: Connection,
    door: Door,
    outcome: str,
    interviewer: str,
    on: date,
    receipt_hash: bytes | None = None,
) -> int:
    """Keep an attempt at a door; its number. Raises CallRefused."""
    if door.is_done:
        raise CallRefused(f"This household is closed with outcome {door.calls[-1].outcome}.")
    if outcome not in fieldwork.OUTCOMES:
        raise CallRefused(f"Outcome {outcome!r} is none of {', '.join(fieldwork.OUTCOMES)} (AAPOR).")
    home, attempt = door.household, len(door.calls) + 1
    call = Call(home.wave_code, home.psu_code, home.number, attempt, outcome, on, interviewer, receipt_hash)
    fieldwork.add_call(connection, call)
    return attempt


def find_assigned(connection: Connection, wave_code: str, psu_code: str, number: int, interviewer: str) -> Door:
    """A drawn household of a village where somebody works. Raises NotAssigned."""
    psu = fieldwork.find_psu(connection, wave_code, psu_code)
    home = fieldwork.find_household(connection, wave_code, psu_code, number)
    if psu is None or home is None or not home.drawn or psu.interviewer != interviewer:
        raise NotAssigned("This household is not on your list.")
    return Door(psu, home, tuple(fieldwork.list_calls(connection, wave_code, psu_code).get(number, ())))


def list_doors(connection: Connection, psu: Psu) -> list[Door]:
    """The drawn households of a village with their calls."""
    calls = fieldwork.list_calls(connection, psu.wave_code, psu.code)
    homes = fieldwork.list_households(connection, psu.wave_code, psu.code)
    return [Door(psu, each, tuple(calls.get(each.number, ()))) for each in homes]


def _open_form(connection: Connection, door: Door, interview: Interview, on: date) -> tuple[OpenForm, date]:
    psu, adults = door.psu, door.household.adults
    wave = waves.find_wave(connection, psu.wave_code)
    assert wave is not None
    assert adults is not None
    if interview.channel not in CHANNELS or not (wave.takes_what_devices_hold(on) and wave.uses(interview.channel)):
        raise CallRefused(f"Wave {wave.code} takes no answers by {interview.channel} on this day.")
    questionnaire = load_version(connection, wave.questionnaire)
    chosen, _ = check_answers(questionnaire, interview.answers)
    contact = "1" if chosen.get(CONTACT_ITEM) == CONTACTED else "0"
    form = OpenForm(
        wave.code,
        questionnaire,
        b"",
        psu.stratum_code,
        interview.channel,
        psu=psu.code,
        calibration_class=class_of(adults, interview.sex, interview.age, contact),
        languages=list_languages(connection, questionnaire, wave.purpose),
    )
    return form, min(on, wave.closes_on)
