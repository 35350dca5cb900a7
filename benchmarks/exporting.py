"""Seconds and memory of `hailong export` on a wave of a million persons, format by format.

    python benchmarks/exporting.py [--rows 1000000] [--home FOLDER [--prepare]]

The persons (26 items, 7,200 strata) are written straight into the ledger of a temporary installation and tallied, which
takes longer than the exports; `--home` keeps the installation for another run, and `--prepare` makes nothing else. Each
export runs in a process of its own, whose largest resident size is its memory.
"""

from __future__ import annotations

import argparse
import os
import resource
import secrets
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

import numpy as np

from survey.actions.tallying import tally
from survey.actions.waves import load_mandate, open_wave
from survey.mandate.questionnaires import load_questionnaire
from survey.mandate.rules import Rule
from survey.proof import canonical_json
from survey.store import frames, ledger, places
from survey.store.database import Database
from survey.store.frames import Stratum
from survey.store.ledger import Batch, LedgerRow
from survey.store.migrating import migrate
from survey.store.sql import insert_many
from survey.store.tables import ledger as ledger_table

SECONDS, MEGABYTES = 60.0, 600.0
AGENCIES, SECTORS = 360, ("land", "civil_status", "certification", "business", "social", "tax", "health", "education")
DAY = date(2030, 1, 20)
CHUNK = 50_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--home", type=Path)
    parser.add_argument("--prepare", action="store_true")
    asked = parser.parse_args()
    failed = False
    with tempfile.TemporaryDirectory() as folder:
        home = asked.home or Path(folder) / "home"
        if not home.exists():
            prepare(home, asked.rows)
        for form in () if asked.prepare else ("csv", "parquet", "sav", "dta"):
            seconds, processor, memory = run(home, Path(folder) / form, form)
            failed |= seconds > SECONDS or memory > MEGABYTES
            told = f"{seconds:.1f} s ({processor:.1f} s of CPU), {memory:.0f} MB"
            print(f"{form:8} {asked.rows:,} persons: {told}", flush=True)
    if failed:
        sys.exit(f"too slow (more than {SECONDS:.0f} s), or too much memory (more than {MEGABYTES:.0f} MB)")


def prepare(home: Path, rows: int) -> None:
    """An installation with one wave whose ledger holds so many persons."""
    home.mkdir()
    database = Database(f"sqlite:///{home / 'hailong.sqlite'}", home / "write.lock")
    migrate(database)
    load_mandate(database, DAY)
    open_wave(
        database,
        code="BIG",
        name={"vi": "Đợt lớn", "en": "Large"},
        questionnaire="procedures@1",
        opens_on=date(2030, 1, 1),
        closes_on=date(2030, 2, 15),
        rule=Rule(),
    )
    strata = [
        Stratum(f"A{agency:03}.{sector}.{kind}", f"A{agency:03}", "procedures", None, 1000 + 37 * (agency % 50))
        for agency in range(AGENCIES)
        for sector in SECTORS
        for kind in ("one", "other")
    ]
    with database.writing("benchmark") as connection:
        known = [
            {
                "code": f"A{agency:03}",
                "name": {"vi": f"Cơ quan {agency}"},
                "kind": "commune_centre",
                "ownership": "public",
                "area_code": None,
                "valid_from": date(2025, 7, 1),
                "valid_to": None,
            }
            for agency in range(AGENCIES)
        ]
        places.add_places(connection, places.agency, known)
        frames.add_frame(connection, "BIG", strata, source="benchmark", source_digest=bytes(32), on=DAY)
    fill(database, [each.code for each in strata], rows)
    tally(database)
    database.close()


def fill(database: Database, strata: list[str], rows: int) -> None:
    with database.writing("benchmark") as connection:
        ledger.add_batch(connection, Batch(1, "BIG", 0, rows, bytes(32), DAY), [], [])
    chance = np.random.default_rng(1)
    items = [item for item in load_questionnaire("procedures@1").items if item.kind != "comment"]
    for start in range(0, rows, CHUNK):
        many = min(CHUNK, rows - start)
        where = chance.integers(0, len(strata), many)
        picks = chance.random((many, len(items)))
        made = []
        for row in range(many):
            answers = {
                item.code: item.choices[int(pick * len(item.choices))].code
                for item, pick in zip(items, picks[row], strict=True)
                if item.overall or pick < 0.95
            }
            codes = {
                "answers": answers,
                "assisted": int(picks[row, 0] < 0.1),
                "channel": ("link", "slip", "kiosk")[row % 3],
                "class": "",
                "kind": "response",
                "language": "km" if picks[row, 1] < 0.08 else "vi",
                "period": ("2030-01a", "2030-01b", "2030-02a")[row % 7 % 3],
                "psu": "",
                "questionnaire": "procedures@1",
                "stratum": strata[int(where[row])],
                "wave": "BIG",
            }
            made.append(leaf(start + row, canonical_json(codes)))
        with database.writing("benchmark") as connection:
            insert_many(connection, ledger_table, made)


def leaf(position: int, codes: bytes) -> dict[str, object]:
    row = LedgerRow(
        position, 1, "BIG", "response", bytes(32), codes, bytes(32), b"{}", bytes(32), position.to_bytes(32)
    )
    return {name: getattr(row, name) for name in LedgerRow.__slots__}


def run(home: Path, folder: Path, form: str) -> tuple[float, float, float]:
    """Seconds, seconds of CPU and megabytes of one export; it must succeed."""
    command = [sys.executable, "-m", "survey", "export", "BIG", str(folder), "--format", form]
    start = time.perf_counter()
    child = subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL,
        env=os.environ | {"HAILONG_HOME": str(home), "HAILONG_SECRET_KEY": secrets.token_hex()},
    )
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        sys.exit(f"{' '.join(command)} failed with status {child.returncode}")
    return time.perf_counter() - start, usage.ru_utime + usage.ru_stime, megabytes(usage)


def megabytes(usage: resource.struct_rusage) -> float:
    return usage.ru_maxrss / 1024


if __name__ == "__main__":
    main()
