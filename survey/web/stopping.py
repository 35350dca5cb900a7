"""Where anybody stops messages, at the citizens' door: with the contact and the code of a message."""

from __future__ import annotations

from flask import Blueprint, Response, request, url_for

from survey.actions.opting_out import UnknownCode, UnreadableContact, stop_by_code
from survey.documents.counter import StopPage, render_stop
from survey.web.access import allow_everybody
from survey.web.citizen_pages import send_page, shell
from survey.web.language import reader_language
from survey.web.limits import FailureBrake
from survey.web.services import services

blueprint = Blueprint("stopping", __name__)
brake = FailureBrake(most=50, per_second=0.5)
LONGEST = 254


@blueprint.get("/stop")
@allow_everybody
def ask() -> Response:
    return _page(None)


@blueprint.post("/stop")
@allow_everybody
def stop() -> Response:
    """Remember the keyed hash of the contact; the code stays as it is."""
    contact, code = request.form.get("contact", "")[:LONGEST], request.form.get("code", "")
    known = services()
    try:
        stop_by_code(known.database, known.keys, contact, code, known.today())
    except UnreadableContact:
        return _page("unreadable", 422, contact)
    except UnknownCode:
        state = "unknown_code" if brake.count_failure() else "too_many"
        return _page(state, 404 if state == "unknown_code" else 429, contact)
    return _page("done")


def _page(state: str | None, status: int = 200, contact: str = "") -> Response:
    page = StopPage(url_for("stopping.stop"), state, contact)
    return send_page(render_stop(page, shell(links=request.method == "GET"), reader_language()), status)
