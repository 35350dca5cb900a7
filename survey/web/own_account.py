"""One's own account: password, second factors, recovery codes, the sessions that are open."""

from __future__ import annotations

import re

from flask import Blueprint, Response, make_response, redirect, request, url_for

from survey.actions import accounts, second_factors
from survey.actions.passwords import BadPassword
from survey.actions.second_factors import BadFactor
from survey.actions.signing_in import ROLES
from survey.documents.accounts import (
    FactorRow,
    GeneratorPage,
    KeyPage,
    OwnAccountPage,
    SessionRow,
    render_generator,
    render_key,
    render_own_account,
)
from survey.store.audits import By
from survey.store.factors import Factor
from survey.store.sessions import Session
from survey.web import single_sign_on
from survey.web.access import allow
from survey.web.language import reader_language
from survey.web.moments import local_time
from survey.web.scopes import scope_name
from survey.web.second_step import read_credential, site
from survey.web.services import services
from survey.web.session import must_enrol, renew_session, signed_in_session, signed_in_staff
from survey.web.shell import staff_page, staff_shell

blueprint = Blueprint("own_account", __name__, url_prefix="/staff/account")
SECRET = re.compile(r"[A-Z2-7]{32}")


@blueprint.get("")
@allow(*ROLES)
def show() -> Response:
    return _page(done=request.args.get("done"))


@blueprint.post("/password")
@allow(*ROLES)
def change_password() -> Response:
    known, session = services(), signed_in_session()
    old, new = request.form.get("old", ""), request.form.get("new", "")
    try:
        right = accounts.change_password(
            known.database, session, old, new, now=known.now(), stolen=known.settings.stolen_passwords
        )
    except BadPassword as bad:
        return _page(problem=bad.code, status=422)
    if right:
        renew_session(session)
    return _done("password") if right else _page(problem="wrong_password", status=422)


@blueprint.get("/generator")
@allow(*ROLES, confirmed=True)
def show_generator() -> Response:
    return _generator(second_factors.new_secret())


@blueprint.post("/generator")
@allow(*ROLES, confirmed=True)
def add_generator() -> Response:
    known, session = services(), signed_in_session()
    secret, label = request.form.get("secret", ""), request.form.get("label", "")
    if not SECRET.fullmatch(secret):
        return _generator(second_factors.new_secret(), label, problem="wrong_code", status=422)
    code = "".join(request.form.get("code", "").split())
    try:
        given = second_factors.add_totp(
            known.database, known.keys, session, secret=secret, code=code, label=label, now=known.now()
        )
    except BadFactor as bad:
        return _generator(secret, label, problem=bad.code, status=422)
    return _page(codes=given, done="factor")


@blueprint.get("/key")
@allow(*ROLES, confirmed=True)
def show_key() -> Response:
    return _key()


@blueprint.post("/key")
@allow(*ROLES, confirmed=True)
def add_key() -> Response:
    known, session = services(), signed_in_session()
    label = request.form.get("label", "")
    try:
        given = second_factors.add_key(
            known.database, known.keys, session, site(), credential=read_credential(), label=label, now=known.now()
        )
    except BadFactor as bad:
        return _key(problem=bad.code, status=422)
    return _page(codes=given, done="factor")


@blueprint.post("/factors/<code>/remove")
@allow(*ROLES, confirmed=True)
def remove_factor(code: str) -> Response:
    known = services()
    second_factors.remove_factor(known.database, signed_in_session(), code, known.now())
    return _done("removed")


@blueprint.post("/recovery")
@allow(*ROLES, confirmed=True)
def renew_recovery_codes() -> Response:
    """Ten new codes, shown once on the page that answers."""
    known, session = services(), signed_in_session()
    if not session.staff.has_factor:
        return _done(None)
    given = second_factors.renew_recovery_codes(known.database, known.keys, session, known.now())
    return _page(codes=given)


@blueprint.post("/sessions/end")
@allow(*ROLES)
def end_session() -> Response:
    """End one of one's sessions, or all but this one when none is named."""
    known, own = services(), signed_in_session()
    by = By(own.staff.name, known.now())
    named = request.form.get("session", "")
    others = [each for each in _sessions() if each.session_hash != own.session_hash]
    for each in others:
        if named in ("", each.session_hash.hex()):
            accounts.end_session(known.database, own.staff.name, each.session_hash, by)
    return _done("ended")


def _done(what: str | None) -> Response:
    return make_response(redirect(url_for("own_account.show", done=what), 303))


def _sessions() -> tuple[Session, ...]:
    return accounts.read_account(services().database, signed_in_staff().name).sessions


def _page(
    *, problem: str | None = None, done: str | None = None, codes: list[str] | None = None, status: int = 200
) -> Response:
    own, language = signed_in_session(), reader_language()
    account = accounts.read_account(services().database, own.staff.name)
    sign_on = None
    if single_sign_on.is_offered() and not account.issuers:
        sign_on = single_sign_on.offer(url_for("single_sign_on.link"))
    page = OwnAccountPage(
        name=own.staff.name,
        role=own.staff.role,
        scope=scope_name(own.staff.scope, language),
        factors=tuple(_factor(each) for each in account.factors),
        recovery_codes=account.recovery_codes,
        sessions=tuple(_session(each, own) for each in account.sessions),
        password_url=url_for("own_account.change_password") if own.staff.password_hash else None,
        generator_url=url_for("own_account.show_generator"),
        key_url=url_for("own_account.show_key"),
        recovery_url=url_for("own_account.renew_recovery_codes"),
        end_others_url=url_for("own_account.end_session"),
        issuers=account.issuers,
        sign_on=sign_on,
        asked=must_enrol(account.staff),
        problem=problem,
        done=done if done in ("password", "factor", "removed", "ended", "linked") else None,
        codes=tuple(f"{code[:4]}-{code[4:8]}-{code[8:]}" for code in codes or ()),
    )
    return staff_page(render_own_account(page, staff_shell(), language), status)


def _factor(factor: Factor) -> FactorRow:
    return FactorRow(
        factor.kind,
        factor.label,
        local_time(factor.added_at),
        url_for("own_account.remove_factor", code=factor.code),
    )


def _session(each: Session, own: Session) -> SessionRow:
    is_this = each.session_hash == own.session_hash
    end = None if is_this else each.session_hash.hex()
    return SessionRow(each.device, local_time(each.started_at), local_time(each.seen_at), is_this, end)


def _generator(secret: str, label: str = "", *, problem: str | None = None, status: int = 200) -> Response:
    page = GeneratorPage(
        url_for("own_account.add_generator"),
        secret,
        second_factors.enrolment_address(secret, signed_in_staff().name),
        url_for("own_account.show"),
        label,
        problem,
    )
    return staff_page(render_generator(page, staff_shell(), reader_language()), status)


def _key(*, problem: str | None = None, status: int = 200) -> Response:
    page = KeyPage(
        url_for("own_account.add_key"),
        second_factors.offer_key(services().database, signed_in_session(), site()),
        url_for("static", filename="security-key.js"),
        url_for("own_account.show"),
        problem,
    )
    return staff_page(render_key(page, staff_shell(), reader_language()), status)
