"""Looking a version of a questionnaire up: the package's, or one that was built in this installation."""

from __future__ import annotations

from survey.mandate.questionnaires import Questionnaire
from survey.store import questionnaires
from survey.store.database import Database


def load_version(database: Database, name: str) -> Questionnaire:
    """The version called "procedures@1", or "procedures" for the latest. Raises UnknownQuestionnaire."""
    with database.reading() as connection:
        return questionnaires.load_version(connection, name)


def list_versions(database: Database) -> list[Questionnaire]:
    """Every published version: the package's, then those that were built here."""
    with database.reading() as connection:
        return questionnaires.list_versions(connection)


def list_languages(database: Database, version: Questionnaire, purpose: str) -> tuple[str, ...]:
    """In which languages a wave of this purpose is asked: drafts serve only pilots."""
    with database.reading() as connection:
        return questionnaires.list_languages(connection, version, purpose)
