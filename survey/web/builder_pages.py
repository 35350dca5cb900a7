"""What several views of the builder show: the list of questionnaires, and one version."""

from __future__ import annotations

from flask import Response, url_for

from survey.actions import building
from survey.actions.exchanging import FORMATS
from survey.actions.versions import list_versions, load_version
from survey.documents import questionnaires as paper
from survey.documents.exchange import Remark
from survey.mandate.differences import list_differences
from survey.mandate.questionnaires import Questionnaire, load_questionnaires
from survey.mandate.reading_time import estimate_reading_time
from survey.mandate.text import LANGUAGES
from survey.store import questionnaires as shelf
from survey.web.language import reader_language
from survey.web.services import services
from survey.web.session import signed_in_staff
from survey.web.shell import staff_page, staff_shell


def show_list(
    *,
    problem: tuple[str, str] | None = None,
    remarks: tuple[Remark, ...] = (),
    read_file: str | None = None,
    kept_url: str | None = None,
    status: int = 200,
) -> Response:
    """Every version and every draft, with the forms of those who may begin one."""
    database, is_operator = services().database, signed_in_staff().role == "operator"
    with database.reading() as connection:
        drafts = shelf.list_drafts(connection)
    page = paper.QuestionnairesPage(
        versions=tuple(
            paper.VersionRow(
                each, building.signed_languages(database, each), url_for("builder.show_version", name=each.key)
            )
            for each in list_versions(database)
        ),
        drafts=tuple(
            (
                draft.code,
                building.review(database, draft.code).document["title"].get("vi", draft.code),
                ", ".join(draft.authors),
                url_for("builder.show_draft", code=draft.code),
            )
            for draft in drafts
        ),
        new_url=url_for("builder.start") if is_operator else None,
        import_url=url_for("builder.import_file") if is_operator else None,
        remarks=remarks,
        read_file=read_file,
        kept_url=kept_url,
        problem=problem,
    )
    return staff_page(paper.render_questionnaires(page, staff_shell("questionnaires"), reader_language()), status)


def read_version_page(version: Questionnaire, *, problem: tuple[str, str] | None = None, status: int = 200) -> Response:
    """A version with its origin, its signatures and its files."""
    database, member = services().database, signed_in_staff()
    with database.reading() as connection:
        origin = shelf.find_origin(connection, version.code, version.version)
    states = building.language_states(database, version)
    based_on = origin.based_on if origin else None
    page = paper.VersionPage(
        version=version,
        authors=origin.authors if origin else (),
        published_by=origin.published_by if origin else None,
        based_on=based_on,
        bridge=origin.bridge if origin else "",
        differences=list_differences(load_version(database, based_on), version) if based_on else (),
        languages=tuple(
            (each, signed.reviewer if signed else None, signed.signed_on.isoformat() if signed else None)
            for each, signed in states.items()
        ),
        times={each: estimate_reading_time(version, each) for each in LANGUAGES},
        exports=tuple((form, url_for("builder.export", name=version.key, form=form)) for form in FORMATS),
        preview_url=url_for("builder.preview_version", name=version.key),
        sign_url=url_for("builder.sign", name=version.key) if member.role in ("operator", "statistician") else None,
        next_url=_next_url(version) if member.role == "operator" else None,
        back_url=url_for("builder.show_questionnaires"),
        problem=problem,
    )
    return staff_page(paper.render_version(page, staff_shell("questionnaires"), reader_language()), status)


def _next_url(version: Questionnaire) -> str | None:
    """The package's own questionnaires get a code of the province first."""
    return None if version.key in load_questionnaires() else url_for("builder.start")
