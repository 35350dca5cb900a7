"""Guessing an account's password stops strangers at that account, and never the browser that its owner has used.

A browser in which somebody signed in keeps a cookie that says for whom; it opens nothing. Its attempts at that account
are counted apart from everybody else's: whoever guesses from elsewhere cannot lock the owner out.
"""

from __future__ import annotations

import hmac
import secrets

from flask import Response, request

from survey.web.services import services

COOKIE = "known"
A_YEAR = 365 * 86400


def line_of(name: str) -> str:
    """In which line the attempts of this browser at an account are counted."""
    mark, _, proof = request.cookies.get(_cookie_name(), "").partition(".")
    known = hmac.compare_digest(proof.encode(), _proof(name, mark).encode())
    return f"{name}\0{mark if known else ''}"


def remember(response: Response, name: str) -> None:
    """Keep in the browser that this person signed in with it."""
    mark = secrets.token_urlsafe(16)
    response.set_cookie(
        _cookie_name(),
        f"{mark}.{_proof(name, mark)}",
        max_age=A_YEAR,
        secure=request.is_secure,
        httponly=True,
        samesite="Lax",
        path="/",
    )


def _proof(name: str, mark: str) -> str:
    return services().keys.session_hash(f"known\0{mark}\0{name}").hex()


def _cookie_name() -> str:
    return f"__Host-{COOKIE}" if request.is_secure else COOKIE
