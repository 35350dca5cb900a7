"""The pages of accounts: one's own, those that an operator keeps, and the doors to them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from markupsafe import Markup

from survey.documents.environment import render
from survey.documents.shell import Link, Shell
from survey.documents.slips import draw_qr


@dataclass(frozen=True, slots=True)
class SecondStepPage:
    """`options` is what a security key is asked to sign; `error` is wrong or too_many."""

    action: str
    next_url: str
    options: str | None
    error: str | None
    script_url: str


@dataclass(frozen=True, slots=True)
class ConfirmPage:
    """Who are you, again: with what was sent before, which goes on when the answer is right."""

    action: str
    kept: tuple[tuple[str, str], ...]
    wrong: bool
    by_password: bool
    by_code: bool
    sign_on: Link | None


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A session: the kind of browser, when it began and was last seen, and how to end it."""

    device: str
    started_at: datetime
    seen_at: datetime
    is_this: bool = False
    end_url: str | None = None


@dataclass(frozen=True, slots=True)
class FactorRow:
    """A second factor; `kind` is totp or key."""

    kind: str
    label: str
    added_at: datetime
    remove_url: str | None = None


@dataclass(frozen=True, slots=True)
class OwnAccountPage:
    """`problem` is a code of `verdicts.ACCOUNT_ERRORS`; `codes` are new recovery codes, shown once; `asked` says that
    the installation wants a second factor before anything else opens."""

    name: str
    role: str
    scope: str
    factors: tuple[FactorRow, ...]
    recovery_codes: int
    sessions: tuple[SessionRow, ...]
    password_url: str | None
    generator_url: str
    key_url: str
    recovery_url: str
    end_others_url: str
    issuers: tuple[str, ...] = ()
    sign_on: Link | None = None
    asked: bool = False
    problem: str | None = None
    done: str | None = None
    codes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GeneratorPage:
    """Adding a generator of codes: its secret as a QR code and in letters."""

    action: str
    secret: str
    address: str
    back_url: str
    label: str = ""
    problem: str | None = None

    @property
    def qr(self) -> Markup:
        return draw_qr(self.address)

    @property
    def grouped(self) -> str:
        return " ".join(self.secret[start : start + 4] for start in range(0, len(self.secret), 4))


@dataclass(frozen=True, slots=True)
class KeyPage:
    """Adding a security key."""

    action: str
    options: str
    script_url: str
    back_url: str
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class JoinPage:
    """The door of an invitation: whose account it is, and a password for it. No name: the link is gone."""

    action: str
    name: str | None
    role: str = ""
    problem: str | None = None
    sign_on: Link | None = None


@dataclass(frozen=True, slots=True)
class AccountRow:
    """An account in the operator's list; `state` is active, invited or disabled."""

    name: str
    url: str
    role: str
    scope: str
    state: str
    has_factor: bool


@dataclass(frozen=True, slots=True)
class RightsForm:
    """What may be given: roles, and areas and sectors as pairs of code and name."""

    action: str
    roles: tuple[str, ...]
    areas: tuple[tuple[str, str], ...]
    sectors: tuple[tuple[str, str], ...]
    everywhere: bool
    every_sector: bool
    name: str = ""
    role: str = ""
    area: str = ""
    sector: str = ""


@dataclass(frozen=True, slots=True)
class AccountsPage:
    """Every account in the operator's scope. `link` is an invitation that was just made, shown once: name, address."""

    rows: tuple[AccountRow, ...]
    form: RightsForm | None
    link: tuple[str, str] | None = None
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class AccountPage:
    """One account as an operator sees it; without a form there is nothing to change."""

    row: AccountRow
    factors: tuple[FactorRow, ...]
    recovery_codes: int
    sessions: tuple[SessionRow, ...]
    issuers: tuple[str, ...]
    back_url: str
    form: RightsForm | None = None
    reset_url: str | None = None
    switch_url: str | None = None
    link: str | None = None
    problem: str | None = None


def render_second_step(page: SecondStepPage, shell: Shell, language: str) -> str:
    return render("staff/second_step.html", language, page=page, shell=shell)


def render_confirm(page: ConfirmPage, shell: Shell, language: str) -> str:
    return render("staff/confirm.html", language, page=page, shell=shell)


def render_own_account(page: OwnAccountPage, shell: Shell, language: str) -> str:
    return render("staff/own_account.html", language, page=page, shell=shell)


def render_generator(page: GeneratorPage, shell: Shell, language: str) -> str:
    return render("staff/generator.html", language, page=page, shell=shell)


def render_key(page: KeyPage, shell: Shell, language: str) -> str:
    return render("staff/key.html", language, page=page, shell=shell)


def render_join(page: JoinPage, shell: Shell, language: str) -> str:
    return render("staff/join.html", language, page=page, shell=shell)


def render_accounts(page: AccountsPage, shell: Shell, language: str) -> str:
    return render("operator/accounts.html", language, page=page, shell=shell)


def render_account(page: AccountPage, shell: Shell, language: str) -> str:
    return render("operator/account.html", language, page=page, shell=shell)
