"""The citizen's side: a link is opened, a form is answered, thanks are said after the commit and not before."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import date

from flask import Blueprint, Response, make_response, redirect, request, url_for
from werkzeug.datastructures import MultiDict

from survey.actions import answering
from survey.documents import citizen as paper
from survey.documents.form import form_page, form_with_errors, language_links
from survey.documents.shell import CitizenShell
from survey.documents.splicing import SplicedPage
from survey.keys import canonical_token
from survey.store.writer import WriterBusy
from survey.web import headers
from survey.web.access import allow_everybody
from survey.web.language import reader_language, remember_language
from survey.web.limits import FailureBrake
from survey.web.services import services

blueprint = Blueprint("citizen", __name__)
brake = FailureBrake(most=200, per_second=10)

OWN_FIELDS = ("token", "key", "language")
REFUSALS: dict[type[answering.Refusal], tuple[str, int]] = {
    answering.UnknownToken: ("unknown_token", 404),
    answering.NoToken: ("no_token", 404),
    answering.MistypedToken: ("mistyped_token", 404),
    answering.ExpiredForm: ("expired_form", 410),
    answering.AlreadyAnswered: ("already_answered", 409),
    answering.WaveClosed: ("wave_closed", 410),
    answering.WaveNotOpen: ("wave_not_open", 403),
    answering.StaleForm: ("unreadable", 400),
    answering.UnknownItem: ("unreadable", 400),
}


@blueprint.get("/")
@allow_everybody
def home() -> Response:
    return _page(paper.render_home(paper.HomePage(), _shell(), reader_language()))


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
    return _page(paper.render_receipt(paper.ReceiptPage(typed, state), _shell(), reader_language()))


@blueprint.get("/answer")
@allow_everybody
def show_form() -> Response:
    """The form for the token in the cookie; looking spends nothing."""
    token = request.cookies.get(_cookie_name(), "")
    known = services()
    try:
        form = answering.open_form(known.database, known.keys, token, known.today())
    except answering.Refusal as refusal:
        return refuse(refusal)
    page = form_page(form.questionnaire, reader_language())
    return _spliced(page, token=token, key=secrets.token_hex(16))


@blueprint.post("/answer")
@allow_everybody
def take_answer() -> Response:
    """Store the answer and spend the token, then thank."""
    if _comes_from_elsewhere():
        return _refusal_page("unreadable", 403)
    token, key, language = (request.form.get(name, "") for name in OWN_FIELDS)
    answers = _read_answers(request.form)
    known = services()
    try:
        receipt = answering.answer(
            known.database,
            known.writer,
            known.keys,
            token=token,
            key=key,
            language=language,
            answers=answers,
            today=known.today(),
        )
    except answering.BadAnswers as bad:
        return _ask_again(answers, bad.problems, token=token, key=key, language=language)
    except answering.Refusal as refusal:
        return refuse(refusal)
    except WriterBusy:
        return _busy(request.form)
    return _thank(receipt)


def refuse(refusal: answering.Refusal) -> Response:
    """The page that says why nothing was taken. Only unknown tokens are counted as failures."""
    guessed = isinstance(refusal, answering.UnknownToken) and not isinstance(refusal, answering.NoToken)
    if guessed and not brake.count_failure():
        return _refusal_page("too_many_failures", 429)
    code, status = REFUSALS[type(refusal)]
    closes = refusal.closes_on if isinstance(refusal, answering.WaveClosed) else None
    opens = refusal.opens_on if isinstance(refusal, answering.WaveNotOpen) else None
    return _refusal_page(code, status, opens=opens, closes=closes)


def too_large() -> Response:
    return _refusal_page("too_large", 413)


def not_found() -> Response:
    return _page(paper.render_not_found(_shell(), reader_language()), 404)


def broken() -> Response:
    return _page(paper.render_server_error(_shell(), reader_language()), 500)


def _carry_token(token: str) -> Response:
    response = make_response(redirect(url_for("citizen.show_form", language=request.args.get("language")), 303))
    response.set_cookie(
        _cookie_name(),
        canonical_token(token) or "x",
        secure=request.is_secure,
        httponly=True,
        samesite="Lax",
        path="/",
        max_age=86_400,
    )
    return response


def _spliced(page: SplicedPage, **words: str) -> Response:
    """A page that was rendered beforehand, with this visit's words, compressed where the browser takes it."""
    words["nonce"] = headers.nonce()
    if "gzip" in request.headers.get("Accept-Encoding", ""):
        response = _page(page.splice_gzip(**words))
        response.headers["Content-Encoding"] = "gzip"
    else:
        response = _page(page.splice(**words))
    response.headers["Vary"] = "Accept-Encoding, Accept-Language, Cookie"
    return response


def _thank(receipt: str) -> Response:
    page = paper.thanks_page(url_for("citizen.check_receipt") + "?code=", reader_language())
    response = _spliced(page, receipt=f"{receipt[:5]}-{receipt[5:]}")
    response.delete_cookie(_cookie_name(), secure=request.is_secure, httponly=True, samesite="Lax", path="/")
    return response


def _ask_again(
    answers: Mapping[str, str],
    problems: Mapping[str, str],
    *,
    token: str,
    key: str,
    language: str,
) -> Response:
    known = services()
    try:
        form = answering.open_form(known.database, known.keys, token, known.today())
    except answering.Refusal as refusal:  # spent or closed since the answers were read
        return refuse(refusal)
    shown = language if language in form.questionnaire.title else reader_language()
    nonce = headers.nonce()
    return _page(
        form_with_errors(form.questionnaire, shown, "link", answers, problems, token=token, key=key, nonce=nonce), 422
    )


def _busy(form: MultiDict[str, str]) -> Response:
    fields = {name: form[name] for name in form}
    page = paper.RefusalPage("busy", minutes=1, action=url_for("citizen.take_answer"), fields=fields)
    response = _page(paper.render_refusal(page, _shell(links=False), reader_language()), 503)
    response.headers["Retry-After"] = "30"
    return response


def _refusal_page(code: str, status: int, *, opens: date | None = None, closes: date | None = None) -> Response:
    """A refusal; comments that were typed stand on the page, to be copied, for nothing else will keep them."""
    minutes = 1 if code == "too_many_failures" else None
    written = tuple(value for value in request.form.values() if " " in value) if code != "too_large" else ()
    page = paper.RefusalPage(code, opens=opens, closes=closes, minutes=minutes, written=written)
    return _page(paper.render_refusal(page, _shell(links=request.method == "GET"), reader_language()), status)


def _read_answers(form: MultiDict[str, str]) -> dict[str, str]:
    return {name: value for name, value in form.items() if name not in OWN_FIELDS}


def _comes_from_elsewhere() -> bool:
    """Whether the browser says that another site made this post. The token in the body is the first defence."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site not in ("same-origin", "none")
    origin = request.headers.get("Origin")
    return origin not in (None, "null", request.host_url.rstrip("/"))


def _cookie_name() -> str:
    return "__Host-token" if request.is_secure else "token"


def _shell(*, links: bool = True) -> CitizenShell:
    return CitizenShell(nonce=headers.nonce(), languages=language_links() if links else ())


def _page(body: str | bytes, status: int = 200) -> Response:
    response = make_response(body, status)
    response.headers["Content-Type"] = "text/html; charset=utf-8"
    return remember_language(response)
