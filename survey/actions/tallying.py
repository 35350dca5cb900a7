"""Tallying: leaves that no tally has counted yet become counts and sums by design cell."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from typing import Any

from survey.mandate.questionnaires import Questionnaire
from survey.mandate.rules import EVERYBODY, ITEMS_ANSWERED, ITEMS_SATISFIED, level_outcome, read_rule
from survey.proof import EXCLUSION, WITHDRAWAL
from survey.store import frames, ledger, tallies, waves
from survey.store.database import Connection, Database
from survey.store.ledger import LedgerRow
from survey.store.questionnaires import load_version
from survey.store.sql import take_turn
from survey.store.tallies import CellKey, ItemKey, Moments

ROWS_AT_A_TIME = 20_000
TURN = "tally"
COUNTED, EXCLUDED, WITHDRAWN = "counted", "excluded", "withdrawn"
BESIDE = {EXCLUSION: ("excluded", EXCLUDED), WITHDRAWAL: ("withdrawn", WITHDRAWN)}  # where the row is named, and how
SATISFIED_LEVELS = (4, 5)
IMPORTED_ITEM = "overall"

Scores = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class _How:
    """What counting a leaf needs besides the leaf: agencies of strata, the outcomes wanted, what was asked."""

    agencies: Mapping[str, str]
    wanted: set[str]
    load: Callable[[str], Questionnaire]


@dataclass
class Counts:
    """Counts of some leaves, before they are added to the tally."""

    cells: dict[tuple[CellKey, str], Moments] = field(default_factory=dict)
    crosses: dict[tuple[CellKey, str, str], tuple[int, int]] = field(default_factory=dict)
    items: Counter[ItemKey] = field(default_factory=Counter)

    def add(self, key: CellKey, scores: Scores, times: int) -> None:
        """Count `times` alike persons with these scores."""
        for outcome, u in ((EVERYBODY, 1), *scores.items()):
            n, total, squared = self.cells.get((key, outcome), (0, 0, 0))
            self.cells[key, outcome] = Moments(n + times, total + times * u, squared + times * u * u)
        if ITEMS_ANSWERED in scores:
            pair = (key, ITEMS_ANSWERED, ITEMS_SATISFIED)
            n, product = self.crosses.get(pair, (0, 0))
            self.crosses[pair] = (n + times, product + times * scores[ITEMS_ANSWERED] * scores[ITEMS_SATISFIED])

    def merge(self, others: Counts) -> None:
        """Add what was counted elsewhere."""
        for cell, (n, total, squared) in others.cells.items():
            before = self.cells.get(cell, (0, 0, 0))
            self.cells[cell] = Moments(before[0] + n, before[1] + total, before[2] + squared)
        for pair, (n, product) in others.crosses.items():
            crossed = self.crosses.get(pair, (0, 0))
            self.crosses[pair] = (crossed[0] + n, crossed[1] + product)
        for item, n in others.items.items():
            self.items[item] += n


def tally(database: Database) -> int:
    """Count every sealed leaf that is not counted yet, wave by wave; the number of leaves read."""
    with database.reading() as connection:
        behind = ledger.list_waves_beyond(connection, tallies.list_progress(connection))
    return sum(_catch_up(database, wave_code) for wave_code in behind)


def rebuild(database: Database, wave_code: str) -> int:
    """Forget a wave's tally and count it again from the ledger."""
    with database.writing("clear-tally") as connection:
        tallies.clear_tally(connection, wave_code)
    return _catch_up(database, wave_code)


def count_from_scratch(connection: Connection, wave_code: str, size: int) -> Counts:
    """Count the leaves of a wave below a size of the tree, without touching the tally."""
    return _count_rows(connection, wave_code, ledger.iterate_rows(connection, end=size, wave_code=wave_code))


def count_leaves(
    leaves: Iterable[bytes],
    find_codes: Callable[[int], bytes],
    agencies: Mapping[str, str],
    wanted: set[str],
    load: Callable[[str], Questionnaire],
) -> Counts:
    """Count leaves of one wave given by their codes, wherever they are kept; `find_codes` gives those of a position,
    `load` what was asked."""
    how = _How(agencies, wanted, load)
    counts = Counts()
    for bare, times in Counter(leaves).items():
        codes = json.loads(bare)
        if codes["kind"] in BESIDE:
            name, disposition = BESIDE[codes["kind"]]
            _move_beside(json.loads(find_codes(codes[name])), disposition, counts, how)
        else:
            _count_leaf(codes, times, counts, how)
    return counts


def _wanted(connection: Connection, wave_code: str) -> set[str]:
    wave = waves.find_wave(connection, wave_code)
    assert wave is not None
    return set(read_rule(wave.rule).outcomes)


def _catch_up(database: Database, wave_code: str) -> int:
    read = 0
    while True:
        with database.writing("tally") as connection:
            counted = _count_some(connection, wave_code)
        read += counted
        if counted < ROWS_AT_A_TIME:
            return read


def _count_some(connection: Connection, wave_code: str) -> int:
    take_turn(connection, TURN)  # else two that start from the same progress would count the same leaves
    start = tallies.find_progress(connection, wave_code)
    leaves = ledger.count_leaves(connection)
    rows = list(islice(ledger.iterate_rows(connection, start=start, end=leaves, wave_code=wave_code), ROWS_AT_A_TIME))
    counts = _count_rows(connection, wave_code, rows)
    size = leaves if len(rows) < ROWS_AT_A_TIME else rows[-1].position + 1
    tallies.grow_tally(connection, wave_code, size, counts.cells, counts.crosses, counts.items)
    return len(rows)


def _count_rows(connection: Connection, wave_code: str, rows: Iterable[LedgerRow]) -> Counts:
    def find_codes(position: int) -> bytes:
        row = ledger.find_row(connection, position)
        assert row is not None
        return row.codes

    agencies = frames.list_stratum_agencies(connection, wave_code)
    wanted, load = _wanted(connection, wave_code), partial(load_version, connection)
    return count_leaves((row.codes for row in rows), find_codes, agencies, wanted, load)


def _move_beside(response: Mapping[str, Any], disposition: str, counts: Counts, how: _How) -> None:
    """Take the response out of what counts and put it beside: one less here, one more there, nothing rewritten."""
    _count_response(response, -1, counts, how)
    _count_response(response, 1, counts, how, disposition)


def _count_leaf(codes: Mapping[str, Any], times: int, counts: Counts, how: _How) -> None:
    if codes["kind"] == "counts":
        _count_imported(codes, counts, how)
    elif codes["kind"] == "response":
        _count_response(codes, times, counts, how)


def _count_response(
    codes: Mapping[str, Any], times: int, counts: Counts, how: _How, disposition: str = COUNTED
) -> None:
    key = CellKey(codes["stratum"], codes["psu"], codes["class"], codes["period"], disposition)
    answers: Mapping[str, str] = codes["answers"]
    scores = score_answers(how.load(codes["questionnaire"]), answers)
    counts.add(key, {outcome: u for outcome, u in scores.items() if outcome in how.wanted}, times)
    for item, choice in answers.items():
        counts.items[ItemKey(how.agencies[key.stratum_code], key.period, disposition, item, choice)] += times


def _count_imported(codes: Mapping[str, Any], counts: Counts, how: _How) -> None:
    key = CellKey(codes["stratum"], "", "", codes["period"], COUNTED)
    for level, times in codes["counts"].items():
        if times:
            outcome = level_outcome(int(level))
            counts.add(key, {outcome: 1} if outcome in how.wanted else {}, times)
            counts.items[ItemKey(how.agencies[key.stratum_code], key.period, COUNTED, IMPORTED_ITEM, level)] += times


def score_answers(questionnaire: Questionnaire, answers: Mapping[str, str]) -> dict[str, int]:
    """A person's integer scores: 1 for the level of the overall answer, and the items answered and satisfied.

    Who gave no level to the overall item has none of the five: item nonresponse is a domain of the sample.
    """
    scores: dict[str, int] = {}
    overall = _level(questionnaire, questionnaire.overall_item.code, answers)
    if overall is not None:
        scores[level_outcome(overall)] = 1
    given = [_level(questionnaire, item.code, answers) for item in questionnaire.items if item.indexed]
    levels = [level for level in given if level is not None]
    scores[ITEMS_ANSWERED] = len(levels)
    scores[ITEMS_SATISFIED] = sum(level in SATISFIED_LEVELS for level in levels)
    return scores


def _level(questionnaire: Questionnaire, item: str, answers: Mapping[str, str]) -> int | None:
    return questionnaire.level(item, answers[item]) if item in answers else None
