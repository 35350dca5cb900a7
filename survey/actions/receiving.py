"""Transactions that a one-stop system brings by itself: each batch once, then into the next version of the frame.

What is kept of a transaction until then is its keyed hash, its stratum and its categories; then only counts and the
keyed hash stay.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Any

from survey.actions.transactions import TOLD, Known, UnknownPlace, WrongFact, check_dossier, clean, read_known
from survey.keys import Keys
from survey.store import clients, frames, invitations
from survey.store import waves as wave_store
from survey.store.clients import Batch, Waiting
from survey.store.database import Connection, Database
from survey.store.frames import Stratum

MOST_TRANSACTIONS = 1000
LONGEST_KEY = 64
STEP, ADMIT_STEP = "receive", "admit"
SOURCE = "api"
FIELDS = frozenset(("dossier", "agency", "sector", "procedure", *TOLD))


class BadBatch(ValueError):
    """A batch is not shaped as it must be; the message says how."""


class KeyReused(ValueError):
    """An Idempotency-Key came again with another body."""

    def __init__(self) -> None:
        super().__init__("This Idempotency-Key was used for another body: take a new key for a new batch.")


@dataclass(frozen=True, slots=True)
class Received:
    """What became of a batch: JSON, the same each time that the same batch comes."""

    answer: str
    is_repeated: bool


@dataclass(frozen=True, slots=True)
class _Read:
    rows: list[Waiting]
    rejected: list[dict[str, Any]]
    applicants: dict[bytes, bytes]


def receive(
    database: Database, keys: Keys, client_name: str, key: str, body: bytes, parsed: Mapping[str, Any], *, today: date
) -> Received:
    """Take a batch of transactions in; rows that are wrong are answered with their number and the remedy.

    The same key and body again change nothing and are answered the same. Raises BadBatch, KeyReused, UnknownWave or
    NoFrameTaken.
    """
    if not 1 <= len(key) <= LONGEST_KEY or not key.isascii() or not key.isprintable():
        raise BadBatch(f"The header Idempotency-Key must hold 1 to {LONGEST_KEY} printable ASCII letters.")
    digest = sha256(body).digest()
    with database.reading() as connection:
        before = clients.find_batch(connection, client_name, key)
    if before is not None:
        return _repeat(before, digest)
    transactions = _transactions(parsed)
    with database.reading() as connection:
        known = read_known(connection, _wave_code(connection, parsed, today), today)
    read = _read(keys, known, transactions)
    with database.writing(STEP) as connection:
        clients.hold_key(connection, client_name, key)
        before = clients.find_batch(connection, client_name, key)
        if before is not None:
            return _repeat(before, digest)
        held = clients.list_held_units(connection, known.wave.code, [row.unit_hash for row in read.rows])
        new = {row.unit_hash: row for row in read.rows if row.unit_hash not in held}
        merged = _count_once(connection, known.wave.code, new, read.applicants)
        clients.add_waiting(connection, known.wave.code, list(new.values()))
        answer = json.dumps(
            {
                "wave": known.wave.code,
                "accepted": len(new),
                "already": len(read.rows) - len(new) - merged,
                **({"merged": merged} if known.counts_applicants else {}),
                "rejected": read.rejected,
            },
            ensure_ascii=False,
        )
        clients.add_batch(connection, client_name, key, Batch(digest, answer), today)
    return Received(answer, is_repeated=False)


def list_feeds(database: Database, today: date) -> list[dict[str, Any]]:
    """The waves that take answers today, with how many transactions their newest frame holds and how many wait."""
    with database.reading() as connection:
        waiting = clients.count_waiting(connection)
        return [
            {
                "wave": wave.code,
                "opens_on": wave.opens_on,
                "closes_on": wave.closes_on,
                "frame": next((each.population for each in frames.list_frames(connection, wave.code)), 0),
                "waiting": waiting.get(wave.code, 0),
            }
            for wave in wave_store.list_waves(connection, open_on=today)
            if wave.questionnaire_code is not None and wave.voice_of is None
        ]


def admit_transactions(database: Database, today: date) -> int:
    """Bring what waits into a new version of each wave's frame, once a day and wave; how many came in."""
    with database.reading() as connection:
        waiting = clients.count_waiting(connection)
    return sum(_admit(database, code, today) for code in sorted(waiting))


def _admit(database: Database, wave_code: str, today: date) -> int:
    with database.writing(ADMIT_STEP) as connection:
        frames.hold_turn(connection, wave_code)
        if any(each.source == SOURCE and each.loaded_on == today for each in frames.list_frames(connection, wave_code)):
            return 0
        held = frames.count_units(connection, wave_code)
        if not held and invitations.count_invitations(connection, wave_code):
            return 0
        waiting = clients.list_waiting(connection, wave_code)
        there = _held_among(connection, wave_code, [row.unit_hash for row in waiting])
        new = [row for row in waiting if row.unit_hash not in there]
        if new:
            _add_version(connection, wave_code, held, new, today)
        clients.remove_waiting(connection, wave_code)
    return len(new)


def _held_among(connection: Connection, wave_code: str, unit_hashes: Sequence[bytes]) -> set[bytes]:
    held: set[bytes] = set()
    for start in range(0, len(unit_hashes), MOST_TRANSACTIONS):
        held |= frames.find_units(connection, wave_code, unit_hashes[start : start + MOST_TRANSACTIONS]).keys()
    return held


def _add_version(
    connection: Connection, wave_code: str, held: Mapping[str, int], new: Sequence[Waiting], today: date
) -> None:
    populations = Counter(held)
    before = frames.find_frame_version(connection, wave_code)
    facts = Counter(frames.list_facts(connection, wave_code, before)) if before and held else Counter()
    units = []
    digest = sha256()
    for row in new:
        code = f"{row.agency_code}.{row.sector_code}"
        populations[code] += 1
        digest.update(row.unit_hash)
        units.append((code, populations[code], row.unit_hash))
        for name, value in json.loads(row.facts):
            facts[code, name, value] += 1
    strata = [Stratum(code, *_split(code), None, count) for code, count in sorted(populations.items())]
    version = frames.add_frame(connection, wave_code, strata, source=SOURCE, source_digest=digest.digest(), on=today)
    frames.add_facts(connection, wave_code, version, facts)
    frames.add_units(connection, wave_code, units)


def _split(code: str) -> tuple[str, str]:
    agency_code, _, sector_code = code.rpartition(".")
    return agency_code, sector_code


def _repeat(before: Batch, digest: bytes) -> Received:
    if before.body_digest != digest:
        raise KeyReused
    return Received(before.answer, is_repeated=True)


def _transactions(parsed: Mapping[str, Any]) -> list[Any]:
    if unknown := set(parsed) - {"wave", "transactions"}:
        raise BadBatch(f"The member {min(unknown)[:80]!r} is not known: a batch has `wave` and `transactions`.")
    transactions = parsed.get("transactions")
    if not isinstance(transactions, list) or not 1 <= len(transactions) <= MOST_TRANSACTIONS:
        raise BadBatch(f"`transactions` must be a list of 1 to {MOST_TRANSACTIONS:,} transactions.")
    return transactions


def _wave_code(connection: Connection, parsed: Mapping[str, Any], today: date) -> str:
    """The wave that a batch names, else the only official one of transactions that takes answers today."""
    named = parsed.get("wave")
    if named is not None:
        if not isinstance(named, str) or not named.isprintable():
            raise BadBatch("`wave` must be the code of a wave.")
        return named
    open_now = [
        wave.code
        for wave in wave_store.list_waves(connection, open_on=today)
        if wave.population == "transactions" and wave.collected == "sample" and wave.purpose == "official"
    ]
    if len(open_now) != 1:
        raise BadBatch(f"{len(open_now)} waves are open for transactions today: name one in `wave`.")
    return open_now[0]


def _read(keys: Keys, known: Known, transactions: Sequence[Any]) -> _Read:
    rows: list[Waiting] = []
    applicants: dict[bytes, bytes] = {}
    rejected: list[dict[str, Any]] = []
    first: dict[bytes, int] = {}
    for number, each in enumerate(transactions):
        try:
            row = _read_one(keys, known, each)
        except (UnknownPlace, WrongFact) as wrong:
            rejected.append({"index": number, "reason": str(wrong)})
            continue
        if first.setdefault(row.unit_hash, number) != number:
            reason = f"the dossier of this transaction is number {first[row.unit_hash]} already: keep one of them"
            rejected.append({"index": number, "reason": reason})
            continue
        rows.append(row)
        if known.counts_applicants:
            values = {name: clean(str(value)) for name, value in each.items()}
            applicants[row.unit_hash] = known.applicant_hash(keys, values)
    return _Read(rows, rejected, applicants)


def _count_once(
    connection: Connection, wave_code: str, new: dict[bytes, Waiting], applicants: Mapping[bytes, bytes]
) -> int:
    """Leave out whose applicant is counted already, by an earlier dossier of this batch or before; how many."""
    if not applicants:
        return 0
    counted = frames.list_applicants_among(connection, wave_code, sorted({applicants[each] for each in new}))
    merged = 0
    for unit_hash in list(new):
        if applicants[unit_hash] in counted:
            del new[unit_hash]
            merged += 1
        else:
            counted.add(applicants[unit_hash])
    frames.add_applicants(connection, wave_code, sorted({applicants[each] for each in new}))
    return merged


def _read_one(keys: Keys, known: Known, each: Any) -> Waiting:
    if not isinstance(each, dict):
        raise WrongFact("a transaction must be an object with `dossier`, `agency` and `procedure` or `sector`")
    for name, value in each.items():
        if name not in FIELDS:
            raise WrongFact(
                f"{name[:40]!r} is not known: use {', '.join(sorted(FIELDS))}; contacts have their own file"
            )
        if not isinstance(value, str):
            raise WrongFact(f"{name} must be text in quotation marks")
    values = {name: clean(value) for name, value in each.items()}
    if not values.get("agency"):
        raise WrongFact("agency is missing: give the code of who decides")
    dossier = check_dossier(values.get("dossier", ""))
    agency_code, sector_code = _split(known.stratum_of(values))
    facts = json.dumps(known.facts_of(values), separators=(",", ":"), ensure_ascii=False)
    return Waiting(keys.unit_hash(dossier), agency_code, sector_code, facts)
