"""Versions that were built here and lie in a database: asked for by the same loader as those of the package.

A process opens the shelf of its database once. The loader holds it weakly: it goes with the database it belongs to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol
from weakref import ref

if TYPE_CHECKING:
    from survey.mandate.questionnaires import Questionnaire


class Shelf(Protocol):
    """Finds published versions by "code@version", or by "code" for the latest; lists them all."""

    def find(self, name: str) -> Questionnaire | None: ...

    def list_all(self) -> list[Questionnaire]: ...


_shelves: list[ref[Shelf]] = []


def open_shelf(shelf: Shelf) -> None:
    """Let the loader look here too, before the shelves that were opened earlier."""
    _shelves.insert(0, ref(shelf))


def find_shelved(name: str) -> Questionnaire | None:
    """The version called `name` on the newest shelf that has it."""
    return next((found for shelf in _open() if (found := shelf.find(name)) is not None), None)


def list_shelved() -> list[Questionnaire]:
    """Every version on every open shelf."""
    return [version for shelf in _open() for version in shelf.list_all()]


def _open() -> list[Shelf]:
    _shelves[:] = [each for each in _shelves if each() is not None]
    return [shelf for each in _shelves if (shelf := each()) is not None]
