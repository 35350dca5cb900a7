"""Public pages at the citizens' door: what is asked and why, how anonymity works, what changed, receipts, sound."""

from __future__ import annotations

from flask import Blueprint, Response, abort, request, send_from_directory

from survey.actions import changes, receipts, recording, waves
from survey.actions.versions import list_versions, load_version
from survey.documents import public as paper
from survey.mandate.errors import UnknownQuestionnaire
from survey.mandate.sectors import load_sectors
from survey.web.access import allow_everybody
from survey.web.citizen_pages import privacy_url, send_page, shell
from survey.web.language import reader_language
from survey.web.services import services

blueprint = Blueprint("public", __name__)

A_YEAR = 31_536_000
CHECKING_POLICY = (
    "default-src 'none'; style-src 'nonce-{}'; script-src 'self'; connect-src 'self'; img-src data:; font-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
MOST_DIGITS = 9


@blueprint.get("/questions")
@allow_everybody
def show_questions() -> Response:
    """Which questionnaires are in use, and which exist."""
    known = services()
    used = {wave.questionnaire for wave in waves.list_waves(known.database, open_on=known.today())}
    versions = list_versions(known.database)
    current = [version for version in versions if version.key in used]
    others = [version for version in versions if version.key not in used]
    return send_page(paper.render_questions(current, others, shell(), reader_language()))


@blueprint.get("/questions/<name>")
@allow_everybody
def show_questionnaire(name: str) -> Response:
    """Every question of a questionnaire, to be read before answering."""
    try:
        questionnaire = load_version(services().database, name)
    except UnknownQuestionnaire:
        abort(404)
    return send_page(paper.render_questionnaire(paper.read_asked(questionnaire), shell(), reader_language()))


@blueprint.get("/anonymity")
@allow_everybody
def show_anonymity() -> Response:
    """How anonymity works, and where it ends."""
    return send_page(paper.render_anonymity(shell(), reader_language(), privacy_url()))


@blueprint.get("/changes")
@allow_everybody
def show_changes() -> Response:
    """What changed since people spoke."""
    listed = changes.list_changes(services().settings.home)
    sectors = {code: sector.name for code, sector in load_sectors().items()}
    return send_page(paper.render_changes(listed, sectors, shell(), reader_language()))


@blueprint.get("/receipts")
@allow_everybody
def show_receipts() -> Response:
    """The lists of receipts, and a form that looks one up without sending it anywhere."""
    asked = request.args.get("before", "")
    before = int(asked) if asked.isascii() and asked.isdigit() and len(asked) <= MOST_DIGITS else None
    lists, older = receipts.list_receipt_lists(services().database, before)
    around = shell()
    response = send_page(paper.render_receipts(lists, older, around, reader_language()))
    response.headers["Content-Security-Policy"] = CHECKING_POLICY.format(around.nonce)
    return response


@blueprint.get("/receipts/<int:number>.txt")
@allow_everybody
def show_receipt_list(number: int) -> Response:
    """One checkpoint's list, as the auditor's bundle holds it."""
    found = receipts.read_receipts(services().database, number) if number < 10**MOST_DIGITS else None
    if found is None:
        abort(404)
    response = Response(found, mimetype="text/plain")
    response.headers["Cache-Control"] = f"public, max-age={A_YEAR}, immutable"
    return response


@blueprint.get("/recordings/<questionnaire>/<name>")
@allow_everybody
def play(questionnaire: str, name: str) -> Response:
    """A question, spoken. Its name holds its digest, so browsers may keep it."""
    named = recording.NAME.match(name)
    if named is None or not _is_asked(questionnaire):
        abort(404)
    folder = services().settings.home / recording.FOLDER / questionnaire
    response = send_from_directory(folder, name, mimetype=recording.KINDS[named["kind"]], max_age=A_YEAR)
    response.headers["Cache-Control"] = f"public, max-age={A_YEAR}, immutable"
    return response


def _is_asked(questionnaire: str) -> bool:
    """Whether there is a version of this full name, and so may be a folder of its recordings."""
    try:
        return load_version(services().database, questionnaire).key == questionnaire
    except UnknownQuestionnaire:
        return False
