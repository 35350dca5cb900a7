"""Interviewers' pages: the doors where somebody calls, whom to ask behind each, what was said or why nothing was."""

from __future__ import annotations

import secrets
from collections.abc import Mapping

from flask import Blueprint, Response, abort, make_response, redirect, request, url_for

from survey.actions import interviewing
from survey.actions.answering import BadAnswers, Refusal
from survey.actions.interviewing import Assignment, CallRefused, Door, Interview, NoRoster, NotAssigned, RosterFixed
from survey.documents.interviewing import OUTCOMES, DoorPage, DoorRow, VillageRows, render_door, render_work
from survey.documents.paper_form import number_items
from survey.mandate.text import FIRST_LANGUAGE
from survey.store.audits import By
from survey.web.access import allow
from survey.web.language import reader_language
from survey.web.services import services
from survey.web.session import signed_in_staff
from survey.web.shell import staff_page, staff_shell

blueprint = Blueprint("interviewer", __name__, url_prefix="/staff/field")
DOOR = "/<wave>/<psu>/<int:number>"
OWN = ("csrf_token", "form_key", "person_sex", "person_age", "asked_by")


@blueprint.get("/")
@allow("interviewer")
def show_work() -> Response:
    """Every door of the villages that were given to whoever is signed in."""
    known = services()
    work = interviewing.list_work(known.database, signed_in_staff().name, known.today())
    state = request.args.get("state")
    body = render_work(tuple(map(_village, work)), state, staff_shell("field"), reader_language())
    return staff_page(body)


@blueprint.get(DOOR)
@allow("interviewer")
def show_door(wave: str, psu: str, number: int) -> Response:
    return _door(wave, psu, number)


@blueprint.post(f"{DOOR}/call")
@allow("interviewer")
def record_call(wave: str, psu: str, number: int) -> Response:
    """Keep an attempt without an interview."""
    known, who = services(), signed_in_staff().name
    try:
        interviewing.record_call(
            known.database,
            wave,
            psu,
            number,
            request.form.get("outcome", ""),
            interviewer=who,
            on=known.today(),
            by=_by(),
        )
    except NotAssigned:
        abort(404)
    except CallRefused:
        return _door(wave, psu, number, problem="refused", status=409)
    return _home("called")


@blueprint.post(f"{DOOR}/roster")
@allow("interviewer")
def draw_adult(wave: str, psu: str, number: int) -> Response:
    """Draw whom to ask; shown again on every later visit, and never drawn anew."""
    known = services()
    counted = request.form.get("adults", "")
    adults = int(counted) if counted.isascii() and counted.isdigit() and len(counted) < 4 else 0
    try:
        interviewing.draw_adult(known.database, wave, psu, number, adults, interviewer=signed_in_staff().name, by=_by())
    except NotAssigned:
        abort(404)
    except CallRefused:
        return _door(wave, psu, number, problem="adults", status=422)
    except RosterFixed:
        return _door(wave, psu, number, problem="fixed", status=409)
    return make_response(redirect(url_for("interviewer.show_door", wave=wave, psu=psu, number=number), 303))


@blueprint.post(f"{DOOR}/answer")
@allow("interviewer")
def keep_answer(wave: str, psu: str, number: int) -> Response:
    """Store what the drawn adult said: committed first, told afterwards."""
    known, form = services(), request.form
    answers = {name: value for name, value in form.items() if name not in OWN}
    sex, age = form.get("person_sex", ""), form.get("person_age", "")
    interview = Interview(answers, sex, age, reader_language(), form.get("asked_by", interviewing.CHANNEL))
    try:
        interviewing.answer(
            known.database,
            known.keys,
            wave,
            psu,
            number,
            interview,
            key=form.get("form_key", ""),
            interviewer=signed_in_staff().name,
            today=known.today(),
        )
    except NotAssigned:
        abort(404)
    except BadAnswers as bad:
        return _door(wave, psu, number, problem="answers", errors=bad.problems, status=422)
    except CallRefused:
        return _door(wave, psu, number, problem="refused" if sex and age else "person", status=409)
    except (NoRoster, Refusal):
        return _door(wave, psu, number, problem="refused", status=409)
    return _home("stored")


def _door(
    wave: str,
    psu: str,
    number: int,
    *,
    problem: str | None = None,
    errors: Mapping[str, str] | None = None,
    status: int = 200,
) -> Response:
    try:
        visit = interviewing.find_door(services().database, wave, psu, number, signed_in_staff().name)
    except NotAssigned:
        abort(404)
    door = visit.door
    place = {"wave": wave, "psu": psu, "number": number}
    page = DoorPage(
        number=number,
        address=door.household.address,
        village=psu,
        back=url_for("interviewer.show_work"),
        call_url=url_for("interviewer.record_call", **place),  # type: ignore[arg-type]
        roster_url=url_for("interviewer.draw_adult", **place),  # type: ignore[arg-type]
        answer_url=url_for("interviewer.keep_answer", **place),  # type: ignore[arg-type]
        is_done=door.is_done,
        outcomes=tuple(filter(visit.allows, OUTCOMES)),
        ages=interviewing.AGES,
        asked_by=visit.channels,
        key=secrets.token_hex(16),
        items=number_items(visit.questionnaire),
        adults=door.household.adults,
        drawn=door.household.drawn_adult,
        answers=dict(request.form.items()),
        errors=errors or {},
        problem=problem,
    )
    spoken = reader_language() if reader_language() in visit.languages else FIRST_LANGUAGE
    return staff_page(render_door(page, staff_shell("field"), spoken), status)


def _village(assignment: Assignment) -> VillageRows:
    psu = assignment.psu
    return VillageRows(psu.name, psu.wave_code, tuple(_row(each) for each in assignment.doors))


def _row(door: Door) -> DoorRow:
    home = door.household
    return DoorRow(
        home.number,
        home.address,
        len(door.calls),
        door.calls[-1].outcome if door.calls else None,
        door.is_done,
        url_for("interviewer.show_door", wave=home.wave_code, psu=home.psu_code, number=home.number),
    )


def _home(state: str) -> Response:
    return make_response(redirect(url_for("interviewer.show_work", state=state), 303))


def _by() -> By:
    return By(signed_in_staff().name, services().now())
