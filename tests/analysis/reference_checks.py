"""Computes each kind of reference record with the library's public functions and compares it with R."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import pandas as pd
from reference_format import Folder, holds, key, spell

from analysis import chi_square, difference, mean, mean_by, rate, rate_by, ratio, total, trend, weights_of

Record = dict[str, Any]
LOOSE_METHODS = {"logit", "likelihood"}


class NotSupported(Exception):
    """The record asks for something that the library does not compute."""


def check(folder: Folder, record: Record) -> list[str]:
    """What is wrong with our answer to a record; an empty list when it matches."""
    if record["estimand"] not in CHECKS:
        raise NotSupported(record["estimand"])
    return list(CHECKS[record["estimand"]](folder, record))


def tell(record: Record, name: str, ours: float, theirs: Any) -> Iterator[str]:
    """A complaint unless both agree to the stated tolerance; R's missing values are not compared."""
    if theirs is None or isinstance(theirs, str):
        return
    tolerance = 1e-6 if record.get("method") in LOOSE_METHODS else 1e-9
    if not math.isclose(ours, theirs, rel_tol=tolerance, abs_tol=1e-9):
        yield f"{record['id']} {name}: ours {ours!r}, R {theirs!r}"


def tell_all(record: Record, ours: dict[str, float], theirs: Record) -> Iterator[str]:
    for name, value in ours.items():
        yield from tell(record, name, value, theirs.get(name))


def check_mean(folder: Folder, record: Record) -> Iterator[str]:
    if record.get("boundary") or record.get("r_defect"):
        yield from check_answered(folder, record)
        return
    design, variable = folder.design(record["design"]), f"v:{record['variable']}"
    table, within = find_table(folder, record)
    found = mean(table, design, variable, within=within)
    summed = total(table, design, variable, within=within)
    population = found.population or math.nan
    ours = {
        "est": found.rate,
        "se": found.se,
        "deff_wr": found.deff,
        "deff_wor": found.deff * population / (population - found.n) if population > found.n else math.nan,
        "df": found.df,
        "n_rows": count_rows(folder, record),
        "n_nonzero": found.n,
        "cv": found.se / found.rate if found.rate else math.nan,
        "total": summed.rate,
        "total_se": summed.se,
    }
    yield from tell_all(record, ours, record["value"])


def check_by(folder: Folder, record: Record) -> Iterator[str]:
    frame, design, variable = read(folder, record)
    by = [record["by"]] if isinstance(record["by"], str) else list(record["by"])
    table = mean_by(frame, design, variable, by, within=folder.condition(record, record["variable"]))
    labels = index_labels(table)
    for row in record["value"]["rows"]:
        place = labels.get(tuple(str(row[name]) for name in by))
        if place is None:
            yield f"{record['id']}: no domain {[row[name] for name in by]}"
            continue
        ours = table.iloc[place]
        if row.get("boundary") or row.get("r_defect") or record.get("boundary"):
            if not (math.isfinite(ours["rate"]) and math.isfinite(ours["se"])):
                yield f"{record['id']}: {ours['rate']} ± {ours['se']}"
            continue
        answer = {"est": ours["rate"], "se": ours["se"], "df": ours["df"]}
        if ours["se"] > 1e-12:  # without variation R's design effect is 0/0: a rounding error, whatever it prints
            answer["deff_wor"] = float(ours["deff"] * ours["population"] / (ours["population"] - ours["n"]))
        yield from tell_all(record, answer, row)
    if len(table) != len(record["value"]["rows"]):
        yield f"{record['id']}: {len(table)} domains, R has {len(record['value']['rows'])}"


def check_ci(folder: Folder, record: Record) -> Iterator[str]:
    _, design, variable = read(folder, record)
    method, level = record["method"], record["level"]
    table, within = find_table(folder, record, rows=method == "likelihood")
    found = rate(table, design, variable, within=within, method=method, confidence_level=level, like_r=True)
    value = record["value"]
    if record.get("boundary"):
        yield from check_bounds(record, found)
    elif record.get("r_defect"):
        yield from check_bounds(record, found)
        yield from tell(record, "lo", found.low, value["lo"])
    else:
        ours = {
            "est": found.rate,
            "df": found.df,
            "n_rows": count_rows(folder, record),
            "lo": found.low,
            "hi": found.high,
        }
        yield from tell_all(record, ours, value)


def check_bounds(record: Record, found: Any) -> Iterator[str]:
    """Where R is wrong or silent: an answer inside 0..1, around the estimate, of positive width."""
    if not (0 <= found.low <= found.rate <= found.high <= 1 and found.low < found.high):
        yield f"{record['id']}: [{found.low}, {found.high}] around {found.rate}"


def check_answered(folder: Folder, record: Record) -> Iterator[str]:
    """Where R has no mean worth comparing: ours exists and is finite."""
    frame, design, variable = read(folder, record)
    found = mean(frame, design, variable, within=folder.condition(record, record["variable"]))
    if not (math.isfinite(found.rate) and math.isfinite(found.se)):
        yield f"{record['id']}: {found.rate} ± {found.se}"


def check_byci(folder: Folder, record: Record) -> Iterator[str]:
    frame, design, variable = read(folder, record)
    by = [record["by"]] if isinstance(record["by"], str) else list(record["by"])
    level, within = record["level"], folder.condition(record, record["variable"])
    table = rate_by(
        frame, design, variable, by, within=within, method=record["method"], confidence_level=level, like_r=True
    )
    labels = index_labels(table)
    for row in record["value"]["rows"]:
        ours = table.iloc[labels[tuple(str(row[name]) for name in by)]]
        if row.get("boundary") or row.get("r_defect") or record.get("boundary"):
            yield from check_bounds(record, ours)
        else:
            yield from tell_all(record, {"est": ours["rate"], "lo": ours["low"], "hi": ours["high"]}, row)


def check_ratio(folder: Folder, record: Record) -> Iterator[str]:
    frame, design, _ = read(folder, record)
    above, below = record["variable"].split(":")
    found = ratio(frame, design, above, below, within=folder.condition(record, None))
    population = found.population or math.nan
    wor = found.deff * population / (population - found.n) if population > found.n else math.nan
    yield from tell_all(record, {"est": found.rate, "se": found.se, "deff_wor": wor}, record["value"])


def check_difference(folder: Folder, record: Record) -> Iterator[str]:
    frame, design, variable = read(folder, record)
    first, second = (read_label(frame, record["by"], level) for level in record["levels"])
    within = folder.condition(record, record["variable"])
    found = difference(frame, design, variable, record["by"], first, second, within=within)
    yield from tell_all(record, {"est": found.difference, "se": found.se}, record["value"])


def check_weights(folder: Folder, record: Record) -> Iterator[str]:
    frame, design, _ = read(folder, record)
    weights = weights_of(frame, design).to_numpy()
    squares = float((weights**2).sum())
    ours = {
        "n": len(weights),
        "sum": float(weights.sum()),
        "sum_sq": squares,
        "min": float(weights.min()),
        "max": float(weights.max()),
        "kish_deff": len(weights) * squares / float(weights.sum()) ** 2,
    }
    yield from tell_all(record, ours, record["value"])
    for place, (mine, theirs) in enumerate(zip(weights, record["value"].get("first10", []), strict=False)):
        yield from tell(record, f"weight {place}", float(mine), theirs)


def check_mean_rep(folder: Folder, record: Record) -> Iterator[str]:
    frame, design, variable = read(folder, record)
    found = mean(frame, design, variable, within=folder.condition(record, record["variable"]))
    yield from tell_all(record, {"est": found.rate, "se": found.se, "df": found.df}, record["value"])


def check_trend(folder: Folder, record: Record) -> Iterator[str]:
    frame, design, variable = read(folder, record)
    found = trend(frame, design, variable, record["x"], within=folder.condition(record, record["variable"]))
    ours = {"intercept": found.intercept, "slope": found.slope, "slope_se": found.slope_se, "df": found.df}
    yield from tell_all(record, ours, record["value"])


def check_independence(folder: Folder, record: Record) -> Iterator[str]:
    """R tests all categories of the outcome's column."""
    frame, design, _ = read(folder, record)
    column = folder.variables[record["variable"]]["column"]
    found = chi_square(frame, design, column, record["by"], within=folder.condition(record, None))
    ours = {"F": found.f, "ndf": found.ndf, "ddf": found.ddf, "p": found.p_value}
    yield from tell_all(record, ours, record["value"])


def find_table(folder: Folder, record: Record, *, rows: bool = False) -> tuple[Any, str | None]:
    """The cells of the record's domain, reduced once for all records about it, or the frame and the condition."""
    within = folder.condition(record, record["variable"])
    if rows or folder.design(record["design"]).replicates is not None:
        return folder.frame(record["design"]), within
    return folder.cells(record["design"], f"v:{record['variable']}", within), None


def read(folder: Folder, record: Record) -> tuple[pd.DataFrame, Any, str]:
    name = record["design"]
    return folder.frame(name), folder.design(name), f"v:{record.get('variable')}"


def count_rows(folder: Folder, record: Record) -> int:
    """Rows of R's subset: a calibrated design keeps all of its rows, with weight 0 outside the domain."""
    frame, within = folder.frame(record["design"]), folder.condition(record, record["variable"])
    if within is None or folder.is_calibrated(record["design"]):
        return len(frame)
    return int(holds(frame, within).sum())


def index_labels(table: pd.DataFrame) -> dict[tuple[str, ...], int]:
    labels = (label if isinstance(label, tuple) else (label,) for label in table.index)
    return {tuple(map(spell, label)): place for place, label in enumerate(labels)}


def read_label(frame: pd.DataFrame, by: Any, level: Any) -> Any:
    column = key(by)
    return next(value for value in frame[column].unique() if spell(value) == str(level))


CHECKS: dict[str, Callable[[Folder, Record], Iterator[str]]] = {
    "mean": check_mean,
    "by": check_by,
    "ci": check_ci,
    "byci": check_byci,
    "ratio": check_ratio,
    "difference": check_difference,
    "weights": check_weights,
    "mean_rep": check_mean_rep,
    "logit_trend": check_trend,
    "rao_scott_F": check_independence,
}
