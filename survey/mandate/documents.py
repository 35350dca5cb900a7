"""A questionnaire as one JSON object, of the shape that the package's TOML files have: what is built, sent and kept."""

from __future__ import annotations

import datetime
import json
import unicodedata
from collections.abc import Mapping
from typing import Any

from survey.mandate.conditions import plain
from survey.mandate.errors import MandateFileError
from survey.mandate.files import Entry
from survey.mandate.questionnaires import Choice, Item, Questionnaire, Section, read_questionnaire

Document = dict[str, Any]
LONGEST = 1_000_000
DEEPEST = 12


def read_document(document: Mapping[str, Any], where: str = "questionnaire") -> Questionnaire:
    """The version that a document describes. Raises `MandateFileError`, naming the entry that breaks a rule."""
    top = dict(document)
    if "valid_from" in top:
        top["valid_from"] = _date(top["valid_from"], where)
    return read_questionnaire(Entry(top, where))


def parse_document(text: str, where: str = "questionnaire") -> Document:
    """The document that JSON text holds. Raises `MandateFileError` for what is no JSON object."""
    if len(text) > LONGEST:
        raise MandateFileError(f"{where}: more than {LONGEST:,} characters: is this a questionnaire?")
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise MandateFileError(f"{where}: not readable JSON ({error}): export it again") from error
    if not isinstance(document, dict):
        raise MandateFileError(f"{where}: the file must hold one JSON object, as `hailong questionnaire export` writes")
    _check_depth(document, where, DEEPEST)
    return document


def write_document(questionnaire: Questionnaire) -> Document:
    """The document that reads back as this version."""
    document: Document = {
        "code": questionnaire.code,
        "version": questionnaire.version,
        "valid_from": questionnaire.valid_from.isoformat(),
        "title": dict(questionnaire.title),
        "intro": dict(questionnaire.intro),
        "sources": [source.code for source in questionnaire.sources],
        "languages_status": dict(questionnaire.languages_status),
        "section": [_section(section) for section in questionnaire.sections],
    }
    if questionnaire.sector:
        document["sector"] = questionnaire.sector
    if questionnaire.steps:
        document["steps"] = [[section.code for section in step] for step in questionnaire.steps]
    return document


def format_document(document: Mapping[str, Any]) -> str:
    """A document as JSON that people can read, the same text on every machine."""
    return json.dumps(document, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def _section(section: Section) -> Document:
    return {"code": section.code, "title": dict(section.title), "item": [_item(item) for item in section.items]}


def _item(item: Item) -> Document:
    values: Document = {"code": item.code, "kind": item.kind, "text": dict(item.text)}
    for name in ("help", "why"):
        text = getattr(item, name)
        if text is not None:
            values[name] = dict(text)
    flags = ("required", "not_applicable", "indexed", "overall")
    values |= {name: True for name in flags if getattr(item, name)}
    if item.show_if is not None:
        values["show_if"] = plain(item.show_if)
    if item.kind == "choice":
        values["choice"] = [_choice(choice) for choice in item.choices]
    return values


def _choice(choice: Choice) -> Document:
    score = {} if choice.score is None else {"score": choice.score}
    return {"code": choice.code, "text": dict(choice.text), **score}


def _date(value: object, where: str) -> datetime.date:
    try:
        return datetime.date.fromisoformat(unicodedata.normalize("NFC", str(value)))
    except ValueError as error:
        raise MandateFileError(f"{where}: valid_from must be a date written as YYYY-MM-DD") from error


def _check_depth(value: object, where: str, left: int) -> None:
    if left == 0:
        raise MandateFileError(f"{where}: the JSON is nested too deeply: is this a questionnaire?")
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for each in inner:
        _check_depth(each, where, left - 1)
