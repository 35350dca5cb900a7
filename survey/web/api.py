"""The API of the staff's door: a one-stop system brings transactions and fetches links. Every request is signed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from typing import Any

from flask import Blueprint, Response, g, request
from werkzeug.exceptions import (
    BadRequest,
    Conflict,
    HTTPException,
    NotFound,
    TooManyRequests,
    Unauthorized,
    UnsupportedMediaType,
)

from survey.actions import clients, counter, receiving
from survey.actions.clients import NotSigned, Request
from survey.actions.counter import NoSlip, NotReplaced
from survey.actions.receiving import BadBatch, KeyReused
from survey.actions.transactions import LONGEST_DOSSIER, NoFrameTaken
from survey.actions.waves import UnknownWave
from survey.store.clients import Client
from survey.web.access import allow_everybody
from survey.web.limits import FailureBrake
from survey.web.openapi import describe
from survey.web.services import services

blueprint = Blueprint("api", __name__, url_prefix="/api/v1")
LARGEST_BODY = 2_000_000
MOST_AT_ONCE, PER_SECOND = 60.0, 30.0
PUBLIC = ("api.show_openapi",)
refused_signatures = FailureBrake(most=60, per_second=1.0)
brakes: dict[str, FailureBrake] = {}


@blueprint.url_value_preprocessor
def allow_larger_bodies(_endpoint: str | None, _values: dict[str, Any] | None) -> None:
    request.max_content_length = LARGEST_BODY


@blueprint.before_request
def check_signature() -> None:
    """Let nobody in who did not sign this very request; the views below may then ask who it is."""
    if request.endpoint in PUBLIC:
        return
    known = services()
    target = request.full_path if request.query_string else request.path
    signed = Request(request.method, target, request.headers.get("Idempotency-Key", ""), request.get_data(cache=True))
    try:
        client = clients.check_signature(
            known.database, known.keys, request.headers.get("Authorization", ""), signed, known.now()
        )
    except NotSigned as refusal:
        if not refused_signatures.count_failure():
            raise TooManyRequests("Too many requests were not signed as they must be: wait.", retry_after=60) from None
        raise Unauthorized(str(refusal)) from None
    if not brakes.setdefault(client.name, FailureBrake(MOST_AT_ONCE, PER_SECOND)).count_failure():
        raise TooManyRequests(f"More than {PER_SECOND:.0f} requests a second: send larger batches.", retry_after=1)
    g.client = client


@blueprint.post("/transactions")
@allow_everybody
def receive_transactions() -> Response:
    """A batch into the next version of a wave's frame; the same key and body again change nothing."""
    known, parsed = services(), _parse()
    key = request.headers.get("Idempotency-Key", "")
    try:
        received = receiving.receive(
            known.database, known.keys, _client().name, key, request.get_data(), parsed, today=known.today()
        )
    except (BadBatch, NoFrameTaken) as refusal:
        raise BadRequest(str(refusal)) from None
    except KeyReused as refusal:
        raise Conflict(str(refusal)) from None
    except UnknownWave as refusal:
        raise NotFound(str(refusal)) from None
    return _answer(received.answer, replayed=received.is_repeated)


@blueprint.get("/waves")
@allow_everybody
def list_waves() -> Response:
    """Waves that take answers today, with how many transactions their frame holds and how many wait for it."""
    known = services()
    found = receiving.list_feeds(known.database, known.today())
    return _answer(json.dumps({"waves": found}, ensure_ascii=False, default=_day))


@blueprint.post("/status")
@allow_everybody
def show_status() -> Response:
    """Whether a dossier is drawn; never whether it was answered."""
    known = services()
    looked = counter.look_up(known.database, known.keys, _dossier(), today=known.today())
    return _answer(json.dumps({"state": looked.state}))


@blueprint.post("/tokens")
@allow_everybody
def make_token() -> Response:
    """A one-time link for a drawn dossier, given once."""
    known = services()
    actor = f"api:{_client().name}"
    try:
        issued = counter.issue(
            known.database, known.keys, _dossier(), today=known.today(), now=known.now(), actor=actor
        )
    except (NoSlip, NotReplaced) as refusal:
        raise Conflict(str(refusal)) from None
    link = {
        "url": f"{known.settings.base_url}/t/{issued.invited.token}",
        "code": issued.invited.code,
        "closes_on": issued.closes_on.isoformat(),
    }
    return _answer(json.dumps(link), 201)


@blueprint.get("/openapi.json")
@allow_everybody
def show_openapi() -> Response:
    return _answer(json.dumps(describe(services().settings.base_url), ensure_ascii=False))


@blueprint.errorhandler(HTTPException)
def refuse(error: HTTPException) -> Response:
    """A refusal as RFC 9457 writes it; the detail says what to do."""
    body = {"status": error.code, "title": error.name, "detail": error.description or error.name}
    response = Response(json.dumps(body, ensure_ascii=False), error.code, mimetype="application/problem+json")
    for name, value in error.get_headers():
        if name in ("Retry-After", "Allow"):
            response.headers[name] = value
    if error.code == Unauthorized.code:
        response.headers["WWW-Authenticate"] = clients.SCHEME
    return response


def _client() -> Client:
    client: Client = g.client
    return client


def _parse() -> Mapping[str, Any]:
    if request.mimetype != "application/json":
        raise UnsupportedMediaType("The body must be application/json.")
    try:
        parsed = json.loads(request.get_data(), parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise BadRequest("The body is not JSON in UTF-8.") from None
    if not isinstance(parsed, dict):
        raise BadRequest("The body must be a JSON object.")
    return parsed


def _dossier() -> str:
    parsed = _parse()
    dossier = parsed.get("dossier")
    if set(parsed) != {"dossier"} or not isinstance(dossier, str) or not 1 <= len(dossier) <= LONGEST_DOSSIER:
        raise BadRequest(f"The body must hold `dossier`, a text of 1 to {LONGEST_DOSSIER} letters, and nothing else.")
    if not dossier.isprintable():
        raise BadRequest("`dossier` holds letters that cannot be printed.")
    return dossier


def _no_number(name: str) -> None:
    raise ValueError(name)


def _day(value: object) -> str:
    assert isinstance(value, date)
    return value.isoformat()


def _answer(body: str, status: int = 200, *, replayed: bool = False) -> Response:
    response = Response(body, status, mimetype="application/json")
    response.headers["Cache-Control"] = "no-store"
    if replayed:
        response.headers["Idempotent-Replayed"] = "true"
    return response
