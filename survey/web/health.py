"""For whoever watches the process: alive, and ready to store an answer."""

from __future__ import annotations

from flask import Blueprint, Response

from survey.store.migrating import current_revision, serves
from survey.web.access import allow_everybody
from survey.web.services import services

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
@allow_everybody
def alive() -> Response:
    return Response("ok\n", mimetype="text/plain")


@blueprint.get("/readyz")
@allow_everybody
def ready() -> Response:
    """200 when the database answers and has the schema that this program needs, or what a newer one made of it."""
    if not serves(current_revision(services().database)):
        return Response("migrate first\n", 503, mimetype="text/plain")
    return Response("ready\n", mimetype="text/plain")
