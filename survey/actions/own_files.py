"""A statistician's own file, held while a session lasts: one file a session, readable by that session alone.

Its name is a hash of the session's secret, so nobody who lists the folder can tell whose it is; it is removed when its
owner asks, signs out or brings another one, and after an hour without use at the latest when anybody opens the page.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

from survey.actions.opening_tables import READERS, read_names
from survey.actions.scanning_csv import CannotRead

FOLDER = "own-files"
LONGEST = 3600.0  # seconds without use


def keep_file(home: Path, session: str, name: str, save: Callable[[Path], object]) -> Path:
    """Hold a session's file in place of its last one; `save` writes it. Raises CannotRead, and then holds nothing."""
    suffix = Path(name).suffix.lower()
    if suffix not in READERS:
        raise CannotRead(f"{Path(name).name}: only {', '.join(READERS)} files can be read; save it as one of these.")
    forget_file(home, session)
    folder = home / FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    path = folder / f"{_hash(session)}{suffix}"
    path.touch(mode=0o600)
    try:
        save(path)
        read_names(path)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return path


def find_file(home: Path, session: str) -> Path | None:
    """The file that a session holds; using it keeps it for another hour."""
    path = next(iter((home / FOLDER).glob(f"{_hash(session)}.*")), None)
    if path is not None:
        path.touch()
    return path


def forget_file(home: Path, session: str) -> None:
    for path in (home / FOLDER).glob(f"{_hash(session)}.*"):
        path.unlink(missing_ok=True)


def move_file(home: Path, session: str, other: str) -> None:
    """Let another value of the session hold what this one held."""
    for path in (home / FOLDER).glob(f"{_hash(session)}.*"):
        path.rename(path.with_name(f"{_hash(other)}{path.suffix}"))


def forget_old_files(home: Path, now: float) -> int:
    """Remove what nobody used for an hour before `now` (seconds since 1970); how many files."""
    old = [path for path in (home / FOLDER).glob("*") if path.stat().st_mtime < now - LONGEST]
    for path in old:
        path.unlink(missing_ok=True)
    return len(old)


def _hash(session: str) -> str:
    return sha256(f"own file of {session}".encode()).hexdigest()
