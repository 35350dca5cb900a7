"""The door of an invitation: its person sets a password, or ties the account to single sign-on."""

from __future__ import annotations

from flask import Blueprint, Response, make_response, redirect, request, url_for

from survey.actions import accounts, signing_in
from survey.actions.accounts import InvitationGone
from survey.actions.passwords import BadPassword
from survey.documents.accounts import JoinPage, render_join
from survey.store.people import Staff
from survey.web import session, single_sign_on
from survey.web.access import allow_everybody
from survey.web.language import reader_language
from survey.web.limits import FailureBrake
from survey.web.services import services
from survey.web.shell import staff_page, staff_shell

blueprint = Blueprint("joining", __name__, url_prefix="/staff/join")
brake = FailureBrake(most=20, per_second=0.1)


@blueprint.get("/<token>")
@allow_everybody
def show(token: str) -> Response:
    """Looking uses nothing up: whoever scans messages for links changes nothing."""
    member = _open(token)
    return _page(token, member) if member else _gone()


@blueprint.post("/<token>")
@allow_everybody
def accept(token: str) -> Response:
    known, member = services(), _open(token)
    if member is None:
        return _gone()
    password = request.form.get("password", "")
    try:
        member = accounts.accept(
            known.database, known.keys, token, password, now=known.now(), stolen=known.settings.stolen_passwords
        )
    except BadPassword as bad:
        return _page(token, member, problem=bad.code)
    except InvitationGone:
        return _gone()
    value = signing_in.start_session(
        known.database, known.keys, member, known.now(), device=session.kind_of_browser(), is_half=member.has_factor
    )
    response = make_response(redirect(url_for("own_account.show"), 303))
    session.set_session_cookie(response, value)
    return response


def _open(token: str) -> Staff | None:
    known = services()
    try:
        return accounts.open_invitation(known.database, known.keys, token, known.now())
    except InvitationGone:
        return None


def _gone() -> Response:
    status = 404 if brake.count_failure() else 429
    return staff_page(render_join(JoinPage("", None), staff_shell(), reader_language()), status)


def _page(token: str, member: Staff, *, problem: str | None = None) -> Response:
    sign_on = None
    if single_sign_on.is_offered():
        sign_on = single_sign_on.offer(url_for("single_sign_on.join", token=token))
    page = JoinPage(url_for("joining.accept", token=token), member.name, member.role, problem, sign_on)
    return staff_page(render_join(page, staff_shell(), reader_language()), 422 if problem else 200)
