"""What pages say beyond a release's own figures: computed from figures that are shown, and from nothing else.

Whatever is derived here tells nothing that the released figures do not, so that no suppression can be passed by. A
release never changes; what was derived from one is kept by its digest.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import TYPE_CHECKING, Any, TypeVar

from survey.mandate.sectors import load_sectors
from survey.store.releases import StoredFigure

if TYPE_CHECKING:
    from analysis.combining import Change, Combined
    from analysis.forecast import Outlook

PERIODS_NEEDED = 5
FEWEST_PERIODS = 3
CERTIFICATION = "certification"
KEPT = 256

Value = TypeVar("Value")
_kept: OrderedDict[tuple[object, ...], Any] = OrderedDict()


@dataclass(frozen=True, slots=True)
class Measured:
    """One wave's released figure of one place; `indicator` and `instrument` tell when the method changed."""

    wave_code: str
    names: Mapping[str, str]
    opens_on: date
    closes_on: date
    indicator: str
    instrument: str
    numbers: Mapping[str, Any]

    @property
    def middle(self) -> date:
        return self.opens_on + (self.closes_on - self.opens_on) / 2

    @property
    def limits(self) -> tuple[float, float, float]:
        return self.numbers["rate"], self.numbers["low"], self.numbers["high"]


@dataclass(frozen=True, slots=True)
class Share:
    """One sector's part in the sector above it: its share of transactions, and its rate where it is shown."""

    sector: str
    share: float
    rate: float | None


@dataclass(frozen=True, slots=True)
class Mix:
    """What a sector is made of, and its rate under other weights: without certification, and with equal ones.

    `covered` is the share of transactions in sectors that are shown.
    """

    shares: tuple[Share, ...]
    without: Combined | None
    equal: Combined | None
    covered: float


def keep(key: tuple[object, ...], make: Callable[[], Value]) -> Value:
    """What was made for this key before, or made now. Keys begin with a release's digest."""
    if key not in _kept:
        _kept[key] = make()
        while len(_kept) > KEPT:
            _kept.popitem(last=False)
    found: Value = _kept[key]
    return found


def forget_kept() -> None:
    """Begin anew, as a process does."""
    _kept.clear()


def silent_range(numbers: Mapping[str, Any]) -> tuple[float, float] | None:
    """The rate among all invited if every silent one were dissatisfied, or satisfied; None where nobody was invited."""
    if not numbers.get("invited") or numbers.get("rate") is None:
        return None
    answered = min(1.0, numbers["answered"] / numbers["invited"])
    low = numbers["rate"] * answered
    return low, low + 1 - answered


def change_since(history: Sequence[Measured]) -> tuple[Measured, Change] | None:
    """The wave before the newest that was measured in the same way, and the change since; None where there is none."""
    if len(history) < 2 or not _is_alike(history[-1], history[-2]):
        return None
    from analysis.combining import change  # the citizens' door waits for no statistics until it needs them

    return history[-2], change(history[-1].limits, history[-2].limits)


def find_breaks(history: Sequence[Measured]) -> list[tuple[date, str]]:
    """Days from which figures do not compare with those before, and why: another definition or questionnaire."""
    found = []
    for before, after in pairwise(history):
        if before.indicator != after.indicator:
            found.append((after.opens_on, "method"))
        elif before.instrument != after.instrument:
            found.append((after.opens_on, "instrument"))
    return found


def outlook(history: Sequence[Measured], target: float, due: date) -> Outlook | None:
    """Where the trend leads by the due date; None while it is too short to say."""
    from analysis.forecast import BadSeries, TooFewPeriods, look_ahead

    breaks = [day for day, _ in find_breaks(history)]
    if len(history) < FEWEST_PERIODS:
        return None
    rates = [each.numbers["rate"] for each in history]
    sizes = [each.numbers["n_effective"] for each in history]
    spread = [p * (1 - p) / n for p, n in zip(rates, sizes, strict=True)]
    try:
        return look_ahead([each.middle for each in history], rates, spread, target, due, breaks=breaks, n=sizes)
    except (TooFewPeriods, BadSeries):
        return None


def describe_course(history: Sequence[Measured], judgement: Mapping[str, Any]) -> dict[str, Any]:
    """A judgement of a target ahead, with what the series adds: its trend, or how many periods there are of five.

    What the interval shows already ("above"), and too few answers, stay as they were released.
    """
    if judgement["kind"] != "due" or judgement["verdict"] != "cannot_tell":
        return dict(judgement)
    if len(history) < PERIODS_NEEDED:
        numbers = {"periods": len(history), "periods_needed": PERIODS_NEEDED}
        return {**judgement, "reason": "short_history", "numbers": numbers}
    found = outlook(history, judgement["target"], date.fromisoformat(judgement["due"]))
    if found is None:
        return dict(judgement)
    reasons = {"on_track": "trend_reaches_target", "off_track": "trend_falls_short", "cannot_tell": "trend_uncertain"}
    return {**judgement, "verdict": found.code, "reason": reasons[found.code], "numbers": {}}


def mix_of(sector: str, figures: Mapping[str, StoredFigure]) -> Mix | None:
    """What a sector is made of, from the leaf sectors below it; None where it is one itself."""
    from analysis.combining import Part, combine

    leaves = {code: each for code, each in figures.items() if _is_leaf_below(code, sector, figures)}
    if len(leaves) < 2:
        return None
    population = {code: _population(each) for code, each in leaves.items()}
    whole = sum(population.values()) or figures[sector].numbers.get("population") or 0
    shown = {code: each.numbers for code, each in leaves.items() if _is_shown(each)}
    parts = {code: Part(each["rate"], each["n_effective"], each["population"]) for code, each in shown.items()}
    others = [part for code, part in parts.items() if code != CERTIFICATION]
    shares = [Share(code, population[code] / whole if whole else 0.0, _rate(each)) for code, each in leaves.items()]
    return Mix(
        tuple(sorted(shares, key=lambda each: (-each.share, each.sector))),
        combine(others) if CERTIFICATION in parts and others else None,
        combine([Part(each.rate, each.n_effective, 1.0) for each in parts.values()]) if parts else None,
        sum(population[code] for code in shown) / whole if whole else 0.0,
    )


def find_shortest(shown: Sequence[Mapping[str, Any]], needed: float, most: int = 4) -> list[str]:
    """The places that lack most answers, were the answers spread as the transactions are, with those that are needed.

    `shown` are figures of places that the release shows, with their `place`.
    """
    population = sum(each["population"] for each in shown)
    answers = sum(each["n"] for each in shown) + needed
    lacking = {each["place"]: answers * each["population"] / population - each["n"] for each in shown}
    return [place for place, lacks in sorted(lacking.items(), key=lambda item: (-item[1], item[0]))[:most] if lacks > 0]


def _is_leaf_below(code: str, sector: str, figures: Mapping[str, StoredFigure]) -> bool:
    sectors = load_sectors()
    above, line = sectors[code].parent, []
    while above is not None:
        line.append(above)
        above = sectors[above].parent
    return sector in line and not any(sectors[other].parent == code for other in figures)


def _is_shown(figure: StoredFigure) -> bool:
    return not figure.suppressed and figure.numbers.get("rate") is not None


def _rate(figure: StoredFigure) -> float | None:
    return figure.numbers["rate"] if _is_shown(figure) else None


def _population(figure: StoredFigure) -> float:
    return float(figure.numbers.get("population") or 0)


def _is_alike(one: Measured, other: Measured) -> bool:
    return one.indicator == other.indicator and one.instrument == other.instrument
