"""Reading the audit trail: for auditors only, with its chain checked against itself and against the checkpoints."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from survey.actions.excluding import require_auditors
from survey.actions.findings import Findings
from survey.keys import Keys
from survey.store import audits, ledger
from survey.store.audits import Entry
from survey.store.database import Connection, Database

ON_A_PAGE = 50


@dataclass(frozen=True, slots=True)
class Trail:
    """The newest entries in order, and whether the whole trail holds."""

    entries: list[Entry]
    findings: Findings


@dataclass(frozen=True, slots=True)
class TrailPage:
    """Some entries, the newest first, of how many there are in all.

    `broken` is the first of them that does not follow from the one before it. `bound` says of the newest checkpoint
    its number, how many entries it binds, and whether they are the ones that stand here.
    """

    entries: list[Entry]
    total: int
    broken: int | None
    bound: tuple[int, int, bool] | None
    older: int | None


def read_page(
    database: Database, *, before: int | None = None, events: Collection[str] = (), others: bool = True
) -> TrailPage:
    """A page of the trail, of these events or (with `others`) of any but these. What it costs does not grow with the
    trail; `read_trail` checks all of it."""
    with database.reading() as connection:
        found = audits.list_page(connection, before=before, events=events, others=others, count=ON_A_PAGE + 1)
        shown = found[:ON_A_PAGE]
        return TrailPage(
            entries=shown,
            total=audits.find_head(connection)[0],
            broken=audits.find_broken(connection, [entry.position for entry in shown]),
            bound=_find_bound(connection),
            older=shown[-1].position if len(found) > len(shown) else None,
        )


def _find_bound(connection: Connection) -> tuple[int, int, bool] | None:
    newest = ledger.find_latest_checkpoint(connection)
    if newest is None:
        return None
    told = json.loads(newest.manifest).get("audit", {"entries": 0, "head": audits.GENESIS.hex()})
    digest = audits.find_digest(connection, told["entries"])
    return newest.number, told["entries"], digest is not None and digest.hex() == told["head"]


def read_trail(database: Database, keys: Keys, *, sessions: Sequence[str], now: datetime, last: int) -> Trail:
    """The `last` entries and the check of all. Raises NotExcluded when nobody of these sessions is an auditor."""
    require_auditors(database, keys, sessions, now, 1)
    findings = Findings()
    with database.reading() as connection:
        broken = audits.find_first_break(connection)
        digests = audits.list_digests(connection)
        for checkpoint in ledger.list_checkpoints(connection):
            told = json.loads(checkpoint.manifest).get("audit", {"entries": 0, "head": audits.GENESIS.hex()})
            if told["entries"] >= len(digests) or digests[told["entries"]].hex() != told["head"]:
                findings.bad(f"checkpoint {checkpoint.number} binds another trail up to entry {told['entries']}")
                break
        else:
            findings.good("every checkpoint binds the trail as it is")
        entries = audits.list_entries(connection, newest=last)
    if broken is None:
        findings.good(f"{len(digests) - 1:,} entries, each follows from the one before")
    else:
        findings.bad(f"entry {broken} does not follow from the one before")
    return Trail(entries, findings)
