"""How a page for citizens is sent: its language, its letters, its nonce; and the page of every refusal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from functools import lru_cache

from flask import Response, current_app, request
from werkzeug.http import dump_cookie

from survey.actions import answering
from survey.documents import citizen as paper
from survey.documents.form import language_links
from survey.documents.shell import CitizenShell
from survey.documents.splicing import SplicedPage
from survey.web.headers import nonce
from survey.web.language import reader_language, remember_choices, wants_khmer_font
from survey.web.limits import FailureBrake
from survey.web.services import METRICS

PRIVACY = "/privacy"
SECONDS_KEPT = 86_400
HTML = ("Content-Type", "text/html; charset=utf-8")
GZIP = ("Content-Encoding", "gzip")
VARIES = ("Vary", "Accept-Encoding, Accept-Language, Cookie")
brake = FailureBrake(most=200, per_second=10)

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


def cookie_name() -> str:
    """Where a browser keeps the token between the link and the form."""
    return token_cookie_name(is_secure=request.is_secure)


def token_cookie_name(*, is_secure: bool) -> str:
    return "__Host-token" if is_secure else "token"


@lru_cache(maxsize=2)
def token_cookie(*, is_secure: bool) -> str:
    """The header that hands a token to the browser, with `{}` where its canonical spelling stands."""
    name = token_cookie_name(is_secure=is_secure)
    kept = dump_cookie(name, "TOKEN", SECONDS_KEPT, secure=is_secure, httponly=True, samesite="Lax", sync_expires=False)
    return kept.replace("TOKEN", "{}")


@lru_cache(maxsize=2)
def no_token_cookie(*, is_secure: bool) -> str:
    """The header after which the browser keeps the token no longer."""
    name = token_cookie_name(is_secure=is_secure)
    return dump_cookie(name, "", 0, 0, secure=is_secure, httponly=True, samesite="Lax")


def shell(*, links: bool = True) -> CitizenShell:
    """What surrounds a page of this visit."""
    return CitizenShell(nonce(), language_links() if links else (), khmer_font=wants_khmer_font())


def send_page(
    body: str | bytes, status: int = 200, *, chosen: str = "", headers: Sequence[tuple[str, str]] = ()
) -> Response:
    """A page as an answer; `chosen` is a language, or the letters, chosen with a button of the form."""
    return remember_choices(Response(body, status, [HTML, *headers]), chosen)


def send_spliced(page: SplicedPage, *, chosen: str = "", **words: str) -> Response:
    """A page that was rendered beforehand, with this visit's words, compressed where the browser takes it."""
    words["nonce"] = nonce()
    if "gzip" in request.headers.get("Accept-Encoding", ""):
        return send_page(page.splice_gzip(**words), chosen=chosen, headers=(VARIES, GZIP))
    return send_page(page.splice(**words), chosen=chosen, headers=(VARIES,))


def privacy_url() -> str | None:
    """Where the privacy notice stands, if this installation has one."""
    return PRIVACY if any(rule.rule == PRIVACY for rule in current_app.url_map.iter_rules()) else None


def refuse(refusal: answering.Refusal, answers: Mapping[str, str] | None = None) -> Response:
    """The page that says why nothing was taken. Only guesses at a token are counted as failures. Of `answers`, what was
    written in words is shown, to be copied."""
    guessed = isinstance(refusal, answering.UnknownToken) and not isinstance(refusal, answering.NoToken)
    if guessed and not brake.count_failure():
        return refusal_page("too_many_failures", 429)
    code, status = REFUSALS[type(refusal)]
    closes = refusal.closes_on if isinstance(refusal, answering.WaveClosed) else None
    opens = refusal.opens_on if isinstance(refusal, answering.WaveNotOpen) else None
    return refusal_page(code, status, opens=opens, closes=closes, answers=answers)


def refusal_page(
    code: str,
    status: int,
    *,
    opens: date | None = None,
    closes: date | None = None,
    answers: Mapping[str, str] | None = None,
) -> Response:
    """A refusal; comments that were typed stand on the page, to be copied, for nothing else will keep them."""
    metrics = current_app.extensions.get(METRICS)
    if metrics is not None:
        metrics.count_refusal(code)
    minutes = 1 if code == "too_many_failures" else None
    typed = {} if code == "too_large" else {**request.form, **(answers or {})}
    written = tuple(value for value in typed.values() if " " in value)
    page = paper.RefusalPage(code, opens=opens, closes=closes, minutes=minutes, written=written)
    return send_page(paper.render_refusal(page, shell(links=request.method == "GET"), reader_language()), status)


def busy_page(fields: Mapping[str, str], action: str) -> Response:
    """Nothing was confirmed as stored: the fields stand on the page, to be sent again with one button."""
    page = paper.RefusalPage("busy", minutes=1, action=action, fields=fields)
    response = send_page(paper.render_refusal(page, shell(links=False), reader_language()), 503)
    response.headers["Retry-After"] = "30"
    return response


def too_large() -> Response:
    return refusal_page("too_large", 413)


def not_found() -> Response:
    return send_page(paper.render_not_found(shell(), reader_language()), 404)


def broken() -> Response:
    return send_page(paper.render_server_error(shell(), reader_language()), 500)


def forget_token(response: Response) -> None:
    """The browser keeps the token no longer."""
    response.headers.add("Set-Cookie", no_token_cookie(is_secure=request.is_secure))
