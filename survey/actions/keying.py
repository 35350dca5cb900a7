"""Paper: sheets printed for drawn places, keyed twice by two people, compared, settled by a third, stored once.

A sheet carries no token and nothing that leads to a person. A batch of n sheets is n drawn places of one stratum, and
what is stored spends one of them by chance: all of them have the same weight, so the estimate loses nothing, and the
sheet, which is in many hands, leads to nobody. A sheet's number is used once, whoever copies it.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from survey.actions.answering import OpenForm, check_answers, new_receipt, new_response
from survey.actions.inviting import check_channel, draw_places, list_places_left
from survey.actions.waves import find_wave
from survey.keys import Keys, canonical_token, new_code
from survey.mandate.questionnaires import Questionnaire
from survey.store import frames, minting, paper, waves
from survey.store.audits import By
from survey.store.database import Connection, Database
from survey.store.minting import Minted, Place, no_token
from survey.store.paper import Keying, PaperBatch, Sheet
from survey.store.questionnaires import list_languages, load_version
from survey.store.sql import take_turn
from survey.store.waves import Wave
from survey.store.writer import Outcome, Submission, store_submission

CHANNEL = "paper"
MOST_SHEETS = 1000
KEYINGS = 2
TURN = "paper"


class CannotPrint(ValueError):
    """No sheets can be made as asked; the message says why."""


class UnknownSheet(LookupError):
    """No sheet has this number: it was mistyped, or comes from another installation."""


class SheetDone(ValueError):
    """The sheet was stored or refused before: a second one with its number is a copy."""


class SamePerson(ValueError):
    """Whoever keyed a sheet neither keys it again nor settles it."""


class NothingToSettle(ValueError):
    """The sheet was not keyed by two people who differ."""


class BatchUsedUp(ValueError):
    """Every place of the batch was answered for, or the wave takes no more answers."""


@dataclass(frozen=True, slots=True)
class Keyed:
    """What a keying led to: `first`, `differs` or `stored`; `differences` names items that were keyed differently."""

    state: str
    differences: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OpenSheet:
    """A sheet with what is asked on it and what was keyed from it."""

    sheet: Sheet
    batch: PaperBatch
    wave: Wave
    questionnaire: Questionnaire
    keyings: tuple[Keying, ...]

    @property
    def differences(self) -> tuple[str, ...]:
        """Items that the first two keyed differently, in the order of the form."""
        if len(self.keyings) < 2:
            return ()
        one, other = (dict(each.choices) | dict(each.comments) for each in self.keyings[:2])
        return tuple(i.code for i in self.questionnaire.items if one.get(i.code, "") != other.get(i.code, ""))


@dataclass(frozen=True, slots=True)
class BatchReport:
    """A batch with its sheets by state: printed, once, twice, stored, refused."""

    batch: PaperBatch
    counts: Mapping[str, int]


def print_batches(
    database: Database, wave_code: str, count: int, language: str, *, seed: int | str, today: date, by: By
) -> list[tuple[PaperBatch, list[str]]]:
    """Draw places by a seed and make a sheet for each: a batch a stratum, with the numbers of its sheets.

    Raises CannotPrint, WrongChannel, and what drawing raises.
    """
    _check_sheets(database, wave_code, count, language)
    places = draw_places(
        database, wave_code, count, seed=seed, today=today, channel=CHANNEL, now=by.now, actor=by.actor
    )
    return make_batches(database, places, language, today=today, by=by)


def print_waiting(
    database: Database, wave_code: str, count: int, language: str, *, today: date, by: By
) -> list[tuple[PaperBatch, list[str]]]:
    """Sheets for at most so many of the places that were drawn before and have nothing to answer with yet.

    Which of them is chance. Raises CannotPrint, WrongChannel, UnknownWave or WaveOver.
    """
    _check_sheets(database, wave_code, count, language)
    waiting = list_places_left(database, wave_code, today)
    if not waiting:
        raise CannotPrint(f"No drawn place of wave {wave_code} waits. `hailong invite {wave_code} --later` draws some.")
    chosen = secrets.SystemRandom().sample(waiting, min(count, len(waiting)))
    return make_batches(database, chosen, language, today=today, by=by)


def _check_sheets(database: Database, wave_code: str, count: int, language: str) -> None:
    wave = find_wave(database, wave_code)
    check_channel(database, wave_code, CHANNEL)
    with database.reading() as connection:
        offered = list_languages(connection, load_version(connection, wave.questionnaire), wave.purpose)
    if not 1 <= count <= MOST_SHEETS or language not in offered:
        raise CannotPrint(f"Print 1 to {MOST_SHEETS} sheets at a time, in one of {', '.join(offered)}.")


def make_batches(
    database: Database, places: Sequence[Place], language: str, *, today: date, by: By
) -> list[tuple[PaperBatch, list[str]]]:
    """Sheets for places that were drawn before and wait; no other token is made for them any more."""
    printed = []
    with database.writing("print-paper") as connection:
        for stratum_code in sorted({place.stratum_code for place in places}):
            inside = [place for place in places if place.stratum_code == stratum_code]
            batch = PaperBatch(new_code(), inside[0].wave_code, stratum_code, language, len(inside), today, by.actor)
            numbers = [new_code() for _ in inside]
            minting.mint_first(connection, [Minted(each, no_token(), no_token()) for each in inside], CHANNEL)
            paper.add_batch(connection, batch, inside, numbers)
            by.record(connection, "paper-printed", batch.code, wave=batch.wave_code, sheets=batch.sheets)
            printed.append((batch, sorted(numbers)))
    return printed


def list_reports(database: Database) -> list[BatchReport]:
    """Every batch and how far its sheets are."""
    with database.reading() as connection:
        counted = paper.count_sheets(connection)
        return [BatchReport(each, counted.get(each.code, {})) for each in paper.list_batches(connection)]


def find_agency(database: Database, batch: PaperBatch) -> str:
    """The agency that a batch's sheets are about."""
    with database.reading() as connection:
        return frames.list_stratum_agencies(connection, batch.wave_code)[batch.stratum_code]


def list_to_settle(database: Database) -> list[str]:
    """Numbers of the sheets that two people keyed differently."""
    with database.reading() as connection:
        return paper.list_twice_keyed(connection)


def find_printed(database: Database, batch_code: str) -> tuple[PaperBatch, Wave, list[str]]:
    """A batch to print again, with its wave and the sheets' numbers. Raises UnknownSheet."""
    with database.reading() as connection:
        batch = paper.find_batch(connection, canonical_token(batch_code) or "")
        if batch is None:
            raise UnknownSheet(f"There is no batch {batch_code}. `hailong paper list` lists them.")
        return batch, _wave_of(connection, batch), paper.list_sheet_numbers(connection, batch.code)


def open_sheet(database: Database, typed: str) -> OpenSheet:
    """A sheet that may be keyed or settled. Raises UnknownSheet, SheetDone."""
    with database.reading() as connection:
        return _open(connection, typed)


def key_sheet(
    database: Database, keys: Keys, typed: str, answers: Mapping[str, str], *, keyer: str, today: date, by: By
) -> Keyed:
    """Keep what somebody keyed; the second keying stores the sheet when it equals the first.

    Nobody sees another's keying before both are there. Raises UnknownSheet, SheetDone, SamePerson, BadAnswers,
    UnknownItem, BatchUsedUp.
    """
    with database.writing("key-sheet") as connection:
        take_turn(connection, TURN)
        opened = _open(connection, typed)
        if len(opened.keyings) >= KEYINGS:
            raise SheetDone("Two people keyed this sheet already; it waits for a third who settles it.")
        choices, comments = check_answers(opened.questionnaire, answers)
        if not paper.add_keying(connection, Keying(opened.sheet.number, keyer, choices, comments)):
            raise SamePerson("You keyed this sheet already. The second keying is somebody else's.")
        by.record(connection, "paper-keyed", opened.batch.code)
        again = _open(connection, typed)
        if len(again.keyings) < KEYINGS:
            return Keyed("first")
        if again.differences:
            return Keyed("differs", again.differences)
        _store(connection, keys, again, choices | comments, settled_by="", today=today)
    return Keyed("stored")


def settle_sheet(
    database: Database, keys: Keys, typed: str, answers: Mapping[str, str], *, keyer: str, today: date, by: By
) -> None:
    """Store a sheet that two keyed differently as a third reads it; what they agreed on stays as they keyed it.

    Raises UnknownSheet, SheetDone, SamePerson, NothingToSettle, BadAnswers, UnknownItem, BatchUsedUp.
    """
    with database.writing("settle-sheet") as connection:
        take_turn(connection, TURN)
        opened = _open(connection, typed)
        if not opened.differences:
            raise NothingToSettle("This sheet waits for a second keying, or both keyings were alike.")
        if keyer in {each.keyer for each in opened.keyings}:
            raise SamePerson("You keyed this sheet. A third person reads the paper and settles it.")
        first = opened.keyings[0]
        agreed = {k: v for k, v in {**first.choices, **first.comments}.items() if k not in opened.differences}
        settled = {code: answers[code] for code in opened.differences if answers.get(code)}
        _store(connection, keys, opened, agreed | settled, settled_by=keyer, today=today)
        by.record(connection, "paper-settled", opened.batch.code, differences=len(opened.differences))


def _open(connection: Connection, typed: str) -> OpenSheet:
    sheet = paper.find_sheet(connection, canonical_token(typed) or "")
    if sheet is None:
        raise UnknownSheet("No sheet has this number. Compare it with the paper, letter by letter.")
    if sheet.state != paper.PRINTED:
        raise SheetDone("This sheet was stored before. A second sheet with its number is a copy: keep it apart.")
    batch = paper.find_batch(connection, sheet.batch_code)
    assert batch is not None
    wave = _wave_of(connection, batch)
    keyings = tuple(paper.list_keyings(connection, sheet.number))
    return OpenSheet(sheet, batch, wave, load_version(connection, wave.questionnaire), keyings)


def _wave_of(connection: Connection, batch: PaperBatch) -> Wave:
    wave = waves.find_wave(connection, batch.wave_code)
    assert wave is not None
    return wave


def _store(
    connection: Connection, keys: Keys, opened: OpenSheet, answers: Mapping[str, str], *, settled_by: str, today: date
) -> None:
    """Into the inbox with one of the batch's places, all or nothing, in the caller's transaction."""
    batch, wave = opened.batch, opened.wave
    if not wave.takes_what_devices_hold(today):
        raise BatchUsedUp(f"Wave {wave.code} takes no more answers: the sheet stays keyed and is not counted.")
    left = paper.list_places_left(connection, batch.code)
    if not left:
        raise BatchUsedUp(f"Every place of batch {batch.code} is answered for.")
    form = OpenForm(wave.code, opened.questionnaire, secrets.choice(left), batch.stratum_code, CHANNEL)
    # a key of its own, since the sheet's number would lead from the paper to the response
    receipt = new_receipt(keys, secrets.token_hex(16))
    on = max(wave.opens_on, min(today, wave.closes_on))
    response = new_response(form, receipt, answers, language=batch.language, on=on)
    outcome = store_submission(connection, Submission(form.token_hash, response))
    if outcome is not Outcome.STORED:
        raise BatchUsedUp(f"A place of batch {batch.code} was taken meanwhile. Key the sheet again.")
    paper.finish_sheet(connection, opened.sheet.number, paper.STORED, settled_by, len(opened.differences))
