"""The reader's language: asked for by a link, else chosen before, else the browser's, else Vietnamese."""

from __future__ import annotations

from flask import Response, g, request

from survey.mandate.text import LANGUAGES

PARAMETER = "language"
COOKIE = "language"


def reader_language() -> str:
    """vi, km or en."""
    for asked in (request.args.get(PARAMETER), request.cookies.get(COOKIE)):
        if asked in LANGUAGES:
            return str(asked)
    return request.accept_languages.best_match(LANGUAGES, LANGUAGES[0]) or LANGUAGES[0]


def remember_language(response: Response) -> Response:
    """Keep a choice made by link; it names nobody."""
    chosen = request.args.get(PARAMETER)
    if chosen in LANGUAGES and request.cookies.get(COOKIE) != chosen:
        response.set_cookie(
            COOKIE, str(chosen), max_age=31_536_000, secure=request.is_secure, httponly=True, samesite="Lax"
        )
    g.language = chosen
    return response
