"""Logs of the processes: one JSON object a line, in which no citizen can be found.

An exception is written as its type and the lines of the program that it passed, never with its message, which may quote
what somebody sent. Whatever looks like an address, a telephone number, a token or a code is blotted out of the rest. A
request has a random number, which a page of a failure shows as well: so a report and its line find each other.
"""

from __future__ import annotations

import json
import logging
import re
import secrets
import sys
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import TextIO

BLOT = "…"
PERSONAL = re.compile(
    r"[\w.+-]+@[\w-]+\.[\w.-]+"  # an e-mail address
    r"|\b\d{1,3}(?:\.\d{1,3}){3}\b|(?<![\w:])(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f]{0,4}(?![\w:])"  # of a network
    r"|(?<!\w)(?!\d{4}-\d\d-\d\d)\+?\d(?:[ .-]?\d){8,}(?!\w)"  # a telephone or identity number
    r"|(?<=/t/)\S+|(?<=/v/)\S+|(?<=/join/)\S+"  # what stands behind a link
    r"|\b[0-9A-Za-z]{3,5}(?:-[0-9A-Za-z]{3,5}){2}\b"  # a code in groups, as it is printed
    r"|\b(?=[A-Z]*\d)[0-9A-Z]{10,}\b|\b[A-Z]{20,}\b|\b(?=[\w-]*\d)[\w-]{20,}(?!\w)"  # a code, a token, a session
)
FACTS = "facts"
INFORMED = "survey"

_request: ContextVar[str] = ContextVar("request", default="")
_security = logging.getLogger("survey.security")


def begin_request() -> None:
    """Give the request of this thread a number of its own; what a proxy or a client sent as one is not believed."""
    _request.set(secrets.token_hex(6))


def end_request() -> None:
    _request.set("")


def request_number() -> str:
    """The number of this thread's request, empty outside one."""
    return _request.get()


def note_event(event: str, **facts: object) -> None:
    """Write down what a watcher of break-ins wants to know: codes, roles and routes, never a name or what was typed."""
    _security.warning(event, extra={FACTS: facts})


def write_logs(stream: TextIO | None = None) -> None:
    """Let every log of this process go to a stream (standard error) as JSON, from `info` on for our own."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger(INFORMED).setLevel(logging.INFO)


def blot(text: str) -> str:
    """A text without what may tell who somebody is."""
    return PERSONAL.sub(BLOT, text)


class JsonLines(logging.Formatter):
    """One object a record; escapes leave no line break, no terminal code and no turned-around letters in it."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="seconds")
        line: dict[str, object] = {
            "time": at.replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": blot(record.getMessage()),
        }
        if _request.get():
            line["request"] = _request.get()
        line.update({name: _told(value) for name, value in getattr(record, FACTS, {}).items()})
        if record.exc_info and record.exc_info[0] is not None:
            kind, _, trace = record.exc_info
            line |= {"error": kind.__name__, "stack": _passed(trace)}
        return json.dumps(line)


def _told(value: object) -> object:
    return value if isinstance(value, bool | int) else blot(str(value))


def _passed(trace: TracebackType | None) -> list[str]:
    """File, line and function of each step, the last one where it broke."""
    steps = []
    while trace is not None:
        code = trace.tb_frame.f_code
        steps.append(f"{'/'.join(Path(code.co_filename).parts[-3:])}:{trace.tb_lineno} {code.co_name}")
        trace = trace.tb_next
    return steps
