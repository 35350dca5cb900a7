"""What changed since people spoke: a dated list in the data folder, written by the operator and shown to everybody.

One JSON object a line in `changes.jsonl`; a line that turned out wrong is withdrawn by a later one, and stays.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path

from survey.mandate.sectors import find_sector
from survey.mandate.text import Text

FILE = "changes.jsonl"


class UnknownChange(Exception):
    """There is no change with this number."""

    def __init__(self, number: int) -> None:
        super().__init__(f"There is no change number {number}. `hailong change list` shows them.")


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that was put right: when, what, and in which sector where it is not for all."""

    number: int
    on: date
    text: Text
    sector: str | None = None


def add_change(home: Path, on: date, text: Text, sector: str | None = None) -> Change:
    """Publish a change. Raises UnknownSector."""
    if sector is not None:
        find_sector(sector)
    number = _count_lines(home) + 1
    line: dict[str, object] = {"on": on.isoformat(), "text": dict(text)}
    _append(home, {**line, "sector": sector} if sector else line)
    return Change(number, on, text, sector)


def withdraw_change(home: Path, number: int) -> None:
    """Show a change no longer. Raises UnknownChange."""
    if number not in {change.number for change in list_changes(home)}:
        raise UnknownChange(number)
    _append(home, {"withdraws": number})


def list_changes(home: Path) -> tuple[Change, ...]:
    """The changes that stand, newest first."""
    path = home / FILE
    try:
        return _read(path, os.stat(path).st_mtime_ns)
    except FileNotFoundError:
        return ()


@lru_cache(maxsize=4)
def _read(path: Path, _changed: int) -> tuple[Change, ...]:
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    withdrawn = {line["withdraws"] for line in lines if "withdraws" in line}
    found = [
        Change(number, date.fromisoformat(line["on"]), Text(line["text"]), line.get("sector"))
        for number, line in enumerate(lines, 1)
        if "withdraws" not in line and number not in withdrawn
    ]
    return tuple(sorted(found, key=lambda change: (change.on, change.number), reverse=True))


def _count_lines(home: Path) -> int:
    path = home / FILE
    return len(path.read_text(encoding="utf-8").splitlines()) if path.exists() else 0


def _append(home: Path, line: dict[str, object]) -> None:
    with (home / FILE).open("a", encoding="utf-8") as file:
        file.write(json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n")
        file.flush()
        os.fsync(file.fileno())
