"""Speed and memory of estimation, in one run, against R `survey`, `svy` and bare NumPy.

    python benchmarks/estimation.py [--responses 1000000]

One million responses in 7,200 strata (120 communes x 60 procedures), twelve months, unequal weights, finite
populations. R and svy are asked the same in the same run when they are installed (see rivals.py), else skipped aloud.
Every ratio is between runs on one machine; rivals that give other figures stop it. With a million responses or more the
command ends with status 1 when a goal is missed.
"""

from __future__ import annotations

import argparse
import pickle
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
from rivals import Rival, ask_r, ask_svy, check_same
from scipy import special

from analysis import Cells, Design, cells, rake, rate_by

FULL = 1_000_000
COMMUNES, PROCEDURES, MONTHS = 120, 60, 12
LEAST_R, LEAST_SVY, LEAST_RAKING = 100, 50, 100
MOST_SECONDS, MOST_RATIO, MOST_MEGABYTES = 0.005, 3.0, 50.0
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
    """Seconds, megabytes, and the figures that a rival must give too."""

    rows: dict[str, float] = field(default_factory=dict)
    first: float = 0.0
    again: float = 0.0
    bare: float = 0.0
    raking: float = 0.0
    making: float = 0.0
    raking_rows: float = 0.0
    above_imports: float = 0.0
    imports: float = 0.0
    rate: float = 0.0
    se: float = 0.0
    sum_of_squares: float = 0.0


@dataclass(frozen=True)
class Line:
    """One line of the table; `held` is None where nothing was promised."""

    what: str
    found: str
    against: str = ""
    ratio: str = ""
    wanted: str = ""
    held: bool | None = None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--responses", type=int, default=FULL)
    frame = make_frame(parser.parse_args().responses)
    print(f"{len(frame):,} responses, {frame['stratum'].nunique():,} strata, {COMMUNES} communes; best of 5.")
    margins = make_margins(frame)
    ours = Ours(rows=measure_rows(frame))
    cells_held = measure_cells(frame, ours)
    measure_memory(frame, ours)
    raking_cells = measure_raking(frame, margins, ours)
    rivals = [rival for rival in (ask_r(frame, margins), ask_svy(frame, margins)) if rival is not None]
    for rival in rivals:
        check_same(rival, ours.rate, ours.se, ours.sum_of_squares)
    lines = [*list_own(ours, cells_held, raking_cells)]
    lines += [line for rival in rivals for line in list_against(rival, ours)]
    print_table(lines)
    missed = [line.what for line in lines if line.held is False]
    if missed and len(frame) >= FULL:
        sys.exit(f"short of a goal: {'; '.join(missed)}")


def list_own(ours: Ours, cells_held: int, raking_cells: int) -> Iterator[Line]:
    """Against the bare NumPy that an answer needs at least."""
    for name, seconds in ours.rows.items():
        yield Line(f"120 communes from rows, {name}", milliseconds(seconds))
    for what, seconds in (("first question (median of 9)", ours.first), ("again", ours.again)):
        ratio = seconds / ours.bare
        yield Line(
            f"120 communes from {cells_held:,} kept cells, {what}",
            milliseconds(seconds),
            f"bare sums and beta quantiles {milliseconds(ours.bare)}",
            f"{ratio:.2f}",
            f"{MOST_SECONDS * 1e3:.0f} ms, at most {MOST_RATIO:.0f}",
            seconds <= MOST_SECONDS and ratio <= MOST_RATIO,
        )
    memory = f"{ours.above_imports:.1f} MB above imports of {ours.imports:.0f} MB"
    held = ours.above_imports <= MOST_MEGABYTES
    yield Line("memory of the cells route", memory, "", "", f"{MOST_MEGABYTES:.0f} MB", held)
    rows = ours.raking_rows / ours.raking
    yield Line(
        f"raking to four margins on {raking_cells:,} kept cells",
        milliseconds(ours.raking),
        f"NumPy on rows {milliseconds(ours.raking_rows)}",
        f"x{rows:.0f}",
        f"x{LEAST_RAKING}",
        rows >= LEAST_RAKING,
    )
    yield Line("making these cells from Polars", milliseconds(ours.making))


def list_against(rival: Rival, ours: Ours) -> Iterator[Line]:
    """Ratios to a rival that gave the same figures on the same rows in this run; its design is not counted."""
    least = LEAST_R if rival.name.startswith("R ") else LEAST_SVY
    said = f"{rival.name} {rival.by:.2f} s (design {rival.design:.2f} s)"
    faster = min(("DuckDB", "Polars"), key=lambda name: ours.rows[name])
    ratio = rival.by / ours.rows[faster]
    found = f"120 communes from rows, {faster}", milliseconds(ours.rows[faster])
    yield Line(*found, said, f"x{ratio:.0f}", f"x{least}", ratio >= least)
    yield Line("120 communes from kept cells", milliseconds(ours.again), said, f"x{rival.by / ours.again:,.0f}")
    said = f"{rival.name} {rival.raking:.2f} s"
    yield Line("raking on kept cells", milliseconds(ours.raking), said, f"x{rival.raking / ours.raking:,.0f}")
    whole = ours.raking + ours.making
    yield Line("raking with the cells' making", milliseconds(whole), said, f"x{rival.raking / whole:.0f}")


def print_table(lines: list[Line]) -> None:
    print("\n| what | here | against | ratio | wanted |\n|---|---:|---|---:|---:|")
    for line in lines:
        missed = " **missed**" if line.held is False else ""
        print(f"| {line.what} | {line.found} | {line.against} | {line.ratio} | {line.wanted}{missed} |")


def milliseconds(seconds: float) -> str:
    return f"{seconds * 1e3:,.2f} ms" if seconds < 0.01 else f"{seconds * 1e3:,.0f} ms"


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


def measure_rows(frame: pd.DataFrame) -> dict[str, float]:
    """Seconds for 120 commune rates with intervals from rows."""
    connection = duckdb.connect()
    connection.register("source", frame)
    connection.execute("create table responses as select * from source")
    polars = pl.from_pandas(frame)
    engines: dict[str, Callable[[], Any]] = {
        "DuckDB": lambda: connection.sql("select * from responses"),
        "Polars": lambda: polars,
        "pandas": lambda: frame,
    }
    return {
        name: best(lambda read=read: rate_by(read(), DESIGN, "satisfied", "commune")) for name, read in engines.items()
    }


def measure_cells(frame: pd.DataFrame, ours: Ours) -> int:
    """From kept cells, against the sums and beta quantiles that the answer needs at least; how many cells."""
    firsts = []
    for _ in range(9):
        kept = cells(frame, DESIGN, "satisfied", by=["commune", "month"])
        firsts.append(once(lambda kept=kept: rate_by(kept, DESIGN, "satisfied", "commune")))
    ours.first = sorted(firsts)[len(firsts) // 2]
    ours.again = best(lambda: rate_by(kept, DESIGN, "satisfied", "commune"), times=50)
    table = rate_by(kept, DESIGN, "satisfied", "commune")
    ours.rate, ours.se = float(table["rate"].iloc[0]), float(table["se"].iloc[0])
    stratum = kept.keys["stratum"].to_numpy()
    sums = [
        np.ascontiguousarray(column)
        for column in (*kept.first[:, 1:3].T, *kept.second[:, 1, 1:3].T, *kept.counts[:, 1:3].T)
    ]
    ours.bare = best(lambda: bare_numpy(stratum, sums), times=50)
    return len(kept)


def bare_numpy(stratum: np.ndarray, sums: list[np.ndarray]) -> Any:
    """Six sums over the cells of (stratum), then means, variances and Clopper-Pearson limits of 120 communes."""
    held = [np.bincount(stratum, weights=column) for column in sums]
    place = np.arange(len(held[0])) // PROCEDURES
    a, b, *_ = (np.bincount(place, weights=column) for column in held)
    p = b / a
    z = held[1] - p[place] * held[0]
    spread = held[3] - 2 * p[place] * held[3] + p[place] ** 2 * held[2] - z * z / held[4]
    variance = np.bincount(place, weights=spread * held[4] / (held[4] - 1)) / a**2
    with np.errstate(invalid="ignore", divide="ignore"):  # where all are satisfied
        size = p * (1 - p) / variance
    return special.betaincinv(size * p, size * (1 - p) + 1, 0.025), special.betaincinv(
        size * p + 1, size * (1 - p), 0.975
    )


def measure_memory(frame: pd.DataFrame, ours: Ours) -> None:
    """In a process of its own, which imports what an answer needs and then reads the cells and answers."""
    kept = cells(frame, DESIGN, "satisfied", by=["commune", "month"])
    with tempfile.NamedTemporaryFile(suffix=".pickle") as file:
        pickle.dump(kept, file)
        file.flush()
        done = subprocess.run([sys.executable, "-c", CHILD, file.name], capture_output=True, text=True, check=True)
    before, after = map(int, done.stdout.split())
    ours.imports, ours.above_imports = before / 1024, (after - before) / 1024


def make_margins(frame: pd.DataFrame) -> dict[str, dict[int, float]]:
    """Totals of four margins (120 + 2 + 4 + 2 categories), somewhat off the frame's own."""
    total = float(frame["w"].sum())
    shares = {name: np.linspace(1, 1.2, size) / np.linspace(1, 1.2, size).sum() for name, size in MARGINS.items()}
    return {name: dict(enumerate((share * total).tolist())) for name, share in shares.items()}


def measure_raking(frame: pd.DataFrame, margins: dict[str, dict[int, float]], ours: Ours) -> int:
    """To 1e-9: NumPy's bincount on rows, and `rake` on the cells of the margins; how many cells."""
    columns = {name: frame[name].to_numpy() for name in MARGINS}
    totals = {name: np.array(list(margin.values())) for name, margin in margins.items()}
    weights = frame["w"].to_numpy()
    ours.raking_rows = best(lambda: rake_rows(columns, weights, totals))
    design = Design(weight="w")
    polars = pl.from_pandas(frame)
    ours.making = best(lambda: cells(polars, design, by=list(MARGINS)))
    kept = cells(polars, design, by=list(MARGINS))
    ours.raking = best(lambda: rake(kept, design, margins), times=100)
    ours.sum_of_squares = sum_squares(kept, rake(kept, design, margins))
    plain = float((rake_rows(columns, weights, totals) ** 2).sum())
    if not np.isclose(ours.sum_of_squares, plain, rtol=1e-8):
        raise SystemExit(f"raking on cells and on rows differ: {ours.sum_of_squares} and {plain}")
    return len(kept)


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


def once(run: Callable[[], Any]) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def best(run: Callable[[], Any], times: int = 5) -> float:
    return min(once(run) for _ in range(times))


if __name__ == "__main__":
    sys.exit(main())
