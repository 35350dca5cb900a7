"""The same questions to R `survey` and to svy, each in its own interpreter; None, said aloud, where one is missing.

R: `Rscript` with the package survey (`.ci/provide r`). svy: the Python that HAILONG_SVY_PYTHON names, or `.venv-svy`,
which `make setup-rivals` builds from `locks/svy.txt`; it is no dependency of this project.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl

R_CODE = """
suppressMessages(library(survey)); folder <- commandArgs(TRUE)[1]
d <- read.csv(file.path(folder, "responses.csv")); m <- read.csv(file.path(folder, "margins.csv"))
clock <- function(run) { start <- proc.time()[3]; result <- run; c(proc.time()[3] - start) }
design <- clock(s <- svydesign(ids = ~1, strata = ~stratum, weights = ~w, fpc = ~N, data = d, check.strata = FALSE))
by <- clock(r <- svyby(~satisfied, ~commune, s, svymean))
names <- unique(m$margin); plain <- svydesign(ids = ~1, weights = ~w, data = d)
totals <- lapply(names, function(n) { t <- data.frame(m$category[m$margin == n], m$total[m$margin == n])
                                      names(t) <- c(n, "Freq"); t })
raking <- clock(k <- rake(plain, lapply(names, function(n) as.formula(paste0("~", n))), totals,
                          control = list(maxit = 100, epsilon = 1e-9)))
cat(format(c(design, by, raking), digits = 15), as.character(packageVersion("survey")),
    format(c(sum(weights(k)^2), coef(r)[1], SE(r)[1]), digits = 15), sep = "\\n")
"""
SVY_CODE = """
import json, sys, time
import polars, svy
folder = sys.argv[1]
margins = json.load(open(folder + "/margins.json"))
margins = {name: {int(key): total for key, total in margin.items()} for name, margin in margins.items()}
frame = polars.read_parquet(folder + "/responses.parquet")
def clock(run):
    start = time.perf_counter(); result = run(); return time.perf_counter() - start, result
design, sample = clock(lambda: svy.Sample(frame, svy.Design(stratum="stratum", wgt="w", pop_size="N")))
def ask():
    return sample.estimation.mean("satisfied", by="commune")
by, found = min((clock(ask) for _ in range(2)), key=lambda timed: timed[0])
plain = svy.Sample(frame, svy.Design(wgt="w"))
times = []
for place in range(2):
    seconds, raked = clock(lambda: plain.weighting.rake(controls=margins, tol=1e-9, wgt_name=f"raked{place}"))
    times.append(seconds)
squares = float((raked.data["raked1"] ** 2).sum())
first = found.to_polars().row(0, named=True)
print(design, by, min(times), svy.__version__, squares, first["est"], first["se"], sep="\\n")
"""


@dataclass(frozen=True)
class Rival:
    """Seconds to declare the design, for the rates of all communes, and to rake; two figures to compare."""

    name: str
    design: float
    by: float
    raking: float
    sum_of_squares: float
    rate: float
    se: float


def ask_r(frame: pd.DataFrame, margins: Mapping[str, Mapping[int, float]]) -> Rival | None:
    if shutil.which("Rscript") is None:
        print("SKIPPED: R is not installed; `.ci/provide r` installs it with the package survey")
        return None
    with tempfile.TemporaryDirectory() as folder:
        frame.to_csv(Path(folder, "responses.csv"), index=False)
        rows = [(name, category, total) for name, margin in margins.items() for category, total in margin.items()]
        pd.DataFrame(rows, columns=["margin", "category", "total"]).to_csv(Path(folder, "margins.csv"), index=False)
        Path(folder, "ask.R").write_text(R_CODE)
        return _read("R survey", ["Rscript", str(Path(folder, "ask.R")), folder])


def ask_svy(frame: pd.DataFrame, margins: Mapping[str, Mapping[int, float]]) -> Rival | None:
    python = find_svy()
    if python is None:
        print("SKIPPED: svy is not installed; `make setup-rivals` builds .venv-svy, or set HAILONG_SVY_PYTHON")
        return None
    with tempfile.TemporaryDirectory() as folder:
        pl.from_pandas(frame).write_parquet(Path(folder, "responses.parquet"))
        Path(folder, "margins.json").write_text(json.dumps(margins))
        Path(folder, "ask.py").write_text(SVY_CODE)
        return _read("svy", [python, str(Path(folder, "ask.py")), folder])


def find_svy() -> str | None:
    named = os.environ.get("HAILONG_SVY_PYTHON")
    own = Path(__file__).parents[1] / ".venv-svy" / "bin" / "python"
    return named or (str(own) if own.exists() else None)


def check_same(rival: Rival, rate: float, se: float, sum_of_squares: float) -> None:
    """Who is faster at another question has won nothing."""
    ours = np.array([rate, se, sum_of_squares])
    theirs = np.array([rival.rate, rival.se, rival.sum_of_squares])
    if not np.allclose(ours, theirs, rtol=1e-6):
        raise SystemExit(f"{rival.name} gives other figures: {theirs} against {ours}")


def _read(name: str, command: list[str]) -> Rival | None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        print(f"SKIPPED: {name} stopped: {done.stderr.strip().splitlines()[-1]}")
        return None
    design, by, raking, version, squares, rate, se = done.stdout.split()[-7:]
    numbers = map(float, (design, by, raking, squares, rate, se))
    return Rival(f"{name} {version}", *numbers)
