"""The privacy notice, for anybody."""

from __future__ import annotations

from flask import Blueprint, Response

from survey.documents.privacy import render_notice
from survey.web.access import allow_everybody
from survey.web.citizen_pages import PRIVACY, send_page, shell
from survey.web.language import reader_language

blueprint = Blueprint("privacy", __name__)


@blueprint.get(PRIVACY)
@allow_everybody
def show_notice() -> Response:
    return send_page(render_notice(shell(), reader_language()))
