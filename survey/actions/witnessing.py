"""Witnessing: whoever runs this keeps the newest head of a log, refuses every head that forks from it, and cosigns.

The folder holds `head.note` (the newest head that was cosigned) and `witness.key`. A head is on disk before its
cosignature leaves this module, so that a witness killed at any moment never vouches for two histories. Source: C2SP
tlog-witness and tlog-cosignature.
"""

from __future__ import annotations

import fcntl
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from survey.durable import write_durably
from survey.proof import (
    COSIGNATURE,
    EMPTY_ROOT,
    HASH_SIZE,
    Checkpoint,
    History,
    MalformedNote,
    Signer,
    UnverifiedNote,
    Verifier,
    open_note,
    read_trail,
    verify_consistency,
)

HEAD, KEY, LOCK = "head.note", "witness.key", "lock"
NOTHING = Checkpoint("", 0, EMPTY_ROOT)


class ForkRefused(RuntimeError):
    """The log shows a history that the kept head does not belong to: publish both heads, and ask why."""


class HeadLost(RuntimeError):
    """A witness without its kept head would believe a fork: restore it, or begin again under a new key."""


class Witness:
    """One log's witness with its memory in a folder of its own."""

    def __init__(self, folder: Path, log: Verifier | Sequence[Verifier], name: str = "witness") -> None:
        """`log` are the log's keys that the witness believes: one, or also those that followed it (`bundle_keys`)."""
        self._folder = folder
        self._log = [log] if isinstance(log, Verifier) else list(log)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self._alone():
            self._signer = self._load_or_make(name)

    @property
    def verifier(self) -> Verifier:
        return self._signer.verifier

    @property
    def keys(self) -> list[Verifier]:
        """The log's keys that this witness believes."""
        return self._log

    @property
    def head(self) -> Checkpoint:
        """The newest head that this witness has cosigned; size 0 before the first. Raises HeadLost."""
        path = self._folder / HEAD
        if not path.exists():
            raise HeadLost(f"{path} is gone. Put it back from a copy, or begin again in an empty folder.")
        note = path.read_text(encoding="utf-8")
        return self._read(note) if note else NOTHING

    def cosign(self, note: str, proof: Sequence[bytes], now: int) -> str:
        """The note with this witness's line at `now` (POSIX seconds), once it extends the kept head.

        `proof` is the consistency proof from the kept size (none from 0). Raises ForkRefused, HeadLost,
        UnverifiedNote and MalformedNote; nothing is kept then.
        """
        new = self._read(note)
        with self._alone():
            kept = self.head
            if new.size < kept.size or not verify_consistency(kept.size, kept.root, new.size, new.root, proof):
                raise ForkRefused(
                    f"The head of {new.size} rows does not extend the kept one of {kept.size}. Keep both."
                )
            write_durably(self._folder / HEAD, note.encode())
        return note + self._signer.sign(open_note(note, self._log).text, now)

    def _read(self, note: str) -> Checkpoint:
        head = Checkpoint.parse(open_note(note, self._log).text)
        if head.origin not in [key.name for key in self._log]:
            raise UnverifiedNote(f"this is a head of {head.origin}, not of {self._log[0].name}")
        return head

    def _load_or_make(self, name: str) -> Signer:
        """The key, made after the empty memory: a key without a memory is a loss, never a beginning."""
        path = self._folder / KEY
        if not path.exists():
            write_durably(self._folder / HEAD, b"")
            signer = Signer(name, secrets.token_bytes(32), COSIGNATURE)
            write_durably(path, signer.skey.encode() + b"\n")
        return Signer.parse(path.read_text(encoding="ascii"))

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Two processes on one folder take turns: else each could cosign its own fork of the same head."""
        with (self._folder / LOCK).open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def cosign_bundle(witness: Witness, bundle: Path, now: int) -> str:
    """Check a bundle's newest head against the kept one and cosign it. Raises as `Witness.cosign` does."""
    notes = sorted((bundle / "checkpoints").glob("*.note"))
    if not notes:
        raise MalformedNote(f"{bundle} has no checkpoint: make the bundle again")
    note = notes[-1].read_bytes().decode()
    trail, _ = read_trail(bundle, witness.keys)
    try:
        open_note(note, trail.verifiers(len(notes)))
    except UnverifiedNote as unverified:
        raise UnverifiedNote(trail.explain(note, len(notes)) or str(unverified)) from unverified
    return witness.cosign(note, _prove(bundle, witness.head.size, _size(note)), now)


def _prove(bundle: Path, old_size: int, size: int) -> list[bytes]:
    hashes = (bundle / "leaves.bin").read_bytes()
    if len(hashes) < size * HASH_SIZE or old_size > size:
        raise ForkRefused(f"The bundle has not the {max(old_size, size)} rows that its head or the kept one counts.")
    leaves = [hashes[at : at + HASH_SIZE] for at in range(0, size * HASH_SIZE, HASH_SIZE)]
    return History(leaves).consistency_proof(old_size)


def _size(note: str) -> int:
    return Checkpoint.parse(note.rpartition("\n\n")[0] + "\n").size
