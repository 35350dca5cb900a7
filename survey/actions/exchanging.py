"""Questionnaires in and out: JSON of our own, XLSForm, LimeSurvey in; JSON, XLSForm, DDI out. Always with a report."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from survey.actions import building
from survey.actions.building import NoDraft, find_draft
from survey.documents.ddi import write_ddi
from survey.documents.exchange import Imported, NotReadable, Remark, as_questionnaire_code
from survey.documents.lss import read_lss
from survey.documents.xlsform import read_xlsform, write_xlsform
from survey.mandate.documents import Document, format_document, parse_document, read_document, write_document
from survey.mandate.errors import MandateFileError
from survey.mandate.questionnaires import Questionnaire
from survey.store.audits import By
from survey.store.database import Database
from survey.store.questionnaires import Draft

FORMATS = {
    "json": ("json", "application/json"),
    "xlsform": ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    "ddi": ("xml", "application/xml"),
}


@dataclass(frozen=True, slots=True)
class Arrival:
    """What an import found: `problem` is what still keeps the draft from being published; `draft` None in a dry run."""

    document: Document
    remarks: tuple[Remark, ...]
    problem: str | None
    draft: Draft | None


def import_questionnaire(
    database: Database,
    name: str,
    content: bytes,
    *,
    by: By,
    today: date,
    code: str | None = None,
    keep: bool = True,
    over: bool = False,
) -> Arrival:
    """Read a file of any of the three formats as a draft; `over` writes it over the draft that there is.

    Raises NotReadable, Rejected or DraftExists, with nothing kept.
    """
    imported = read_file(name, content)
    imported.document["code"] = code or imported.document["code"]
    problem = _problem(imported.document, today)
    draft = _keep(database, imported.document, by, today, over=over) if keep else None
    return Arrival(imported.document, tuple(imported.remarks), problem, draft)


def read_file(name: str, content: bytes) -> Imported:
    """The questionnaire in a file, told by its ending. Raises NotReadable."""
    stem, _, ending = name.rpartition(".")
    if ending.lower() == "xlsx":
        return read_xlsform(content, as_questionnaire_code(stem))
    if ending.lower() == "lss":
        return read_lss(content, as_questionnaire_code(stem))
    if ending.lower() == "json":
        return _read_json(content)
    raise NotReadable(f"{name[:80]}: use .xlsx (XLSForm), .lss (LimeSurvey) or .json (our own).")


def export_questionnaire(version: Questionnaire, form: str) -> tuple[bytes, str, str]:
    """The file, its name and its media type; `form` is one of FORMATS."""
    ending, media_type = FORMATS[form]
    written = {
        "json": lambda: format_document(write_document(version)).encode(),
        "xlsform": lambda: write_xlsform(version),
        "ddi": lambda: write_ddi(version),
    }[form]()
    return written, f"{version.code}-{version.version}.{ending}", media_type


def _read_json(content: bytes) -> Imported:
    try:
        document = parse_document(content.decode("utf-8-sig"), "the file")
        version = read_document({**document, "version": document.get("version", 1)}, "the file")
    except UnicodeDecodeError as error:
        raise NotReadable("The file is not UTF-8. Export it again.") from error
    except (MandateFileError, TypeError, AttributeError) as error:
        raise NotReadable(f"The file is no questionnaire of ours: {error}") from error
    imported = Imported(write_document(version))
    for item in version.items:
        imported.remark(item.code, "kept")
    return imported


def _problem(document: Document, today: date) -> str | None:
    status = dict.fromkeys(("vi", "en", "km"), building.AWAITED)
    try:
        read_document({**document, "version": 1, "valid_from": today.isoformat(), "languages_status": status})
    except MandateFileError as error:
        return str(error)
    return None


def _keep(database: Database, document: Document, by: By, today: date, *, over: bool) -> Draft:
    code = str(document["code"])
    if over:
        try:
            before = find_draft(database, code)
        except NoDraft:
            pass
        else:
            settings = {key: value for key, value in _settings(before).items() if key not in document}
            return building.edit_draft(
                database, code, lambda _: {**settings, **document}, revision=before.revision, by=by, today=today
            )
    return building.add_document(database, document, by=by, today=today)


def _settings(draft: Draft) -> Document:
    return {key: value for key, value in parse_document(draft.body).items() if key in ("sector", "sources")}
