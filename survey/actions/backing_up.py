"""Backing up: the whole installation as one file that only auditors' keys open, and the proof that it comes back.

A backup counts only after it was brought back elsewhere and every leaf, root, checkpoint and figure in it was verified
against a checkpoint from another hand: `check` does both and writes that down beside the file.
"""

from __future__ import annotations

import gzip
import json
import os
import tarfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from hashlib import sha256
from io import BufferedReader, BufferedWriter, BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO, cast

from survey.actions.findings import Findings
from survey.actions.verifying import verify_installation
from survey.durable import write_durably
from survey.proof import Checkpoint, Verifier, parse_note
from survey.sealed_files import OpenedFile, SealingFile
from survey.settings import Settings
from survey.store import audits, contacts, ledger, responses
from survey.store.copying import bring_back, copy_database
from survey.store.database import Database
from survey.store.migrating import current_revision

SUFFIX = ".sealed"
DATABASE, ABOUT, HOME = "database", "about.json", "home"
NEVER_COPIED = {"address", "backups", "keys", "write.lock"}
DATABASE_FILE = "hailong.sqlite"
QUICKEST = 1


class NoRecipient(ValueError):
    """There is no auditor's key to seal a backup to."""


class NoBackup(ValueError):
    """A file is no backup, or cannot be brought back where it was asked to."""


@dataclass(frozen=True, slots=True)
class About:
    """What a backup holds, as far as anybody may know who cannot open it: when, which schema, which head."""

    made_at: str
    database: str
    schema: str
    checkpoint: int
    leaves: int
    waiting: int

    @property
    def made(self) -> datetime:
        return datetime.fromisoformat(self.made_at)


@dataclass(frozen=True, slots=True)
class Checked:
    """How bringing a backup back went."""

    about: About
    findings: Findings
    leaves: int
    seconds: float


def back_up(database: Database, settings: Settings, folder: Path, *, now: datetime, actor: str, vkey: str) -> Path:
    """Write a sealed backup of database, secret and recordings into `folder`; its path. The signing key is not in it.

    Beside it lies what it holds, in the clear. Raises NoRecipient or CopyFailed.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    recipients = _find_recipients(database)
    about = _describe(database, now)
    path = folder / f"hailong-{now.astimezone(UTC):%Y%m%dT%H%M%SZ}{SUFFIX}"
    with TemporaryDirectory(dir=folder) as scratch:
        copied, sealed = Path(scratch, DATABASE), Path(scratch, "sealed")
        copy_database(database, copied)
        with sealed.open("wb") as target:
            _pack(target, recipients, _list_parts(settings, copied, about, vkey))
            target.flush()
            os.fsync(target.fileno())
        sealed.rename(path)
    write_durably(_beside(path), _to_json({**asdict(about), "sha256": _digest(path)}))
    with database.writing("back-up") as connection:
        detail = {"checkpoint": about.checkpoint, "leaves": about.leaves, "recipients": sorted(recipients)}
        audits.add_event(connection, at=now, actor=actor, event="backed-up", subject=path.name, detail=detail)
    return path


def keep_newest(folder: Path, most: int) -> list[str]:
    """Remove all but the newest backups, never the newest that was checked; the names of those removed."""
    found = list_backups(folder)
    checked = next((path for path in reversed(found) if is_counted(path)), None)
    old = [path for path in found[:-most] if path != checked]
    for path in old:
        for each in (path, _beside(path), _record_of(path)):
            each.unlink(missing_ok=True)
    return [path.name for path in old]


def list_backups(folder: Path) -> list[Path]:
    """Backups in a folder, the oldest first."""
    return sorted(folder.glob(f"hailong-*{SUFFIX}"))


def read_about(path: Path) -> About:
    """What lies in the clear beside a backup. Raises NoBackup."""
    try:
        known = json.loads(_beside(path).read_bytes())
        return About(**{name: known[name] for name in About.__slots__})
    except (OSError, ValueError, KeyError, TypeError) as wrong:
        raise NoBackup(f"{_beside(path)} is missing or unreadable; it belongs beside {path.name}.") from wrong


def is_counted(path: Path) -> bool:
    """Whether somebody brought this backup back and found nothing wrong."""
    return _record_of(path).exists()


def restore(path: Path, private_key: bytes, home: Path, database_url: str) -> About:
    """Bring a backup back into an empty home and an empty database.

    Raises NoBackup, NotEmpty, CopyFailed, NotSealedForThisKey or SealBroken; then nothing is left behind that serves.
    """
    if home.exists() and any(home.iterdir()):
        raise NoBackup(f"{home} is not empty. Name a new folder as the home, and move it when all is well.")
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    with TemporaryDirectory(dir=home.parent) as scratch:
        about = _unpack(path, private_key, Path(scratch))
        kind = "sqlite" if database_url.startswith("sqlite") else "postgresql"
        if kind != about.database:
            raise NoBackup(f"This is a backup of {about.database}; it cannot be brought back into {kind}.")
        bring_back(Path(scratch, DATABASE), database_url, home / "write.lock")
        for each in sorted(Path(scratch, HOME).iterdir() if Path(scratch, HOME).exists() else ()):
            each.rename(home / each.name)
    return about


def check(
    path: Path,
    private_key: bytes,
    database_url: str | None,
    keys: Sequence[str],
    kept: Checkpoint | None,
    now: datetime,
) -> Checked:
    """Bring a backup back beside the installation and verify all of it; what was found.

    `keys` are the log's public keys from another hand, the newest first; without one the backup's own word is taken.
    `kept` is a checkpoint that the backup must hold. A clean check is written down beside the backup: from then on it
    counts.
    Raises what `restore` raises.
    """
    began = time.monotonic()
    with TemporaryDirectory(dir=path.parent) as scratch:
        home = Path(scratch, "installation")
        url = database_url or f"sqlite:///{home / DATABASE_FILE}"
        about = restore(path, private_key, home, url)
        verifier = Verifier.parse(keys[0] if keys else (home / "log.vkey").read_text().strip())
        restored = Database(url, home / "write.lock")
        try:
            findings = verify_installation(restored, verifier)
            leaves = _compare_head(restored, kept, findings)
        finally:
            restored.close()
    seconds = time.monotonic() - began
    if findings.is_clean:
        record = {"checked_at": now.isoformat(), "leaves": leaves, "seconds": round(seconds, 1)}
        write_durably(_record_of(path), _to_json(record))
    return Checked(about, findings, leaves, seconds)


def _compare_head(database: Database, kept: Checkpoint | None, findings: Findings) -> int:
    with database.reading() as connection:
        newest = ledger.find_latest_checkpoint(connection)
        leaves = ledger.count_leaves(connection)
        same = ledger.list_checkpoints(connection) if kept else []
    if kept is None:
        findings.unsure("no checkpoint from another hand was given: a backup that is too old cannot be told")
    elif any(Checkpoint.parse(parse_note(each.note).text) == kept for each in same):
        findings.good(f"the backup holds the checkpoint over {kept.size:,} leaves that was given")
    else:
        reached = newest.size if newest else 0
        findings.bad(f"the backup reaches {reached:,} leaves and does not hold the checkpoint over {kept.size:,}")
    return leaves


def _find_recipients(database: Database) -> dict[str, bytes]:
    with database.reading() as connection:
        found = {key.name: key.public_key for key in contacts.list_auditor_keys(connection)}
    if not found:
        raise NoRecipient(
            "A backup is sealed to an auditor's key, and there is none. On the auditor's machine: `hailong auditor-key "
            "new --output FILE`; here: `hailong auditor-key add NAME PUBLIC_KEY`."
        )
    return found


def _describe(database: Database, now: datetime) -> About:
    with database.reading() as connection:
        newest = ledger.find_latest_checkpoint(connection)
        return About(
            made_at=now.isoformat(),
            database="sqlite" if database.is_sqlite else "postgresql",
            schema=current_revision(database) or "",
            checkpoint=newest.number if newest else 0,
            leaves=ledger.count_leaves(connection),
            waiting=sum(responses.count_waiting(connection).values()),
        )


def _list_parts(settings: Settings, copied: Path, about: About, vkey: str) -> Iterator[tuple[str, Path | bytes]]:
    yield ABOUT, _to_json(asdict(about))
    yield f"{HOME}/log.vkey", f"{vkey}\n".encode()
    for path in sorted(settings.home.rglob("*")):
        inside = path.relative_to(settings.home)
        if path.is_file() and _belongs(inside):
            yield f"{HOME}/{inside.as_posix()}", path
    yield DATABASE, copied


def _belongs(inside: Path) -> bool:
    """Secret, gateways, recordings; neither the database's own files nor the signing key, which is kept apart."""
    name = inside.parts[0]
    return not name.startswith(DATABASE_FILE) and name not in NEVER_COPIED


def _pack(target: BinaryIO, recipients: Mapping[str, bytes], parts: Iterator[tuple[str, Path | bytes]]) -> None:
    with (
        BufferedWriter(SealingFile(target, recipients), 1 << 20) as sealing,
        gzip.GzipFile(fileobj=cast(BinaryIO, sealing), mode="wb", compresslevel=QUICKEST, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w|") as archive,
    ):
        for name, part in parts:
            if isinstance(part, bytes):
                _add_bytes(archive, name, part)
            else:
                archive.add(part, name, recursive=False, filter=_without_owner)


def _add_bytes(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(content), 0o600
    archive.addfile(entry, BytesIO(content))


def _without_owner(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uid = entry.gid = entry.mtime = 0
    entry.uname = entry.gname = ""
    return entry


def _unpack(path: Path, private_key: bytes, folder: Path) -> About:
    with path.open("rb") as source, BufferedReader(OpenedFile(source, private_key), 1 << 20) as opened:
        try:
            with gzip.open(opened, "rb") as packed, tarfile.open(fileobj=packed, mode="r|") as archive:
                archive.extractall(folder, filter="data")
        except (tarfile.TarError, EOFError, gzip.BadGzipFile) as wrong:
            raise NoBackup(f"{path.name} opens, but is no backup: {wrong}.") from wrong
    try:
        return About(**json.loads((folder / ABOUT).read_bytes()))
    except (OSError, ValueError, TypeError) as wrong:
        raise NoBackup(f"{path.name} opens, but does not say what it holds.") from wrong


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        found = sha256()
        while chunk := file.read(1 << 20):
            found.update(chunk)
    return found.hexdigest()


def _beside(path: Path) -> Path:
    return path.with_name(path.name.removesuffix(SUFFIX) + ".json")


def _record_of(path: Path) -> Path:
    return path.with_name(path.name.removesuffix(SUFFIX) + ".checked.json")


def _to_json(content: Mapping[str, object]) -> bytes:
    return json.dumps(content, indent=1, sort_keys=True).encode() + b"\n"
