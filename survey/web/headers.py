"""Headers of every answer: a strict content security policy, no sniffing, no referrer, no framing."""

from __future__ import annotations

import secrets
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
        g.csp_nonce = secrets.token_urlsafe(16)
    value: str = g.csp_nonce
    return value


def may_post_to(*addresses: str) -> None:
    """Let forms of this page lead to these sites as well, which browsers ask about redirects too."""
    g.csp_form_action = tuple(f"{urlsplit(each).scheme}://{urlsplit(each).netloc}" for each in addresses)


def install_headers(app: Flask) -> None:
    app.after_request(_add_headers)


def _add_headers(response: Response) -> Response:
    """What a view has set stays. One pass over the headers: a citizen waits, and `setdefault` makes one pass each."""
    given = {name.lower() for name, _ in response.headers}
    response.headers.extend([each for each in _headers() if each[0].lower() not in given])
    return response


def _headers() -> list[tuple[str, str]]:
    headers = [*BASE, ("Content-Security-Policy", _policy()), ("Cache-Control", "no-store")]
    if request.is_secure:
        headers.append(("Strict-Transport-Security", f"max-age={A_YEAR}; includeSubDomains"))
    return headers


def _policy() -> str:
    forms = ("'self'", *g.get("csp_form_action", ()))
    style = f"'self' 'nonce-{g.csp_nonce}'" if "csp_nonce" in g else "'self'"
    return (
        f"default-src 'none'; style-src {style}; script-src 'self'; img-src 'self' data:; font-src 'self'; "
        f"media-src 'self'; form-action {' '.join(forms)}; base-uri 'none'; frame-ancestors 'none'"
    )
