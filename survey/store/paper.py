"""Paper: batches of sheets with the places they may spend, what two people keyed, and what became of each sheet.

Nothing here joins a sheet to a place: a stored sheet spends any place of its batch.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, func, insert, select, update

from survey.store.minting import Place
from survey.store.sql import insert_many, insert_once
from survey.store.tables import (
    invitation,
    paper_batch,
    paper_keying,
    paper_place,
    paper_settlement,
    paper_sheet,
    spent,
)

PRINTED, STORED, REFUSED = "printed", "stored", "refused"


@dataclass(frozen=True, slots=True)
class PaperBatch:
    """Sheets of one stratum that were printed together, in one language."""

    code: str
    wave_code: str
    stratum_code: str
    language: str
    sheets: int
    printed_on: date
    printed_by: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet by its number; `state` is printed, stored or refused."""

    number: str
    batch_code: str
    state: str


@dataclass(frozen=True, slots=True)
class Keying:
    """What one person typed from a sheet: choices by item, and comments until the sheet is stored."""

    sheet: str
    keyer: str
    choices: Mapping[str, str]
    comments: Mapping[str, str]


def add_batch(connection: Connection, batch: PaperBatch, places: Sequence[Place], numbers: Sequence[str]) -> None:
    """Keep a batch, the places that it may spend and the numbers of its sheets, which have no order in common."""
    connection.execute(insert(paper_batch).values({name: getattr(batch, name) for name in PaperBatch.__slots__}))
    rows = [
        {
            "wave_code": each.wave_code,
            "stratum_code": each.stratum_code,
            "position": each.position,
            "batch_code": batch.code,
        }
        for each in places
    ]
    insert_many(connection, paper_place, rows)
    insert_many(connection, paper_sheet, [{"number": each, "batch_code": batch.code} for each in sorted(numbers)])


def find_batch(connection: Connection, code: str) -> PaperBatch | None:
    row = connection.execute(select(paper_batch).where(paper_batch.c.code == code)).mappings().one_or_none()
    return PaperBatch(**row) if row else None


def list_batches(connection: Connection) -> list[PaperBatch]:
    """Every batch, the newest first."""
    query = select(paper_batch).order_by(paper_batch.c.printed_on.desc(), paper_batch.c.code)
    return [PaperBatch(**row) for row in connection.execute(query).mappings()]


def list_sheet_numbers(connection: Connection, batch_code: str) -> list[str]:
    query = select(paper_sheet.c.number).where(paper_sheet.c.batch_code == batch_code)
    return list(connection.scalars(query.order_by(paper_sheet.c.number)))


def find_sheet(connection: Connection, number: str) -> Sheet | None:
    row = connection.execute(select(paper_sheet).where(paper_sheet.c.number == number)).one_or_none()
    return Sheet(*row) if row else None


def add_keying(connection: Connection, keying: Keying) -> bool:
    """Keep what one person typed; False when this person keyed the sheet before."""
    values = {
        "sheet": keying.sheet,
        "keyer": keying.keyer,
        "codes": _json(keying.choices),
        "text": _json(keying.comments),
    }
    return insert_once(connection, paper_keying, values)


def list_keyings(connection: Connection, number: str) -> list[Keying]:
    """Who keyed a sheet and what, by name."""
    query = select(paper_keying).where(paper_keying.c.sheet == number).order_by(paper_keying.c.keyer)
    return [
        Keying(row.sheet, row.keyer, json.loads(row.codes), json.loads(row.text or "{}"))
        for row in connection.execute(query)
    ]


def list_twice_keyed(connection: Connection) -> list[str]:
    """Sheets that two people keyed differently and nobody has settled."""
    keyed = (
        select(paper_keying.c.sheet)
        .join(paper_sheet, paper_sheet.c.number == paper_keying.c.sheet)
        .where(paper_sheet.c.state == PRINTED)
        .group_by(paper_keying.c.sheet)
        .having(func.count() >= 2)
    )
    return list(connection.scalars(keyed.order_by(paper_keying.c.sheet)))


def list_places_left(connection: Connection, batch_code: str) -> list[bytes]:
    """Token hashes of a batch's places that nobody has answered for."""
    query = (
        select(invitation.c.token_hash)
        .join(
            paper_place,
            (paper_place.c.wave_code == invitation.c.wave_code)
            & (paper_place.c.stratum_code == invitation.c.stratum_code)
            & (paper_place.c.position == invitation.c.position),
        )
        .outerjoin(spent, spent.c.token_hash == invitation.c.token_hash)
        .where(paper_place.c.batch_code == batch_code, spent.c.token_hash.is_(None))
    )
    return list(connection.scalars(query.order_by(invitation.c.token_hash)))


def finish_sheet(connection: Connection, number: str, state: str, settled_by: str, differences: int) -> None:
    """Say what became of a sheet and forget the comments that were keyed from it."""
    connection.execute(update(paper_sheet).where(paper_sheet.c.number == number).values(state=state))
    connection.execute(update(paper_keying).where(paper_keying.c.sheet == number).values(text=""))
    values = {"sheet": number, "settled_by": settled_by, "differences": differences}
    connection.execute(insert(paper_settlement).values(values))


def count_sheets(connection: Connection) -> dict[str, dict[str, int]]:
    """Sheets by batch, then by state; `once` and `twice` count the printed ones that were keyed so often."""
    keyings = (
        select(paper_keying.c.sheet, func.count().label("times")).group_by(paper_keying.c.sheet).subquery("keyings")
    )
    query = (
        select(paper_sheet.c.batch_code, paper_sheet.c.state, keyings.c.times, func.count())
        .outerjoin(keyings, keyings.c.sheet == paper_sheet.c.number)
        .group_by(paper_sheet.c.batch_code, paper_sheet.c.state, keyings.c.times)
    )
    counted: dict[str, dict[str, int]] = {}
    for batch_code, state, times, count in connection.execute(query):
        word = {None: PRINTED, 1: "once"}.get(times, "twice") if state == PRINTED else state
        counts = counted.setdefault(batch_code, {})
        counts[word] = counts.get(word, 0) + count
    return counted


def count_differences(connection: Connection, batch_code: str) -> tuple[int, int]:
    """Settled sheets of a batch, and items on them that were keyed differently."""
    query = (
        select(func.count(), func.coalesce(func.sum(paper_settlement.c.differences), 0))
        .join(paper_sheet, paper_sheet.c.number == paper_settlement.c.sheet)
        .where(paper_sheet.c.batch_code == batch_code)
    )
    row = connection.execute(query).one()
    return int(row[0]), int(row[1])


def _json(answers: Mapping[str, str]) -> str:
    return json.dumps(dict(answers), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
