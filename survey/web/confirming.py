"""Asking again who somebody is, before rows leave or roles and keys are given. What was sent is kept on the page."""

from __future__ import annotations

from flask import Blueprint, Response, make_response, redirect, request, url_for

from survey.actions import second_factors, signing_in
from survey.actions.second_factors import WrongFactor
from survey.actions.signing_in import ROLES, Session
from survey.documents.accounts import ConfirmPage, render_confirm
from survey.documents.shell import Link
from survey.logs import note_event
from survey.web.access import allow
from survey.web.language import reader_language
from survey.web.local_paths import local_path
from survey.web.services import services
from survey.web.session import renew_session, signed_in_session
from survey.web.shell import staff_page, staff_shell

blueprint = Blueprint("confirming", __name__, url_prefix="/staff")
PASSWORD, CODE = "confirm_password", "confirm_code"
OWN_FIELDS = (PASSWORD, CODE, "csrf_token")


def ask_again(session: Session) -> Response | None:
    """None when the post brings the right answer with it; else a page that asks and keeps the rest of the form."""
    posted = request.method == "POST"
    asked = posted and (PASSWORD in request.form or CODE in request.form)
    if asked and _is_right(session):
        return None
    kept = [(name, value) for name, value in request.form.items(multi=True) if name not in OWN_FIELDS]
    if not posted:
        kept = [("next", request.full_path.rstrip("?"))]
    action = request.full_path.rstrip("?") if posted else url_for("confirming.confirm")
    return _page(session, action, kept, wrong=asked)


@blueprint.post("/confirm")
@allow(*ROLES)
def confirm() -> Response:
    """The answer for a page that is only looked at; back to it."""
    session, target = signed_in_session(), local_path(request.form.get("next", ""))
    if _is_right(session):
        return make_response(redirect(target or url_for("staff.go_home"), 303))
    return _page(session, url_for("confirming.confirm"), [("next", target)], wrong=True)


def _is_right(session: Session) -> bool:
    known = services()
    password, code = request.form.get(PASSWORD, ""), request.form.get(CODE, "")
    right = _is_code(session, code) if code else signing_in.confirm(known.database, session, password, known.now())
    if right:
        renew_session(session)
    return right


def _is_code(session: Session, code: str) -> bool:
    known = services()
    try:
        second_factors.pass_code(known.database, known.keys, session, code, known.now())
    except WrongFactor:
        return False
    return True


def _page(session: Session, action: str, kept: list[tuple[str, str]], *, wrong: bool) -> Response:
    if wrong:
        note_event("confirmation-failed", role=session.staff.role)
    known = bool(session.staff.password_hash)
    page = ConfirmPage(
        action,
        tuple(kept),
        wrong=wrong,
        by_password=known,
        by_code=session.staff.has_factor and not known,
        sign_on=None if known else _sign_on(),
    )
    return staff_page(render_confirm(page, staff_shell(), reader_language()), 401 if wrong else 403)


def _sign_on() -> Link | None:
    from survey.web import single_sign_on

    return single_sign_on.offer(url_for("single_sign_on.confirm")) if single_sign_on.is_offered() else None
