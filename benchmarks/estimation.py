"""Speed and memory of estimation, in one run, against R `survey`, `svy` and bare NumPy.

    python benchmarks/estimation.py [--responses 1000000]

One million responses in 7,200 strata (120 communes x 60 procedures), twelve months, unequal weights, finite
populations. R (`Rscript` with the package survey) and svy are measured when they are installed, else skipped aloud.
"""

from __future__ import annotations

import argparse
import importlib.util
import pickle
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
from scipy import special

from analysis import Cells, Design, cells, rake, rate_by

COMMUNES, PROCEDURES, MONTHS = 120, 60, 12
DESIGN = Design(weight="w", stratum="stratum", population="N")
MARGINS = {"commune": COMMUNES, "sex": 2, "age": 4, "channel": 2}
R_CODE = """
suppressMessages(library(survey)); d <- read.csv("{file}")
t0 <- proc.time()[3]
s <- svydesign(ids = ~1, strata = ~stratum, weights = ~w, fpc = ~N, data = d, check.strata = FALSE)
t1 <- proc.time()[3]; r <- svyby(~satisfied, ~commune, s, svymean); t2 <- proc.time()[3]
cat(t1 - t0, t2 - t1, coef(r)[1], SE(r)[1])
"""


CHILD = """
import pickle, re, sys
from pathlib import Path
import pandas as pd
from analysis import Cells, Design, rate_by
def read(name): return re.search(name + r":\\s+(\\d+)", Path("/proc/self/status").read_text())[1]
tiny = pd.DataFrame({"h": [1, 1, 1], "w": [1.0] * 3, "y": [1.0, 0.0, 1.0]})
rate_by(tiny, Design(weight="w"), "y", "h")
before = read("VmHWM")
kept = pickle.loads(Path(sys.argv[1]).read_bytes())
rate_by(kept, kept.design, "satisfied", "commune")
print(before, read("VmHWM"))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--responses", type=int, default=1_000_000)
    frame = make_frame(parser.parse_args().responses)
    print(f"{len(frame):,} responses, {frame['stratum'].nunique():,} strata, {COMMUNES} communes; best of 5")
    from_rows = measure_rows(frame)
    kept = cells(frame, DESIGN, "satisfied", by=["commune", "month"], binary=True)
    measure_cells(kept)
    measure_memory(kept)
    measure_raking(frame)
    compare_with_r(frame, from_rows)
    compare_with_svy(frame, from_rows)


def make_frame(responses: int) -> pd.DataFrame:
    rng = np.random.default_rng(20261124)
    strata = COMMUNES * PROCEDURES
    stratum = np.concatenate([np.repeat(np.arange(strata), 2), rng.integers(0, strata, responses - 2 * strata)])
    held = np.bincount(stratum, minlength=strata)
    population = np.round(held * rng.uniform(2, 12, strata))
    weight = (population / held)[stratum] * rng.choice([0.8, 1.0, 1.6], responses)
    return pd.DataFrame(
        {
            "stratum": stratum,
            "commune": stratum // PROCEDURES,
            "month": rng.integers(1, MONTHS + 1, responses),
            "sex": rng.integers(0, 2, responses),
            "age": rng.integers(0, 4, responses),
            "channel": rng.integers(0, 2, responses),
            "w": weight,
            "N": population[stratum],
            "satisfied": (rng.random(responses) < 0.9).astype(np.float64),
        }
    )


def measure_rows(frame: pd.DataFrame) -> float:
    """Seconds for 120 commune rates with intervals from rows, the better of DuckDB and Polars."""
    connection = duckdb.connect()
    connection.register("source", frame)
    connection.execute("create table responses as select * from source")
    polars = pl.from_pandas(frame)
    engines: dict[str, Callable[[], Any]] = {
        "DuckDB": lambda: connection.sql("select * from responses"),
        "Polars": lambda: polars,
        "pandas": lambda: frame,
    }
    seconds = {}
    for name, read in engines.items():
        seconds[name] = best(lambda read=read: rate_by(read(), DESIGN, "satisfied", "commune"))
        print(f"rows, {name}: 120 communes {seconds[name] * 1e3:.1f} ms")
    return min(seconds["DuckDB"], seconds["Polars"])


def measure_cells(kept: Cells) -> None:
    """From kept cells, against the sums and beta quantiles that the answer needs at least."""
    rate_by(kept, DESIGN, "satisfied", "month")
    first = once(lambda: rate_by(kept, DESIGN, "satisfied", "commune"))
    again = best(lambda: rate_by(kept, DESIGN, "satisfied", "commune"), times=50)
    stratum = kept.keys["stratum"].to_numpy()
    sums = [
        np.ascontiguousarray(column)
        for column in (*kept.first[:, 1:3].T, *kept.second[:, 1, 1:3].T, *kept.counts[:, 1:3].T)
    ]
    bare = best(lambda: bare_numpy(stratum, sums), times=50)
    print(f"kept cells ({len(kept):,}): first question {first * 1e3:.2f} ms, again {again * 1e3:.2f} ms")
    print(
        f"bare NumPy sums and beta quantiles {bare * 1e3:.2f} ms: x{first / bare:.2f} first, x{again / bare:.2f} again"
    )


def bare_numpy(stratum: np.ndarray, sums: list[np.ndarray]) -> Any:
    """Six sums over the cells of (stratum), then means, variances and Clopper-Pearson limits of 120 communes."""
    held = [np.bincount(stratum, weights=column) for column in sums]
    place = np.arange(len(held[0])) // PROCEDURES
    a, b, *_ = (np.bincount(place, weights=column) for column in held)
    p = b / a
    z = held[1] - p[place] * held[0]
    spread = held[3] - 2 * p[place] * held[3] + p[place] ** 2 * held[2] - z * z / held[4]
    variance = np.bincount(place, weights=spread * held[4] / (held[4] - 1)) / a**2
    size = p * (1 - p) / variance
    return special.betaincinv(size * p, size * (1 - p) + 1, 0.025), special.betaincinv(
        size * p + 1, size * (1 - p), 0.975
    )


def measure_memory(kept: Cells) -> None:
    """In a process of its own, which imports what an answer needs and then reads the cells and answers."""
    kept.kept.clear()
    with tempfile.NamedTemporaryFile(suffix=".pickle") as file:
        pickle.dump(kept, file)
        file.flush()
        done = subprocess.run([sys.executable, "-c", CHILD, file.name], capture_output=True, text=True, check=True)
    before, after = map(int, done.stdout.split())
    print(f"cells route: {(after - before) / 1024:.1f} MB above the loaded imports ({before / 1024:.0f} MB)")


def measure_raking(frame: pd.DataFrame) -> None:
    """Four margins (120 + 2 + 4 + 2 categories) to 1e-9: on rows, and on the cells of the margins."""
    total = float(frame["w"].sum())
    shares = {name: np.linspace(1, 1.2, size) / np.linspace(1, 1.2, size).sum() for name, size in MARGINS.items()}
    columns = {name: frame[name].to_numpy() for name in MARGINS}
    weights = frame["w"].to_numpy()
    rows = best(lambda: rake_rows(columns, weights, shares, total), times=3)
    design = Design(weight="w")
    kept = cells(frame, design, by=list(MARGINS))
    totals = {name: dict(enumerate((share * total).tolist())) for name, share in shares.items()}
    on_cells = best(lambda: rake(kept, design, totals), times=20)
    print(
        f"raking: {len(kept):,} cells {on_cells * 1e3:.2f} ms, NumPy rows {rows * 1e3:.0f} ms: x{rows / on_cells:.0f}"
    )


def rake_rows(columns: dict[str, np.ndarray], weights: np.ndarray, shares: dict[str, np.ndarray], total: float) -> Any:
    for _ in range(100):
        off = 0.0
        for name, share in shares.items():
            reached = np.bincount(columns[name], weights=weights, minlength=len(share))
            change = share * total / reached
            off = max(off, float(np.abs(change - 1).max()))
            weights = weights * change[columns[name]]
        if off < 1e-9:
            break
    return weights


def compare_with_r(frame: pd.DataFrame, ours: float) -> None:
    if shutil.which("Rscript") is None:
        print("SKIPPED: R is not installed; install r-base and the package survey to compare")
        return
    with tempfile.TemporaryDirectory() as folder:
        frame.to_csv(Path(folder) / "responses.csv", index=False)
        code = R_CODE.format(file=Path(folder) / "responses.csv")
        done = subprocess.run(["Rscript", "-e", code], capture_output=True, text=True, check=False)
    if done.returncode:
        print(f"SKIPPED: R stopped: {done.stderr.strip().splitlines()[-1]}")
        return
    design, by, _, _ = map(float, done.stdout.split())
    print(f"R survey: design {design:.1f} s, svyby(svymean) {by:.1f} s: x{by / ours:.0f}")


def compare_with_svy(frame: pd.DataFrame, ours: float) -> None:
    if importlib.util.find_spec("svy") is None:
        print("SKIPPED: svy is not installed; pip install svy to compare")
        return
    import svy

    sample = svy.Sample(pl.from_pandas(frame), svy.Design(stratum="stratum", wgt="w", pop_size="N"))
    seconds = best(lambda: sample.estimation.mean("satisfied", by="commune"), times=2)
    print(f"svy {svy.__version__}: {seconds:.2f} s: x{seconds / ours:.0f}")


def once(run: Callable[[], Any]) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def best(run: Callable[[], Any], times: int = 5) -> float:
    return min(once(run) for _ in range(times))


if __name__ == "__main__":
    sys.exit(main())
