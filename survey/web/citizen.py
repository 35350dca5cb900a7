"""The citizen's side: a link is opened, a form is answered, thanks are said after the commit and not before."""

from __future__ import annotations

from flask import Blueprint, Response, make_response, redirect, request, url_for

from survey.actions import answering, recording
from survey.actions.signalling import new_form_key
from survey.documents import citizen as paper
from survey.documents.form import form_page
from survey.keys import canonical_token
from survey.web import form
from survey.web.access import allow_everybody
from survey.web.citizen_pages import (
    cookie_name,
    privacy_url,
    refusal_page,
    refuse,
    send_page,
    send_spliced,
    shell,
    token_cookie,
)
from survey.web.language import reader_language, wants_khmer_font
from survey.web.origin import comes_from_elsewhere
from survey.web.services import services

blueprint = Blueprint("citizen", __name__)


@blueprint.get("/")
@allow_everybody
def home() -> Response:
    page = paper.HomePage(privacy_url=privacy_url())
    return send_page(paper.render_home(page, shell(), reader_language()))


@blueprint.get("/t/<token>")
@allow_everybody
def open_link(token: str) -> Response:
    """Move the token out of the address; nothing is looked up or recorded, for scanners open links too."""
    return _carry_token(token)


@blueprint.post("/code")
@allow_everybody
def type_code() -> Response:
    """Take the code of a slip, typed on the front page, as a link would bring its token."""
    return _carry_token(request.form.get("code", ""))


@blueprint.get("/receipt")
@allow_everybody
def check_receipt() -> Response:
    """Say whether a receipt is counted, and nothing else: the same page whatever was answered."""
    typed = request.args.get("code", "")
    state = answering.find_receipt(services().database, typed) if typed else None
    return send_page(paper.render_receipt(paper.ReceiptPage(typed, state), shell(), reader_language()))


@blueprint.get("/answer")
@allow_everybody
def show_form() -> Response:
    """The form for the token in the cookie; looking spends nothing."""
    token = request.cookies.get(cookie_name(), "")
    known = services()
    try:
        opened = answering.open_form(known.database, known.keys, token, known.today())
    except answering.Refusal as refusal:
        return refuse(refusal)
    known.arrivals.count_view(opened.wave_code, opened.stratum_code, known.today())
    language = opened.spoken(reader_language())
    page = form_page(
        opened.questionnaire,
        language,
        recordings=recording.addresses(known.settings.home, opened.questionnaire.key, language),
        khmer_font=wants_khmer_font(),
        languages=opened.languages,
    )
    return send_spliced(page, token=token, key=new_form_key(known.keys.form, known.now()), carried="")


@blueprint.post("/answer")
@allow_everybody
def take_answer() -> Response:
    """Turn a page of the form, or store the answer and spend the token, then thank."""
    if comes_from_elsewhere():
        return refusal_page("unreadable", 403)
    try:
        sent = form.read_sent(request.form.to_dict(flat=False))
    except answering.Refusal as refusal:
        return refuse(refusal)
    return form.turn(sent) if sent.turns else form.store(sent)


def _carry_token(token: str) -> Response:
    response = make_response(redirect(url_for("citizen.show_form", language=request.args.get("language")), 303))
    cookie = token_cookie(is_secure=request.is_secure).format(canonical_token(token) or "x")
    response.headers.add("Set-Cookie", cookie)
    return response
