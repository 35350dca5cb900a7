"""A citizen's answer: checked, then durable in the inbox together with the spent token, then thanked for."""

from __future__ import annotations

import secrets
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from survey.actions.signalling import Sighting
from survey.keys import Keys, canonical_token
from survey.mandate.periods import half_month
from survey.mandate.questionnaires import Item, Questionnaire
from survey.mandate.text import FIRST_LANGUAGE, LANGUAGES
from survey.proof import MalformedReceipt, canonical_json, receipt_code, receipt_hash
from survey.store import invitations
from survey.store.database import Database
from survey.store.invitations import Invitation
from survey.store.ledger import find_batch_of_receipt, find_checkpoint_covering
from survey.store.questionnaires import load_version
from survey.store.responses import Response, knows_receipt
from survey.store.withdrawals import is_withdrawn
from survey.store.writer import Outcome, Submission, Writer

LONGEST_COMMENT = 2000
LONGEST_KEY = 64
MOST_MARKS = 4  # Khmer stacks more marks on a letter than Vietnamese does; a flood is hundreds


class Refusal(Exception):
    """Why an answer was not taken; nothing was stored and the token is as it was."""


class UnknownToken(Refusal):
    """No invitation has this token."""


class NoToken(UnknownToken):
    """Nothing was brought at all: no link was opened, or the browser kept no cookie."""


class MistypedToken(UnknownToken):
    """What was brought can be no token: letters are missing, or the check letter does not fit."""


class AlreadyAnswered(Refusal):
    """The token was spent by another submission."""


class WaveClosed(Refusal):
    """The wave takes no more answers; `closes_on` was its last day."""

    def __init__(self, closes_on: date) -> None:
        super().__init__(closes_on)
        self.closes_on = closes_on


class WaveNotOpen(Refusal):
    """The wave takes no answers before `opens_on`."""

    def __init__(self, opens_on: date) -> None:
        super().__init__(opens_on)
        self.opens_on = opens_on


class StaleForm(Refusal):
    """The form's own key was used with another token, or is missing: it must be opened again."""


class ExpiredForm(Refusal):
    """The form was opened too long ago to be taken up again: it must be opened anew."""


class UnknownItem(Refusal):
    """The submission names an item that the questionnaire does not have."""


@dataclass
class BadAnswers(Refusal):
    """Some answers cannot be taken: item code to `missing`, `unknown_choice` or `too_long`, in page order."""

    problems: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OpenForm:
    """What the page shows to whoever holds a valid token; a household's place also says its village and its class.
    `languages` are those that somebody stands behind, in an official wave."""

    wave_code: str
    questionnaire: Questionnaire
    token_hash: bytes
    stratum_code: str
    channel: str
    drawn_on: date | None = None
    psu: str = ""
    calibration_class: str = ""
    languages: tuple[str, ...] = LANGUAGES

    def spoken(self, wanted: str) -> str:
        """The wanted language where this form is asked in it, else Vietnamese."""
        return wanted if wanted in self.languages else FIRST_LANGUAGE


@dataclass(frozen=True, slots=True)
class ReceiptState:
    """`included` in a checkpoint, `not_yet`, `withdrawn` before it was, or `unknown`."""

    code: str
    checkpoint: int | None = None


def open_form(database: Database, keys: Keys, token: str, today: date, *, asked: str | None = None) -> OpenForm:
    """The form behind a token; looking spends nothing. `asked` is the questionnaire whose page somebody holds. Raises a
    Refusal, StaleForm when that is not the token's."""
    form, is_spent = _find_form(database, keys, token, today)
    if is_spent:
        raise AlreadyAnswered
    _check_asked(form, asked)
    return form


def answer(
    database: Database,
    writer: Writer,
    keys: Keys,
    *,
    token: str,
    key: str,
    language: str,
    answers: Mapping[str, str],
    today: date,
    asked: str | None = None,
    sighting: Sighting | None = None,
) -> str:
    """Store a response durably and spend its token; the receipt code. The same key again gives the same receipt.
    `asked` is the questionnaire whose page was filled in, where the page says so; `sighting` is for the fraud screen.

    Raises a Refusal, with nothing stored, or what the writer raises when the database cannot be written.
    """
    form, is_spent = _find_form(database, keys, token, today, spent_may_be_over=True)
    code = new_receipt(keys, key)
    if is_spent:
        return _replay(database, code)
    _check_asked(form, asked)
    response = new_response(form, code, answers, language=language, on=today, sighting=sighting)
    outcome = writer.submit(Submission(form.token_hash, response))
    if outcome is Outcome.STORED:
        if sighting is not None:
            sighting.count(form.wave_code, form.stratum_code, form.channel, form.drawn_on)
        return code
    if outcome is Outcome.KEY_IN_USE:
        raise StaleForm
    return _replay(database, code)


def new_response(
    form: OpenForm,
    receipt: str,
    answers: Mapping[str, str],
    *,
    language: str,
    on: date,
    assisted: int = 0,
    interviewer: str = "",
    sighting: Sighting | None = None,
) -> Response:
    """A response as it will be stored, given on a day (only its half-month is kept), taken down by an interviewer or by
    nobody. Raises BadAnswers, UnknownItem."""
    chosen, comments = check_answers(form.questionnaire, answers)
    signals = sighting.signals(len(chosen)) if sighting is not None else None
    by = {"interviewer": interviewer} if interviewer else {}
    chance = secrets.token_bytes(80)  # in one call: each lets another thread go first
    return Response(
        id=chance[:16],
        wave_code=form.wave_code,
        stratum_code=form.stratum_code,
        receipt_hash=receipt_hash(receipt),
        nonce1=chance[16:48],
        codes=canonical_json(_codes(form, chosen, language, on, assisted, signals) | by),
        nonce2=chance[48:],
        text=canonical_json(comments),
    )


def new_receipt(keys: Keys, key: str) -> str:
    """The receipt code of an idempotency key; the same key, the same receipt. Raises StaleForm."""
    return receipt_code(keys.receipt, checked_key(key))


def find_receipt(database: Database, typed: str) -> ReceiptState:
    """Whether a receipt code is counted: in which checkpoint, not yet, or not known here."""
    try:
        hashed = receipt_hash(typed)
    except MalformedReceipt:
        return ReceiptState("unknown")
    with database.reading() as connection:
        batch = find_batch_of_receipt(connection, hashed)
        covering = find_checkpoint_covering(connection, batch.first_position) if batch else None
        waiting = knows_receipt(connection, hashed)
        withdrawn = is_withdrawn(connection, hashed)
    if covering is not None:
        return ReceiptState("included", covering.number)
    return ReceiptState("withdrawn" if withdrawn else "not_yet" if waiting else "unknown")


def check_answers(questionnaire: Questionnaire, answers: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """Choices and comments by item code, as they will be stored. Raises BadAnswers or UnknownItem.

    An answer to an item that the others leave unasked is dropped. Text is put into Unicode NFC, control characters and
    the excess of combining marks are dropped.
    """
    if not answers.keys() <= questionnaire.codes:
        raise UnknownItem
    asked = questionnaire.asked(answers)
    problems: dict[str, str] = {}
    chosen: dict[str, str] = {}
    comments: dict[str, str] = {}
    for item in questionnaire.items:
        given = answers.get(item.code, "") if item.code in asked else ""
        problem = find_problem(item, given) if item.code in asked else None
        if problem:
            problems[item.code] = problem
        elif item.kind != "comment" and given:
            chosen[item.code] = given
        elif given.strip():
            comments[item.code] = clean_text(given)
    if problems:
        raise BadAnswers(problems)
    return chosen, comments


def find_problem(item: Item, given: str) -> str | None:
    """What is wrong with one answer: `missing`, `unknown_choice`, `too_long`, or nothing."""
    if item.kind == "comment":
        return "too_long" if len(given) > 2 * LONGEST_COMMENT else None
    if not given:
        return "missing" if item.required else None
    return None if given in item.choice_codes else "unknown_choice"


def clean_text(text: str) -> str:
    """NFC, no control or half characters, at most four combining marks on a letter, at most 2,000 characters."""
    whole = text.encode("utf-8", "replace").decode("utf-8")
    letters: list[str] = []
    marks = 0
    for letter in unicodedata.normalize("NFC", whole[: 4 * LONGEST_COMMENT]):
        category = unicodedata.category(letter)
        marks = marks + 1 if category == "Mn" else 0
        if letter == "\n" or (category[0] != "C" and marks <= MOST_MARKS):
            letters.append(letter)
    return "".join(letters).strip()[:LONGEST_COMMENT]


def checked_key(key: str) -> str:
    """The form's own key as it came; raises StaleForm when no form made it."""
    if not 16 <= len(key) <= LONGEST_KEY or not key.isascii() or not key.isalnum():
        raise StaleForm
    return key


def _find_form(
    database: Database, keys: Keys, token: str, today: date, *, spent_may_be_over: bool = False
) -> tuple[OpenForm, bool]:
    with database.single_statement() as connection:
        invitation = invitations.find_invitation(connection, keys.token_hash(_canonical(token)))
        if invitation is None or invitation.questionnaire_code is None:
            raise UnknownToken
        version = load_version(connection, invitation.questionnaire)
    if not (invitation.is_spent and spent_may_be_over):
        _check_dates(invitation, today)
    form = OpenForm(
        invitation.wave_code,
        version,
        invitation.token_hash,
        invitation.stratum_code,
        invitation.channel,
        invitation.drawn_on,
        languages=invitation.languages,
    )
    return form, bool(invitation.is_spent)


def _check_asked(form: OpenForm, asked: str | None) -> None:
    if asked is not None and asked != form.questionnaire.key:
        raise StaleForm


def _check_dates(invitation: Invitation, today: date) -> None:
    if invitation.is_spent:
        return
    if invitation.closed or today > invitation.closes_on:
        raise WaveClosed(invitation.closes_on)
    if today < invitation.opens_on:
        raise WaveNotOpen(invitation.opens_on)


def _replay(database: Database, code: str) -> str:
    """The receipt again when this very submission was stored before; AlreadyAnswered otherwise."""
    with database.single_statement() as connection:
        if knows_receipt(connection, receipt_hash(code)):
            return code
    raise AlreadyAnswered


def _canonical(token: str) -> str:
    if not token:
        raise NoToken
    canonical = canonical_token(token)
    if canonical is None:
        raise MistypedToken
    return canonical


def _codes(
    form: OpenForm,
    chosen: Mapping[str, str],
    language: str,
    on: date,
    assisted: int,
    signals: Sequence[str] | None,
) -> dict[str, object]:
    declared = {} if signals is None else {"signals": list(signals)}
    return declared | {
        "answers": dict(chosen),
        "assisted": assisted,
        "channel": form.channel,
        "class": form.calibration_class,
        "kind": "response",
        "language": form.spoken(language),
        "period": half_month(on),
        "psu": form.psu,
        "questionnaire": form.questionnaire.key,
        "stratum": form.stratum_code,
        "wave": form.wave_code,
    }
