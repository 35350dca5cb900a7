"""The second half of signing in: a code from a generator, a security key, or a recovery code."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, make_response, redirect, request, url_for

from survey.actions import second_factors
from survey.actions.second_factors import Site, WrongFactor
from survey.actions.signing_in import Session
from survey.documents.accounts import SecondStepPage, render_second_step
from survey.logs import note_event
from survey.web.access import allow_everybody
from survey.web.language import reader_language
from survey.web.limits import FailureBrake
from survey.web.local_paths import local_path
from survey.web.services import services
from survey.web.session import live_session, renew_session
from survey.web.shell import staff_page, staff_shell

blueprint = Blueprint("second_step", __name__, url_prefix="/staff/second-step")
brake = FailureBrake(most=20, per_second=0.1)


@blueprint.get("")
@allow_everybody
def ask() -> Response:
    """Whoever has no half session begins anew."""
    live, target = live_session(), local_path(request.args.get("next", ""))
    if live is None:
        return make_response(redirect(url_for("staff.sign_in", next=target or None)))
    if not live.is_half:
        return make_response(redirect(target or url_for("staff.go_home")))
    return _page(live, target)


@blueprint.post("")
@allow_everybody
def answer() -> Response:
    live, target = live_session(), local_path(request.form.get("next", ""))
    if live is None:
        return make_response(redirect(url_for("staff.sign_in", next=target or None), 303))
    try:
        _check(live)
    except WrongFactor:
        note_event("second-factor-failed", role=live.staff.role)
        error = "wrong" if brake.count_failure() else "too_many"
        return _page(live, target, error=error, status=401 if error == "wrong" else 429)
    renew_session(live)
    return make_response(redirect(target or url_for("staff.go_home"), 303))


def site() -> Site:
    """The door under the name that the browser opened, which the list of hosts has checked."""
    origin = request.host_url.rstrip("/")
    return Site(urlsplit(origin).hostname or "", origin)


def read_credential() -> dict[str, Any]:
    """What a security key said, as the script of the page wrote it; nothing when it is no object."""
    try:
        value = json.loads(request.form.get("credential", ""))
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _check(live: Session) -> None:
    known = services()
    if request.form.get("credential"):
        second_factors.pass_key(known.database, live, site(), read_credential(), known.now())
    else:
        second_factors.pass_code(known.database, known.keys, live, request.form.get("code", ""), known.now())


def _page(live: Session, target: str, *, error: str | None = None, status: int = 200) -> Response:
    options = second_factors.ask_for_key(services().database, live, site())
    page = SecondStepPage(
        url_for("second_step.answer"), target, options, error, url_for("static", filename="security-key.js")
    )
    return staff_page(render_second_step(page, staff_shell(), reader_language()), status)
