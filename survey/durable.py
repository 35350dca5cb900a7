"""What a crash must not break, and how a test asks for one: files of the old bytes or the new, points to die at."""

from __future__ import annotations

import os
import signal
from pathlib import Path

CRASH_VARIABLE = "HAILONG_CRASH_AT"


def crash_point(name: str) -> None:
    """Die here, as by a power cut, when a fault test asks for it by the environment."""
    if os.environ.get(CRASH_VARIABLE) == name:
        os.kill(os.getpid(), signal.SIGKILL)


def write_durably(path: Path, content: bytes) -> None:
    """Replace a file, on the disk when this returns; nobody but its owner may read it."""
    waiting = path.with_name(path.name + ".new")
    descriptor = os.open(waiting, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    waiting.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
