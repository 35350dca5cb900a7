"""The ten-million-row file once more on a Spark standalone master with one worker: the same figures to 1e-10.

    python benchmarks/spark_file.py [--rows 10000000]

Master and worker are started on loopback from the Spark that PySpark brings along (`pip install 'hailong[all]'`, Java).
Both runs are `hailong estimate` as anybody would call it; the relative difference of every number is taken.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyspark
from big_file import ask, make

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "analysis"))
from standalone_spark import PATIENCE, find_port, launch, wait_for

TOLERANCE = 1e-10
FIGURES = ("rate", "se", "low", "high", "n", "n_effective", "deff", "df")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000)
    rows = parser.parse_args().rows
    with tempfile.TemporaryDirectory() as folder, cluster() as address:
        file = Path(folder) / "answers.parquet"
        make(file, rows)
        here, seconds = estimate(file)
        there, longer = estimate(file, "--spark", address)
    largest = max(differ(one, other) for one, other in zip(here, there, strict=True))
    print(f"{rows:,} rows, {len(here)} communes: one machine {seconds:.1f} s, Spark {longer:.1f} s")
    print(f"largest relative difference of {len(here) * len(FIGURES):,} figures: {largest:.1e} (at most {TOLERANCE})")
    if largest > TOLERANCE:
        sys.exit("the cluster gives other figures")


@contextmanager
def cluster() -> Iterator[str]:
    """The address of a standalone master with one worker of one core."""
    home, port = Path(pyspark.__file__).parent, find_port()
    address = f"spark://127.0.0.1:{port}"
    environment = os.environ | {"SPARK_HOME": str(home), "SPARK_LOCAL_IP": "127.0.0.1"}
    master = ["org.apache.spark.deploy.master.Master", "--host", "127.0.0.1", "--port", str(port), "--webui-port", "0"]
    worker = ["org.apache.spark.deploy.worker.Worker", "--cores", "1", "--memory", "2g", "--webui-port", "0", address]
    processes: list[subprocess.Popen[bytes]] = []
    try:
        for command in (master, worker):
            processes.append(launch(home, command, environment))
            wait_for(port)
        yield address
    finally:
        for process in reversed(processes):
            process.terminate()
            process.wait(timeout=PATIENCE)


def estimate(file: Path, *more: str) -> tuple[list[dict[str, float]], float]:
    """The figures of each commune in order, and the seconds of the command."""
    command = [sys.executable, "-m", "survey", *ask(file)[:-1], "json", *more]
    start = time.perf_counter()
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env=os.environ | {"SPARK_LOCAL_IP": "127.0.0.1"}
    )
    if done.returncode:
        sys.exit(done.stderr[-2000:])
    seconds = time.perf_counter() - start
    told = json.loads(done.stdout)
    rows = told["estimates"] if isinstance(told, dict) else told
    return sorted(rows, key=lambda row: int(row["commune"])), seconds


def differ(one: dict[str, float], other: dict[str, float]) -> float:
    return max(abs(one[name] - other[name]) / max(1e-300, abs(one[name])) for name in FIGURES if one[name] is not None)


if __name__ == "__main__":
    main()
