"""What the citizen's form sends: a page of it is turned, or all of it is stored and thanked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from flask import Response, request, url_for

from survey.actions import answering, recording, stepping
from survey.actions.carrying import Carrier
from survey.documents import citizen as paper
from survey.documents.form import Filled, form_page, form_with_answers
from survey.documents.layout import lay_out
from survey.documents.splicing import SplicedPage
from survey.mandate.text import LANGUAGES
from survey.store.database import DatabaseUnreachable
from survey.store.writer import WriterBusy
from survey.web import citizen_pages as pages
from survey.web import headers
from survey.web.language import reader_language, wants_khmer_font
from survey.web.services import services
from survey.web.sighting import sight

OWN_FIELDS = frozenset(("token", "key", "language", "asked", "step", "carried", "seen", "go", "receipt"))
LONGEST_STEP = 2
NOT_STORED = "hailong.not_stored"  # in the WSGI environment: whoever stood before the app tried in vain


@dataclass(frozen=True, slots=True)
class Sent:
    """One post of the form: its own fields, and the answers of its page."""

    token: str
    key: str
    language: str
    answers: Mapping[str, str]
    asked: str | None = None
    declined: bool = False
    step: str = ""
    carried: str = ""
    seen: tuple[str, ...] = ()
    go: str = ""

    @property
    def turns(self) -> bool:
        """Whether a page is turned, or drawn again, before anything can be stored."""
        return bool(self.step or self.go)


def read_sent(form: Mapping[str, list[str]]) -> Sent:
    """The post of a form, as it came. Raises UnknownItem when an answer stands in it twice, which no page sends."""
    first = {name: values[0] for name, values in form.items()}
    answers = {name: value for name, value in first.items() if name not in OWN_FIELDS}
    if any(len(form[name]) > 1 for name in answers):
        raise answering.UnknownItem
    return Sent(
        token=first.get("token", ""),
        key=first.get("key", ""),
        language=first.get("language", ""),
        answers=answers,
        asked=first.get("asked"),
        declined=first.get("receipt") == "no",
        step=first.get("step", ""),
        carried=first.get("carried", ""),
        seen=tuple(form.get("seen", ())),
        go=first.get("go", ""),
    )


def store(sent: Sent) -> Response:
    """Store the answers and spend the token, then thank; or say what is missing."""
    known = services()
    try:
        if request.environ.get(NOT_STORED):
            raise WriterBusy
        receipt = answering.answer(
            known.database,
            known.writer,
            known.keys,
            token=sent.token,
            key=sent.key,
            language=sent.language,
            answers=sent.answers,
            today=known.today(),
            asked=sent.asked,
            sighting=sight(sent.key),
        )
    except answering.BadAnswers as bad:
        return _ask_again(sent, bad.problems)
    except answering.Refusal as refusal:
        return pages.refuse(refusal, sent.answers)
    except (WriterBusy, DatabaseUnreachable):
        own = {
            "token": sent.token,
            "key": sent.key,
            "language": sent.language,
            **({"asked": sent.asked} if sent.asked else {}),
        }
        declined = {"receipt": "no"} if sent.declined else {}
        return pages.busy_page({**own, **sent.answers, **declined}, url_for("citizen.take_answer"))
    return _thank("" if sent.declined else receipt)


def turn(sent: Sent) -> Response:
    """The next page, the one before, the same again with what it lacks; or, after the last, thanks."""
    known = services()
    try:
        form = answering.open_form(known.database, known.keys, sent.token, known.today(), asked=sent.asked)
        carrier = _carrier(form, sent)
        where = stepping.turn_page(
            form.questionnaire,
            carrier.open(sent.carried, known.now()),
            sent.answers,
            step=_read_step(sent.step),
            seen=sent.seen,
            go=stepping.STAY if sent.go in (*LANGUAGES, "font") else sent.go,
        )
    except answering.AlreadyAnswered:  # sent twice: the receipt again, for the same key
        return store(replace(sent, step="", answers={}))
    except answering.Refusal as refusal:
        return pages.refuse(refusal)
    if where.step is None:
        return store(replace(sent, answers=where.answers))
    return _show(form, carrier, sent, where)


def _ask_again(sent: Sent, problems: Mapping[str, str]) -> Response:
    known = services()
    try:
        form = answering.open_form(known.database, known.keys, sent.token, known.today())
    except answering.Refusal as refusal:  # spent or closed since the answers were read
        return pages.refuse(refusal, sent.answers)
    step = stepping.step_of(form.questionnaire, problems)
    again = stepping.Turn(step, sent.answers, problems)
    return _show(form, _carrier(form, sent), sent, again)


def _show(form: answering.OpenForm, carrier: Carrier, sent: Sent, where: stepping.Turn) -> Response:
    assert where.step is not None
    questionnaire = form.questionnaire
    language = form.spoken(next((each for each in (sent.go, sent.language) if each in LANGUAGES), reader_language()))
    here = {item.code for item in questionnaire.items_on(where.step)}
    typed = {code: answer for code, answer in where.answers.items() if code in here}
    others = {code: answer for code, answer in where.answers.items() if code not in here}
    layout = lay_out(questionnaire, where.step, where.answers)
    recordings = recording.addresses(services().settings.home, questionnaire.key, language)
    font = wants_khmer_font() or sent.go == "font"
    words = {"token": sent.token, "key": sent.key, "carried": carrier.seal(others, services().now())}
    if not (typed or where.problems or where.added or sent.declined):
        page = form_page(
            questionnaire, language, layout=layout, recordings=recordings, khmer_font=font, languages=form.languages
        )
        return pages.send_spliced(page, chosen=sent.go, **words)
    filled = Filled(typed, where.problems, where.added, sent.declined)
    body = form_with_answers(
        questionnaire,
        language,
        filled,
        layout,
        recordings=recordings,
        khmer_font=font,
        nonce=headers.nonce(),
        languages=form.languages,
        **words,
    )
    return pages.send_page(body, 422 if where.problems else 200, chosen=sent.go)


def thanks(receipt: str, receipts: str, language: str, *, khmer_font: bool) -> tuple[SplicedPage, dict[str, str]]:
    """The page that thanks, and its words; without a receipt for whoever declined it. `receipts` is where they are
    looked up."""
    page = paper.thanks_page(f"{receipts}?code=" if receipt else None, language, khmer_font)
    return page, {"receipt": f"{receipt[:5]}-{receipt[5:]}"} if receipt else {}


def _thank(receipt: str) -> Response:
    page, words = thanks(receipt, url_for("citizen.check_receipt"), reader_language(), khmer_font=wants_khmer_font())
    response = pages.send_spliced(page, **words)
    pages.forget_token(response)
    return response


def _carrier(form: answering.OpenForm, sent: Sent) -> Carrier:
    key = answering.checked_key(sent.key)
    return Carrier(services().keys.form, form.token_hash, key, form.questionnaire.key)


def _read_step(step: str) -> int:
    if not step:
        return 0
    if not (step.isascii() and step.isdigit() and len(step) <= LONGEST_STEP):
        raise answering.UnknownItem
    return int(step)
