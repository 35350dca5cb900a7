"""The reader's language: asked for by a link, else chosen before, else the browser's, else Vietnamese."""

from __future__ import annotations

from functools import lru_cache

from flask import Response, request
from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header

from survey.mandate.text import LANGUAGES

PARAMETER = "language"
COOKIE = "language"
FONT = "font"
A_YEAR = 31_536_000


def reader_language() -> str:
    """vi, km or en."""
    for asked in (request.args.get(PARAMETER), request.cookies.get(COOKIE)):
        if asked in LANGUAGES:
            return str(asked)
    return best_match(request.headers.get("Accept-Language", ""))


def wants_khmer_font() -> bool:
    """Whether somebody asked for Khmer letters, because the device has none."""
    return FONT in request.args or request.cookies.get(FONT) == "1"


def remember_language(response: Response) -> Response:
    """Keep a choice made by link; it names nobody."""
    return remember_choices(response)


def remember_choices(response: Response, chosen: str = "") -> Response:
    """Keep choices made by link, or the language or the letters chosen with a button; they name nobody."""
    if not (chosen or request.args):
        return response
    language = chosen if chosen in LANGUAGES else request.args.get(PARAMETER)
    if language in LANGUAGES:
        _keep(response, COOKIE, str(language))
    if FONT in request.args or chosen == FONT:
        _keep(response, FONT, "1")
    return response


def _keep(response: Response, name: str, value: str) -> None:
    if request.cookies.get(name) != value:
        response.set_cookie(name, value, max_age=A_YEAR, secure=request.is_secure, httponly=True, samesite="Lax")


@lru_cache(maxsize=512)
def best_match(accepted: str) -> str:
    """The language that a browser's `Accept-Language` prefers among ours."""
    return parse_accept_header(accepted, LanguageAccept).best_match(LANGUAGES, LANGUAGES[0]) or LANGUAGES[0]
