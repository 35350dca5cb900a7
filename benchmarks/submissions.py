"""Completed answers a second with 16 clients, against bare Flask with one durable INSERT in the same run.

    python benchmarks/submissions.py [--seconds 6] [--pairs 2]

A completion is what a citizen does: a new connection, the link's redirect, the page, the post, thanks. The product and
the floor alternate under the same gunicorn settings; as many rows must be stored as were thanked for. The processor's
time of the server for an answer is printed beside the rate: unlike the rate it does not depend on what else the
machine does.
"""

from __future__ import annotations

import platform
import sqlite3
import statistics
import sys
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
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
WARM_UP = 20
MOST_A_SECOND = 1500
ANSWERS = {"G1": "4", "A1": "5", "B1": "4", "C1": "4", "D1": "5", "K1": "Cán bộ hướng dẫn rõ ràng"}
FLOOR = Path(__file__).with_name("floor_app.py")


def main() -> None:
    options = ArgumentParser(description=__doc__)
    options.add_argument("--seconds", type=float, default=6.0)
    options.add_argument("--pairs", type=int, default=2)
    chosen = options.parse_args()
    print(f"\n{platform.machine()}, Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}")
    print(f"{CLIENTS} clients, {chosen.pairs} x {chosen.seconds:g} s each, alternating\n")
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
    """Run the product and the floor by turns and print both."""
    ours: list[Load] = []
    floors: list[Load] = []
    for number in range(pairs):
        ours.append(load_product(home, number, seconds))
        floors.append(load_floor(home, seconds))
    ratio = statistics.median(load.rate for load in ours) / statistics.median(load.rate for load in floors)
    slower = statistics.median(x.quantile(0.99) for x in ours) / statistics.median(x.quantile(0.99) for x in floors)
    dearer = statistics.median(load.cpu for load in ours) / statistics.median(load.cpu for load in floors)
    print_row(name, "hailong", ours, f"{ratio:.2f} (p99 x {slower:.1f}, CPU x {dearer:.2f})")
    print_row(name, "bare Flask, one INSERT", floors, "1")


def load_product(home: Home, number: int, seconds: float) -> Load:
    tokens = iter(invite(home, int(MOST_A_SECOND * seconds), number, HIDING_WAVE))
    before = read_stored(home).tokens
    with serving(home, "--no-work") as server:
        load = measure(server, lambda: complete_answer(server.address, tokens, ANSWERS), seconds)
    return check(load, read_stored(home).tokens - before)


def load_floor(home: Home, seconds: float) -> Load:
    before = count_floor(home)
    with serving(home, "--no-work", program=FLOOR) as server:
        load = measure(server, lambda: complete_answer(server.address, iter("t"), ANSWERS), seconds)
    return check(load, count_floor(home) - before)


def measure(server: Server, complete: Callable[[], str], seconds: float) -> Load:
    """A load, with the server's processor time for each of its completions; a few before it wake every worker."""
    first = {complete() for _ in range(WARM_UP)}
    before = server.cpu_seconds()
    load = run_clients(CLIENTS, seconds, complete)
    load.receipts |= first
    load.cpu = (server.cpu_seconds() - before) / max(1, len(load.seconds))
    return load


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


def print_row(name: str, server: str, loads: list[Load], ratio: str) -> None:
    rate = statistics.median(load.rate for load in loads)
    middle, late = (1000 * statistics.median(load.quantile(share) for load in loads) for share in (0.5, 0.99))
    cpu = 1000 * statistics.median(load.cpu for load in loads)
    print(f"| {name} | {server} | {rate:,.0f} | {middle:.1f} | {late:.1f} | {cpu:.2f} | {ratio} |", flush=True)


if __name__ == "__main__":
    main()
