"""Verifying: an installation's ledger, tally, releases and audit trail, or a bundle far away from it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from survey.actions.bundling import write_parts
from survey.actions.findings import Findings
from survey.actions.recomputing import Released, compare_release, list_cells, recompute_bundle
from survey.actions.tallying import count_from_scratch
from survey.proof import Checkpoint, Verifier, list_unchecked, verify_bundle
from survey.store import audits, ledger, releases, tallies, waves
from survey.store.database import Connection, Database
from survey.store.releases import Release, release_digest
from survey.store.tallies import CellKey, Moments


def verify_folder(folder: Path, keys: Sequence[Verifier], kept: Sequence[Checkpoint] = ()) -> Findings:
    """Check a bundle alone: all that `survey/proof.py` checks, then every digit of every released figure."""
    findings = Findings()
    for difference in verify_bundle(folder, keys, kept):
        findings.bad(str(difference))
    if not findings.is_clean:
        findings.unsure("the figures were not recomputed: what they rest on is not what was signed")
        return findings
    findings.good("everything in this bundle agrees")
    if (folder / "ledger.jsonl").exists():
        recompute_bundle(folder, findings)
    else:
        for line in list_unchecked(folder):
            findings.unsure(line)
    return findings


def verify_installation(database: Database, verifier: Verifier) -> Findings:
    """Check leaves, roots, checkpoints, receipts, the tally, every release and the audit trail."""
    findings = Findings()
    _verify_ledger(database, verifier, findings)
    with database.reading() as connection:
        for wave in waves.list_waves(connection):
            _verify_tally(connection, wave.code, findings)
        for release in releases.list_releases(connection):
            _verify_release(connection, release, findings)
        _verify_audit_trail(connection, findings)
    return findings


def _verify_ledger(database: Database, verifier: Verifier, findings: Findings) -> None:
    with database.reading() as connection, TemporaryDirectory() as folder:
        newest = ledger.find_latest_checkpoint(connection)
        if newest is None:
            findings.good("ledger: nothing is sealed yet")
            return
        write_parts(connection, verifier, Path(folder), with_rows=True)
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


def _verify_release(connection: Connection, release: Release, findings: Findings) -> None:
    """Compute a release again from the leaves under its own checkpoint, however far the wave has moved on."""
    figures = releases.list_figures(connection, release.code)
    if release_digest(release.header, figures) != release.digest:
        findings.bad(f"release {release.code}: a figure was changed after it was drafted")
        return
    if release.inputs is None:
        findings.unsure(f"release {release.code}: unchanged; made before releases kept what they rest on")
        return
    released = Released(release.code, release.header, tuple(figures), release.inputs)
    number, size = released.checkpoint
    checkpoint = ledger.find_checkpoint(connection, number)
    if checkpoint is None or checkpoint.size != size:
        findings.bad(f"release {release.code}: names a checkpoint that was not signed")
        return
    counts = count_from_scratch(connection, release.wave_code, size)
    compare_release(released, list_cells(counts), checkpoint, findings)


def _verify_audit_trail(connection: Connection, findings: Findings) -> None:
    broken = audits.find_first_break(connection)
    if broken is None:
        findings.good("audit trail: every entry follows from the one before")
    else:
        findings.bad(f"audit trail: entry {broken} does not follow from the one before")
