"""Which program made a figure: a digest over the source that computes it, and the libraries that it stands on.

A package's version stays the same while somebody edits a file; these bytes do not. So a figure that differs is either
wrong or made by other software, and which of the two is not a guess.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from importlib.resources import files
from importlib.resources.abc import Traversable

LIBRARIES = ("numpy", "pandas", "scipy", "narwhals")
ROOMS = ("analysis", "survey.mandate")
ACTIONS = (
    "auditing_figures",
    "comparing",
    "comparing_totals",
    "defining",
    "estimating",
    "guarding_definitions",
    "judging",
    "narrowing",
    "pinning",
    "ranging",
    "release_inputs",
    "releasing",
    "showing_excluded",
    "suppressing",
    "tallying",
    "weighing",
)
SUFFIXES = (".py", ".toml")


@cache
def figure_code_digest() -> str:
    """Hex SHA-256 over the files that computing a figure reads: their names and their bytes, in order of name."""
    digest = sha256()
    for name, content in sorted(_sources()):
        digest.update(f"{name} {len(content)}\n".encode() + content)
    return digest.hexdigest()


@cache
def library_versions() -> dict[str, str]:
    """What the same source may compute other last digits with."""
    return {"python": f"{sys.version_info.major}.{sys.version_info.minor}"} | {
        each: version(each) for each in LIBRARIES
    }


def _sources() -> Iterator[tuple[str, bytes]]:
    for room in ROOMS:
        yield from _walk(files(room), room)
    actions = files("survey.actions")
    for name in ACTIONS:
        yield f"survey.actions/{name}.py", actions.joinpath(f"{name}.py").read_bytes()


def _walk(folder: Traversable, name: str) -> Iterator[tuple[str, bytes]]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _walk(entry, f"{name}/{entry.name}")
        elif entry.name.endswith(SUFFIXES):
            yield f"{name}/{entry.name}", entry.read_bytes()
