"""What moves with overall satisfaction in a sector, as a page: parts of the service, and what happened to people."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from survey.documents.boards import Frame
from survey.documents.charts_of_parts import Quadrant, quadrants
from survey.documents.drawn_once import render_once
from survey.documents.environment import translate
from survey.documents.formats import percent
from survey.documents.shell import Shell


@dataclass(frozen=True, slots=True)
class PartLine:
    """A part of the service; `first` where it moves more than most and satisfies fewer."""

    code: str
    name: str
    part: float
    low: float
    high: float
    satisfied: float
    first: bool


@dataclass(frozen=True, slots=True)
class FactLine:
    """What happened to some people, and how many of them are satisfied overall; no rate where it is not told."""

    choice: str
    rate: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class FactTable:
    """One question of fact with its answers."""

    question: str
    lines: tuple[FactLine, ...]


@dataclass(frozen=True, slots=True)
class DriversPage:
    """A sector's drivers; without lines nothing is told: fewer than `fewest` people, or fewer than `least_new` new."""

    frame: Frame
    n: int
    explained: float
    lines: tuple[PartLine, ...]
    facts: tuple[FactTable, ...]
    fewest: int
    least_new: int


def render_drivers(page: DriversPage, shell: Shell, language: str) -> str:
    """Chart, table and facts."""
    return render_once("official/drivers.html", language, page, shell, lambda: {"drawn": _draw(page, language)})


def _draw(page: DriversPage, language: str) -> Markup:
    if not page.lines:
        return Markup()
    parts = [Quadrant(each.code, each.name, each.part, each.low, each.high, each.satisfied) for each in page.lines]
    title = translate(language, "%(name)s: điều gì đi cùng sự hài lòng", name=page.frame.sector)
    said = "; ".join(f"{each.code} {each.name}: {percent(each.part, language, 0)}" for each in page.lines)
    return quadrants(parts, language, title, said)
