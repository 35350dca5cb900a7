"""Durable commits without any web: one row, one commit, on one connection and on sixteen; the product's own writer.

    python benchmarks/commits.py [--seconds 2]

Raw SQLite (WAL, synchronous FULL) and raw PostgreSQL (its defaults) are the physics of this machine; the product's
writer stores a spent token and a response for each. Group commit may beat one commit an INSERT.
"""

from __future__ import annotations

import os
import secrets
import threading
import time
from argparse import ArgumentParser
from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from floor_app import database_of, open_postgresql, open_sqlite
from submissions import CLIENTS, homes

from survey.proof import canonical_json
from survey.store.responses import Response
from survey.store.writer import Outcome, Submission, Writer, open_writer

CODES = canonical_json({"answers": {"G1": "4", "A1": "5", "B1": "4", "C1": "4", "D1": "5"}, "kind": "response"})


def main() -> None:
    options = ArgumentParser(description=__doc__)
    options.add_argument("--seconds", type=float, default=2.0)
    seconds = options.parse_args().seconds
    print("| database | what | 1 client/s | 16 clients/s |")
    print("|---|---|---:|---:|")
    for name, home in homes():
        opened = open_sqlite if home.settings.is_sqlite else open_postgresql
        print_row(name, "raw INSERT", partial(raw, opened, database_of(home.settings)), seconds)
        with home.database() as database:
            print_row(name, "the product's writer", partial(partial, store, open_writer(database)), seconds)
    with TemporaryDirectory() as place:
        print_row("none", "a file, 4 kB and fdatasync", partial(synced, Path(place)), seconds)


def raw(opened: Callable[[str], Callable[[str, str], None]], name: str) -> Callable[[], None]:
    insert = opened(name)
    return lambda: insert(secrets.token_hex(16), CODES.decode())


def synced(place: Path) -> Callable[[], None]:
    descriptor = os.open(place / secrets.token_hex(8), os.O_RDWR | os.O_CREAT)

    def write() -> None:
        os.pwrite(descriptor, bytes(4096), 0)
        os.fdatasync(descriptor)

    return write


def store(writer: Writer) -> None:
    chance = secrets.token_bytes(144)
    response = Response(chance[:16], "THAT", "s", chance[16:48], chance[48:80], CODES, chance[80:112], b"{}")
    outcome = writer.submit(Submission(chance[112:], response))
    assert outcome is Outcome.STORED


def print_row(database: str, what: str, make: Callable[[], Callable[[], None]], seconds: float) -> None:
    rates = [rate(make, clients, seconds) for clients in (1, CLIENTS)]
    print(f"| {database} | {what} | " + " | ".join(f"{each:,.0f}" for each in rates) + " |", flush=True)


def rate(make: Callable[[], Callable[[], None]], clients: int, seconds: float) -> float:
    """Acts a second of so many threads, each with one of its own."""
    done = [0] * clients
    begin = threading.Barrier(clients + 1)

    def work(number: int) -> None:
        act = make()
        begin.wait()
        while time.perf_counter() < deadline[0]:
            act()
            done[number] += 1

    deadline = [0.0]
    threads = [threading.Thread(target=work, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    deadline[0] = time.perf_counter() + seconds
    begin.wait()
    for thread in threads:
        thread.join()
    return sum(done) / seconds


if __name__ == "__main__":
    main()
