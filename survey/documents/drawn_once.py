"""Pages that say the same to everybody of one role are drawn once.

A page is a pure function of what it is given, and what releases say does not change: the same page in the same shell is
the same text. Only who reads, the token of the form and the nonce of the style differ; for these a mark is drawn, which
nobody outside can know, and each reader's own words are put in its place.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import replace
from hashlib import sha256
from secrets import token_hex
from threading import Lock
from typing import Any, TypeVar

from markupsafe import escape

from survey.documents.environment import render
from survey.documents.shell import CitizenShell, Shell

KEPT = 200
OWN = ("staff_name", "csrf_token", "nonce")
MARKS = {name: f"own-{name}-{token_hex(16)}" for name in OWN}

AnyShell = TypeVar("AnyShell", Shell, CitizenShell)
_kept: OrderedDict[bytes, str] = OrderedDict()
_turn = Lock()


def render_once(
    template: str, language: str, page: object, shell: AnyShell, draw: Callable[[], Mapping[str, Any]] | None = None
) -> str:
    """The template with this page in this shell; `draw` makes what else it needs, and is asked only the first time."""
    own = {name: value for name in OWN if (value := getattr(shell, name, None))}
    marks: dict[str, Any] = {name: MARKS[name] for name in own}
    alike = replace(shell, **marks)
    key = sha256(repr((template, language, page, alike)).encode()).digest()
    text = _find(key)
    if text is None:
        text = render(template, language, page=page, shell=alike, **(draw() if draw else {}))
        _keep(key, text)
    for name, value in own.items():
        text = text.replace(MARKS[name], str(escape(value)))
    return text


def _find(key: bytes) -> str | None:
    with _turn:
        if key in _kept:
            _kept.move_to_end(key)
        return _kept.get(key)


def _keep(key: bytes, text: str) -> None:
    with _turn:
        _kept[key] = text
        while len(_kept) > KEPT:
            _kept.popitem(last=False)
