"""Questionnaires that are built here: published versions with who built them, drafts, signatures of languages."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, RowMapping, delete, func, insert, select, update

from survey.mandate.documents import parse_document, read_document
from survey.mandate.errors import UnknownQuestionnaire
from survey.mandate.questionnaires import Questionnaire, find_questionnaire, load_questionnaires
from survey.mandate.text import FIRST_LANGUAGE, LANGUAGES
from survey.store.database import KNOWN_SIGNED, KNOWN_VERSIONS
from survey.store.sql import insert_once
from survey.store.tables import questionnaire, questionnaire_draft, questionnaire_origin, questionnaire_signature

OFFICIAL = "official"


@dataclass(frozen=True, slots=True)
class Draft:
    """The next version of a questionnaire as it stands. `authors` are all who changed it; nobody of them publishes."""

    code: str
    body: str
    revision: int
    authors: tuple[str, ...]
    based_on: str | None
    bridge: str
    changed_on: date


@dataclass(frozen=True, slots=True)
class Origin:
    """Who built and who published a version, what it was made from, and how its figures join those before."""

    code: str
    version: int
    authors: tuple[str, ...]
    published_by: str
    based_on: str | None
    bridge: str
    published_on: date


@dataclass(frozen=True, slots=True)
class Signature:
    """A named reviewer stands behind a language of a version."""

    code: str
    version: int
    language: str
    reviewer: str
    recorded_by: str
    signed_on: date


def load_version(connection: Connection, name: str) -> Questionnaire:
    """The version called "code@version", or the latest of a code: of the package, or built here. A version never
    changes, so this installation reads each of its own once. Raises UnknownQuestionnaire."""
    known: dict[str, Questionnaire] = connection.get_execution_options()[KNOWN_VERSIONS]
    found = known.get(name) or find_questionnaire(name) or _read_built(connection, name)
    if found is None:
        raise UnknownQuestionnaire(f"No questionnaire {name!r}: use one of {', '.join(load_questionnaires())}")
    return known.setdefault(found.key, found)


def list_languages(connection: Connection, version: Questionnaire, purpose: str) -> tuple[str, ...]:
    """In which languages a wave of this purpose is asked. A signature is never taken back, so a version of which all
    languages are signed is looked up once."""
    known: set[str] = connection.get_execution_options()[KNOWN_SIGNED]
    if purpose != OFFICIAL or version.key in known:
        return LANGUAGES
    signed = {each.language for each in list_signatures(connection, version.code, version.version)}
    offered = offered_languages(purpose, signed)
    if offered == LANGUAGES:
        known.add(version.key)
    return offered


def offered_languages(purpose: str, signed: Collection[str]) -> tuple[str, ...]:
    """An official wave is asked in Vietnamese, which was published, and in what a named reviewer signed; drafts serve
    only pilots."""
    if purpose != OFFICIAL:
        return LANGUAGES
    return tuple(each for each in LANGUAGES if each == FIRST_LANGUAGE or each in signed)


def list_versions(connection: Connection) -> list[Questionnaire]:
    """Every published version: the package's, then those that were built here, by code and number."""
    built = [load_version(connection, f"{each.code}@{each.version}") for each in list_origins(connection)]
    return [*load_questionnaires().values(), *built]


def add_version(
    connection: Connection,
    version: Questionnaire,
    document: str,
    *,
    draft: Draft,
    published_by: str,
    today: date,
) -> bool:
    """Publish a version with its origin; False when its number is taken."""
    values = {
        "code": version.code,
        "version": version.version,
        "body": version.canonical,
        "digest": bytes.fromhex(version.digest),
        "published_on": today,
    }
    if not insert_once(connection, questionnaire, values):
        return False
    connection.execute(
        insert(questionnaire_origin).values(
            code=version.code,
            version=version.version,
            document=document,
            authors=_list_text(draft.authors),
            published_by=published_by,
            based_on=draft.based_on,
            bridge=draft.bridge,
        )
    )
    return True


def find_origin(connection: Connection, code: str, version: int) -> Origin | None:
    """Who built a version; None for the package's own."""
    found = [each for each in list_origins(connection, code) if each.version == version]
    return found[0] if found else None


def list_origins(connection: Connection, code: str | None = None) -> list[Origin]:
    """Every version that was built here, by code and number."""
    origin, body = questionnaire_origin.c, questionnaire.c
    query = (
        select(questionnaire_origin, body.published_on)
        .join(questionnaire, (origin.code == body.code) & (origin.version == body.version))
        .order_by(origin.code, origin.version)
    )
    if code is not None:
        query = query.where(origin.code == code)
    return [_origin(row) for row in connection.execute(query).mappings()]


def count_versions(connection: Connection, code: str) -> int:
    """The number of the newest version of a code; 0 before the first."""
    newest = select(func.max(questionnaire.c.version)).where(questionnaire.c.code == code)
    return connection.scalars(newest).one() or 0


def find_draft(connection: Connection, code: str) -> Draft | None:
    query = select(questionnaire_draft).where(questionnaire_draft.c.code == code)
    row = connection.execute(query).mappings().one_or_none()
    return _draft(row) if row else None


def list_drafts(connection: Connection) -> list[Draft]:
    """Every draft, by code."""
    query = select(questionnaire_draft).order_by(questionnaire_draft.c.code)
    return [_draft(row) for row in connection.execute(query).mappings()]


def add_draft(connection: Connection, draft: Draft) -> bool:
    """Keep a new draft; False when there is one of this code."""
    return insert_once(connection, questionnaire_draft, _draft_values(draft))


def change_draft(connection: Connection, draft: Draft, *, revision: int) -> bool:
    """Write a draft over the one with this revision; False when somebody else changed it meanwhile."""
    same = (questionnaire_draft.c.code == draft.code) & (questionnaire_draft.c.revision == revision)
    changed = connection.execute(update(questionnaire_draft).where(same).values(**_draft_values(draft)))
    return changed.rowcount == 1


def remove_draft(connection: Connection, code: str) -> None:
    connection.execute(delete(questionnaire_draft).where(questionnaire_draft.c.code == code))


def add_signature(connection: Connection, signature: Signature) -> bool:
    """Keep a signature; False when this language of the version is signed already."""
    values = {name: getattr(signature, name) for name in Signature.__slots__}
    return insert_once(connection, questionnaire_signature, values)


def list_signatures(connection: Connection, code: str, version: int) -> list[Signature]:
    """Who stands behind which language of a version."""
    signed = questionnaire_signature.c
    query = select(questionnaire_signature).where(signed.code == code, signed.version == version)
    return [Signature(**row) for row in connection.execute(query.order_by(signed.language)).mappings()]


def _read_built(connection: Connection, name: str) -> Questionnaire | None:
    code, _, number = name.partition("@")
    if number and not _is_number(number):
        return None
    text = _find_document(connection, code, int(number) if number else None)
    return None if text is None else read_document(parse_document(text, name), name)


def _find_document(connection: Connection, code: str, version: int | None) -> str | None:
    origin = questionnaire_origin.c
    query = select(origin.document).where(origin.code == code).order_by(origin.version.desc()).limit(1)
    if version is not None:
        query = query.where(origin.version == version)
    return connection.scalars(query).first()


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 7


def _list_text(names: Sequence[str]) -> str:
    return json.dumps(list(names), ensure_ascii=False)


def _draft_values(draft: Draft) -> dict[str, Any]:
    values = {name: getattr(draft, name) for name in Draft.__slots__}
    return values | {"authors": _list_text(draft.authors)}


def _draft(row: RowMapping) -> Draft:
    return Draft(**{**dict(row), "authors": tuple(json.loads(row["authors"]))})


def _origin(row: RowMapping) -> Origin:
    values = {name: row[name] for name in Origin.__slots__}
    return Origin(**{**values, "authors": tuple(json.loads(row["authors"]))})
