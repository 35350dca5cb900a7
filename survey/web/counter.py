"""The counter's pages: is this dossier drawn, and the slip that is turned towards the citizen.

The role is `kiosk`: an account that stands for a counter and opens nothing but this. An operator would also see
figures, an interviewer and a keyer handle answers; whoever serves at a counter of a graded agency may do neither.
"""

from __future__ import annotations

from flask import Blueprint, Response, make_response, redirect, request, url_for

from survey.actions import counter
from survey.documents.counter import CounterPage, render_counter
from survey.documents.quick_card import render_quick_card
from survey.documents.slips import Slip, render_facing_slip
from survey.settings import load_sending
from survey.web import headers
from survey.web.access import allow
from survey.web.language import reader_language
from survey.web.services import services
from survey.web.session import signed_in_staff
from survey.web.shell import staff_page, staff_shell

blueprint = Blueprint("counter", __name__, url_prefix="/staff/counter")
ROLES = ("kiosk", "operator")


@blueprint.get("/")
@allow(*ROLES)
def show_counter() -> Response:
    return _page()


@blueprint.post("/")
@allow(*ROLES)
def look_up() -> Response:
    """Say drawn or not drawn; the dossier comes in the body, so that no log holds it."""
    known, dossier = services(), request.form.get("dossier", "").strip()
    if not dossier:
        return make_response(redirect(url_for("counter.show_counter"), 303))
    scope = signed_in_staff().scope
    looked = counter.look_up(known.database, known.keys, dossier, today=known.today(), scope=scope)
    return _page(dossier, looked.state)


@blueprint.get("/slip")
@allow(*ROLES)
def back_to_counter() -> Response:
    """A slip is never shown again; whoever reloads begins anew."""
    return make_response(redirect(url_for("counter.show_counter", language=request.args.get("language")), 303))


@blueprint.post("/slip")
@allow(*ROLES)
def show_slip() -> Response:
    """Make the slip and show it once, to be turned or printed."""
    known, member, dossier = services(), signed_in_staff(), request.form.get("dossier", "")
    try:
        issued = counter.issue(
            known.database,
            known.keys,
            dossier,
            today=known.today(),
            now=known.now(),
            actor=member.name,
            scope=member.scope,
            again=request.form.get("again") == "yes",
        )
    except counter.NoSlip as refusal:
        return _page(dossier, refusal.state, 409)
    except counter.NotReplaced:
        return _page(dossier, "not_replaced", 409)
    base_url = known.settings.base_url
    slip = Slip(f"{base_url}/t/{issued.invited.token}", issued.invited.code)
    body = render_facing_slip(
        slip,
        load_sending(known.settings).address,
        issued.closes_on,
        nonce=headers.nonce(),
        back=url_for("counter.show_counter"),
        language=reader_language(),
    )
    return staff_page(body)


@blueprint.get("/card")
@allow(*ROLES)
def show_card() -> Response:
    """The quick card, to be printed and stand beside the screen."""
    return staff_page(render_quick_card(url_for("counter.show_counter"), headers.nonce(), reader_language()))


def _page(dossier: str = "", state: str | None = None, status: int = 200) -> Response:
    looking, giving, card = (url_for(f"counter.{each}") for each in ("look_up", "show_slip", "show_card"))
    page = CounterPage(looking, giving, dossier, state, card_url=card)
    return staff_page(render_counter(page, staff_shell("counter"), reader_language()), status)
