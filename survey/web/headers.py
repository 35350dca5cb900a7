"""Headers of every answer: a strict content security policy, no sniffing, no referrer, no framing."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from urllib.parse import urlsplit

from flask import Flask, Response, g, request

BASE = (
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), microphone=(), geolocation=(), interest-cohort=()"),
    ("X-Frame-Options", "DENY"),
)
A_YEAR = 31_536_000


def nonce() -> str:
    """The nonce under which this answer's inlined style may stand."""
    if "csp_nonce" not in g:
        g.csp_nonce = new_nonce()
    value: str = g.csp_nonce
    return value


def may_post_to(*addresses: str) -> None:
    """Let forms of this page lead to these sites as well, which browsers ask about redirects too."""
    g.csp_form_action = tuple(f"{urlsplit(each).scheme}://{urlsplit(each).netloc}" for each in addresses)


def new_nonce() -> str:
    return secrets.token_urlsafe(16)


def install_headers(app: Flask) -> None:
    app.after_request(_add_headers)


def _add_headers(response: Response) -> Response:
    """What a view has set stays. One pass over the headers: a citizen waits, and `setdefault` makes one pass each."""
    given = {name.lower() for name, _ in response.headers}
    ours = common_headers(g.get("csp_nonce"), is_secure=request.is_secure, forms_to=g.get("csp_form_action", ()))
    response.headers.extend([each for each in ours if each[0].lower() not in given])
    return response


def common_headers(csp_nonce: str | None, *, is_secure: bool, forms_to: Sequence[str] = ()) -> list[tuple[str, str]]:
    """What every answer carries; `csp_nonce` is that of its inlined style, if it has one, `forms_to` the sites besides
    this one that its forms may lead to."""
    headers = [*BASE, ("Content-Security-Policy", _policy(csp_nonce, forms_to)), ("Cache-Control", "no-store")]
    if is_secure:
        headers.append(("Strict-Transport-Security", f"max-age={A_YEAR}; includeSubDomains"))
    return headers


def _policy(csp_nonce: str | None, forms_to: Sequence[str]) -> str:
    forms = ("'self'", *forms_to)
    style = f"'self' 'nonce-{csp_nonce}'" if csp_nonce else "'self'"
    return (
        f"default-src 'none'; style-src {style}; script-src 'self'; img-src 'self' data:; font-src 'self'; "
        f"media-src 'self'; form-action {' '.join(forms)}; base-uri 'none'; frame-ancestors 'none'"
    )
