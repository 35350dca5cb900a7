"""How fast transactions come in and are drawn, against the floor: the same rows by bare executemany.

    python benchmarks/imports.py 1000000

prints seconds for the import of a CSV file of so many transactions, for the floor, their ratio, the peak of memory in
MB, transactions a second over the API in batches of 500, and seconds for a draw of a tenth. HAILONG_DATABASE_URL names
a migrated database of its own; without one a SQLite file in a temporary folder is made.
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
from datetime import date
from pathlib import Path

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
        imported = _seconds(lambda: import_frame(database, keys, path, wave_code="FILE", today=TODAY))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        floor = _seconds(lambda: _floor(folder / "floor.sqlite", path))
        drawn = _seconds(lambda: draw_places(database, "FILE", count // 10, seed=1, today=TODAY))
        rate = BATCH * BATCHES / _seconds(lambda: _receive(database, keys))
        database.close()
    print(f"import of {count:,} transactions: {imported:.1f} s, floor {floor:.1f} s, ratio {imported / floor:.1f}")
    print(f"peak memory: {peak} MB; draw of {count // 10:,}: {drawn:.1f} s; API: {rate:,.0f} transactions/s")


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


def _floor(target: Path, path: Path) -> None:
    """The same file read with csv and written with sqlite3's executemany into a table with the same unique key."""
    connection = sqlite3.connect(target)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE unit (w TEXT, s TEXT, p INTEGER, h BLOB, PRIMARY KEY (w, s, p), UNIQUE (w, h))")
    with path.open(newline="") as file, connection:
        connection.executemany("INSERT INTO unit VALUES ('FILE', ?, ?, ?)", _bare(csv.reader(file)))
    connection.close()


def _bare(rows: Iterator[list[str]]) -> Iterator[tuple[str, int, bytes]]:
    next(rows)
    return ((f"{row[1]}.{row[2]}", number, row[0].encode().ljust(32)) for number, row in enumerate(rows))


def _receive(database: Database, keys: Keys) -> None:
    for number in range(BATCHES):
        transactions = [
            {"dossier": f"A.{number}.{each}", "agency": AGENCIES[0], "procedure": PROCEDURES[1], "filed_by": "self"}
            for each in range(BATCH)
        ]
        parsed = {"wave": "API", "transactions": transactions}
        body = json.dumps(parsed).encode()
        receive(database, keys, "portal", f"k{number}", body, json.loads(body), today=TODAY)


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
