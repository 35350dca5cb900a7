"""The auditor's bundle: a folder that `survey/proof.py` checks alone, without this program or its database."""

from __future__ import annotations

import base64
import json
from pathlib import Path

from survey.proof import Verifier, receipts_list
from survey.store import ledger
from survey.store.database import Connection, Database
from survey.store.ledger import LedgerRow

PARTS = ("checkpoints", "manifests", "receipts", "accounting", "exclusions", "releases")


def write_bundle(database: Database, verifier: Verifier, folder: Path, *, with_rows: bool) -> None:
    """Write checkpoints with all that they bind and the hashes of all leaves; with rows, the leaves too.

    The public bundle has no rows: nobody can open an answer with it.
    """
    for part in PARTS:
        (folder / part).mkdir(parents=True, exist_ok=True)
    (folder / "log.vkey").write_text(verifier.vkey + "\n", encoding="ascii")
    with database.reading() as connection:
        _write_checkpoints(connection, folder)
        _write_leaves(connection, folder, with_rows=with_rows)


def _write_checkpoints(connection: Connection, folder: Path) -> None:
    batches = ledger.list_batches(connection)
    start = 0
    for checkpoint in ledger.list_checkpoints(connection):
        name = f"{checkpoint.number:06}"
        inside = [batch for batch in batches if start <= batch.first_position < checkpoint.size]
        hashes = [each for batch in inside for each in ledger.list_batch_receipts(connection, batch.number)]
        (folder / "checkpoints" / f"{name}.note").write_bytes(checkpoint.note.encode())
        (folder / "manifests" / f"{name}.json").write_bytes(checkpoint.manifest.encode())
        (folder / "receipts" / f"{name}.txt").write_bytes(receipts_list(hashes))
        (folder / "accounting" / f"{name}.json").write_bytes(checkpoint.accounting.encode())
        (folder / "exclusions" / f"{name}.json").write_bytes(checkpoint.exclusions.encode())
        (folder / "releases" / f"{name}.json").write_bytes(checkpoint.releases.encode())
        start = checkpoint.size


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
    return json.dumps(fields, separators=(",", ":")).encode() + b"\n"
