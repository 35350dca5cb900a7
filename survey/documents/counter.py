"""The counter's page, and the page where anybody stops messages."""

from __future__ import annotations

from dataclasses import dataclass

from survey.documents.environment import render
from survey.documents.shell import CitizenShell, Shell


@dataclass(frozen=True, slots=True)
class CounterPage:
    """What the clerk typed and what is known: `state` is drawn, given, not_drawn, unknown, not_replaced, or None before
    anything was typed. It never holds a code."""

    action: str
    slip_action: str
    dossier: str = ""
    state: str | None = None
    card_url: str = ""


@dataclass(frozen=True, slots=True)
class StopPage:
    """`state` is done, unknown_code, unreadable, too_many, or None before anything was typed."""

    action: str
    state: str | None = None
    contact: str = ""


def render_counter(page: CounterPage, shell: Shell, language: str) -> str:
    """Where a clerk scans or types a dossier."""
    return render("field/counter.html", language, page=page, shell=shell)


def render_stop(page: StopPage, shell: CitizenShell, language: str) -> str:
    """Where messages are stopped with the code of one."""
    return render("field/stop.html", language, page=page, shell=shell)
