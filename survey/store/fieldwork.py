"""Household waves: villages, their lists, drawn households, calls and rosters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from survey.store.sql import insert_many
from survey.store.tables import household, household_call, household_list, invitation, psu
from survey.store.tables.fieldwork import OUTCOMES

__all__ = ["OUTCOMES"]


@dataclass(frozen=True, slots=True)
class Psu:
    """A village of the frame; `probability` of being drawn, None while it is not."""

    wave_code: str
    code: str
    stratum_code: str
    name: str
    households: int
    probability: float | None = None
    seed: str | None = None
    interviewer: str | None = None


@dataclass(frozen=True, slots=True)
class HouseholdList:
    """Who listed a village's households and when, and how they were drawn; `probability` given the village."""

    wave_code: str
    psu_code: str
    listed_by: str
    listed_on: date
    households: int
    digest: bytes
    drawn_by: str | None = None
    drawn_on: date | None = None
    seed: str | None = None
    probability: float | None = None


@dataclass(frozen=True, slots=True)
class Household:
    """A line of a list; `position` is its place in the sample of its stratum once it was drawn."""

    wave_code: str
    psu_code: str
    number: int
    address: str
    drawn: bool = False
    stratum_code: str | None = None
    position: int | None = None
    adults: int | None = None
    drawn_adult: int | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """One attempt at a household, with its AAPOR outcome."""

    wave_code: str
    psu_code: str
    number: int
    attempt: int
    outcome: str
    called_on: date
    interviewer: str
    receipt_hash: bytes | None = None


def add_psus(connection: Connection, psus: Sequence[Psu]) -> None:
    insert_many(connection, psu, [_values(each) for each in psus])


def list_psus(connection: Connection, wave_code: str) -> list[Psu]:
    """Every village of a wave's frame, by stratum and code."""
    query = select(psu).where(psu.c.wave_code == wave_code).order_by(psu.c.stratum_code, psu.c.code)
    return [Psu(**row) for row in connection.execute(query).mappings()]


def has_psus(connection: Connection, wave_code: str) -> bool:
    """Whether a wave asks at doors."""
    return connection.scalar(select(psu.c.code).where(psu.c.wave_code == wave_code).limit(1)) is not None


def list_psus_of(connection: Connection, interviewer: str) -> list[Psu]:
    """The drawn villages where somebody works, in every wave."""
    query = select(psu).where(psu.c.interviewer == interviewer, psu.c.probability.is_not(None))
    return [Psu(**row) for row in connection.execute(query.order_by(psu.c.wave_code, psu.c.code)).mappings()]


def find_psu(connection: Connection, wave_code: str, code: str) -> Psu | None:
    query = select(psu).where(psu.c.wave_code == wave_code, psu.c.code == code)
    row = connection.execute(query).mappings().one_or_none()
    return Psu(**row) if row else None


def change_psu(connection: Connection, wave_code: str, code: str, **values: Any) -> None:
    connection.execute(update(psu).where(psu.c.wave_code == wave_code, psu.c.code == code).values(values))


def find_list(connection: Connection, wave_code: str, psu_code: str) -> HouseholdList | None:
    query = select(household_list).where(household_list.c.wave_code == wave_code, household_list.c.psu_code == psu_code)
    row = connection.execute(query).mappings().one_or_none()
    return HouseholdList(**row) if row else None


def list_lists(connection: Connection, wave_code: str) -> dict[str, HouseholdList]:
    """The list of each village that has one."""
    query = select(household_list).where(household_list.c.wave_code == wave_code)
    return {row["psu_code"]: HouseholdList(**row) for row in connection.execute(query).mappings()}


def replace_list(connection: Connection, new: HouseholdList, addresses: Sequence[str]) -> None:
    """Keep a village's list in place of an earlier one; the caller knows that nobody was drawn from that."""
    for table in (household, household_list):
        connection.execute(delete(table).where(table.c.wave_code == new.wave_code, table.c.psu_code == new.psu_code))
    connection.execute(insert(household_list).values(_values(new)))
    rows = [
        {"wave_code": new.wave_code, "psu_code": new.psu_code, "number": number, "address": address}
        for number, address in enumerate(addresses, start=1)
    ]
    insert_many(connection, household, rows)


def change_list(connection: Connection, wave_code: str, psu_code: str, **values: Any) -> None:
    changed = update(household_list).where(
        household_list.c.wave_code == wave_code, household_list.c.psu_code == psu_code
    )
    connection.execute(changed.values(values))


def list_households(connection: Connection, wave_code: str, psu_code: str) -> list[Household]:
    """The drawn households of a village, by their line on the list."""
    query = select(household).where(
        household.c.wave_code == wave_code, household.c.psu_code == psu_code, household.c.drawn
    )
    return [Household(**row) for row in connection.execute(query.order_by(household.c.number)).mappings()]


def find_household(connection: Connection, wave_code: str, psu_code: str, number: int) -> Household | None:
    query = select(household).where(
        household.c.wave_code == wave_code, household.c.psu_code == psu_code, household.c.number == number
    )
    row = connection.execute(query).mappings().one_or_none()
    return Household(**row) if row else None


def change_household(connection: Connection, each: Household, **values: Any) -> None:
    changed = update(household).where(
        household.c.wave_code == each.wave_code,
        household.c.psu_code == each.psu_code,
        household.c.number == each.number,
    )
    connection.execute(changed.values(values))


def find_token_hash(connection: Connection, each: Household) -> bytes | None:
    """What a drawn household's answer spends."""
    query = select(invitation.c.token_hash).where(
        invitation.c.wave_code == each.wave_code,
        invitation.c.stratum_code == each.stratum_code,
        invitation.c.position == each.position,
    )
    found: bytes | None = connection.scalar(query)
    return found


def find_last_position(connection: Connection, wave_code: str, stratum_code: str) -> int:
    """The highest place of a stratum's sample, 0 where there is none."""
    query = select(func.max(invitation.c.position)).where(
        invitation.c.wave_code == wave_code, invitation.c.stratum_code == stratum_code
    )
    return connection.scalar(query) or 0


def add_call(connection: Connection, call: Call) -> None:
    connection.execute(insert(household_call).values(_values(call)))


def knows_call(connection: Connection, receipt_hash: bytes) -> bool:
    """Whether a device brought this attempt before."""
    query = select(household_call.c.attempt).where(household_call.c.receipt_hash == receipt_hash)
    return connection.scalar(query) is not None


def list_calls(connection: Connection, wave_code: str, psu_code: str) -> dict[int, list[Call]]:
    """Every attempt in a village, by household, in order."""
    query = select(household_call).where(household_call.c.wave_code == wave_code, household_call.c.psu_code == psu_code)
    calls: dict[int, list[Call]] = {}
    for row in connection.execute(query.order_by(household_call.c.number, household_call.c.attempt)).mappings():
        calls.setdefault(row["number"], []).append(Call(**row))
    return calls


def list_lines_with_address(connection: Connection, wave_code: str) -> list[tuple[str, int]]:
    """Village and line of each household of a wave whose address is still here."""
    kept = (household.c.wave_code == wave_code) & (household.c.address != "")
    query = select(household.c.psu_code, household.c.number).where(kept)
    return [(code, number) for code, number in connection.execute(query.order_by(*query.selected_columns))]


def forget_households(connection: Connection, wave_code: str) -> int:
    """Empty the addresses and rosters of a wave; how many had one."""
    condition = (household.c.wave_code == wave_code) & (household.c.address != "")
    values: Mapping[str, Any] = {"address": "", "adults": None, "drawn_adult": None}
    return connection.execute(update(household).where(condition).values(values)).rowcount


def _values(row: Any) -> dict[str, Any]:
    return {name: getattr(row, name) for name in type(row).__slots__}
