"""The operators' pages of accounts: who may sign in, as what, for where; auditors look."""

from __future__ import annotations

from flask import Blueprint, Response, abort, make_response, redirect, request, url_for

from survey.actions import accounts
from survey.actions.accounts import GRANTED_BY, AboveYou, Account, NotYours, UnknownAccount
from survey.actions.passwords import BadAccount
from survey.documents.accounts import (
    AccountPage,
    AccountRow,
    AccountsPage,
    FactorRow,
    RightsForm,
    SessionRow,
    render_account,
    render_accounts,
)
from survey.store.audits import By
from survey.store.people import Staff
from survey.store.places import Scope
from survey.store.sessions import Session
from survey.web.access import allow
from survey.web.language import reader_language
from survey.web.moments import local_time
from survey.web.scopes import list_areas, list_sectors, scope_name
from survey.web.services import services
from survey.web.session import signed_in_staff
from survey.web.shell import staff_page, staff_shell

blueprint = Blueprint("accounts", __name__, url_prefix="/staff/accounts")
READERS = ("operator", "auditor")


@blueprint.get("")
@allow(*READERS)
def show_accounts() -> Response:
    return _list()


@blueprint.post("")
@allow("operator", confirmed=True)
def invite() -> Response:
    """Make an account; the page that answers shows the link once."""
    known, actor = services(), signed_in_staff()
    name, role, scope = request.form.get("name", "").strip(), request.form.get("role", ""), _asked_scope()
    try:
        token = accounts.invite(known.database, known.keys, name, role, scope, actor=actor, now=known.now())
    except AboveYou:
        return _list(problem="above", name=name, role=role, scope=scope, status=422)
    except BadAccount:
        return _list(problem="bad_name", name=name, role=role, scope=scope, status=422)
    return _list(link=(name, _link(token)))


@blueprint.get("/<name>")
@allow(*READERS)
def show_account(name: str) -> Response:
    return _one(name)


@blueprint.post("/<name>/rights")
@allow("operator", confirmed=True)
def change_rights(name: str) -> Response:
    known, actor = services(), signed_in_staff()
    role, scope = request.form.get("role", ""), _asked_scope()
    try:
        accounts.change_rights(known.database, name, role, scope, actor=actor, now=known.now())
    except (UnknownAccount, NotYours) as refused:
        abort(_status(refused))
    except BadAccount:
        return _one(name, problem="above", status=422)
    return _back(name)


@blueprint.post("/<name>/reset")
@allow("operator", confirmed=True)
def reset(name: str) -> Response:
    """A new link for somebody who lost password or second factor, shown once."""
    known, actor = services(), signed_in_staff()
    try:
        token = accounts.reset(known.database, known.keys, name, actor=actor, now=known.now())
    except (UnknownAccount, NotYours) as refused:
        abort(_status(refused))
    return _one(name, link=_link(token))


@blueprint.post("/<name>/switch")
@allow("operator", confirmed=True)
def switch(name: str) -> Response:
    known, actor = services(), signed_in_staff()
    disabled = request.form.get("do") == "disable"
    try:
        accounts.set_disabled(known.database, name, disabled=disabled, actor=actor, now=known.now())
    except (UnknownAccount, NotYours) as refused:
        abort(_status(refused))
    return _back(name)


@blueprint.post("/<name>/sessions/end")
@allow("operator")
def end_session(name: str) -> Response:
    known, actor = services(), signed_in_staff()
    try:
        accounts.change_of(known.database, actor, name)
        named = bytes.fromhex(request.form.get("session", ""))
    except (UnknownAccount, NotYours) as refused:
        abort(_status(refused))
    except ValueError:
        abort(400)
    accounts.end_session(known.database, name, named, By(actor.name, known.now()))
    return _back(name)


def _status(refused: Exception) -> int:
    return 404 if isinstance(refused, UnknownAccount) else 403


def _back(name: str) -> Response:
    return make_response(redirect(url_for("accounts.show_account", name=name), 303))


def _asked_scope() -> Scope:
    return Scope(request.form.get("area") or None, request.form.get("sector") or None)


def _link(token: str) -> str:
    """Under the address by which the operator reached this door, which the list of hosts has checked."""
    return url_for("joining.show", token=token, _external=True)


def _list(
    *,
    link: tuple[str, str] | None = None,
    problem: str | None = None,
    name: str = "",
    role: str = "",
    scope: Scope | None = None,
    status: int = 200,
) -> Response:
    known, actor, language = services(), signed_in_staff(), reader_language()
    invited = accounts.list_invited(known.database)
    rows = tuple(
        _row(each, each.name in invited, language) for each in accounts.list_accounts(known.database, actor.scope)
    )
    form = None
    if actor.role in GRANTED_BY:
        form = _form(actor, url_for("accounts.invite"), language, name, role, scope or Scope(None, None))
    page = AccountsPage(rows, form, link, problem)
    return staff_page(render_accounts(page, staff_shell("accounts"), language), status)


def _one(name: str, *, link: str | None = None, problem: str | None = None, status: int = 200) -> Response:
    known, actor, language = services(), signed_in_staff(), reader_language()
    try:
        account = accounts.read_account(known.database, name, actor.scope)
    except UnknownAccount:
        abort(404)
    member, changes = account.staff, accounts.may_change(actor, account.staff)
    page = AccountPage(
        row=_row(member, account.invited, language),
        factors=tuple(FactorRow(each.kind, each.label, local_time(each.added_at)) for each in account.factors),
        recovery_codes=account.recovery_codes,
        sessions=_sessions(account, name if changes else None),
        issuers=account.issuers,
        back_url=url_for("accounts.show_accounts"),
        form=_rights(actor, member, language) if changes else None,
        reset_url=url_for("accounts.reset", name=name) if changes else None,
        switch_url=url_for("accounts.switch", name=name) if changes else None,
        link=link,
        problem=problem,
    )
    return staff_page(render_account(page, staff_shell("accounts"), language), status)


def _row(member: Staff, invited: bool, language: str) -> AccountRow:
    state = "disabled" if member.disabled else "invited" if invited else "active"
    url = url_for("accounts.show_account", name=member.name)
    return AccountRow(member.name, url, member.role, scope_name(member.scope, language), state, member.has_factor)


def _sessions(account: Account, ended_under: str | None) -> tuple[SessionRow, ...]:
    return tuple(_session(each, ended_under) for each in account.sessions)


def _session(each: Session, ended_under: str | None) -> SessionRow:
    end = each.session_hash.hex() if ended_under else None
    return SessionRow(each.device, local_time(each.started_at), local_time(each.seen_at), end_url=end)


def _rights(actor: Staff, member: Staff, language: str) -> RightsForm:
    action = url_for("accounts.change_rights", name=member.name)
    return _form(actor, action, language, member.name, member.role, member.scope)


def _form(actor: Staff, action: str, language: str, name: str, role: str, scope: Scope) -> RightsForm:
    return RightsForm(
        action,
        GRANTED_BY[actor.role],
        tuple(list_areas(actor.scope, language)),
        tuple(list_sectors(actor.scope, language)),
        everywhere=actor.scope.area is None,
        every_sector=actor.scope.sector is None,
        name=name,
        role=role,
        area=scope.area or "",
        sector=scope.sector or "",
    )
