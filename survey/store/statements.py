"""What a judged agency says beside its figure, version by version."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, func, insert, select

from survey.store.tables import agency_statement


@dataclass(frozen=True, slots=True)
class Statement:
    release_code: str
    agency_code: str
    number: int
    text: str
    signed_by: str
    signed_on: date


def add_statement(connection: Connection, release_code: str, agency: str, text: str, by: str, on: date) -> int:
    """Keep a version; its number."""
    columns = agency_statement.c
    mine = (columns.release_code == release_code) & (columns.agency_code == agency)
    number = (connection.scalar(select(func.max(columns.number)).where(mine)) or 0) + 1
    values = {"release_code": release_code, "agency_code": agency, "number": number, "text": text}
    connection.execute(insert(agency_statement).values(**values, signed_by=by, signed_on=on))
    return number


def list_statements(connection: Connection, release_codes: Collection[str], agency: str) -> list[Statement]:
    """The version that stands of an agency's statement on each of these releases; an empty one was taken back."""
    columns = agency_statement.c
    query = select(agency_statement).where(columns.agency_code == agency, columns.release_code.in_(release_codes))
    rows = connection.execute(query.order_by(columns.release_code, columns.number)).mappings()
    newest = {row["release_code"]: Statement(**row) for row in rows}
    return [each for each in newest.values() if each.text]
