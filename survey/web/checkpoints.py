"""What anybody may check: checkpoints as signed notes, the public bundle piece by piece; and taking an answer back."""

from __future__ import annotations

import json

from flask import Blueprint, Response, abort, redirect, request, url_for

from survey.actions import publishing_checkpoints as publishing
from survey.actions import withdrawing
from survey.documents import public as paper
from survey.web.access import allow_everybody
from survey.web.citizen_pages import brake, refusal_page, send_page, shell
from survey.web.language import reader_language
from survey.web.origin import comes_from_elsewhere
from survey.web.services import services

blueprint = Blueprint("checkpoints", __name__)

MOST_DIGITS = 9
FOR_EVER = "public, max-age=31536000, immutable"
FOR_A_MINUTE = "public, max-age=60"


@blueprint.get("/checkpoints")
@allow_everybody
def list_checkpoints() -> Response:
    """The newest checkpoints with how to check them."""
    before = request.args.get("before", "")
    start = int(before) if before.isdecimal() and len(before) <= MOST_DIGITS else None
    database = services().database
    shown, older = publishing.list_checkpoints(database, start)
    published, delays = (
        publishing.find_publication(database),
        publishing.list_merge_delays(database, services().today()),
    )
    page = paper.CheckpointsPage(tuple(shown), older, published, request.host_url, delays)
    return send_page(paper.render_checkpoints(page, shell(), reader_language()))


@blueprint.get("/checkpoints/latest")
@allow_everybody
def show_latest() -> Response:
    """The newest checkpoint: a C2SP signed note."""
    return _file(publishing.read_note(services().database), "text/plain", FOR_A_MINUTE)


@blueprint.get("/checkpoints/<int:number>")
@allow_everybody
def show_checkpoint(number: int) -> Response:
    """One checkpoint: a C2SP signed note."""
    return _file(publishing.read_note(services().database, _small(number)), "text/plain", FOR_EVER)


@blueprint.get("/bundle/index.json")
@allow_everybody
def show_index() -> Response:
    """How much of the public bundle there is to fetch."""
    found = publishing.find_publication(services().database)
    if found is None:
        abort(404)
    index = {
        "blocks": found.blocks,
        "checkpoints": found.checkpoints,
        "figures": list(found.figures),
        "leaves": found.leaves,
        "merge_delay": [
            _promise(each) for each in publishing.list_merge_delays(services().database, services().today())
        ],
        "vkey": found.vkey,
    }
    return _file(json.dumps(index), "application/json", FOR_A_MINUTE)


@blueprint.get("/bundle/<int:number>.json")
@allow_everybody
def show_files(number: int) -> Response:
    """A checkpoint and all that it binds, as the bundle's files."""
    found = publishing.read_checkpoint_files(services().database, _small(number))
    files = json.dumps({name: content.decode() for name, content in found.items()}) if found else None
    return _file(files, "application/json", FOR_EVER)


@blueprint.get("/bundle/figures/<digest>.jsonl")
@allow_everybody
def show_figures(digest: str) -> Response:
    """A published release, by its digest."""
    return _file(publishing.read_figures(services().database, digest), "application/json", FOR_EVER)


@blueprint.get("/bundle/leaves/<int:block>.bin")
@allow_everybody
def show_leaves(block: int) -> Response:
    """A block of leaf hashes; a full one never changes."""
    found = publishing.read_leaves(services().database, _small(block))
    is_full = len(found) == publishing.BYTES_IN_A_BLOCK
    return _file(found or None, "application/octet-stream", FOR_EVER if is_full else FOR_A_MINUTE)


@blueprint.post("/receipt/withdraw")
@allow_everybody
def withdraw() -> Response:
    """Take back the answer of a receipt, then show what became of it."""
    if comes_from_elsewhere():
        return refusal_page("unreadable", 403)
    typed = request.form.get("code", "")
    outcome = withdrawing.withdraw(services().database, typed)
    if outcome == "unknown" and not brake.count_failure():
        return refusal_page("too_many_failures", 429)
    return redirect(url_for("citizen.check_receipt", code=typed[:40]), 303)  # type: ignore[return-value]


def _promise(delay: publishing.MergeDelay) -> dict[str, object]:
    return {"wave": delay.wave_code, "together": delay.together, "latest": delay.latest.isoformat()}


def _file(content: str | bytes | None, kind: str, cache: str) -> Response:
    if content is None:
        abort(404)
    charset = "" if kind == "application/octet-stream" else "; charset=utf-8"
    return Response(content, headers={"Content-Type": kind + charset, "Cache-Control": cache})


def _small(number: int) -> int:
    """A number that the database can hold, or a page that is not there."""
    if number >= 10**MOST_DIGITS:
        abort(404)
    return number
