"""Seeded provinces on two days: agencies and sectors of every size, many with few answers, few of them new."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from survey.actions.releasing import recompute
from survey.actions.suppressing import shown_figures
from survey.mandate.rules import EVERYBODY, Rule, level_outcome
from survey.proof import canonical_json
from survey.store.ledger import SignedCheckpoint
from survey.store.releases import StoredFigure

SECTORS = ("land", "construction", "investment", "civil_status", "business", "health")
TODAY = date(2026, 11, 24)
SATISFIED, NOT = level_outcome(5), level_outcome(1)


@dataclass(frozen=True)
class Cell:
    """An agency's answers in a sector: how many live there, answered, and were satisfied."""

    agency: str
    sector: str
    population: int
    n: int
    satisfied: int

    @property
    def stratum(self) -> str:
        return f"{self.agency}.{self.sector}"


def draw_province(seed: int) -> tuple[list[Cell], list[Cell]]:
    """The same cells on the first day and on the second, when some have a few more answers and some many."""
    chance = random.Random(seed)
    agencies = [f"A{number:02}" for number in range(chance.randint(5, 30))]
    first, second = [], []
    for agency in agencies:
        for sector in SECTORS:
            if chance.random() < 0.3:
                continue
            one, other = draw_cell(chance, agency, sector)
            first.append(one)
            second.append(other)
    return first, second


def draw_cell(chance: random.Random, agency: str, sector: str) -> tuple[Cell, Cell]:
    """One cell on both days: answers of a few to hundreds, none, few or many of them new."""
    n = int(chance.lognormvariate(3.3, 1))
    rate = chance.betavariate(9, 1)
    one = Cell(agency, sector, n * 5 + chance.randint(20, 400), n, _draw(chance, n, rate))
    new = chance.choice([0, 0, chance.randint(1, 9), chance.randint(10, 40)])
    return one, Cell(agency, sector, one.population, n + new, one.satisfied + _draw(chance, new, rate))


def release_both(first: Sequence[Cell], second: Sequence[Cell]) -> tuple[list[StoredFigure], list[StoredFigure]]:
    """What is released on each day."""
    one = _release(first, 1, [])
    shown = [[*key, n, None if rate is None else repr(rate), 1] for key, (n, rate, _) in shown_figures(one).items()]
    behind = {(each.sector, each.agency): each.n for each in first}
    hidden = [(each.sector_code, each.place) for each in one if each.suppressed and each.level == "agency"]
    left_out = [["agency", *place, behind[place], None, 0] for place in hidden]
    return one, _release(second, 2, [[*shown, *left_out]])


def _draw(chance: random.Random, n: int, rate: float) -> int:
    return sum(chance.random() < rate for _ in range(n))


def _release(cells: Sequence[Cell], number: int, earlier: list[object]) -> list[StoredFigure]:
    rule = Rule()
    inputs = canonical_json(
        {
            "wave": {
                "code": "W",
                "questionnaire_code": "onequestion",
                "questionnaire_version": 1,
                "population": "transactions",
                "collected": "sample",
                "purpose": "official",
                "rule": rule.canonical(),
                "opens_on": "2026-11-01",
                "closes_on": "2026-11-30",
            },
            "frame": {"version": 1, "digest": "00"},
            "strata": [[each.stratum, each.agency, each.sector, None, each.population] for each in cells],
            "agencies": {each.stratum: each.agency for each in cells},
            "areas": {each.agency: "" for each in cells},
            "published": [],
            "earlier": earlier,
            "least_new": rule.minimum_cell,
        }
    ).decode()
    checkpoint = SignedCheckpoint(number, number, b"", b"", _account(cells), "[]", "[]", "{}", "", TODAY)
    tally = [row for each in cells for row in _tally(each)]
    return recompute(inputs, tally, checkpoint)[1]


def _tally(cell: Cell) -> list[dict[str, object]]:
    counts = {EVERYBODY: cell.n, SATISFIED: cell.satisfied, NOT: cell.n - cell.satisfied}
    return [
        {
            "wave_code": "W",
            "stratum_code": cell.stratum,
            "psu": "",
            "calibration_class": "",
            "period": "2026-11a",
            "disposition": "counted",
            "outcome": outcome,
            "n": n,
            "total": n,
            "total_squared": n,
        }
        for outcome, n in counts.items()
        if n
    ]


def _account(cells: Sequence[Cell]) -> str:
    counts = {each.stratum: {"invited": 2 * each.n, "answered": each.n} for each in cells}
    return canonical_json({"W": counts}).decode()
