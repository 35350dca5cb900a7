"""Reading the audit trail: for auditors only, with its chain checked against itself and against the checkpoints."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from survey.actions.excluding import require_auditors
from survey.actions.findings import Findings
from survey.keys import Keys
from survey.store import audits, ledger
from survey.store.audits import Entry
from survey.store.database import Database


@dataclass(frozen=True, slots=True)
class Trail:
    """The newest entries in order, and whether the whole trail holds."""

    entries: list[Entry]
    findings: Findings


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
