"""What a release changes of the one before: every figure that either of them shows and that is another now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from survey.store.releases import StoredFigure

COMPARED = ("n", "rate", "low", "high")


@dataclass(frozen=True, slots=True)
class Changed:
    """One figure: its answers and rate before and now; None where it was not shown."""

    level: str
    sector: str
    place: str
    n_before: int | None
    rate_before: float | None
    n_now: int | None
    rate_now: float | None


def find_changes(before: Sequence[StoredFigure], now: Sequence[StoredFigure]) -> list[Changed]:
    """In the order of the lattice: the wave, sectors, agencies."""
    then = {_key(each): each for each in before}
    new = {_key(each): each for each in now}
    keys = [*(_key(each) for each in now), *(key for key in then if key not in new)]
    return [_change(key, then.get(key), new.get(key)) for key in keys if _told(then.get(key)) != _told(new.get(key))]


def _key(figure: StoredFigure) -> tuple[str, str, str]:
    return figure.level, figure.sector_code, figure.place


def _told(figure: StoredFigure | None) -> tuple[object, ...]:
    return tuple(_shown(figure).get(name) for name in COMPARED)


def _change(key: tuple[str, str, str], then: StoredFigure | None, new: StoredFigure | None) -> Changed:
    before, now = _shown(then), _shown(new)
    level, sector, place = key
    return Changed(level, sector, place, before.get("n"), before.get("rate"), now.get("n"), now.get("rate"))


def _shown(figure: StoredFigure | None) -> dict[str, Any]:
    return {} if figure is None or figure.suppressed else figure.numbers
