"""A database administrator, the day after: every file byte by byte, every hidden column, all of it put in order.

The administrator knows each token's hash, stratum and channel, and the window between two seals in which it was spent.
Every trace puts some tokens, or some answers, into an order. A guess lines up an order of tokens with one of answers,
within a window. Which two to line up is learnt on one half of the strata, whose truth the attacker may know (answers
planted by accomplices), and is then tried on the other half: so the best of many guesses is not the luckiest one.
"""

from __future__ import annotations

import json
import random
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
from sqlalchemy import text

from survey.store.database import Database

Order = Mapping[bytes, object]
Window = tuple[str, int]
HIDDEN = (
    "xmin::text::bigint AS born, cmin::text::bigint AS step, "
    "(ctid::text::point)[0] * 1000 + (ctid::text::point)[1] AS place"
)
WAL_HEADER, FRAME_HEADER, PAGE = 32, 24, 4096


@dataclass(frozen=True)
class Truth:
    """What the attacker wants to know: the answer of each token, and the window (stratum, seal) of both."""

    answer_of: Mapping[bytes, bytes]
    window_of: Mapping[bytes, Window]


@dataclass(frozen=True)
class Result:
    """What the best guess reached on the half that it was not chosen on; `chance` is the mean of 1/m there."""

    guess: str
    hits: int
    tokens: int
    chance: float

    @property
    def rate(self) -> float:
        return self.hits / self.tokens

    @property
    def luck(self) -> float:
        """Three standard deviations of the rate of a blind guess, one hit a window, with variance 1."""
        return 3 * (self.chance / self.tokens) ** 0.5


def attack(database: Database, folders: Sequence[Path], truth: Truth) -> Result:
    """The best that can be learnt from all the traces in these folders and in the database."""
    answers = list(truth.answer_of.values())
    tokens = list(truth.answer_of)
    needles = Needles([*tokens, *answers])
    orders = [*_orders_in_files(folders, needles), *_orders_in_logs(folders, needles), *_orders_in_tables(database)]
    of_tokens = [(name, order) for name, order in orders if _covers(order, tokens)]
    of_answers = [(name, order) for name, order in orders if _covers(order, answers)]
    windows = _windows(truth)
    known, unknown = windows[::2], windows[1::2]
    guesses = [(*pair, back) for pair in product(of_tokens, of_answers) for back in (False, True)]
    best = max(guesses, key=lambda guess: sum(_hits(guess, window, truth) for window in known))
    hits = sum(_hits(best, window, truth) for window in unknown)
    size = sum(map(len, unknown))
    return Result(f"{best[0][0]} with {best[1][0]}{' reversed' * best[2]}", hits, size, len(unknown) / size)


def _hits(guess: tuple[tuple[str, Order], tuple[str, Order], bool], window: list[bytes], truth: Truth) -> int:
    (_, of_tokens), (_, of_answers), back = guess
    answers = [truth.answer_of[token] for token in window]
    lined_up = _sorted(answers, of_answers)
    guessed = zip(_sorted(window, of_tokens), lined_up[::-1] if back else lined_up, strict=True)
    return sum(truth.answer_of[token] == answer for token, answer in guessed)


def _sorted(values: list[bytes], order: Order) -> list[bytes]:
    """In this order; those that it does not tell apart, or does not know, by chance."""
    shuffled = sorted(values)
    random.Random(7).shuffle(shuffled)
    return sorted(shuffled, key=lambda value: (value not in order, order.get(value, 0)))  # type: ignore[arg-type, return-value]


def _windows(truth: Truth) -> list[list[bytes]]:
    windows: dict[Window, list[bytes]] = defaultdict(list)
    for token in sorted(truth.answer_of):
        windows[truth.window_of[token]].append(token)
    return [windows[key] for key in sorted(windows)]


def _covers(order: Order, values: Sequence[bytes]) -> bool:
    return sum(value in order for value in values) >= len(values) / 5


def _orders_in_files(folders: Sequence[Path], needles: Needles) -> Iterator[tuple[str, Order]]:
    """For each file, and each folder as one, the places at which values stand: the first, the second ..., the last."""
    for folder in folders:
        whole: dict[bytes, list[tuple[str, int]]] = defaultdict(list)
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                places: dict[bytes, list[int]] = defaultdict(list)
                for value, place in needles.find(path.read_bytes()):
                    places[value].append(place)
                    whole[value].append((path.name, place))
                yield from _ranked(path.name, places)
        yield from _ranked(folder.name, whole)


def _orders_in_logs(folders: Sequence[Path], needles: Needles) -> Iterator[tuple[str, Order]]:
    """In SQLite's write-ahead log: the commits after which a value stands in more places than before."""
    for path in (path for folder in folders for path in folder.rglob("*-wal")):
        came: dict[bytes, list[int]] = defaultdict(list)
        pages: dict[bytes, Counter[bytes]] = {}
        for number, commit in enumerate(_commits(path.read_bytes())):
            gained: Counter[bytes] = Counter()
            for page, content in commit.items():
                found = Counter({value for value, _ in needles.find(content)})
                gained.update(found)
                gained.subtract(pages.get(page, Counter()))
                pages[page] = found
            for value in (value for value, gain in gained.items() if gain > 0):
                came[value].append(number)
        yield from _ranked("more in the log", came)


def _commits(log: bytes) -> Iterator[dict[bytes, bytes]]:
    """The pages of each commit; the frame that ends one says how many pages the database then has."""
    pages: dict[bytes, bytes] = {}
    for frame in range(WAL_HEADER, len(log), FRAME_HEADER + PAGE):
        pages[log[frame : frame + 4]] = log[frame + FRAME_HEADER : frame + FRAME_HEADER + PAGE]
        if any(log[frame + 4 : frame + 8]):
            yield pages
            pages = {}


class Needles:
    """Values of 32 random bytes to look for in many haystacks."""

    def __init__(self, values: Sequence[bytes]) -> None:
        self._values = {int.from_bytes(value[:8], "little"): value for value in values}
        self._beginnings = np.sort(np.array(list(self._values), dtype="<u8"))

    def find(self, haystack: bytes) -> list[tuple[bytes, int]]:
        """Every value found, with its place, in the order of places."""
        found: list[tuple[bytes, int]] = []
        for shift in range(min(8, len(haystack))):
            words = np.frombuffer(haystack, dtype="<u8", count=(len(haystack) - shift) // 8, offset=shift)
            near = np.searchsorted(self._beginnings, words).clip(max=len(self._beginnings) - 1)
            for at in np.flatnonzero(self._beginnings[near] == words):
                place, value = int(at) * 8 + shift, self._values[int(words[at])]
                if haystack[place : place + len(value)] == value:
                    found.append((value, place))
        return sorted(found, key=lambda each: each[1])


def _ranked(name: str, places: Mapping[bytes, Sequence[object]]) -> Iterator[tuple[str, Order]]:
    for rank in range(min(8, max(map(len, places.values()), default=0))):
        yield f"{name} #{rank + 1}", {value: found[rank] for value, found in places.items() if len(found) > rank}
    yield f"{name} last", {value: found[-1] for value, found in places.items()}
    pages = {value: found[-1] for value, found in places.items() if isinstance(found[-1], int)}
    yield f"{name} last, in its page", {value: place % 4096 for value, place in pages.items()}  # type: ignore[operator]


def _orders_in_tables(database: Database) -> Iterator[tuple[str, Order]]:
    """What the columns say, and on PostgreSQL the hidden ones: transaction, command, place in the file."""
    tables = (("spent", "token_hash"), ("invitation", "token_hash"), ("inbox", "nonce1"), ("ledger", "nonce1"))
    with database.reading() as connection:
        for table in ("inbox", "ledger"):
            answers = connection.execute(text(f"SELECT nonce1, codes FROM {table}")).all()
            for attribute in ("period", "language", "channel"):
                yield (
                    f"{table} {attribute}",
                    {bytes(row.nonce1): json.loads(bytes(row.codes))[attribute] for row in answers},
                )
        for table, column in tables:
            hidden = "0 AS alike" if database.is_sqlite else HIDDEN
            rows = connection.execute(text(f"SELECT {column} AS value, {table}.*, {hidden} FROM {table}")).mappings()
            kept = [dict(row) for row in rows]
            for name in ("position", "channel", "born", "step", "place"):
                if kept and name in kept[0]:
                    yield f"{table} {name}", {bytes(row["value"]): row[name] for row in kept}
