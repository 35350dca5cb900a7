"""Flask without what costs a citizen time and gives nothing here: coroutine views, and a session for everybody."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask, Request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface

STAFF_PATHS = "/staff"


class StaffSessions(SecureCookieSessionInterface):
    """Flask's session, in which the staff's forms keep their CSRF token. Citizens have none, nor a cookie for it."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        return super().open_session(app, request) if request.path.startswith(STAFF_PATHS) else None


class LeanFlask(Flask):
    """Flask whose views are all plain functions."""

    session_interface = StaffSessions()

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        return func
