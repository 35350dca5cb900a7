"""Publishing checkpoints: piece by piece on the public site, and whole into a mirror's folder."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from survey.actions.bundling import SUFFIXES, checkpoint_files, release_file
from survey.durable import write_durably
from survey.proof import HASH_SIZE
from survey.store import ledger, waves
from survey.store.database import Connection, Database
from survey.store.ledger import SignedCheckpoint

LEAVES_IN_A_BLOCK = 1 << 16
BYTES_IN_A_BLOCK = LEAVES_IN_A_BLOCK * HASH_SIZE
CHECKPOINTS_ON_A_PAGE = 50
READABLE = 0o644


@dataclass(frozen=True, slots=True)
class Publication:
    """How much there is to fetch: checkpoints, leaves, the key that signs now, the digests of published releases.

    `separated`: the key is in the hands of a process of another user.
    """

    checkpoints: int
    leaves: int
    vkey: str
    figures: tuple[str, ...]
    separated: bool

    @property
    def blocks(self) -> int:
        """Files of leaf hashes: whole blocks, and the last as far as it goes."""
        return -(-self.leaves // LEAVES_IN_A_BLOCK)


@dataclass(frozen=True, slots=True)
class ShownCheckpoint:
    """A checkpoint as the public page lists it."""

    number: int
    leaves: int
    signed_on: date


@dataclass(frozen=True, slots=True)
class MergeDelay:
    """When the answers of a wave enter the ledger: once so many who are alike wait, and at the latest on a day."""

    wave_code: str
    together: int
    latest: date


def list_merge_delays(database: Database, today: date) -> list[MergeDelay]:
    """What is promised for every wave that takes answers now."""
    with database.reading() as connection:
        open_waves = [
            wave for wave in waves.list_waves(connection) if wave.questionnaire_code and not wave.is_over(today)
        ]
    return [
        MergeDelay(wave.code, wave.seal_minimum, wave.closes_on + timedelta(days=wave.grace_days + 1))
        for wave in open_waves
    ]


def find_publication(database: Database) -> Publication | None:
    """What the newest checkpoint covers; None before the first."""
    with database.reading() as connection:
        return _publication(connection)


def read_note(database: Database, number: int | None = None) -> str | None:
    """The signed note of a checkpoint, of the newest without a number; None where there is none."""
    with database.reading() as connection:
        found = _find(connection, number)
    return found.note if found else None


def read_checkpoint_files(database: Database, number: int) -> dict[str, bytes] | None:
    """A checkpoint and all that it binds, by file name; None where there is none."""
    with database.reading() as connection:
        found = ledger.find_checkpoint(connection, number)
        return checkpoint_files(connection, found) if found else None


def read_figures(database: Database, digest: str) -> bytes | None:
    """A published release's bytes, which have this digest; None where there is none."""
    with database.reading() as connection:
        return release_file(connection, digest)


def read_leaves(database: Database, block: int) -> bytes:
    """The leaf hashes of a block that the newest checkpoint covers; nothing beyond them."""
    with database.reading() as connection:
        newest = ledger.find_latest_checkpoint(connection)
        size = newest.size if newest else 0
        start = block * LEAVES_IN_A_BLOCK
        return b"".join(ledger.list_leaf_hashes(connection, start, min(size, start + LEAVES_IN_A_BLOCK)))


def list_checkpoints(
    database: Database, before: int | None, most: int = CHECKPOINTS_ON_A_PAGE
) -> tuple[list[ShownCheckpoint], int | None]:
    """The newest checkpoints or those before one, newest first; and the one before which there are more."""
    with database.reading() as connection:
        found = ledger.list_newest_checkpoints(connection, before=before, most=most + 1)
    shown = [ShownCheckpoint(number, size, on) for number, size, on in found[:most]]
    return shown, shown[-1].number if len(found) > most else None


def mirror(database: Database, folder: Path) -> int:
    """Bring a mirror's folder up to the newest checkpoint; how many were written.

    Every file is whole or absent; a checkpoint's note comes last, so that who sees it finds all that it binds.
    """
    (folder / "checkpoints").mkdir(parents=True, exist_ok=True)
    there = {path.name for path in (folder / "checkpoints").glob("*.note")}
    with database.reading() as connection:
        published = _publication(connection)
        missing = [n for n in range(1, (published.checkpoints if published else 0) + 1) if f"{n:06}.note" not in there]
        if published is None or not missing:
            return 0
        for part in (*SUFFIXES, "figures"):
            (folder / part).mkdir(exist_ok=True)
        _write_public(folder / "leaves.bin", _all_leaves(connection, folder / "leaves.bin", published.leaves))
        for digest in published.figures:
            content = release_file(connection, digest)
            if content is not None and not (folder / "figures" / f"{digest}.jsonl").exists():
                _write_public(folder / "figures" / f"{digest}.jsonl", content)
        for number in missing:
            _mirror_one(connection, folder, number)
        _write_public(folder / "log.vkey", published.vkey.encode() + b"\n")
    return len(missing)


def _mirror_one(connection: Connection, folder: Path, number: int) -> None:
    found = ledger.find_checkpoint(connection, number)
    assert found is not None
    files = checkpoint_files(connection, found)
    for name, content in sorted(files.items(), key=lambda each: each[0].startswith("checkpoints/")):
        _write_public(folder / name, content)


def _all_leaves(connection: Connection, path: Path, size: int) -> bytes:
    """What the mirror has, and the rest: the ledger only grows."""
    known = path.read_bytes() if path.exists() else b""
    return known + b"".join(ledger.list_leaf_hashes(connection, len(known) // HASH_SIZE, size))


def _write_public(path: Path, content: bytes) -> None:
    write_durably(path, content)
    path.chmod(READABLE)


def _publication(connection: Connection) -> Publication | None:
    newest = ledger.find_latest_checkpoint(connection)
    if newest is None:
        return None
    figures = tuple(digest for _, digest in json.loads(newest.releases))
    manifest = json.loads(newest.manifest)
    return Publication(newest.number, newest.size, manifest.get("key", ""), figures, bool(manifest.get("separated")))


def _find(connection: Connection, number: int | None) -> SignedCheckpoint | None:
    return ledger.find_latest_checkpoint(connection) if number is None else ledger.find_checkpoint(connection, number)
