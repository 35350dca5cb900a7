"""Verifying an installation: its ledger against every checkpoint, its tally and newest releases against its ledger."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from survey.actions.bundling import write_bundle
from survey.actions.releasing import NotTallied, compute_release, release_digest
from survey.actions.tallying import count_from_scratch
from survey.proof import Verifier, verify_bundle
from survey.store import audits, ledger, releases, tallies, waves
from survey.store.database import Connection, Database
from survey.store.tallies import CellKey, Moments


@dataclass
class Findings:
    """What was checked, a line each, and whether all of it holds."""

    lines: list[str] = field(default_factory=list)
    is_clean: bool = True

    def good(self, line: str) -> None:
        self.lines.append(f"ok    {line}")

    def bad(self, line: str) -> None:
        self.lines.append(f"WRONG {line}")
        self.is_clean = False


def verify_installation(database: Database, verifier: Verifier) -> Findings:
    """Check leaves, roots, checkpoints, receipts, the tally, the newest releases and the audit trail."""
    findings = Findings()
    _verify_ledger(database, verifier, findings)
    with database.reading() as connection:
        for wave in waves.list_waves(connection):
            _verify_tally(connection, wave.code, findings)
            _verify_release(connection, wave.code, findings)
        _verify_audit_trail(connection, findings)
    return findings


def _verify_ledger(database: Database, verifier: Verifier, findings: Findings) -> None:
    with database.reading() as connection:
        newest = ledger.find_latest_checkpoint(connection)
    if newest is None:
        findings.good("ledger: nothing is sealed yet")
        return
    with TemporaryDirectory() as folder:
        write_bundle(database, verifier, Path(folder), with_rows=True)
        differences = verify_bundle(Path(folder), [verifier])
    for difference in differences:
        findings.bad(f"ledger: {difference}")
    if not differences:
        findings.good(f"ledger: {newest.size:,} leaves under {newest.number:,} signed checkpoints")


def _verify_tally(connection: Connection, wave_code: str, findings: Findings) -> None:
    size = tallies.find_progress(connection, wave_code)
    if size == 0:
        return
    expected = count_from_scratch(connection, wave_code, size)
    stored = {
        tuple(row[name] for name in (*CellKey._fields, "outcome")): tuple(row[name] for name in Moments._fields)
        for row in tallies.list_cells(connection, wave_code, None)
    }
    recounted = {(*key, outcome): tuple(moments) for (key, outcome), moments in expected.cells.items()}
    wrong = sorted(key for key in stored.keys() | recounted.keys() if stored.get(key) != recounted.get(key))
    if wrong:
        first = wrong[0]
        findings.bad(f"tally of {wave_code}: cell {first} holds {stored.get(first)}, the ledger {recounted.get(first)}")
    else:
        findings.good(f"tally of {wave_code}: {len(stored):,} cells follow from the ledger")


def _verify_release(connection: Connection, wave_code: str, findings: Findings) -> None:
    newest = releases.find_newest_release(connection, wave_code, published=False)
    if newest is None:
        return
    figures = releases.list_figures(connection, newest.code)
    if release_digest(newest.header, figures) != newest.digest:
        findings.bad(f"release {newest.code}: a figure was changed after it was drafted")
        return
    try:
        header, recomputed, _ = compute_release(connection, wave_code)
    except NotTallied:
        findings.good(f"release {newest.code}: unchanged (newer answers wait for the tally)")
        return
    if header != newest.header:
        findings.good(f"release {newest.code}: unchanged (the wave has moved on since)")
    elif release_digest(header, recomputed) == newest.digest:
        findings.good(f"release {newest.code}: {len(figures):,} figures recomputed from checkpoint, frame and rule")
    else:
        findings.bad(f"release {newest.code}: its figures do not follow from its checkpoint, frame and rule")


def _verify_audit_trail(connection: Connection, findings: Findings) -> None:
    broken = audits.find_first_break(connection)
    if broken is None:
        findings.good("audit trail: every entry follows from the one before")
    else:
        findings.bad(f"audit trail: entry {broken} does not follow from the one before")
