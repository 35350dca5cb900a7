"""Frames: who could have been asked, stratum by stratum, in append-only versions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select

from survey.store.sql import insert_many, insert_or_skip, pour_in, take_turn
from survey.store.tables import (
    frame,
    frame_applicant,
    frame_fact,
    frame_stratum,
    frame_unit,
    independent_total,
    stratum,
)


@dataclass(frozen=True, slots=True)
class Stratum:
    """A stratum of a wave with its population N in one version of the frame."""

    code: str
    agency_code: str
    sector_code: str | None
    procedure_code: str | None
    population: int


@dataclass(frozen=True, slots=True)
class Frame:
    """A version of a wave's frame: the file or feed it came from, and how many it holds."""

    version: int
    source: str
    loaded_on: date
    population: int


def hold_turn(connection: Connection, wave_code: str) -> None:
    """Until the transaction ends nobody else versions this wave's frame or draws from it."""
    take_turn(connection, f"frame/{wave_code}")


def list_frames(connection: Connection, wave_code: str) -> list[Frame]:
    """Every version, the newest first."""
    total = func.coalesce(func.sum(frame_stratum.c.population), 0)
    query = (
        select(frame.c.version, frame.c.source, frame.c.loaded_on, total.label("population"))
        .join(
            frame_stratum,
            (frame_stratum.c.wave_code == frame.c.wave_code) & (frame_stratum.c.frame_version == frame.c.version),
        )
        .where(frame.c.wave_code == wave_code)
        .group_by(frame.c.version, frame.c.source, frame.c.loaded_on)
        .order_by(frame.c.version.desc())
    )
    return [Frame(row.version, row.source, row.loaded_on, int(row.population)) for row in connection.execute(query)]


def add_facts(connection: Connection, wave_code: str, version: int, counts: Mapping[tuple[str, str, str], int]) -> None:
    """Keep how many transactions of each stratum had which property: counts by (stratum, field, value)."""
    rows = [
        {
            "wave_code": wave_code,
            "frame_version": version,
            "stratum_code": code,
            "field": field,
            "value": value,
            "count": count,
        }
        for (code, field, value), count in sorted(counts.items())
    ]
    insert_many(connection, frame_fact, rows)


def list_facts(connection: Connection, wave_code: str, version: int) -> dict[tuple[str, str, str], int]:
    """The same counts of one version."""
    kept = frame_fact.c
    query = select(kept.stratum_code, kept.field, kept.value, kept.count)
    rows = connection.execute(query.where(kept.wave_code == wave_code, kept.frame_version == version))
    return {(code, field, value): count for code, field, value, count in rows}


def add_independent_totals(
    connection: Connection, wave_code: str, totals: Mapping[str, int], *, source: str, source_digest: bytes, on: date
) -> int:
    """Keep a new version of what somebody else counted, agency by agency; its number."""
    newest = select(func.max(independent_total.c.version)).where(independent_total.c.wave_code == wave_code)
    version = (connection.scalar(newest) or 0) + 1
    rows = [
        {
            "wave_code": wave_code,
            "agency_code": agency,
            "version": version,
            "population": population,
            "source": source,
            "source_digest": source_digest,
            "loaded_on": on,
        }
        for agency, population in sorted(totals.items())
    ]
    insert_many(connection, independent_total, rows)
    return version


def list_independent_totals(connection: Connection, wave_code: str) -> dict[str, int]:
    """What somebody else counted, by agency, in the newest version."""
    kept = independent_total.c
    newest = select(func.max(kept.version)).where(kept.wave_code == wave_code).scalar_subquery()
    query = select(kept.agency_code, kept.population).where(kept.wave_code == wave_code, kept.version == newest)
    return {agency: population for agency, population in connection.execute(query)}


def add_frame(
    connection: Connection,
    wave_code: str,
    strata: Sequence[Stratum],
    *,
    source: str,
    source_digest: bytes,
    on: date,
) -> int:
    """Keep a new version of a wave's frame; its number."""
    version = (find_frame_version(connection, wave_code) or 0) + 1
    connection.execute(
        insert(frame).values(
            wave_code=wave_code, version=version, source=source, source_digest=source_digest, loaded_on=on
        )
    )
    add_strata(connection, wave_code, strata)
    totals = [
        {"wave_code": wave_code, "frame_version": version, "stratum_code": each.code, "population": each.population}
        for each in strata
    ]
    insert_many(connection, frame_stratum, totals)
    return version


def add_strata(connection: Connection, wave_code: str, strata: Sequence[Stratum]) -> None:
    """Keep who the strata of a wave are, whether or not a frame says how many stand in them."""
    for each in strata:
        connection.execute(insert_or_skip(connection, stratum).values(_identity(wave_code, each)))


def add_units(connection: Connection, wave_code: str, units: Sequence[tuple[str, int, bytes]]) -> None:
    """Keep the keyed hashes of the frame's units: stratum, place in it, hash."""
    rows = [(wave_code, code, position, unit_hash) for code, position, unit_hash in units]
    pour_in(connection, frame_unit, ("wave_code", "stratum_code", "position", "unit_hash"), rows)


def remove_units(connection: Connection, wave_code: str) -> None:
    """Forget a wave's units, so that a corrected frame can name them again; only before anybody is drawn."""
    connection.execute(delete(frame_unit).where(frame_unit.c.wave_code == wave_code))
    connection.execute(delete(frame_applicant).where(frame_applicant.c.wave_code == wave_code))


def add_applicants(connection: Connection, wave_code: str, hashes: Sequence[bytes]) -> None:
    """Remember who is counted in a wave; whoever is remembered already stays."""
    rows = [{"wave_code": wave_code, "applicant_hash": each} for each in hashes]
    if rows:
        connection.execute(insert_or_skip(connection, frame_applicant), rows)


def list_applicants_among(connection: Connection, wave_code: str, hashes: Sequence[bytes]) -> set[bytes]:
    """Those of some applicants who are counted already; at most a few hundred at a time."""
    known = frame_applicant.c
    query = select(known.applicant_hash).where(known.wave_code == wave_code, known.applicant_hash.in_(hashes))
    return {bytes(each) for each in connection.scalars(query)}


def count_units(connection: Connection, wave_code: str) -> dict[str, int]:
    """Units by stratum, none where the frame holds totals only."""
    query = select(frame_unit.c.stratum_code, func.count()).where(frame_unit.c.wave_code == wave_code)
    return {code: count for code, count in connection.execute(query.group_by(frame_unit.c.stratum_code))}


def find_units(connection: Connection, wave_code: str, unit_hashes: Sequence[bytes]) -> dict[bytes, str]:
    """The strata of those of some units that the frame holds; at most a few hundred hashes at a time."""
    query = select(frame_unit.c.unit_hash, frame_unit.c.stratum_code)
    rows = connection.execute(query.where(frame_unit.c.wave_code == wave_code, frame_unit.c.unit_hash.in_(unit_hashes)))
    return {unit_hash: code for unit_hash, code in rows}


def find_frame_version(connection: Connection, wave_code: str) -> int | None:
    version: int | None = connection.scalar(select(func.max(frame.c.version)).where(frame.c.wave_code == wave_code))
    return version


def find_frame_digest(connection: Connection, wave_code: str, version: int) -> bytes | None:
    query = select(frame.c.source_digest).where(frame.c.wave_code == wave_code, frame.c.version == version)
    return connection.scalars(query).first()


def list_strata(connection: Connection, wave_code: str, version: int) -> list[Stratum]:
    """Strata of one version of the frame, by code."""
    query = (
        select(
            stratum.c.code,
            stratum.c.agency_code,
            stratum.c.sector_code,
            stratum.c.procedure_code,
            frame_stratum.c.population,
        )
        .join(
            frame_stratum,
            (frame_stratum.c.wave_code == stratum.c.wave_code) & (frame_stratum.c.stratum_code == stratum.c.code),
        )
        .where(stratum.c.wave_code == wave_code, frame_stratum.c.frame_version == version)
        .order_by(stratum.c.code)
    )
    return [Stratum(**row) for row in connection.execute(query).mappings()]


def list_stratum_agencies(connection: Connection, wave_code: str) -> dict[str, str]:
    """The agency of each stratum of a wave."""
    query = select(stratum.c.code, stratum.c.agency_code).where(stratum.c.wave_code == wave_code)
    return {row.code: row.agency_code for row in connection.execute(query)}


def _identity(wave_code: str, each: Stratum) -> dict[str, Any]:
    return {
        "wave_code": wave_code,
        "code": each.code,
        "agency_code": each.agency_code,
        "sector_code": each.sector_code,
        "procedure_code": each.procedure_code,
    }
