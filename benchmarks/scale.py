"""What grows with the answers and what must not: one database filled to each size, sealed, tallied, released, verified.

    python benchmarks/scale.py [--sizes 10000,100000,1000000] [--url postgresql://...]

A generator puts responses with their spent tokens in the inbox, as submissions do; from there the product's own jobs
take over. Sizes grow in one database, so each row seals and counts only what is new, and verifies everything. The last
lines fit time = size^exponent to what a person waits for, which must stay near 0, and to the passes over the ledger,
which must stay near 1. A release is timed by the step that officials read (estimates of all strata), not by its audit.
"""

from __future__ import annotations

import argparse
import math
import os
import platform
import random
import resource
import sqlite3
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from exporting import AGENCIES, SECTORS

from survey.actions.estimating import estimate_wave
from survey.actions.sealing import seal
from survey.actions.tallying import count_from_scratch, tally
from survey.actions.verifying import verify_installation
from survey.actions.waves import load_mandate, open_wave
from survey.mandate.questionnaires import load_questionnaire
from survey.mandate.rules import Rule
from survey.proof import Signer, canonical_json
from survey.store import frames, ledger, places
from survey.store.database import Database
from survey.store.frames import Stratum
from survey.store.migrating import migrate
from survey.store.responses import Response
from survey.store.writer import Submission, store_submissions

DAY = date(2030, 1, 20)
AFTER = DAY + timedelta(days=400)  # the wave is over: everything may be sealed
CHUNK, PATTERNS = 20_000, 20
WAVE = "BIG"
GOALS = {"sealed/s": 20_000, "tallied/s": 100_000}
MOST_GROWTH = 1.2


@dataclass(frozen=True, slots=True)
class Measured:
    """Seconds of each step at one size, megabytes of this process at its largest and of the database."""

    size: int
    new: int
    sealing: float
    tallying: float
    counting: float
    estimating: float
    verifying: float
    memory: float
    file: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default="10000,100000,1000000")
    parser.add_argument("--url")
    chosen = parser.parse_args()
    sizes = [int(size) for size in chosen.sizes.split(",")]
    with TemporaryDirectory() as place:
        database = Database(chosen.url or f"sqlite:///{place}/hailong.sqlite", Path(place, "write.lock"))
        strata = prepare(database)
        signer = Signer("scale", bytes(range(32)))
        print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, ", end="")
        print(f"SQLite {sqlite3.sqlite_version}" if database.is_sqlite else "PostgreSQL", "\n")
        print("| answers | sealed/s | tallied/s | counted from scratch/s | estimate ms | verify s | MB | database MB |")
        print("|---:|---:|---:|---:|---:|---:|---:|---:|")
        measured = []
        for before, size in zip([0, *sizes], sizes, strict=False):
            measured.append(measure(database, signer, strata, before, size))
            print_row(measured[-1])
        print_growth(measured)
        database.close()


def prepare(database: Database) -> list[str]:
    """One official wave in 2,880 strata; their codes."""
    migrate(database)
    load_mandate(database, DAY)
    opens_on, closes_on = DAY - timedelta(days=19), DAY + timedelta(days=26)
    open_wave(
        database,
        code=WAVE,
        name={"vi": "Đợt lớn", "en": "Large"},
        questionnaire="procedures@1",
        opens_on=opens_on,
        closes_on=closes_on,
        rule=Rule(),
    )
    strata = [
        Stratum(f"A{agency:03}.{sector}", f"A{agency:03}", "procedures", None, 50_000)
        for agency in range(AGENCIES)
        for sector in SECTORS
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
        frames.add_frame(connection, WAVE, strata, source="benchmark", source_digest=bytes(32), on=DAY)
    return [each.code for each in strata]


def measure(database: Database, signer: Signer, strata: list[str], before: int, size: int) -> Measured:
    """Fill the inbox up to a size, and let the jobs take it on."""
    fill(database, strata, before, size)
    sealing = seconds(lambda: seal(database, signer, AFTER))
    tallying = seconds(lambda: tally(database))

    def from_scratch() -> None:
        with database.reading() as connection:
            count_from_scratch(connection, WAVE, ledger.count_leaves(connection))

    def verify() -> None:
        wrong = [line for line in verify_installation(database, signer.verifier).lines if not line.startswith("ok")]
        assert wrong == [], wrong[:3]

    counting = seconds(from_scratch)
    estimating = min(seconds(lambda: estimate(database)) for _ in range(3))
    verifying = seconds(verify)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Measured(
        size, size - before, sealing, tallying, counting, estimating, verifying, memory, megabytes(database)
    )


def fill(database: Database, strata: list[str], before: int, size: int) -> None:
    for start in range(before, size, CHUNK):
        with database.writing("benchmark") as connection:
            store_submissions(connection, list(submissions(strata, start, min(size, start + CHUNK))))


def submissions(strata: list[str], start: int, end: int) -> Iterator[Submission]:
    """Answers of a few patterns each stratum, as people give: most tick one column from top to bottom."""
    dice = random.Random(start)
    items = [item for item in load_questionnaire("procedures@1").items if item.kind != "comment"]
    for number in range(start, end):
        stratum = strata[number % len(strata)]
        pattern = random.Random(dice.randrange(PATTERNS))
        codes = {
            "answers": {item.code: item.choices[pattern.randrange(len(item.choices))].code for item in items},
            "assisted": 0,
            "channel": "link",
            "class": "",
            "kind": "response",
            "language": "vi",
            "period": ("2030-01a", "2030-01b", "2030-02a")[pattern.randrange(3)],
            "psu": "",
            "questionnaire": "procedures@1",
            "stratum": stratum,
            "wave": WAVE,
        }
        token, receipt, nonce1, nonce2 = (dice.randbytes(32) for _ in range(4))
        response = Response(
            dice.randbytes(16), WAVE, stratum, receipt, nonce1, canonical_json(codes), nonce2, canonical_json({})
        )
        yield Submission(token, response)


def estimate(database: Database) -> None:
    """What the scoreboard and the statistician ask: the wave's rate with its interval, from the tally alone."""
    estimate_wave(database, WAVE)


def seconds(act: Callable[[], object]) -> float:
    start = time.perf_counter()
    act()
    return time.perf_counter() - start


def megabytes(database: Database) -> float:
    name = database.engine.url.database or ""
    files = (Path(name + ending) for ending in ("", "-wal")) if database.is_sqlite else ()
    return sum(path.stat().st_size for path in files if path.exists()) / 2**20


def print_row(one: Measured) -> None:
    rates = (one.new / one.sealing, one.new / one.tallying, one.size / one.counting)
    print(
        f"| {one.size:,} | " + " | ".join(f"{rate:,.0f}" for rate in rates),
        f"| {1000 * one.estimating:.0f} | {one.verifying:.1f} | {one.memory:.0f} | {one.file:.0f} |",
        flush=True,
    )


def print_growth(measured: list[Measured]) -> None:
    """Exponents between the smallest and the largest size, and the goals."""
    first, last = measured[0], measured[-1]
    if first.size == last.size:
        return
    by = math.log(last.size / first.size)
    for name in ("estimating", "counting", "verifying"):
        grown = getattr(last, name) / getattr(first, name)
        print(
            f"\n{name}: x{grown:.2f} from {first.size:,} to {last.size:,} answers, exponent {math.log(grown) / by:.2f}"
        )
    print(
        f"\ngoals: {GOALS['sealed/s']:,} sealed/s, {GOALS['tallied/s']:,} tallied/s, estimating at most x{MOST_GROWTH}"
    )


if __name__ == "__main__":
    main()
