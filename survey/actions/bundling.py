"""Bundles: folders that `survey/proof.py` checks alone, without this program or its database.

The public bundle holds checkpoints with all that they bind, and the released figures; nobody can open an answer with
it. The auditor's also holds the rows, what each release rests on, and the audit trail.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from survey.proof import Verifier, canonical_json, receipts_list
from survey.store import audits, key_trail, ledger, releases
from survey.store.audits import By
from survey.store.database import Connection, Database
from survey.store.ledger import LedgerRow, SignedCheckpoint
from survey.store.releases import release_lines

SUFFIXES = {
    "checkpoints": "note",
    "manifests": "json",
    "receipts": "txt",
    "accounting": "json",
    "exclusions": "json",
    "releases": "json",
    "keys": "json",
}
PARTS = (*SUFFIXES, "figures")
AUDITORS_PARTS = ("inputs",)


def write_bundle(database: Database, verifier: Verifier, folder: Path, *, reader: By | None = None) -> None:
    """Write the public bundle; for a `reader`, who is recorded in the audit trail, the auditor's.

    The rows are read after the entry is committed, so that nobody reads them unrecorded.
    """
    if reader is not None:
        with database.writing("bundle") as connection:
            reader.record(connection, "rows-exported", "bundle", leaves=ledger.count_leaves(connection))
    with database.reading() as connection:
        write_parts(connection, verifier, folder, with_rows=reader is not None)


def write_parts(connection: Connection, verifier: Verifier, folder: Path, *, with_rows: bool) -> None:
    """Write a bundle from one state of the database."""
    for part in PARTS + (AUDITORS_PARTS if with_rows else ()):
        (folder / part).mkdir(parents=True, exist_ok=True)
    (folder / "log.vkey").write_text(verifier.vkey + "\n", encoding="ascii")
    for checkpoint in ledger.list_checkpoints(connection):
        for name, content in checkpoint_files(connection, checkpoint).items():
            (folder / name).write_bytes(content)
    _write_releases(connection, folder, with_rows=with_rows)
    _write_leaves(connection, folder, with_rows=with_rows)
    if with_rows:
        (folder / "audit.jsonl").write_bytes(b"".join(_audit_lines(connection)))


def checkpoint_files(connection: Connection, checkpoint: SignedCheckpoint) -> dict[str, bytes]:
    """A checkpoint and all that it binds, by the names that these files have in a bundle."""
    before = ledger.find_checkpoint(connection, checkpoint.number - 1)
    inside = ledger.list_batches_between(connection, before.size if before else 0, checkpoint.size)
    hashes = [each for batch in inside for each in ledger.list_batch_receipts(connection, batch.number)]
    trail = [each.note for each in key_trail.list_statements(connection) if each.first_checkpoint <= checkpoint.number]
    parts = {
        "checkpoints": checkpoint.note.encode(),
        "manifests": checkpoint.manifest.encode(),
        "receipts": receipts_list(hashes),
        "accounting": checkpoint.accounting.encode(),
        "exclusions": checkpoint.exclusions.encode(),
        "releases": checkpoint.releases.encode(),
        "keys": canonical_json(trail),
    }
    return {f"{part}/{checkpoint.number:06}.{SUFFIXES[part]}": content for part, content in parts.items()}


def release_file(connection: Connection, digest: str) -> bytes | None:
    """The bytes of a published release, of which this is the SHA-256; None where none has this digest."""
    codes = {each.hex(): code for code, each in releases.list_published_digests(connection)}
    found = releases.find_release(connection, codes[digest]) if digest in codes else None
    if found is None:
        return None
    return release_lines(found.header, releases.list_figures(connection, found.code))


def _write_releases(connection: Connection, folder: Path, *, with_rows: bool) -> None:
    """The releases that the newest checkpoint binds: what was published since belongs to the next."""
    for code, digest in _bound_releases(connection):
        found = releases.find_release(connection, code)
        assert found is not None
        content = release_lines(found.header, releases.list_figures(connection, code))
        (folder / "figures" / f"{digest}.jsonl").write_bytes(content)
        if with_rows and found.inputs is not None:
            name = json.loads(found.header)["inputs"]
            (folder / "inputs" / f"{name}.json").write_bytes(found.inputs.encode())


def _bound_releases(connection: Connection) -> list[tuple[str, str]]:
    newest = ledger.find_latest_checkpoint(connection)
    return [(code, digest) for code, digest in json.loads(newest.releases)] if newest else []


def _write_leaves(connection: Connection, folder: Path, *, with_rows: bool) -> None:
    rows_path = folder / "ledger.jsonl"
    with (folder / "leaves.bin").open("wb") as leaves, rows_path.open("wb") as rows:
        for row in ledger.iterate_rows(connection):
            leaves.write(row.leaf_hash)
            if with_rows:
                rows.write(_line(row))
    if not with_rows:
        rows_path.unlink()


def _line(row: LedgerRow) -> bytes:
    fields: dict[str, object] = {
        "index": row.position,
        "kind": row.kind,
        "wave": row.wave_code,
        "nonce1": row.nonce1.hex(),
        "codes": base64.b64encode(row.codes).decode(),
        "text_digest": row.text_digest.hex(),
    }
    if row.nonce2 is not None and row.text is not None:
        fields |= {"nonce2": row.nonce2.hex(), "text": base64.b64encode(row.text).decode()}
    return _json_line(fields)


def _audit_lines(connection: Connection) -> Iterator[bytes]:
    for entry in audits.list_entries(connection):
        yield _json_line(
            {
                "position": entry.position,
                "at": entry.at.isoformat(),
                "actor": entry.actor,
                "event": entry.event,
                "subject": entry.subject,
                "detail": entry.detail,
                "digest": entry.digest.hex(),
            }
        )


def _json_line(fields: Mapping[str, object]) -> bytes:
    return json.dumps(fields, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"
