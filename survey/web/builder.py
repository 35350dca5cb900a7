"""The operators' pages of questionnaires: build, translate, preview, publish with four eyes, exchange."""

from __future__ import annotations

from flask import Blueprint, Response, abort, make_response, redirect, request, url_for

from survey.actions import building, editing, exchanging
from survey.actions.building import (
    BridgeNeeded,
    DraftChanged,
    DraftExists,
    NoDraft,
    NotPublishable,
    NotSigned,
    SameAuthor,
)
from survey.actions.editing_lines import Rejected, write_choices, write_condition_lines
from survey.actions.versions import list_versions
from survey.documents import questionnaires as paper
from survey.documents.exchange import NotReadable
from survey.mandate.errors import UnknownQuestionnaire
from survey.mandate.questionnaires import Questionnaire
from survey.mandate.reading_time import estimate_reading_time
from survey.mandate.sectors import load_sectors
from survey.mandate.text import LANGUAGES
from survey.store.audits import By
from survey.web.access import allow, takes_files
from survey.web.builder_edits import EDITS, Form
from survey.web.builder_frames import list_frames, send_file, send_frame, show_preview
from survey.web.builder_pages import read_version_page, show_list
from survey.web.language import reader_language
from survey.web.services import services
from survey.web.session import signed_in_staff
from survey.web.shell import staff_page, staff_shell

blueprint = Blueprint("builder", __name__, url_prefix="/staff/questionnaires")
MOST_BYTES = 10_000_000
READERS = ("operator", "statistician", "auditor")


@blueprint.get("")
@allow(*READERS)
def show_questionnaires() -> Response:
    """Every version and every draft."""
    return show_list()


@blueprint.post("")
@allow("operator")
def start() -> Response:
    """Begin a draft: of the next version, of another questionnaire, or from one question."""
    known = services()
    code, base = request.form.get("code", "").strip(), request.form.get("base") or None
    try:
        draft = building.start_draft(
            known.database, code, request.form.get("title", ""), base=base, by=_by(), today=known.today()
        )
    except Rejected as refused:
        return show_list(problem=(refused.reason, refused.where), status=422)
    except DraftExists:
        return show_list(problem=("exists", code), status=422)
    except UnknownQuestionnaire:
        abort(404)
    return _to_draft(draft.code)


@blueprint.post("/import")
@allow("operator")
@takes_files(MOST_BYTES)
def import_file() -> Response:
    """Read a file as a draft, or only report what it would become."""
    known, sent = services(), request.files.get("file")
    if sent is None or not sent.filename:
        return show_list(problem=("not_readable", ""), status=422)
    try:
        arrival = exchanging.import_questionnaire(
            known.database,
            sent.filename,
            sent.read(),
            by=_by(),
            today=known.today(),
            code=request.form.get("code", "").strip() or None,
            keep=request.form.get("do") == "keep",
        )
    except NotReadable as error:
        return show_list(problem=("not_readable", str(error)), status=422)
    except Rejected as refused:
        return show_list(problem=(refused.reason, refused.where), status=422)
    except DraftExists:
        return show_list(problem=("exists", request.form.get("code", "")), status=422)
    kept = url_for("builder.show_draft", code=arrival.draft.code) if arrival.draft else None
    return show_list(remarks=arrival.remarks, read_file=sent.filename, kept_url=kept)


@blueprint.get("/<code>/draft")
@allow(*READERS)
def show_draft(code: str) -> Response:
    """The builder."""
    return _builder(code)


@blueprint.post("/<code>/draft")
@allow("operator")
def edit(code: str) -> Response:
    """One change to a draft, named by `do`."""
    known, form = services(), request.form.to_dict()
    change = EDITS.get(form.get("do", ""))
    opened = form.get("code", "")
    try:
        if form.get("do") == "bridge":
            building.note_bridge(
                known.database, code, form.get("note", ""), revision=_revision(form), by=_by(), today=known.today()
            )
        elif form.get("do") == "throw_away":
            building.throw_away(known.database, code, by=_by())
            return make_response(redirect(url_for("builder.show_questionnaires"), 303))
        elif change is None:
            abort(400)
        else:
            building.edit_draft(
                known.database, code, lambda d: change(d, form), revision=_revision(form), by=_by(), today=known.today()
            )
    except NoDraft:
        abort(404)
    except Rejected as refused:
        return _builder(code, problem=(refused.reason, refused.where), opened=opened, status=422)
    except DraftChanged:
        return _builder(code, problem=("changed", ""), status=409)
    return make_response(redirect(url_for("builder.show_draft", code=code, _anchor=f"at-{opened}"), 303))


@blueprint.post("/<code>/publish")
@allow("operator", "statistician")
def publish(code: str) -> Response:
    """Make a draft of somebody else a version."""
    known = services()
    try:
        version = building.publish_draft(
            known.database, code, by=_by(), today=known.today(), revision=_revision(request.form.to_dict())
        )
    except NoDraft:
        abort(404)
    except (SameAuthor, BridgeNeeded, NotPublishable, DraftChanged) as refused:
        words = {SameAuthor: "same_author", BridgeNeeded: "bridge_needed", NotPublishable: "incomplete"}
        return _builder(code, problem=(words.get(type(refused), "changed"), ""), status=409)
    return make_response(redirect(url_for("builder.show_version", name=version.key), 303))


@blueprint.route("/<code>/translate/<target>", methods=["GET", "POST"])
@allow("operator")
def translate(code: str, target: str) -> Response:
    """Vietnamese on one side, another language on the other."""
    known = services()
    if target not in LANGUAGES:
        abort(404)
    problem = None
    if request.method == "POST":
        form = request.form.to_dict()
        wordings = {name.removeprefix("t:"): value for name, value in form.items() if name.startswith("t:")}
        try:
            building.edit_draft(
                known.database,
                code,
                lambda d: editing.translate(d, target, wordings),
                revision=_revision(form),
                by=_by(),
                today=known.today(),
            )
            return make_response(
                redirect(url_for("builder.translate", code=code, target=target, _anchor=form.get("section")), 303)
            )
        except NoDraft:
            abort(404)
        except Rejected as refused:
            problem = (refused.reason, refused.where)
        except DraftChanged:
            problem = ("changed", "")
    return _translation(code, target, problem)


@blueprint.get("/<code>/draft/preview")
@allow(*READERS)
def preview_draft(code: str) -> Response:
    """A draft as citizens would see it, on a telephone."""
    found = _review(code)
    if found.version is None:
        return _builder(code, problem=("incomplete", ""), status=409)
    frames = list_frames(lambda each: url_for("builder.frame_draft", code=code, target=each))
    return show_preview(code, found.version, url_for("builder.show_draft", code=code), frames)


@blueprint.get("/<code>/draft/frame/<target>")
@allow(*READERS)
def frame_draft(code: str, target: str) -> Response:
    """What stands on that telephone."""
    return send_frame(_review(code).version, target)


@blueprint.get("/versions/<name>")
@allow(*READERS)
def show_version(name: str) -> Response:
    """A published version."""
    return read_version_page(_version(name))


@blueprint.post("/versions/<name>/sign")
@allow("operator", "statistician")
def sign(name: str) -> Response:
    """Record who reviewed a language."""
    known, version = services(), _version(name)
    target, reviewer = request.form.get("target", ""), request.form.get("reviewer", "")
    try:
        building.sign_language(known.database, version.key, target, reviewer, by=_by(), today=known.today())
    except NotSigned:
        return read_version_page(version, problem=("not_signed", ""), status=422)
    return make_response(redirect(url_for("builder.show_version", name=version.key), 303))


@blueprint.get("/versions/<name>/preview")
@allow(*READERS)
def preview_version(name: str) -> Response:
    """A version as citizens see it, on a telephone."""
    version = _version(name)
    back = url_for("builder.show_version", name=version.key)
    frames = list_frames(lambda each: url_for("builder.frame_version", name=version.key, target=each))
    return show_preview(version.key, version, back, frames)


@blueprint.get("/versions/<name>/frame/<target>")
@allow(*READERS)
def frame_version(name: str, target: str) -> Response:
    """What stands on that telephone."""
    return send_frame(_version(name), target)


@blueprint.get("/versions/<name>/export/<form>")
@allow(*READERS)
def export(name: str, form: str) -> Response:
    """A version as a file of another program."""
    return send_file(_version(name), form)


@blueprint.get("/<code>/draft/export/<form>")
@allow(*READERS)
def export_draft(code: str, form: str) -> Response:
    """A draft as a file, once it is complete."""
    version = _review(code).version
    if version is None:
        return _builder(code, problem=("incomplete", ""), status=409)
    return send_file(version, form)


def _builder(code: str, *, problem: tuple[str, str] | None = None, opened: str = "", status: int = 200) -> Response:
    found, language, member = _review(code), reader_language(), signed_in_staff()
    document, version = found.document, found.version
    items = editing.list_items(document)
    page = paper.BuilderPage(
        code=code,
        document=document,
        revision=found.draft.revision,
        authors=found.draft.authors,
        based_on=found.draft.based_on,
        bridge=found.draft.bridge,
        differences=found.differences,
        needs_bridge=found.needs_bridge,
        incomplete=found.problem,
        completeness=editing.completeness(document),
        times={each: estimate_reading_time(version, each) for each in LANGUAGES} if version else {},
        sectors=[(sector.code, sector.name.in_language(language)) for sector in load_sectors().values()],
        roles={item["code"]: editing.role_of(item) for item in items},
        choices={item["code"]: write_choices(item.get("choice", [])) for item in items},
        conditions={item["code"]: write_condition_lines(item.get("show_if")) for item in items},
        edit_url=url_for("builder.edit", code=code),
        preview_url=url_for("builder.preview_draft", code=code),
        translate_urls={each: url_for("builder.translate", code=code, target=each) for each in LANGUAGES},
        export_url=url_for("builder.export_draft", code=code, form="json"),
        publish_url=url_for("builder.publish", code=code),
        may_edit=member.role == "operator",
        may_publish=member.role in ("operator", "statistician") and member.name not in found.draft.authors,
        problem=problem,
        opened=opened,
    )
    return staff_page(paper.render_builder(page, staff_shell("questionnaires"), language), status)


def _translation(code: str, target: str, problem: tuple[str, str] | None) -> Response:
    found = _review(code)
    texts = editing.list_texts(found.document)
    owners = {item["code"]: section["code"] for section in found.document["section"] for item in section["item"]}
    titles = {section["code"]: section["title"].get("vi", section["code"]) for section in found.document["section"]}
    grouped: dict[str, list[tuple[str, str, str]]] = {"": []} | {code: [] for code in titles}
    for path, text in texts:
        first, _, rest = path.partition(".")
        section = rest if first == "section" else owners.get(first, "")
        grouped[section].append((path, text.get("vi", ""), text.get(target, "")))
    page = paper.TranslationPage(
        code=code,
        target=target,
        revision=found.draft.revision,
        sections=tuple((each, titles.get(each, ""), tuple(rows)) for each, rows in grouped.items() if rows),
        completeness=editing.completeness(found.document)[target],
        save_url=url_for("builder.translate", code=code, target=target),
        back_url=url_for("builder.show_draft", code=code),
        problem=problem,
    )
    status = 200 if problem is None else 422
    return staff_page(paper.render_translation(page, staff_shell("questionnaires"), reader_language()), status)


def _review(code: str) -> building.Review:
    try:
        return building.review(services().database, code)
    except NoDraft:
        abort(404)


def _version(name: str) -> Questionnaire:
    """Only by its full name: a page about "the latest" would change under its address."""
    found = next((each for each in list_versions(services().database) if each.key == name), None)
    if found is None:
        abort(404)
    return found


def _to_draft(code: str) -> Response:
    return make_response(redirect(url_for("builder.show_draft", code=code), 303))


def _revision(form: Form) -> int | None:
    text = form.get("revision", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else None


def _by() -> By:
    return By(signed_in_staff().name, services().now())
