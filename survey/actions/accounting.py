"""Ballot accounting under a checkpoint: what became of every place in the sample, so that selection is arithmetic."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from survey.proof import EXCLUSION, RESPONSE, WITHDRAWAL
from survey.store import arrivals, devices, frames, invitations, ledger, minting, waves
from survey.store.database import Connection, Database
from survey.store.ledger import LedgerRow, SignedCheckpoint

LEAVES = {RESPONSE: "sealed", WITHDRAWAL: "withdrawn", EXCLUSION: "excluded"}

COUNTS = (
    "transactions",
    "invited",
    "sent",
    "delivered",
    "undeliverable",
    "capped",
    "opted_out",
    "views",
    "answered",
    "expired",
    "sealed",
    "excluded",
    "withdrawn",
    "voided",
    "second_uses",
)

Accounting = dict[str, dict[str, dict[str, int]]]


def account(
    connection: Connection, latest: SignedCheckpoint | None, new_rows: Sequence[LedgerRow], today: date
) -> Accounting:
    """Counts by wave and stratum: transactions in the newest frame, invited, answered, what became of invitations and
    how often forms were opened, as they stand now; sealed, withdrawn and excluded as the checkpoint before has them,
    and the new rows. Beside invited and answered, what is nought is left out.
    """
    before: Accounting = json.loads(latest.accounting) if latest else {}
    counted: Accounting = {}
    for wave in waves.list_waves(connection):
        invited = invitations.count_invitations(connection, wave.code)
        spent = invitations.count_spent(connection, wave.code)
        second = devices.count_second_uses(connection, wave.code)
        told = minting.count_dispositions(connection, wave.code)
        framed, views = _count_framed(connection, wave.code), arrivals.count_views(connection, wave.code)
        is_over = wave.is_over(today)
        counted[wave.code] = {
            code: {
                "invited": invited[code],
                "answered": spent.get(code, 0),
                **_unless_nought("transactions", framed.get(code, 0)),
                **_unless_nought("views", views.get(code, 0)),
                **_unless_nought("expired", invited[code] - spent.get(code, 0) if is_over else 0),
                **told.get(code, {}),
                **_unless_nought("second_uses", sum(second.get(code, {}).values())),
                **_leaves(before.get(wave.code, {}).get(code, {})),
            }
            for code in sorted(invited)
        }
    _add(counted, new_rows)
    return counted


def _count_framed(connection: Connection, wave_code: str) -> dict[str, int]:
    version = frames.find_frame_version(connection, wave_code)
    strata = frames.list_strata(connection, wave_code, version) if version else ()
    return {each.code: each.population for each in strata}


def _unless_nought(name: str, count: int) -> dict[str, int]:
    return {name: count} if count > 0 else {}


def _leaves(counts: dict[str, int]) -> dict[str, int]:
    return {name: counts[name] for name in LEAVES.values() if name in counts}


def _add(counted: Accounting, new_rows: Sequence[LedgerRow]) -> None:
    for row in new_rows:
        strata = counted.get(row.wave_code, {})
        stratum = json.loads(row.codes).get("stratum", "")
        if row.kind in LEAVES and stratum in strata:
            counts = strata[stratum]
            counts[LEAVES[row.kind]] = counts.get(LEAVES[row.kind], 0) + 1


@dataclass(frozen=True, slots=True)
class Ballots:
    """What the newest checkpoint of a day says of an agency (or of all, `agency_code` empty), in the wave so far."""

    day: date
    checkpoint: int
    agency_code: str
    counts: Mapping[str, int]


def list_ballots(database: Database, wave_code: str, *, agency: str | None = None) -> list[Ballots]:
    """The ballot accounting of a wave: every agency as of the newest day; with an agency, that one day by day."""
    with database.reading() as connection:
        agencies = frames.list_stratum_agencies(connection, wave_code)
        newest = ledger.list_newest_by_day(connection, None if agency else 1)
    found = [each for checkpoint in newest for each in _by_agency(checkpoint, wave_code, agencies)]
    return [each for each in found if agency is None or each.agency_code == agency]


def _by_agency(checkpoint: SignedCheckpoint, wave_code: str, agencies: Mapping[str, str]) -> list[Ballots]:
    summed: dict[str, dict[str, int]] = {}
    for stratum, counts in json.loads(checkpoint.accounting).get(wave_code, {}).items():
        mine = summed.setdefault(agencies.get(stratum, stratum), {})
        for name, count in counts.items():
            mine[name] = mine.get(name, 0) + count
    return [Ballots(checkpoint.signed_on, checkpoint.number, code, summed[code]) for code in sorted(summed)]
