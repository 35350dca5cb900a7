"""Building a questionnaire: a draft that several people may change, and a version that somebody else publishes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date

from survey.actions.editing_lines import Rejected
from survey.actions.reading_csv import is_code
from survey.actions.versions import load_version
from survey.mandate.differences import Difference, list_differences
from survey.mandate.digests import write_canonical
from survey.mandate.documents import Document, format_document, parse_document, read_document, write_document
from survey.mandate.errors import MandateFileError, UnknownQuestionnaire
from survey.mandate.questionnaires import Questionnaire, load_questionnaires
from survey.mandate.text import FIRST_LANGUAGE, LANGUAGES
from survey.store import questionnaires as shelf
from survey.store.audits import By
from survey.store.database import Database
from survey.store.questionnaires import Draft, Signature

IN_USE = "in use"
AWAITED = "draft until a named reviewer signs"
SHORTEST_REVIEWER = 3
LONGEST_NOTE = 2000


class NoDraft(LookupError):
    """There is no draft of this code."""


class DraftExists(ValueError):
    """There is a draft, or a questionnaire of the package, of this code."""


class DraftChanged(RuntimeError):
    """Somebody else changed the draft meanwhile."""


class NotPublishable(ValueError):
    """The draft lacks something; the message says what."""


class SameAuthor(PermissionError):
    """Whoever changed a draft cannot publish it: a second person does."""


class BridgeNeeded(ValueError):
    """A change breaks the trend and nobody has said how figures before and after relate."""


class NotSigned(ValueError):
    """The signature cannot be recorded; the message says why."""


@dataclass(frozen=True, slots=True)
class Review:
    """A draft as it would be published: the version, or why there is none yet, and what changed since its base."""

    draft: Draft
    document: Document
    version: Questionnaire | None
    problem: str | None
    differences: tuple[Difference, ...]

    @property
    def needs_bridge(self) -> bool:
        """Whether figures before and after need a note."""
        return any(each.breaks_trend for each in self.differences)


def start_draft(database: Database, code: str, title: str, *, base: str | None = None, by: By, today: date) -> Draft:
    """Begin the next version of a questionnaire: of its latest version, of another as `base`, or from one question.

    The codes of the package are the package's: a province that changes one gives it a code of its own.
    Raises DraftExists, Rejected or UnknownQuestionnaire.
    """
    if not is_code(code):
        raise Rejected("bad_code", code)
    if code in {version.code for version in load_questionnaires().values()}:
        raise DraftExists(f"{code} is a questionnaire of the package, which never changes here: choose another code.")
    latest = _latest(database, code)
    start = latest if latest is not None else load_version(database, base or "onequestion")
    document = write_document(start) | {"code": code, "valid_from": today.isoformat()}
    if latest is None and title:
        document["title"] = {FIRST_LANGUAGE: title}
    return add_document(database, document, by=by, today=today, based_on=start.key if latest or base else None)


def add_document(database: Database, document: Document, *, by: By, today: date, based_on: str | None = None) -> Draft:
    """Keep a document, made here or imported, as the draft of its code. Raises DraftExists or Rejected."""
    code = str(document.get("code", ""))
    if not is_code(code) or code in {version.code for version in load_questionnaires().values()}:
        raise Rejected("bad_code", code)
    latest = _latest(database, code)
    kept = _settled(document, today)
    draft = Draft(code, write_canonical(kept), 1, (by.actor,), latest.key if latest else based_on, "", today)
    with database.writing("add-draft") as connection:
        if not shelf.add_draft(connection, draft):
            raise DraftExists(f"There is a draft of {code} already. Publish it or throw it away first.")
        by.record(connection, "questionnaire-drafted", code, based_on=draft.based_on or "")
    return draft


def find_draft(database: Database, code: str) -> Draft:
    """Raises NoDraft."""
    with database.reading() as connection:
        draft = shelf.find_draft(connection, code)
    if draft is None:
        raise NoDraft(f"There is no draft of {code}. `hailong questionnaire list` shows drafts and versions.")
    return draft


def edit_draft(
    database: Database, code: str, edit: Callable[[Document], Document], *, revision: int | None, by: By, today: date
) -> Draft:
    """Write what `edit` makes of the draft. `revision` is the one that was shown, None for whichever there is.

    Raises NoDraft, Rejected, or DraftChanged when somebody else changed it meanwhile: nothing is overwritten unseen.
    """
    draft = find_draft(database, code)
    changed = edit(parse_document(draft.body, code))
    return _save(database, draft, replace(draft, body=write_canonical(_settled(changed, today))), revision, by, today)


def note_bridge(database: Database, code: str, note: str, *, revision: int | None, by: By, today: date) -> Draft:
    """Say how figures of the new version relate to those before."""
    if len(note) > LONGEST_NOTE:
        raise Rejected("too_long", "bridge")
    draft = find_draft(database, code)
    return _save(database, draft, replace(draft, bridge=note.strip()), revision, by, today)


def throw_away(database: Database, code: str, *, by: By) -> None:
    """Remove a draft; published versions stay. Raises NoDraft."""
    find_draft(database, code)
    with database.writing("remove-draft") as connection:
        shelf.remove_draft(connection, code)
        by.record(connection, "questionnaire-draft-removed", code)


def review(database: Database, code: str) -> Review:
    """The draft as it would be published today. Raises NoDraft."""
    draft = find_draft(database, code)
    document = parse_document(draft.body, code)
    try:
        version, problem = read_document({**document, "version": _next_number(database, code)}, code), None
    except MandateFileError as error:
        version, problem = None, str(error)
    base = _base(database, draft)
    found = list_differences(base, version) if base is not None and version is not None else ()
    return Review(draft, document, version, problem, found)


def publish_draft(database: Database, code: str, *, by: By, today: date, revision: int | None = None) -> Questionnaire:
    """Make the draft a version that never changes.

    Raises NoDraft, DraftChanged, NotPublishable, SameAuthor, BridgeNeeded.
    """
    found = review(database, code)
    draft = found.draft
    if revision is not None and revision != draft.revision:
        raise DraftChanged(f"The draft of {code} changed after you read it. Read it again before you publish it.")
    if found.version is None:
        raise NotPublishable(f"{found.problem}. Complete the draft first.")
    if by.actor in draft.authors:
        raise SameAuthor(f"You changed the draft of {code}. Somebody else must read it and publish it.")
    if found.needs_bridge and not draft.bridge:
        raise BridgeNeeded("A change breaks the trend. Write how figures before and after relate, then publish.")
    version = found.version
    with database.writing("publish-questionnaire") as connection:
        if shelf.find_draft(connection, code) != draft:
            raise DraftChanged(f"The draft of {code} changed after you read it. Read it again before you publish it.")
        document = format_document(write_document(version))
        if not shelf.add_version(connection, version, document, draft=draft, published_by=by.actor, today=today):
            raise DraftChanged(f"{version.key} was published meanwhile. Read the draft again.")
        shelf.remove_draft(connection, code)
        by.record(connection, "questionnaire-published", version.key, digest=version.digest)
    return version


def sign_language(database: Database, name: str, language: str, reviewer: str, *, by: By, today: date) -> Signature:
    """Record that a named reviewer stands behind a language of a version; it is no draft from then on.

    Raises UnknownQuestionnaire or NotSigned.
    """
    version = load_version(database, name)
    if language not in LANGUAGES:
        raise NotSigned(f"No such language: {language}. Use one of {', '.join(LANGUAGES)}.")
    if len(reviewer.strip()) < SHORTEST_REVIEWER or not reviewer.strip().isprintable():
        raise NotSigned("Write who reviewed the language: name and office.")
    lacking = missing_wordings(version, language)
    if lacking:
        raise NotSigned(f"{version.key} has no {language} wording for {', '.join(lacking)}: translate it first.")
    signature = Signature(version.code, version.version, language, reviewer.strip(), by.actor, today)
    with database.writing("sign-language") as connection:
        origin = shelf.find_origin(connection, version.code, version.version)
        if origin is not None and by.actor in origin.authors:
            raise NotSigned("You wrote this version. Somebody else must record who reviewed it.")
        if not shelf.add_signature(connection, signature):
            raise NotSigned(f"{language} of {version.key} is signed already.")
        by.record(connection, "language-signed", version.key, language=language, reviewer=signature.reviewer)
    return signature


def language_states(database: Database, version: Questionnaire) -> dict[str, Signature | None]:
    """Who signed each language; Vietnamese needs nobody where the package or a publisher vouches for it."""
    with database.reading() as connection:
        signed = {each.language: each for each in shelf.list_signatures(connection, version.code, version.version)}
    return {language: signed.get(language) for language in LANGUAGES}


def signed_languages(database: Database, version: Questionnaire) -> tuple[str, ...]:
    """The languages that an official wave may be asked in: Vietnamese, which was published, and what is signed."""
    with database.reading() as connection:
        return shelf.list_languages(connection, version, shelf.OFFICIAL)


def missing_wordings(version: Questionnaire, language: str) -> list[str]:
    """Codes of the items, or the names of other texts, that lack a wording in a language."""
    lacking = [name for name in ("title", "intro") if language not in getattr(version, name)]
    lacking += [section.code for section in version.sections if language not in section.title]
    for item in version.items:
        texts = (item.text, item.help, item.why, *(choice.text for choice in item.choices))
        if any(text is not None and language not in text for text in texts):
            lacking.append(item.code)
    return lacking


def _save(database: Database, old: Draft, new: Draft, revision: int | None, by: By, today: date) -> Draft:
    shown = old.revision if revision is None else revision
    authors = old.authors if by.actor in old.authors else (*old.authors, by.actor)
    saved = replace(new, revision=shown + 1, authors=authors, changed_on=today)
    with database.writing("change-draft") as connection:
        if not shelf.change_draft(connection, saved, revision=shown):
            raise DraftChanged(f"Somebody else changed the draft of {old.code}. Load it again and repeat your change.")
    return saved


def _settled(document: Document, today: date) -> Document:
    """What the builder decides itself: the version's number comes with publishing, statuses come with signatures."""
    kept = {key: value for key, value in document.items() if key != "version"}
    kept["languages_status"] = {each: IN_USE if each == FIRST_LANGUAGE else AWAITED for each in LANGUAGES}
    kept.setdefault("valid_from", today.isoformat())
    return kept


def _latest(database: Database, code: str) -> Questionnaire | None:
    try:
        return load_version(database, code)
    except UnknownQuestionnaire:
        return None


def _base(database: Database, draft: Draft) -> Questionnaire | None:
    return load_version(database, draft.based_on) if draft.based_on else None


def _next_number(database: Database, code: str) -> int:
    with database.reading() as connection:
        return shelf.count_versions(connection, code) + 1
