"""Rebuild a released table from its counts with NumPy, pandas and SciPy alone:  python rebuild.py

Taylor's variance of a ratio in a stratified sample (Särndal, Swensson and Wretman 1992, 5.8) and the guarded limits of
Hài Lòng's docs/methods.md. Figures are compared with figures.csv to 1e-9, and with the printed digits in released.csv;
a difference ends the script with status 1.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

FOLDER = Path(__file__).parent
KEY = ["level", "sector", "place"]
NUMBERS = ["n", "rate", "se", "df", "survey_deff", "n_effective", "low", "high"]
TEXTS = dict.fromkeys((*KEY, "design", "stratum", "agency", "month", "psu", "name", "value"), str)
TOLERANCE, HALF_DIGIT, FADE = 1e-9, 0.0005, 30


def main() -> None:
    told = read("rule.csv")
    rule: dict[str, str] = dict(zip(told["name"], told["value"], strict=True))
    figures, released = read("figures.csv"), read("released.csv")
    cells = read("cells.csv").merge(read("strata.csv")[["stratum", "population", "total"]], on="stratum")
    cells["y"] = [float(rule[f"score_{int(level)}"]) if level == level else np.nan for level in cells["level"]]
    designs = read("designs.csv")
    rebuilt = []
    for name, asked in figures.groupby("design", sort=False):
        sample = prepare(cells.merge(designs[designs["design"] == name], on="stratum"), rule)
        pooled = pool(sample) if sample["psu"].ne("").any() else None
        rebuilt += [estimate(sample, figure, rule, pooled) for figure in asked.to_dict("records")]
    table = pd.DataFrame(rebuilt)
    table.to_csv(FOLDER / "rebuilt-by-python.csv", index=False)
    report(table, figures, released)


def read(name: str) -> pd.DataFrame:
    """A table of this folder; identifiers stay text, an empty one stays empty."""
    table = pd.read_csv(FOLDER / name, dtype=TEXTS, float_precision="round_trip")
    texts = [column for column in table if column in TEXTS]
    table[texts] = table[texts].fillna("")
    return table


def prepare(sample: pd.DataFrame, rule: dict[str, str]) -> pd.DataFrame:
    """Add to each count its weight w, the sampled units m of its variance stratum, and the fraction f of these."""
    sampled = sample.groupby("stratum")["n"].transform("sum")
    sample["w"] = (sample["total"] / sampled).fillna(1.0)
    stratum = sample.groupby("variance_stratum")
    clustered = sample["psu"].ne("").any()
    sample["m"] = stratum["psu"].transform("nunique") if clustered else stratum["n"].transform("sum")
    whole = sample.drop_duplicates("stratum").groupby("variance_stratum")["population"].sum()
    finite = rule["target_population"] == "finite"
    sample["f"] = sample["m"] / sample["variance_stratum"].map(whole) if finite else 0.0
    return sample


def estimate(
    sample: pd.DataFrame, figure: dict[Any, Any], rule: dict[str, str], pooled: float | None
) -> dict[str, Any]:
    inside = sample["y"].notna()
    for name in ("agency", "month"):
        inside &= (sample[name] == figure[name]) | (figure[name] == "")
    level, domain = float(rule["confidence_level"]), sample[inside]
    p, v = measure(sample, inside)
    n, df = int(domain["n"].sum()), degrees(domain)
    row = {name: figure[name] for name in KEY} | {"n": n, "rate": p, "se": v**0.5, "df": df}
    simple = spread(domain, p)
    row["survey_deff"] = v * n / simple if simple > 0 and v > 0 else np.nan
    if rule["method"] == "mean":
        half = stats.t.ppf((1 + level) / 2, df) * v**0.5
        return row | {"n_effective": np.nan, "low": p - half, "high": p + half}
    if rule["method"] != "guarded":
        sys.exit(f"This script knows the methods guarded and mean, not {rule['method']}")
    size, low, high = guard(domain, p, v, n, df, level, pooled)
    return row | {"n_effective": size, "low": low, "high": high}


def measure(sample: pd.DataFrame, inside: pd.Series) -> tuple[float, float]:
    """Mean and variance of a domain: residuals are 0 outside it, and a lonely stratum adds its own square."""
    weights = (sample["n"] * sample["w"]).where(inside, 0.0)
    y = sample["y"].fillna(0.0)
    p = float((weights * y).sum() / weights.sum())
    z = (sample["w"] * (y - p) / weights.sum()).where(inside, 0.0)
    clustered = sample["psu"].ne("").any()
    units = sample.assign(total=z * sample["n"], square=z * z * sample["n"])
    if clustered:
        units = units.groupby(["variance_stratum", "psu"], as_index=False).agg(
            total=("total", "sum"), m=("m", "first"), f=("f", "first")
        )
        units["square"] = units["total"] ** 2
    strata = units.groupby("variance_stratum").agg(
        total=("total", "sum"), square=("square", "sum"), m=("m", "first"), f=("f", "first")
    )
    several = strata["m"] > 1
    centred = strata["square"] - strata["total"] ** 2 / strata["m"]
    added = np.where(several, strata["m"] / np.maximum(strata["m"] - 1, 1) * centred, strata["total"] ** 2)
    v = float(((1 - strata["f"]) * added).sum())
    return p, v if v > (1e-11 * float((z.abs() * sample["n"]).sum())) ** 2 else 0.0


def degrees(domain: pd.DataFrame) -> float:
    strata = domain["variance_stratum"].nunique()
    if domain["psu"].ne("").any():
        return float(len(domain[["variance_stratum", "psu"]].drop_duplicates()) - strata)
    return float(domain["n"].sum() - strata)


def spread(domain: pd.DataFrame, p: float) -> float:
    """The weighted variance of y, with n - 1, as survey's svyvar has it."""
    weights = domain["n"] * domain["w"]
    n = float(domain["n"].sum())
    squares = float((weights * (domain["y"] - p) ** 2).sum() / weights.sum())
    return squares * n / (n - 1) if n > 1 and squares > 1e-12 else 0.0


def pool(sample: pd.DataFrame) -> float | None:
    inside = sample["y"].notna()
    p, v = measure(sample, inside)
    return float(sample["n"][inside].sum()) * v / (p * (1 - p)) if 0 < p < 1 and v > 0 else None


def guard(
    domain: pd.DataFrame, p: float, v: float, n: int, df: float, level: float, pooled: float | None
) -> tuple[float, float, float]:
    """Effective size and limits; see docs/methods.md."""
    x = float((domain["n"] * domain["y"]).sum())
    p = 0.0 if x <= 0 else 1.0 if x >= n else p
    if (1 - domain["f"] < 1e-7).all():
        return float(n), p, p
    squares = domain["n"] * domain["w"] ** 2
    kish = n * float(((1 - domain["f"]) * squares).sum()) / float((domain["n"] * domain["w"]).sum()) ** 2 or 1.0
    tail, usable = (1 - level) / 2, df >= 1 and n > 1
    raw = n * v / (p * (1 - p) if 0 < p < 1 else 1.0)
    silent = x <= 0 or x >= n or raw < 1e-12
    ratio = stats.t.ppf(tail, df) / stats.t.ppf(tail, n - 1) if usable else 1.0
    deff = 0.0 if silent else raw * ratio**2
    anchor = max(kish, pooled or 0.0)
    excess = anchor - deff if pooled is not None else max(0.0, anchor - deff)
    divisor = anchor if silent else deff + FADE / (FADE + min(x, n - x)) * excess
    size = n / divisor if divisor > 0 else float(n)
    size = size if usable else min(1.0, size)
    rest = 1 - float((domain["f"] * squares).sum() / squares.sum())
    low, high = clopper(p, size, tail)
    if rest < 1:
        inner = clopper(p, size * rest**2, tail)
        low, high = min(low, p - rest * (p - inner[0])), max(high, p + rest * (inner[1] - p))
    return size, low, high


def clopper(p: float, size: float, tail: float) -> tuple[float, float]:
    low = stats.beta.ppf(tail, size * p, size * (1 - p) + 1) if p > 0 else 0.0
    high = stats.beta.ppf(1 - tail, size * p + 1, size * (1 - p)) if p < 1 else 1.0
    return min(float(low), p), max(float(high), p)


def report(rebuilt: pd.DataFrame, figures: pd.DataFrame, released: pd.DataFrame) -> None:
    ours, theirs = rebuilt[NUMBERS].astype(float), figures[NUMBERS].astype(float)
    gap = float(((ours - theirs).abs() / theirs.abs().clip(lower=1)).max().max())
    same_gaps = bool((ours.isna().to_numpy() == theirs.isna().to_numpy()).all())
    both = released[[*KEY, "rate", "se", "low", "high"]].merge(rebuilt, on=KEY, suffixes=("", "_rebuilt"))
    half = max(float((both[name] - both[f"{name}_rebuilt"]).abs().max()) for name in ("rate", "se", "low", "high"))
    sys.stdout.write(f"{len(rebuilt)} figures rebuilt; largest difference {gap:.1e}\n")
    sys.stdout.write(
        f"{len(both)} released figures; largest distance from a printed digit {half:.6f} (at most {HALF_DIGIT})\n"
    )
    if not (same_gaps and gap < TOLERANCE and half <= HALF_DIGIT + TOLERANCE and len(both) == len(released)):
        sys.exit(1)


if __name__ == "__main__":
    main()
