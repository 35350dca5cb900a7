"""Open voice at the citizens' door: where the QR code of an agency's poster leads. The same form without a token."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import replace

from flask import Blueprint, Response, request, url_for

from survey.actions import open_voice, recording
from survey.actions.answering import BadAnswers, OpenForm, StaleForm, UnknownItem
from survey.actions.open_voice import NothingOpen
from survey.documents import citizen as paper
from survey.documents.environment import render
from survey.documents.form import Filled, form_page, form_with_answers
from survey.documents.layout import lay_out
from survey.mandate.questionnaires import Questionnaire
from survey.mandate.text import LANGUAGES
from survey.store.database import DatabaseUnreachable
from survey.web import citizen_pages as pages
from survey.web import headers
from survey.web.access import allow_everybody
from survey.web.language import reader_language, wants_khmer_font
from survey.web.limits import FailureBrake
from survey.web.origin import comes_from_elsewhere
from survey.web.services import services

blueprint = Blueprint("voice", __name__)
OWN_FIELDS = ("token", "key", "language", "seen", "go")
MOST_AT_ONCE, PER_SECOND = 60, 1.0
MOST_AGENCIES = 5000

_brakes: OrderedDict[str, FailureBrake] = OrderedDict()


@blueprint.get("/v/<agency>")
@allow_everybody
def show(agency: str) -> Response:
    """The form about an agency, for whoever stands there."""
    known = services()
    try:
        form = open_voice.find_voice(known.database, agency, known.today())
    except NothingOpen:
        return _refuse("nothing_open", 404)
    language, asked = form.spoken(reader_language()), _on_one_page(form)
    page = form_page(
        asked,
        language,
        "voice",
        url_for("voice.take", agency=agency),
        recordings=recording.addresses(known.settings.home, asked.key, language),
        khmer_font=wants_khmer_font(),
        about=_name(agency, language),
        languages=form.languages,
    )
    return pages.send_spliced(page, token="", key=secrets.token_hex(16), carried="")


@blueprint.post("/v/<agency>")
@allow_everybody
def take(agency: str) -> Response:
    """Store what somebody said, then thank. Every answer is counted by the brake, since no token limits them."""
    if comes_from_elsewhere():
        return pages.refusal_page("unreadable", 403)
    known, answers = services(), {name: text for name, text in request.form.items() if name not in OWN_FIELDS}
    try:
        form = open_voice.find_voice(known.database, agency, known.today())
        if not _brake(agency).count_failure():
            return _refuse("too_many", 429, answers)
        receipt = open_voice.speak(
            known.database,
            known.keys,
            agency=agency,
            key=request.form.get("key", ""),
            language=request.form.get("language", ""),
            answers=answers,
            today=known.today(),
        )
    except DatabaseUnreachable:
        own = {name: request.form.get(name, "") for name in ("key", "language")}
        return pages.busy_page({**own, **answers}, url_for("voice.take", agency=agency))
    except NothingOpen:
        return _refuse("nothing_open", 404, answers)
    except BadAnswers as bad:
        return _ask_again(form, agency, answers, bad.problems)
    except (StaleForm, UnknownItem) as refusal:
        return pages.refuse(refusal, answers)
    page = paper.thanks_page(url_for("citizen.check_receipt") + "?code=", reader_language(), wants_khmer_font())
    return pages.send_spliced(page, receipt=f"{receipt[:5]}-{receipt[5:]}")


def _ask_again(form: OpenForm, agency: str, answers: Mapping[str, str], problems: Mapping[str, str]) -> Response:
    asked = _on_one_page(form)
    told = request.form.get("language", "")
    language = form.spoken(told if told in LANGUAGES else reader_language())
    body = form_with_answers(
        asked,
        language,
        Filled(answers, problems),
        lay_out(asked, 0, answers),
        mode="voice",
        action=url_for("voice.take", agency=agency),
        about=_name(agency, language),
        khmer_font=wants_khmer_font(),
        languages=form.languages,
        token="",
        key=request.form.get("key", ""),
        carried="",
        nonce=headers.nonce(),
    )
    return pages.send_page(body, 422)


def _on_one_page(form: OpenForm) -> Questionnaire:
    """Steps carry what was typed under a token, and there is none here."""
    return replace(form.questionnaire, steps=())


def _name(agency: str, language: str) -> str:
    return open_voice.find_agency_name(services().database, agency, language)


def _brake(agency: str) -> FailureBrake:
    """One for each agency, so that a flood at one silences no other. Only agencies that are asked about get here."""
    if agency not in _brakes and len(_brakes) >= MOST_AGENCIES:
        _brakes.popitem(last=False)
    return _brakes.setdefault(agency, FailureBrake(MOST_AT_ONCE, PER_SECOND))


def _refuse(code: str, status: int, answers: Mapping[str, str] | None = None) -> Response:
    written = [text for text in (answers or {}).values() if " " in text]
    shell = pages.shell(links=request.method == "GET")
    return pages.send_page(
        render("field/voice_refused.html", reader_language(), code=code, written=written, shell=shell), status
    )
