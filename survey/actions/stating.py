"""A judged agency says something beside its figure, signed by whoever answers for it; it can change nothing."""

from __future__ import annotations

from datetime import date

from survey.actions.publishing import LONGEST_NOTE
from survey.actions.reading import UnknownRelease
from survey.store import places, releases, statements
from survey.store.audits import By
from survey.store.database import Database
from survey.store.places import EVERYTHING, Scope
from survey.store.statements import Statement


class NotTheirs(PermissionError):
    """Whoever sees the whole province speaks for no single agency."""


class TooLong(ValueError):
    """More than a statement may hold."""


def may_state(scope: Scope, role: str) -> bool:
    """Whether somebody answers for the agencies in their scope: an official of a part."""
    return role == "official" and scope.area is not None and scope != EVERYTHING


def state(database: Database, release_code: str, agency: str, text: str, *, scope: Scope, by: By, on: date) -> None:
    """Keep a version of the statement; an empty one takes it back. Raises UnknownRelease, NotTheirs, TooLong."""
    said = "\n".join(line.strip() for line in text.strip().splitlines())
    if len(said) > LONGEST_NOTE:
        raise TooLong(str(len(said)))
    with database.writing("state") as connection:
        release = releases.find_release(connection, release_code)
        if release is None or release.published_on is None:
            raise UnknownRelease(release_code)
        if scope.area is None or agency not in places.list_agencies(connection, scope):
            raise NotTheirs(agency)
        if not releases.list_place(connection, release_code, "agency", agency):
            raise UnknownRelease(agency)
        number = statements.add_statement(connection, release_code, agency, said, by.actor, on)
        by.record(connection, "agency-stated", f"{release_code} {agency}", version=number)


def read_statements(database: Database, release_codes: list[str], agency: str) -> list[Statement]:
    """What the agency says on these releases."""
    with database.reading() as connection:
        return statements.list_statements(connection, release_codes, agency)
