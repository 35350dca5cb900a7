"""The audit trail as auditors read it in the browser. Nobody else may open it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC

from flask import Blueprint, Response, request, url_for

from survey.actions.auditing import read_page
from survey.documents import trail as paper
from survey.documents.environment import translate
from survey.documents.shell import Link
from survey.documents.verdicts import N_
from survey.store.audits import Entry
from survey.web.access import allow
from survey.web.language import reader_language
from survey.web.services import LOCAL_TIME, services
from survey.web.shell import staff_page, staff_shell

blueprint = Blueprint("trail", __name__, url_prefix="/staff")
ALL = N_("Tất cả")


@blueprint.get("/trail")
@allow("auditor")
def show_trail() -> Response:
    """Who did what, the newest first; of one kind of deed where one is asked."""
    language, kind = reader_language(), request.args.get("kind", "")
    events, others = paper.events_of(kind)
    before = request.args.get("before", type=int)
    found = read_page(services().database, before=before, events=events, others=others)
    page = paper.TrailView(
        rows=tuple(map(_row, found.entries)),
        total=found.total,
        broken=found.broken,
        bound=found.bound,
        kinds=tuple(_links(kind, language)),
        older=None if found.older is None else _url(kind, found.older),
    )
    return staff_page(paper.render_trail(page, staff_shell("trail"), language))


def _links(chosen: str, language: str) -> Iterator[tuple[Link, bool]]:
    known = {"": ALL, **paper.WORDS}
    for kind, word in known.items():
        yield Link(translate(language, word), _url(kind)), kind == (chosen if chosen in known else "")


def _url(kind: str, before: int | None = None) -> str:
    return url_for("trail.show_trail", kind=kind or None, before=before)


def _row(entry: Entry) -> paper.TrailRow:
    detail: dict[str, object] = json.loads(entry.detail)
    told = tuple((name, each if isinstance(each, str) else json.dumps(each)) for name, each in detail.items())
    local = entry.at.replace(tzinfo=UTC).astimezone(LOCAL_TIME)
    return paper.TrailRow(
        entry.position, local, entry.actor, entry.event, paper.kind_of(entry.event), entry.subject, told
    )
