"""Completed answers a second with 16 clients, against bare Flask with one durable INSERT in the same run.

    python benchmarks/submissions.py [--seconds 1.5] [--pairs 12]

A completion is what a citizen does: a new connection, the link's redirect, the page, the post, thanks. Product and
floor stand side by side under the same gunicorn settings and are loaded by turns, a second or two each, because the
machine's own speed moves within a minute: the ratio is the median of those of neighbouring turns. As many rows must be
stored as were thanked for. The processor's time of the server for an answer is printed beside the rate: unlike the rate
it does not depend on what else the machine does.
"""

from __future__ import annotations

import platform
import sqlite3
import statistics
import sys
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
from floor_app import database_of
from load_client import Load, complete_answer, run_clients

ROOT = Path(__file__).parents[1]
sys.path.extend([str(ROOT / "tests"), str(ROOT / "tests" / "faults")])

from broken_homes import HIDING_WAVE, invite, make_home  # noqa: E402 they live with the tests
from campaign import read_stored  # noqa: E402
from postgresql_server import NoServer, run_server  # noqa: E402
from serving import Home, Server, serving  # noqa: E402

CLIENTS = 16
GOAL = 0.7
WARM_UP = 20  # completions, where a run is not compared
WARMING_SECONDS = 2.0
MOST_A_SECOND = 1000
ANSWERS = {"G1": "4", "A1": "5", "B1": "4", "C1": "4", "D1": "5", "K1": "Cán bộ hướng dẫn rõ ràng"}
FLOOR = Path(__file__).with_name("floor_app.py")


def main() -> None:
    options = ArgumentParser(description=__doc__)
    options.add_argument("--seconds", type=float, default=1.5)
    options.add_argument("--pairs", type=int, default=12)
    chosen = options.parse_args()
    print(f"\n{platform.machine()}, Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}")
    print(f"{CLIENTS} clients, {chosen.pairs} x {chosen.seconds:g} s each, by turns; goal: {GOAL} of the floor\n")
    print("| database | server | answers/s | p50 ms | p99 ms | CPU ms | of the floor |")
    print("|---|---|---:|---:|---:|---:|---:|")
    for name, home in homes():
        compare(name, home, chosen.pairs, chosen.seconds)


def homes() -> Iterator[tuple[str, Home]]:
    """An installation on each database that can be had here."""
    with TemporaryDirectory() as place:
        yield "SQLite", make_home(Path(place, "home"))
    try:
        with TemporaryDirectory() as place, run_server() as server:
            yield "PostgreSQL", make_home(Path(place, "home"), server.create("submissions"))
    except NoServer as missing:
        print(f"| PostgreSQL | not here: {missing} | | | | | |")


def compare(name: str, home: Home, pairs: int, seconds: float) -> None:
    """Load the product and the floor by turns and print both."""
    tokens = iter(invite(home, int(MOST_A_SECOND * (WARMING_SECONDS + pairs * seconds)), 0, HIDING_WAVE))
    ours, floors = Load(), Load()
    shares: list[float] = []
    before = read_stored(home).tokens
    with serving(home, "--no-work") as product, serving(home, "--no-work", program=FLOOR) as floor:
        turns = (
            Turn(product, lambda: complete_answer(product.address, tokens, ANSWERS), ours),
            Turn(floor, lambda: complete_answer(floor.address, iter("t"), ANSWERS), floors),
        )
        for turn in turns:
            turn.warm_up()
        for number in range(pairs):
            rates = {turn: turn.load(seconds) for turn in (turns if number % 2 else turns[::-1])}
            shares.append(rates[turns[0]] / rates[turns[1]])
    check(ours, read_stored(home).tokens - before)
    check(floors, count_floor(home))
    low, middle, high = statistics.quantiles(shares, n=4)
    slower = ours.quantile(0.99) / floors.quantile(0.99)
    told = f"{middle:.2f} (quartiles {low:.2f}, {high:.2f}; p99 x {slower:.1f}, CPU x {ours.cpu / floors.cpu:.2f})"
    print_row(name, "hailong", ours, told)
    print_row(name, "bare Flask, one INSERT", floors, "1")


@dataclass(frozen=True, eq=False)
class Turn:
    """One of the two servers, how it is loaded, and the sum of its turns."""

    server: Server
    complete: Callable[[], str]
    whole: Load

    def warm_up(self) -> None:
        """Wake every worker and thread: what is done once after a start is not what is compared here."""
        load = run_clients(CLIENTS, WARMING_SECONDS, self.complete)
        self.whole.receipts |= load.receipts
        self.whole.failures += load.failures

    def load(self, seconds: float) -> float:
        """Answers a second in one turn."""
        before = self.server.cpu_seconds()
        load = run_clients(CLIENTS, seconds, self.complete)
        whole, used = self.whole, self.server.cpu_seconds() - before
        whole.cpu = (whole.cpu * len(whole.seconds) + used) / (len(whole.seconds) + len(load.seconds))
        whole.seconds += load.seconds
        whole.receipts |= load.receipts
        whole.failures += load.failures
        whole.elapsed += load.elapsed
        return load.rate


def check(load: Load, stored: int) -> Load:
    """Refuse figures of a run in which anything failed or anything thanked for is missing."""
    if load.failures or stored != len(load.receipts):
        sys.exit(f"not a measurement: {stored} rows for {len(load.receipts)} thanks, failures {load.failures}")
    return load


def count_floor(home: Home) -> int:
    name = database_of(home.settings)
    try:
        if home.settings.is_sqlite:
            found = sqlite3.connect(name).execute("SELECT count(*) FROM floor").fetchone()
        else:
            with psycopg.connect(name) as connection:
                found = connection.execute("SELECT count(*) FROM floor").fetchone()
    except (sqlite3.OperationalError, psycopg.errors.UndefinedTable):
        return 0
    return int(found[0]) if found else 0


def print_row(name: str, server: str, load: Load, ratio: str) -> None:
    middle, late = (1000 * load.quantile(share) for share in (0.5, 0.99))
    cpu = 1000 * load.cpu
    print(f"| {name} | {server} | {load.rate:,.0f} | {middle:.1f} | {late:.1f} | {cpu:.2f} | {ratio} |", flush=True)


if __name__ == "__main__":
    main()
