"""On which day a wave's figures are to be published; a day that is moved stays told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, insert, select

from survey.store.tables import release_plan


@dataclass(frozen=True, slots=True)
class Plan:
    wave_code: str
    number: int
    due_on: date
    reason: str
    set_by: str
    set_on: date


def list_plans(connection: Connection) -> dict[str, list[Plan]]:
    """Every planned day of every wave, oldest first."""
    found: dict[str, list[Plan]] = {}
    query = select(release_plan).order_by(release_plan.c.wave_code, release_plan.c.number)
    for row in connection.execute(query).mappings():
        found.setdefault(row["wave_code"], []).append(Plan(**row))
    return found


def add_plan(connection: Connection, wave_code: str, due_on: date, reason: str, by: str, on: date) -> None:
    number = len(list_plans(connection).get(wave_code, ())) + 1
    values = {"wave_code": wave_code, "number": number, "due_on": due_on, "reason": reason}
    connection.execute(insert(release_plan).values(**values, set_by=by, set_on=on))
