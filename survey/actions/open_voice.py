"""Open voice: what people say without an invitation. Shown apart, never in the rate.

It is kept in a wave of its own beside the wave that samples: self-selected, with no frame, no invitation and no
release. So no query that forgets a condition can let it into a rate; and it is as durable, sealed and provable as any
other answer, since it goes the same way: inbox, ledger, checkpoint, receipt.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from survey.actions.answering import OpenForm, Refusal, new_receipt, new_response
from survey.actions.waves import UnknownWave, WrongChannel
from survey.keys import Keys
from survey.store import frames, places, responses, tallies, waves
from survey.store.audits import By
from survey.store.database import Connection, Database
from survey.store.frames import Stratum
from survey.store.places import EVERYTHING
from survey.store.questionnaires import list_languages, load_version
from survey.store.waves import Wave

SUFFIX = ".open"
CHANNEL = "open"
NO_TOKEN = b""
SMALLEST_SHOWN = 10
COUNTED = "counted"


class NoFrame(ValueError):
    """The wave has no frame, so it is not known which agencies can be spoken of."""


class NothingOpen(Refusal):
    """Open voice is not asked for at this agency now."""


@dataclass(frozen=True, slots=True)
class Voices:
    """How many spoke at an agency without an invitation, and the levels of the overall item where enough did."""

    agency_code: str
    agency_name: Mapping[str, str]
    count: int
    levels: Mapping[str, int]


def open_voice(database: Database, wave_code: str, recorded: By | None = None) -> Wave:
    """Have people without an invitation heard beside a wave, at each of its agencies; run again after a new frame.

    Raises UnknownWave, WrongChannel or NoFrame.
    """
    with database.writing("open-voice") as connection:
        wave = waves.find_wave(connection, wave_code)
        if wave is None or wave.questionnaire_code is None:
            raise UnknownWave(f"There is no wave with the code {wave_code} that asks. `hailong waves` lists them.")
        if not wave.uses(CHANNEL):
            raise WrongChannel(wave, CHANNEL)
        agencies = sorted({*frames.list_stratum_agencies(connection, wave_code).values()})
        if not agencies:
            raise NoFrame(f"Wave {wave_code} has no frame. Run `hailong import frame FILE --wave {wave_code}` first.")
        beside = waves.find_voice_wave(connection, wave_code)
        if beside is None:
            beside = replace(wave, code=wave.code + SUFFIX, collected="self-selected", voice_of=wave.code, closed=False)
            waves.add_wave(connection, beside)
            if recorded is not None:
                recorded.record(connection, "wave-opened", beside.code, rule=beside.rule_digest.hex())
        frames.add_strata(connection, beside.code, [Stratum(code, code, None, None, 0) for code in agencies])
    return beside


def find_voice(database: Database, agency_code: str, today: date) -> OpenForm:
    """The form for whoever stands at an agency and was not invited. Raises NothingOpen."""
    with database.reading() as connection:
        hearing = [each for each in waves.list_waves(connection, open_on=today) if each.voice_of is not None]
        found = [form for each in hearing if (form := voice_form(connection, each.voice_of or "", agency_code))]
    if not found:
        raise NothingOpen
    return found[-1]


def find_agency_name(database: Database, agency_code: str, language: str) -> str:
    """The agency's name in a language, else in Vietnamese."""
    with database.reading() as connection:
        name = places.list_agencies(connection, EVERYTHING)[agency_code].name
    return name.get(language, name["vi"])


def voice_form(connection: Connection, wave_code: str, agency_code: str) -> OpenForm | None:
    """Where open voice beside a wave is kept for an agency; None where it is not asked for, or not any more."""
    beside = _find_beside(connection, wave_code)
    if beside is None or agency_code not in frames.list_stratum_agencies(connection, beside.code):
        return None
    version = load_version(connection, beside.questionnaire)
    languages = list_languages(connection, version, beside.purpose)
    return OpenForm(beside.code, version, NO_TOKEN, agency_code, CHANNEL, languages=languages)


def speak(
    database: Database, keys: Keys, *, agency: str, key: str, language: str, answers: Mapping[str, str], today: date
) -> str:
    """Store an answer that nobody asked for; its receipt code. The same key again gives the same receipt.

    Raises a Refusal, with nothing stored.
    """
    form = find_voice(database, agency, today)
    receipt = new_receipt(keys, key)
    response = new_response(form, receipt, answers, language=language, on=today)
    with database.writing("speak") as connection:
        responses.add_untokened(connection, response)
    return receipt


def list_agencies(database: Database, today: date) -> set[str]:
    """Agencies where people without an invitation are heard now."""
    with database.reading() as connection:
        asking = [each.voice_of for each in waves.list_waves(connection, open_on=today) if each.voice_of is not None]
        hearing = [beside for code in asking if (beside := _find_beside(connection, code))]
        return {code for each in hearing for code in frames.list_stratum_agencies(connection, each.code)}


def list_all_voices(database: Database) -> list[tuple[Wave, list[Voices]]]:
    """Every wave that has open voice beside it, with what was said there."""
    with database.reading() as connection:
        known = {each.code: each for each in waves.list_waves(connection)}
    beside = [each.voice_of for each in known.values() if each.voice_of is not None]
    return [(known[code], list_voices(database, code)) for code in beside]


def list_voices(database: Database, wave_code: str) -> list[Voices]:
    """Open voice beside a wave, by agency, from what is sealed and tallied; levels only where at least ten spoke."""
    with database.reading() as connection:
        beside = waves.find_voice_wave(connection, wave_code)
        if beside is None:
            return []
        overall = load_version(connection, beside.questionnaire).overall_item.code
        bars = tallies.list_items(connection, beside.code, overall)
        spoken = tallies.count_counted(connection, beside.code)
        names = places.list_agencies(connection, EVERYTHING)
    return [
        Voices(code, names[code].name, count, _levels(bars, code) if count >= SMALLEST_SHOWN else {})
        for code, count in sorted(spoken.items())
    ]


def _find_beside(connection: Connection, wave_code: str) -> Wave | None:
    """The wave of open voice beside a wave, as long as that one asks by this channel."""
    asking = waves.find_wave(connection, wave_code)
    return waves.find_voice_wave(connection, wave_code) if asking is not None and asking.uses(CHANNEL) else None


def _levels(bars: Sequence[Mapping[str, Any]], agency_code: str) -> dict[str, int]:
    levels: dict[str, int] = {}
    for bar in bars:
        if bar["agency_code"] == agency_code and bar["disposition"] == COUNTED:
            levels[bar["choice"]] = levels.get(bar["choice"], 0) + bar["n"]
    return levels
