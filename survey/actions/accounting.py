"""Ballot accounting under a checkpoint: what became of every place in the sample, so that selection is arithmetic."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from survey.proof import EXCLUSION, RESPONSE, WITHDRAWAL
from survey.store import devices, invitations, minting, waves
from survey.store.database import Connection
from survey.store.ledger import LedgerRow, SignedCheckpoint

LEAVES = {RESPONSE: "sealed", WITHDRAWAL: "withdrawn", EXCLUSION: "excluded"}

Accounting = dict[str, dict[str, dict[str, int]]]


def account(connection: Connection, latest: SignedCheckpoint | None, new_rows: Sequence[LedgerRow]) -> Accounting:
    """Counts by wave and stratum: invited, answered and what became of invitations as they stand now; sealed, withdrawn
    and excluded as the checkpoint before has them, and the new rows. Beside the first two, what is nought is left out.
    """
    before: Accounting = json.loads(latest.accounting) if latest else {}
    counted: Accounting = {}
    for wave in waves.list_waves(connection):
        invited = invitations.count_invitations(connection, wave.code)
        spent = invitations.count_spent(connection, wave.code)
        second = devices.count_second_uses(connection, wave.code)
        told = minting.count_dispositions(connection, wave.code)
        counted[wave.code] = {
            code: {
                "invited": invited[code],
                "answered": spent.get(code, 0),
                **told.get(code, {}),
                **_second_uses(second.get(code, {})),
                **_leaves(before.get(wave.code, {}).get(code, {})),
            }
            for code in sorted(invited)
        }
    _add(counted, new_rows)
    return counted


def _second_uses(by_device: Mapping[str, int]) -> dict[str, int]:
    """How often the code of a slip came from a device after another use had won."""
    return {"second_uses": sum(by_device.values())} if by_device else {}


def _leaves(counts: dict[str, int]) -> dict[str, int]:
    return {name: counts[name] for name in LEAVES.values() if name in counts}


def _add(counted: Accounting, new_rows: Sequence[LedgerRow]) -> None:
    for row in new_rows:
        strata = counted.get(row.wave_code, {})
        stratum = json.loads(row.codes).get("stratum", "")
        if row.kind in LEAVES and stratum in strata:
            counts = strata[stratum]
            counts[LEAVES[row.kind]] = counts.get(LEAVES[row.kind], 0) + 1
