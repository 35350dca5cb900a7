"""What citizens see besides the form: thanks, refusals that say what to do next, and the public front page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol

from survey.documents.environment import render
from survey.documents.once import made_once
from survey.documents.shell import CitizenShell, Link
from survey.documents.splicing import SplicedPage, cut_page


@dataclass(frozen=True, slots=True)
class ThanksPage:
    """After the commit. `receipt` is the short code, as it is to be read out; empty when it was declined."""

    receipt: str
    receipt_url: str | None = None


@dataclass(frozen=True, slots=True)
class RefusalPage:
    """Why nothing was taken, and what to do: `code` is one of `REFUSALS`. `opens` and `closes` are the wave's,
    `minutes` how long to wait. `fields` are the form's own, which one button resends to `action`."""

    code: str
    opens: date | None = None
    closes: date | None = None
    minutes: int | None = None
    action: str | None = None
    fields: Mapping[str, str] = field(default_factory=dict)
    written: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReceiptPage:
    """What became of a receipt: `state` has a code (included, not_yet, unknown) and a checkpoint; None before a code
    was typed. Nothing else can be shown, for nothing else is known of it."""

    typed: str = ""
    state: ReceiptState | None = None


class ReceiptState(Protocol):
    @property
    def code(self) -> str: ...
    @property
    def checkpoint(self) -> int | None: ...


@dataclass(frozen=True, slots=True)
class HomePage:
    """What this is, for someone who arrives without an invitation."""

    results: tuple[Link, ...] = ()
    privacy_url: str | None = None


REFUSALS = (
    "unknown_token",
    "no_token",
    "mistyped_token",
    "expired_form",
    "already_answered",
    "wave_closed",
    "wave_not_open",
    "too_large",
    "too_many_failures",
    "unreadable",
    "busy",
)


class UnknownRefusal(ValueError):
    """A refusal page was asked for with a code that has no text."""

    def __init__(self, code: str) -> None:
        super().__init__(f"No refusal page for {code!r}. Use one of {', '.join(REFUSALS)}.")


THANKS_PARTS = {"nonce": "\ue001", "receipt": "\ue002"}


@made_once
def thanks_page(receipt_url: str | None, language: str, khmer_font: bool) -> SplicedPage:
    """Thank you, the receipt, and what it proves: rendered once a language; a visit differs by nonce and receipt.
    Without an address the receipt was declined, and nothing is said of it."""
    receipt = THANKS_PARTS["receipt"]
    page = ThanksPage("" if receipt_url is None else receipt, None if receipt_url is None else receipt_url + receipt)
    shell = CitizenShell(THANKS_PARTS["nonce"], khmer_font=khmer_font)
    return cut_page(render_thanks(page, shell, language), THANKS_PARTS)


@made_once
def wait_page(language: str) -> SplicedPage:
    """That much is asked for at this moment, and to come back in a minute; a visit differs by its nonce."""
    mark = THANKS_PARTS["nonce"]
    return cut_page(render_refusal(RefusalPage("busy", minutes=1), CitizenShell(mark), language), {"nonce": mark})


def render_thanks(page: ThanksPage, shell: CitizenShell, language: str) -> str:
    """Thank you, the receipt, and what it proves."""
    return render("citizen/thanks.html", language, page=page, shell=shell)


def render_refusal(page: RefusalPage, shell: CitizenShell, language: str) -> str:
    """One clear page for each reason why an answer cannot be taken."""
    if page.code not in REFUSALS:
        raise UnknownRefusal(page.code)
    return render("citizen/refusal.html", language, page=page, shell=shell)


def render_receipt(page: ReceiptPage, shell: CitizenShell, language: str) -> str:
    """Where a receipt code is checked."""
    return render("citizen/receipt.html", language, page=page, shell=shell)


def render_home(page: HomePage, shell: CitizenShell, language: str) -> str:
    """The public front page."""
    return render("public/home.html", language, page=page, shell=shell)


def render_not_found(shell: CitizenShell, language: str) -> str:
    """The public 404."""
    return render("public/not_found.html", language, shell=shell)


def render_server_error(shell: CitizenShell, language: str) -> str:
    """The public 500."""
    return render("public/server_error.html", language, shell=shell)
