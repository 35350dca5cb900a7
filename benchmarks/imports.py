"""How fast transactions come in and are drawn, against the floor: the same rows by bare executemany, or by COPY.

    python benchmarks/imports.py 1000000

prints, on the clock and of the processor, seconds for the import of a CSV file of so many transactions, for the floor
and their ratio, the peak of memory in MB, transactions a second over the API in batches of 500, and seconds for a draw
of a tenth. HAILONG_DATABASE_URL names a migrated database of its own; without one a SQLite file in a temporary folder
is made.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import resource
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

from survey.actions.importing_frame import import_frame
from survey.actions.importing_places import import_agencies, import_procedures
from survey.actions.inviting import draw_places
from survey.actions.receiving import receive
from survey.actions.waves import load_mandate, open_wave
from survey.keys import Keys, derive_keys
from survey.mandate.rules import Rule
from survey.store import clients
from survey.store.database import Database
from survey.store.migrating import migrate

EXAMPLES = Path(__file__).parents[1] / "docs" / "examples"
TODAY = date(2026, 11, 24)
AGENCIES = ("TTPVHCC-31507", "TTPVHCC-31528", "TTPVHCC-31591")
PROCEDURES = ("VD-DK-KHAI-SINH", "VD-CHUNG-THUC", "VD-BIEN-DONG-DAT")
COLUMNS = ("dossier", "agency", "procedure", "received_on", "due_on", "returned_on", "outcome", "filed_by")
BATCH, BATCHES = 500, 20


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("rows", type=int, nargs="?", default=1_000_000)
    count = parser.parse_args().rows
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        keys = derive_keys(b"a secret of the benchmark, long enough")
        url = os.environ.get("HAILONG_DATABASE_URL", f"sqlite:///{folder / 'hailong.sqlite'}")
        database = Database(url, folder / "write.lock")
        _set_up(database)
        path = _write(folder / "transactions.csv", count)
        imported = _time(lambda: import_frame(database, keys, path, wave_code="FILE", today=TODAY))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        floor = _time(lambda: _floor(database, folder / "floor.sqlite", path))
        drawn = _time(lambda: draw_places(database, "FILE", count // 10, seed=1, today=TODAY))
        received = _time(lambda: _receive(database, keys))
        database.close()
    print(f"import of {count:,} transactions: {imported}; floor: {floor}; ratio {imported / floor}")
    print(f"peak memory: {peak} MB; draw of {count // 10:,}: {drawn}; API: {received.a_second(BATCH * BATCHES)}")


@dataclass(frozen=True, slots=True)
class Spent:
    """Seconds on the clock, and of this process's processor: on a busy machine only the second say much."""

    wall: float
    processor: float

    def __str__(self) -> str:
        return f"{self.wall:.1f} s ({self.processor:.1f} s of processor)"

    def __truediv__(self, other: Spent) -> str:
        return f"{self.wall / other.wall:.1f} ({self.processor / other.processor:.1f} by processor)"

    def a_second(self, count: int) -> str:
        return f"{count / self.wall:,.0f} transactions/s ({count / self.processor:,.0f} by processor)"


def _set_up(database: Database) -> None:
    migrate(database)
    load_mandate(database, TODAY)
    import_agencies(database, EXAMPLES / "agencies.csv")
    import_procedures(database, EXAMPLES / "procedures.csv")
    for code in ("FILE", "API"):
        open_wave(
            database,
            code=code,
            name={"vi": code},
            questionnaire="procedures@1",
            opens_on=date(2026, 11, 1),
            closes_on=date(2026, 11, 30),
            rule=Rule(),
        )
    with database.writing("benchmark") as connection:
        clients.add_client(connection, "portal", TODAY)


def _write(path: Path, count: int) -> Path:
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        writer.writerows(_row(number) for number in range(count))
    return path


def _row(number: int) -> tuple[str, ...]:
    day = f"2026-11-{number % 14 + 1:02}"
    agency, procedure = AGENCIES[number % 3], PROCEDURES[number // 3 % 3]
    return f"D.{number:09}", agency, procedure, day, "2026-11-20", "2026-11-18", "granted", "self"


def _floor(database: Database, target: Path, path: Path) -> None:
    """The same file read with csv and written into a table with the same keys: sqlite3's executemany, or COPY."""
    if database.is_sqlite:
        _floor_of_sqlite(target, path)
    else:
        _floor_of_postgresql(database, path)


def _floor_of_sqlite(target: Path, path: Path) -> None:
    connection = sqlite3.connect(target)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE unit (w TEXT, s TEXT, p INTEGER, h BLOB, PRIMARY KEY (w, s, p), UNIQUE (w, h))")
    with path.open(newline="") as file, connection:
        connection.executemany("INSERT INTO unit VALUES ('FILE', ?, ?, ?)", _bare(csv.reader(file)))
    connection.close()


def _floor_of_postgresql(database: Database, path: Path) -> None:
    with database.engine.begin() as connection, path.open(newline="") as file:
        connection.exec_driver_sql(
            "CREATE TABLE unit (w text, s text, p bigint, h bytea, PRIMARY KEY (w, s, p), UNIQUE (w, h))"
        )
        cursor: Any = connection.connection.cursor()
        with cursor.copy("COPY unit FROM STDIN") as copy:
            for row in _bare(csv.reader(file)):
                copy.write_row(("FILE", *row))


def _bare(rows: Iterator[list[str]]) -> Iterator[tuple[str, int, bytes]]:
    next(rows)
    return ((f"{row[1]}.{row[2]}", number, sha256(row[0].encode()).digest()) for number, row in enumerate(rows))


def _receive(database: Database, keys: Keys) -> None:
    for number in range(BATCHES):
        transactions = [
            {"dossier": f"A.{number}.{each}", "agency": AGENCIES[0], "procedure": PROCEDURES[1], "filed_by": "self"}
            for each in range(BATCH)
        ]
        parsed = {"wave": "API", "transactions": transactions}
        body = json.dumps(parsed).encode()
        receive(database, keys, "portal", f"k{number}", body, json.loads(body), today=TODAY)


def _time(work: Callable[[], object]) -> Spent:
    wall, processor = time.perf_counter(), time.process_time()
    work()
    return Spent(time.perf_counter() - wall, time.process_time() - processor)


if __name__ == "__main__":
    main()
