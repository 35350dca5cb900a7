"""Seconds and memory of `hailong estimate` on a Parquet file of ten million answers, against a bare DuckDB GROUP BY.

    python benchmarks/big_file.py [--rows 10000000]

The file (commune x procedure strata, unequal populations, answers 1 to 5) is generated into a temporary folder. Each
command runs in a process of its own; memory is the largest resident size of that process.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb

COMMUNES, PROCEDURES = 103, 60
SECONDS, MEGABYTES = 30.0, 1500.0
MAKE = """
COPY (
    SELECT stratum // {procedures} AS commune, stratum % {procedures} AS procedure, stratum,
        (20 + stratum % 37) * 10.0 * {rows} / {strata} AS population,
        CASE WHEN u < 0.02 THEN NULL WHEN u < 0.06 THEN 1 WHEN u < 0.10 THEN 2 WHEN u < 0.15 THEN 3
             WHEN u < 0.5 + (stratum % 11) / 40.0 THEN 4 ELSE 5 END AS answer
    FROM (SELECT hash(i) % {strata} AS stratum, (hash(i + {rows}) % 1000000) / 1e6 AS u FROM range({rows}) AS t(i))
) TO '{file}' (FORMAT parquet)
"""
BARE = """
import duckdb, sys
duckdb.sql('''
    SELECT commune, stratum, count(*), sum((answer >= 4)::DOUBLE), min(population), max(population)
    FROM read_parquet($file) GROUP BY commune, stratum
''', params={"file": sys.argv[1]}).fetchall()
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000)
    rows = parser.parse_args().rows
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "answers.parquet"
        make(file, rows)
        bare, bare_memory = run([sys.executable, "-c", BARE, str(file)])
        ours, memory = run([sys.executable, "-m", "survey", *ask(file)])
        size = file.stat().st_size / 1e6
    print(f"{rows:,} rows in {COMMUNES * PROCEDURES:,} strata, {size:.0f} MB of Parquet.\n")
    print("| what | seconds | MB | ratio |\n|---|---:|---:|---:|")
    print(f"| `hailong estimate` by commune, whole command | {ours:.1f} | {memory:.0f} | x{ours / bare:.1f} |")
    print(f"| bare DuckDB GROUP BY, whole process | {bare:.1f} | {bare_memory:.0f} | 1 |")
    print(f"| wanted at most | {SECONDS:.0f} | {MEGABYTES:.0f} | |")
    if ours > SECONDS or memory > MEGABYTES:
        sys.exit("too slow, or too much memory")


def make(file: Path, rows: int) -> None:
    """Write the answers of every stratum; the same rows give the same file."""
    strata = COMMUNES * PROCEDURES
    duckdb.sql(MAKE.format(procedures=PROCEDURES, strata=strata, rows=rows, file=file))


def ask(file: Path) -> list[str]:
    named = "--outcome answer --satisfied 4,5 --stratum stratum --population population --by commune --target 0.9"
    return ["estimate", str(file), *named.split(), "--format", "csv"]


def run(command: list[str]) -> tuple[float, float]:
    """Seconds and megabytes of a command, the best seconds of three; it must succeed."""
    seconds, memory = [], 0.0
    for _ in range(3):
        start = time.perf_counter()
        child = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        _, status, usage = wait(child)
        seconds.append(time.perf_counter() - start)
        if status:
            sys.exit(f"{' '.join(command[:4])} failed with status {status}")
        memory = max(memory, usage.ru_maxrss / 1024)
    return min(seconds), memory


def wait(child: subprocess.Popen[bytes]) -> tuple[int, int, resource.struct_rusage]:
    """Wait for one child and read its own resources, not those of all children."""
    found = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(found[1])
    return found


if __name__ == "__main__":
    main()
