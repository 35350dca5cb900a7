"""Speed and memory of estimation, in one run, against R `survey`, `svy` and bare NumPy.

    python benchmarks/estimation.py [--responses 1000000]

One million responses in 7,200 strata (120 communes x 60 procedures), twelve months, unequal weights, finite
populations. R and svy are asked the same in the same run when they are installed (see rivals.py), else skipped aloud.
Every ratio is between runs on one machine; rivals that give other figures stop it.
"""

from __future__ import annotations

import argparse
import pickle
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
from rivals import Rival, ask_r, ask_svy, check_same
from scipy import special

from analysis import Cells, Design, cells, rake, rate_by

COMMUNES, PROCEDURES, MONTHS = 120, 60, 12
DESIGN = Design(weight="w", stratum="stratum", population="N")
MARGINS = {"commune": COMMUNES, "sex": 2, "age": 4, "channel": 2}
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


@dataclass
class Ours:
    """Seconds, and the figures that a rival must give too."""

    rows: float = 0.0
    cells: float = 0.0
    raking: float = 0.0
    raking_rows: float = 0.0
    rate: float = 0.0
    se: float = 0.0
    sum_of_squares: float = 0.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--responses", type=int, default=1_000_000)
    frame = make_frame(parser.parse_args().responses)
    print(f"{len(frame):,} responses, {frame['stratum'].nunique():,} strata, {COMMUNES} communes; best of 5")
    ours = Ours(rows=measure_rows(frame))
    measure_cells(frame, ours)
    measure_memory(frame)
    margins = make_margins(frame)
    measure_raking(frame, margins, ours)
    compare(ask_r(frame, margins), ours)
    compare(ask_svy(frame, margins), ours)


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


def measure_cells(frame: pd.DataFrame, ours: Ours) -> None:
    """From kept cells, against the sums and beta quantiles that the answer needs at least; first questions too."""
    firsts = []
    for _ in range(9):
        kept = cells(frame, DESIGN, "satisfied", by=["commune", "month"])
        firsts.append(once(lambda kept=kept: rate_by(kept, DESIGN, "satisfied", "commune")))
    first = sorted(firsts)[len(firsts) // 2]
    ours.cells = best(lambda: rate_by(kept, DESIGN, "satisfied", "commune"), times=50)
    table = rate_by(kept, DESIGN, "satisfied", "commune")
    ours.rate, ours.se = float(table["rate"].iloc[0]), float(table["se"].iloc[0])
    stratum = kept.keys["stratum"].to_numpy()
    sums = [
        np.ascontiguousarray(column)
        for column in (*kept.first[:, 1:3].T, *kept.second[:, 1, 1:3].T, *kept.counts[:, 1:3].T)
    ]
    bare = best(lambda: bare_numpy(stratum, sums), times=50)
    print(
        f"kept cells ({len(kept):,}): first question {first * 1e3:.2f} ms (median of 9), "
        f"again {ours.cells * 1e3:.2f} ms"
    )
    print(
        f"bare NumPy sums and beta quantiles {bare * 1e3:.2f} ms: "
        f"x{first / bare:.2f} first, x{ours.cells / bare:.2f} again"
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


def measure_memory(frame: pd.DataFrame) -> None:
    """In a process of its own, which imports what an answer needs and then reads the cells and answers."""
    kept = cells(frame, DESIGN, "satisfied", by=["commune", "month"])
    with tempfile.NamedTemporaryFile(suffix=".pickle") as file:
        pickle.dump(kept, file)
        file.flush()
        done = subprocess.run([sys.executable, "-c", CHILD, file.name], capture_output=True, text=True, check=True)
    before, after = map(int, done.stdout.split())
    print(f"cells route: {(after - before) / 1024:.1f} MB above the loaded imports ({before / 1024:.0f} MB)")


def make_margins(frame: pd.DataFrame) -> dict[str, dict[int, float]]:
    """Totals of four margins (120 + 2 + 4 + 2 categories), somewhat off the frame's own."""
    total = float(frame["w"].sum())
    shares = {name: np.linspace(1, 1.2, size) / np.linspace(1, 1.2, size).sum() for name, size in MARGINS.items()}
    return {name: dict(enumerate((share * total).tolist())) for name, share in shares.items()}


def measure_raking(frame: pd.DataFrame, margins: dict[str, dict[int, float]], ours: Ours) -> None:
    """To 1e-9: NumPy's bincount on rows, and `rake` on the cells of the margins."""
    columns = {name: frame[name].to_numpy() for name in MARGINS}
    totals = {name: np.array(list(margin.values())) for name, margin in margins.items()}
    weights = frame["w"].to_numpy()
    rows = best(lambda: rake_rows(columns, weights, totals), times=5)
    design = Design(weight="w")
    polars = pl.from_pandas(frame)
    making = best(lambda: cells(polars, design, by=list(MARGINS)), times=5)
    kept = cells(polars, design, by=list(MARGINS))
    ours.raking = best(lambda: rake(kept, design, margins), times=100)
    ours.raking_rows = ours.raking + making
    ours.sum_of_squares = sum_squares(kept, rake(kept, design, margins))
    plain = float((rake_rows(columns, weights, totals) ** 2).sum())
    if not np.isclose(ours.sum_of_squares, plain, rtol=1e-8):
        raise SystemExit(f"raking on cells and on rows differ: {ours.sum_of_squares} and {plain}")
    print(
        f"raking: {len(kept):,} cells {ours.raking * 1e3:.2f} ms (made in {making * 1e3:.0f} ms from Polars), "
        f"NumPy rows {rows * 1e3:.0f} ms: x{rows / ours.raking:.0f}"
    )


def sum_squares(kept: Cells, design: Design) -> float:
    """Sum of the squares of the responses' raked weights."""
    factors = design.steps[0].factors(kept, kept.first[:, 0], kept.rows)
    return float((kept.second[:, 0, 0] * factors**2).sum())


def rake_rows(columns: dict[str, np.ndarray], weights: np.ndarray, totals: dict[str, np.ndarray]) -> Any:
    for _ in range(100):
        off = 0.0
        for name, total in totals.items():
            change = total / np.bincount(columns[name], weights=weights, minlength=len(total))
            off = max(off, float(np.abs(change - 1).max()))
            weights = weights * change[columns[name]]
        if off < 1e-9:
            break
    return weights


def compare(rival: Rival | None, ours: Ours) -> None:
    """Ratios to a rival that gave the same figures on the same rows in this run."""
    if rival is None:
        return
    check_same(rival, ours.rate, ours.se, ours.sum_of_squares)
    print(f"{rival.name}: design {rival.design:.2f} s, 120 communes {rival.by:.2f} s, raking {rival.raking:.2f} s")
    print(f"  communes: x{rival.by / ours.rows:.0f} from rows, x{rival.by / ours.cells:,.0f} from kept cells")
    print(
        f"  raking: x{rival.raking / ours.raking:,.0f} on kept cells, "
        f"x{rival.raking / ours.raking_rows:.0f} with the cells' making"
    )


def once(run: Callable[[], Any]) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def best(run: Callable[[], Any], times: int = 5) -> float:
    return min(once(run) for _ in range(times))


if __name__ == "__main__":
    sys.exit(main())
