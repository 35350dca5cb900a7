"""Flask without what costs a citizen time and gives nothing here: coroutine views, and a session for everybody."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from typing import Any

from flask import Flask, Request, request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from werkzeug.routing import Rule

STAFF_PATHS = "/staff"


class StaffSessions(SecureCookieSessionInterface):
    """Flask's session, in which the staff's forms keep their CSRF token. Citizens have none, nor a cookie for it."""

    def open_session(self, app: Flask, asked: Request) -> SecureCookieSession | None:
        return super().open_session(app, asked) if asked.path.startswith(STAFF_PATHS) else None

    def get_cookie_name(self, app: Flask) -> str:
        """`__Host-` where the connection is secure, as the staff's other cookie."""
        name = super().get_cookie_name(app)
        return f"__Host-{name}" if request.is_secure else name

    def get_cookie_secure(self, app: Flask) -> bool:
        return request.is_secure


class LateRule(Rule):
    """A rule whose builder of addresses is compiled for the first address: most processes build few of the hundreds."""

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        compiled = cache(partial(super()._compile_builder, append_unknown))

        def build(rule: Rule, **values: Any) -> tuple[str, str]:
            return compiled()(rule, **values)

        return build


class LeanFlask(Flask):
    """Flask whose views are all plain functions."""

    session_interface = StaffSessions()
    url_rule_class = LateRule

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        return func
