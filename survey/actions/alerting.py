"""What is out of the ordinary in the newest figures: by control limits and verdicts, never by a single answer.

Only figures that a release shows are looked at, so an alert tells nothing that they do not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from math import ceil
from typing import Any

from analysis.combining import funnel_limits
from survey.actions.deriving import keep
from survey.actions.reading_boards import Board, Standing, read_board, read_shown_agencies
from survey.mandate.sectors import load_sectors
from survey.store.database import Database
from survey.store.places import Scope
from survey.store.releases import StoredFigure

CONTROL = 0.998
FEWEST = 2  # agencies among which one can stand out
IN_FORCE, MET = "in_force", "met"
SETTLED = ("met", "not_met", "not_shown")


@dataclass(frozen=True, slots=True)
class Alert:
    """`kind` is a code of `release_words.ALERTS`, filled in with `numbers`; without an `agency` the sector is meant."""

    kind: str
    sector: str
    agency: str
    numbers: Mapping[str, float | int]


def read_alerts(database: Database, scope: Scope, today: date, sees: Callable[[str], bool] = bool) -> list[Alert]:
    """Every alert of the figures that a reader sees, sectors in the mandate's order."""
    board = read_board(database, scope, today, sees)
    order = [code for code in load_sectors() if code in board.standings]
    return [each for code in order for each in _read_sector(database, code, board, scope)]


def find_turn(history: Sequence[Mapping[str, Any]]) -> tuple[str, Mapping[str, float]] | None:
    """Whether the target in force is newly met or lost between the two newest figures, with the target and the rate."""
    if len(history) < 2:
        return None
    now, before = _bar(history[-1]), _bar(history[-2])
    if now is None or before is None or now["target"] != before["target"]:
        return None
    if not {now["verdict"], before["verdict"]} <= set(SETTLED) or (now["verdict"] == MET) == (before["verdict"] == MET):
        return None
    kind = "target_met" if now["verdict"] == MET else "target_lost"
    return kind, {"target": now["target"], "rate": history[-1]["rate"]}


def find_outside(
    whole: Mapping[str, Any], agencies: Sequence[StoredFigure]
) -> Iterator[tuple[str, StoredFigure, float]]:
    """Agencies beyond the control limits around the whole: outside_low, outside_high with the limit.

    A count is beyond when it and all further out are rarer than the limit's share; so above, the next lower count is
    already past the limit, else every small agency where all are satisfied would be.
    """
    measured = [each for each in agencies if each.numbers.get("rate") is not None and each.numbers["n_effective"] > 0]
    if len(measured) < FEWEST:
        return
    sizes = [each.numbers["n_effective"] for each in measured]
    for each, (low, high) in zip(measured, funnel_limits(whole["rate"], sizes, CONTROL), strict=True):
        if each.numbers["rate"] < low:
            yield "outside_low", each, low
        elif each.numbers["rate"] - 1 / each.numbers["n_effective"] >= high:
            yield "outside_high", each, high


def find_silent(whole: Mapping[str, Any], agencies: Sequence[StoredFigure]) -> Iterator[tuple[StoredFigure, int]]:
    """Agencies where fewer answered than the whole's response leaves to chance, with the least that was expected."""
    invited = [each for each in agencies if each.numbers.get("invited")]
    if len(invited) < FEWEST or not whole.get("invited"):
        return
    response = min(1.0, whole["answered"] / whole["invited"])
    sizes = [float(each.numbers["invited"]) for each in invited]
    for each, size, (low, _) in zip(invited, sizes, funnel_limits(response, sizes, CONTROL), strict=True):
        if each.numbers["answered"] < low * size:
            yield each, ceil(low * size)


def _read_sector(database: Database, sector: str, board: Board, scope: Scope) -> list[Alert]:
    standing = board.standings[sector]
    turn = find_turn([each.numbers for each in standing.history])
    turned = [Alert(turn[0], sector, "", turn[1])] if turn else []
    if any(load_sectors()[code].parent == sector for code in board.standings) or not standing.numbers.get("rate"):
        return turned
    key = (standing.opened.release.digest, "alerts", sector, scope)
    return [*turned, *keep(key, lambda: list(_look_at_agencies(database, sector, standing, scope)))]


def _look_at_agencies(database: Database, sector: str, standing: Standing, scope: Scope) -> Iterator[Alert]:
    agencies = read_shown_agencies(database, standing.opened, sector, scope)
    for kind, each, limit in find_outside(standing.numbers, agencies):
        side = "low" if kind == "outside_low" else "high"
        yield Alert(kind, sector, each.place, {"rate": each.numbers["rate"], side: limit})
    for each, expected in find_silent(standing.numbers, agencies):
        numbers = {name: each.numbers[name] for name in ("answered", "invited")}
        yield Alert("silent", sector, each.place, numbers | {"expected": expected})


def _bar(numbers: Mapping[str, Any]) -> Mapping[str, Any] | None:
    return next((each for each in numbers.get("judgements", ()) if each["kind"] == IN_FORCE), None)
