"""Simulated power cuts: whatever was not synced is kept, torn or dropped by chance, and the machine starts again.

The shim of `power_cut.c` journals the writes and syncs of a folder. A cut begins with a copy of that folder from
before, applies every write that a completed sync had to cover, and of the others keeps 40 %, tears 20 % at a sector of
512 bytes and drops 40 %. Creating, renaming and removing files is taken as durable: right for SQLite's WAL and for
PostgreSQL, not for a rollback journal. The same shim fills the disk, fails and slows it.
"""

from __future__ import annotations

import os
import random
import shutil
import struct
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from requirements import skip_or_fail

SOURCE = Path(__file__).with_name("power_cut.c")
HEADER = struct.Struct("<QQQc7x")
CONTROL = struct.Struct("<QQQQ")  # bytes written, calls, full from so many bytes, one failure in so many calls
SECTOR = 512
KEPT, TORN = 0.4, 0.2
NOT_IN_SQLITES_WAL = ("-shm",)
NOT_AFTER_A_BOOT = ("postmaster.pid",)


@dataclass
class Write:
    """One change of a file that its disk may or may not have seen: bytes at an offset, a truncation, an extension."""

    kind: bytes
    offset: int
    content: bytes

    def apply(self, to: bytearray) -> None:
        if self.kind == b"T":
            del to[self.offset :]
        to.extend(bytes(max(0, self.offset - len(to))))
        to[self.offset : self.offset + len(self.content)] = self.content


@dataclass
class History:
    """What was written to one file, and how much of that a completed sync covers."""

    is_new: bool = False
    writes: list[Write] = field(default_factory=list)
    durable: int = 0
    begun: dict[int, int] = field(default_factory=dict)


@dataclass
class Disk:
    """A folder as a disk that loses its power; `room` is a folder of the test's own."""

    folder: Path
    room: Path
    sync_milliseconds: int = 0

    def __post_init__(self) -> None:
        self.room.mkdir(parents=True, exist_ok=True)
        self.room.chmod(0o777)
        self.begin()

    @property
    def journal(self) -> Path:
        return self.room / "journal"

    @property
    def control(self) -> Path:
        return self.room / "journal.control"

    @property
    def environment(self) -> dict[str, str]:
        """For the processes that write to this disk."""
        return {
            "LD_PRELOAD": str(compile_shim()),
            "POWER_CUT_FOLDER": str(self.folder.resolve()),
            "POWER_CUT_JOURNAL": str(self.journal),
            "SYNC_MILLISECONDS": str(self.sync_milliseconds),
        }

    def begin(self) -> None:
        """Remember the folder as it is, all of it durable, and journal from here on."""
        for path, content in ((self.journal, b""), (self.control, bytes(CONTROL.size))):
            path.write_bytes(content)
            path.chmod(0o666)
        shutil.rmtree(self.room / "before", ignore_errors=True)
        shutil.copytree(self.folder, self.room / "before", ignore=shutil.ignore_patterns(".s.*"))
        self._names = {path.stat().st_ino: path.relative_to(self.folder) for path in files(self.folder)}

    def fill_up(self, after_bytes: int) -> None:
        """The disk is full when so many more bytes were written; 0 frees it."""
        written, calls, _, one_in = CONTROL.unpack(self.control.read_bytes())
        self._set(CONTROL.pack(written, calls, written + after_bytes if after_bytes else 0, one_in))

    def fail(self, one_in: int) -> None:
        """One call in so many fails with EIO; 0 mends it."""
        written, calls, full_from, _ = CONTROL.unpack(self.control.read_bytes())
        self._set(CONTROL.pack(written, calls, full_from, one_in))

    def lose_power(self, dice: random.Random) -> int:
        """Make the folder what the disk may hold now, nobody writing to it; how many writes were torn or dropped."""
        histories = read_journal(self.journal)
        lost = 0
        for path in files(self.folder):
            history = histories.get(path.stat().st_ino)
            if path.name.endswith(NOT_IN_SQLITES_WAL) or path.name in NOT_AFTER_A_BOOT:
                path.unlink()
            elif history is not None and history.writes:
                content, missing = play_back(self._before(path, history), history, dice)
                lost += missing
                path.write_bytes(content)
        return lost

    def _before(self, path: Path, history: History) -> bytearray:
        name = None if history.is_new else self._names.get(path.stat().st_ino)
        return bytearray((self.room / "before" / name).read_bytes() if name is not None else b"")

    def _set(self, content: bytes) -> None:
        with self.control.open("r+b") as file:
            file.seek(16)
            file.write(content[16:])


@cache
def compile_shim() -> Path:
    """The shim as a library, compiled once; without a compiler these tests are skipped aloud."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        skip_or_fail("No C compiler for the power-cut shim: install the packages gcc and libc6-dev")
    library = Path(os.environ.get("TMPDIR", "/tmp")) / f"hailong-power-cut-{os.getpid()}.so"
    subprocess.run([compiler, "-O2", "-shared", "-fPIC", "-o", str(library), str(SOURCE)], check=True)
    library.chmod(0o755)
    return library


def read_journal(path: Path) -> dict[int, History]:
    """What was written to each file, by its inode."""
    histories: dict[int, History] = {}
    for kind, inode, offset, content in records(path.read_bytes()):
        history = histories.setdefault(inode, History())
        if kind == b"G":
            histories[inode] = History(is_new=True)
        elif kind == b"B":
            history.begun[offset] = len(history.writes)
        elif kind == b"S":
            history.durable = max(history.durable, history.begun.get(offset, 0))
        else:
            history.writes.append(Write(kind, offset, content))
    return histories


def records(journal: bytes) -> Iterator[tuple[bytes, int, int, bytes]]:
    """Kind, inode, offset and bytes of each record; the last may be torn, for its process was killed."""
    at = 0
    while at + HEADER.size <= len(journal):
        inode, offset, length, kind = HEADER.unpack_from(journal, at)
        at += HEADER.size
        yield kind, inode, offset, journal[at : at + length]
        at += length


def play_back(content: bytearray, history: History, dice: random.Random) -> tuple[bytearray, int]:
    """A file as its disk may hold it, and how many of its writes are torn or missing."""
    lost = 0
    for number, write in enumerate(history.writes):
        fate = 0.0 if number < history.durable else dice.random()
        if fate < KEPT:
            write.apply(content)
            continue
        lost += 1
        if fate < KEPT + TORN and len(write.content) > SECTOR:
            sectors = dice.randrange(len(write.content) // SECTOR)
            Write(write.kind, write.offset, write.content[: sectors * SECTOR]).apply(content)
    return content, lost


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]
