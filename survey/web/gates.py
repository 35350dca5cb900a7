"""Under load, looking waits and answering does not: each kind of request has its own places, and they close in order.

Exports go first, then audits, dashboards, receipts, the form; a submission is never turned away here. A kind is let in
while fewer requests are inside this process than it may share with, and while one of its own places is free or will be
soon; else the answer is a page that says when to come back. Nothing that somebody typed is refused: only looking is.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from werkzeug.wsgi import ClosingIterator

from survey.documents.citizen import wait_page
from survey.web.citizen_pages import HTML
from survey.web.headers import common_headers, new_nonce
from survey.web.language import best_match

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

PATIENCE_SECONDS = 2.0
QUIET_SECONDS = 1.0
BUSY = "503 SERVICE UNAVAILABLE"
LENGTH, WITHOUT_BODY = "content-length", ("204", "304")
FILES = (".csv", ".xlsx", ".docx", ".pdf", ".zip", ".parquet", ".jsonl", ".bin", ".svg", ".png")


@dataclass(frozen=True, slots=True)
class Kind:
    """What is asked for: `places` at once in this process, `waiting` for one, only while fewer than `most_inside`
    requests of all kinds are under way. One that `rests` leaves as much time as it took, while people answer."""

    name: str
    places: int
    waiting: int
    most_inside: int
    retry_after: int
    rests: bool = True


EXPORT = Kind("export", 1, 0, 6, 60)
AUDIT = Kind("audit", 1, 1, 8, 60)
DASHBOARD = Kind("dashboard", 2, 3, 10, 15)
RECEIPT = Kind("receipt", 3, 3, 15, 15, rests=False)
FORM = Kind("form", 20, 0, 20, 5, rests=False)
SHED_FIRST_TO_LAST = (EXPORT, AUDIT, DASHBOARD, RECEIPT, FORM)


def kind_of(method: str, path: str) -> Kind | None:
    """What a request asks for; None for what is never turned away: whatever is sent, health, the device's files."""
    if method not in ("GET", "HEAD"):
        return EXPORT if method == "POST" and path.startswith("/staff/") and path.endswith("/export") else None
    if path == "/answer" or path.startswith(("/t/", "/v/")):
        return FORM
    if path.startswith(("/receipt", "/checkpoints")):
        return RECEIPT
    if path.startswith(("/bundle", "/staff/auditor", "/staff/screening")):
        return AUDIT
    if path.startswith("/staff/"):
        is_file = path.endswith(FILES) or "/export" in path
        return EXPORT if is_file else None if path.startswith("/staff/sign-in") else DASHBOARD
    return None


class Gates:
    """Stands before the app and everything in it."""

    def __init__(self, app: WSGIApplication, clock: Callable[[], float] = time.monotonic) -> None:
        self._app = app
        self._clock = clock
        self._changed = threading.Condition()
        self._inside = 0
        self._taken = dict.fromkeys(SHED_FIRST_TO_LAST, 0)
        self._queued = dict.fromkeys(SHED_FIRST_TO_LAST, 0)
        self._rests_until = dict.fromkeys(SHED_FIRST_TO_LAST, 0.0)
        self._sent_at = -QUIET_SECONDS

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        kind = kind_of(environ["REQUEST_METHOD"], environ["PATH_INFO"])
        if kind is None:
            return self._pass(environ, start_response)
        if not self._enter(kind):
            return turn_away(kind, environ, start_response)
        began = self._clock()
        whole: list[bool] = []

        def begin(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            whole.append(status.startswith(WITHOUT_BODY) or any(name.lower() == LENGTH for name, _ in headers))
            return start_response(status, headers, exc_info) if exc_info else start_response(status, headers)

        try:
            body = self._app(environ, begin)
        except BaseException:
            self._leave(kind, began)
            raise
        if whole == [True]:  # made already: the rest is sending
            self._leave(kind, began)
            return body
        return ClosingIterator(body, lambda: self._leave(kind, began))

    def _pass(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        with self._changed:
            self._inside += 1
            if environ["REQUEST_METHOD"] == "POST" and not environ["PATH_INFO"].startswith("/staff"):
                self._sent_at = self._clock()
        try:
            return self._app(environ, start_response)
        finally:
            with self._changed:
                self._inside -= 1

    def _enter(self, kind: Kind) -> bool:
        with self._changed:
            if self._inside >= kind.most_inside or not self._await_place(kind):
                return False
            self._inside += 1
            self._taken[kind] += 1
            return True

    def _await_place(self, kind: Kind) -> bool:
        """Whether a place is free, or became so for one of the few that may wait."""
        if self._has_place(kind):
            return True
        if self._queued[kind] >= kind.waiting:
            return False
        self._queued[kind] += 1
        self._inside += 1
        try:
            return self._changed.wait_for(lambda: self._has_place(kind), PATIENCE_SECONDS)
        finally:
            self._queued[kind] -= 1
            self._inside -= 1

    def _has_place(self, kind: Kind) -> bool:
        return self._taken[kind] < kind.places and self._clock() >= self._rests_until[kind]

    def _leave(self, kind: Kind, began: float) -> None:
        with self._changed:
            now = self._clock()
            self._inside -= 1
            self._taken[kind] -= 1
            if kind.rests and now - self._sent_at < QUIET_SECONDS:
                self._rests_until[kind] = now + min(now - began, PATIENCE_SECONDS)
            self._changed.notify_all()


def turn_away(kind: Kind, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """The page of whoever must wait, rendered beforehand."""
    nonce = new_nonce()
    body = wait_page(best_match(environ.get("HTTP_ACCEPT_LANGUAGE", ""))).splice(nonce=nonce)
    own = [HTML, ("Content-Length", str(len(body))), ("Retry-After", str(kind.retry_after))]
    start_response(BUSY, own + common_headers(nonce, is_secure=environ["wsgi.url_scheme"] == "https"))
    return [body]
