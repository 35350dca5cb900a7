"""What the builder shows in a telephone and sends as a file."""

from __future__ import annotations

from collections.abc import Callable

from flask import Response, abort, make_response

from survey.actions import exchanging
from survey.documents import questionnaires as paper
from survey.documents.form import form_page
from survey.mandate.questionnaires import Questionnaire
from survey.mandate.text import LANGUAGES
from survey.web import headers
from survey.web.language import reader_language
from survey.web.shell import staff_page, staff_shell

FRAMED = (
    "default-src 'none'; style-src 'nonce-{}'; img-src 'self' data:; font-src 'self'; form-action 'none'; "
    "base-uri 'none'; frame-ancestors 'self'"
)
FRAMING = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; font-src 'self'; frame-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


def list_frames(address: Callable[[str], str]) -> tuple[tuple[str, str], ...]:
    """Each language with the address of the page inside a telephone."""
    return tuple((each, address(each)) for each in LANGUAGES)


def show_preview(name: str, version: Questionnaire, back: str, frames: tuple[tuple[str, str], ...]) -> Response:
    """A telephone for each language."""
    language = reader_language()
    page = paper.PreviewPage(name, version.title.in_language(language), frames, back)
    response = staff_page(paper.render_preview(page, staff_shell("questionnaires"), language))
    response.headers["Content-Security-Policy"] = FRAMING
    return response


def send_frame(version: Questionnaire | None, target: str) -> Response:
    """The citizen page inside a telephone, which sends nothing."""
    if version is None or target not in LANGUAGES:
        abort(404)
    nonce = headers.nonce()
    body = form_page(version, target, action="#").splice(nonce=nonce, token="", key="", carried="")
    response = make_response(body)
    response.headers["Content-Type"] = "text/html; charset=utf-8"
    response.headers["Content-Security-Policy"] = FRAMED.format(nonce)
    response.headers["X-Frame-Options"] = "SAMEORIGIN"
    return response


def send_file(version: Questionnaire, form: str) -> Response:
    """A version as a file to keep."""
    if form not in exchanging.FORMATS:
        abort(404)
    content, name, media_type = exchanging.export_questionnaire(version, form)
    response = Response(content, mimetype=media_type)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
