"""Reads a folder of reference numbers: data, outcomes and designs, from its JSON alone (see reference/README.md)."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any, get_args

import narwhals as nw
import numpy as np
import pandas as pd

from analysis import Cells, Design, Replicates, calibrate, cells, post_stratify, rake, trim
from analysis.conditions import read_condition
from analysis.replicates import ReplicateKind

OWN = Path(__file__).parent / "reference"


class Folder:
    """One folder: `records`, and the frame, design and outcome that each of them is about."""

    def __init__(self, path: Path) -> None:
        self.path = path
        content = json.loads((path / "reference.json").read_text(encoding="utf-8"))
        self.meta: dict[str, Any] = content.get("meta", {})
        self.variables: dict[str, Any] = content["variables"]
        self.designs: dict[str, Any] = content["designs"]
        self.records: list[dict[str, Any]] = content["records"]
        self.frame = cache(self._frame)
        self.design = cache(self._design)
        self.cells = cache(self._cells)

    def whole(self, name: str) -> dict[str, Any]:
        """A design's description with what it takes over from its base."""
        own = self.designs[name]
        if not own.get("base"):
            return dict(own)
        base = self.whole(own["base"])
        return base | {key: value for key, value in own.items() if value is not None}

    def is_calibrated(self, name: str) -> bool:
        """Whether R keeps all rows in a subset of the design: not once it has replicate weights."""
        own = self.designs[name]
        if self.whole(name).get("replicates"):
            return False
        calibrates = (own.get("calibration") or {}).get("kind") in {"poststratify", "rake", "calibrate"}
        return calibrates or bool(own.get("base") and self.is_calibrated(own["base"]))

    def condition(self, record: dict[str, Any], variable: str | None) -> str | None:
        """The domain of a record, and the validity of its outcome, as one condition."""
        valid = self.variables.get(variable or "", {}).get("valid")
        parts = [f"({part})" for part in (record.get("domain"), valid) if part]
        return match_types(self.frame(record["design"]), " & ".join(parts)) or None

    def _frame(self, name: str) -> pd.DataFrame:
        """The rows of a design, with every outcome in a column `v:<name>` and replicate weights in `r:<number>`."""
        described = self.whole(name)
        frame = read_csv(self.path / described["data"])
        replicates = described.get("replicates") or {}
        if replicates.get("file"):
            weights = read_csv(self.path / replicates["file"])
            weights.columns = [f"r:{place}" for place in range(weights.shape[1])]
            frame = pd.concat([frame, weights], axis=1)
        if described.get("filter"):
            frame = frame[holds(frame, match_types(frame, described["filter"]))].reset_index(drop=True)
        outcomes = {}
        for variable, spec in self.variables.items():
            if uses_columns(spec["column"], frame):
                outcomes[f"v:{variable}"] = read_outcome(frame, spec)
        return pd.concat([frame, pd.DataFrame(outcomes, index=frame.index)], axis=1)

    def _cells(self, name: str, outcome: str, within: str | None) -> Cells:
        """Kept cells of one question, which many intervals are about."""
        return cells(self.frame(name), self.design(name), outcome, within=within)

    def _design(self, name: str) -> Design:
        own = self.designs[name]
        frame = self.frame(name)
        design = self.design(own["base"]) if own.get("base") else read_design(own)
        if own.get("replicates"):
            design = add_replicates(design, own["replicates"], frame)
        if own.get("calibration"):
            design = add_calibration(frame, design, own["calibration"])
        return design


def read_csv(path: Path) -> pd.DataFrame:
    """As R's `read.csv`: an empty field is missing among numbers, and an empty text among texts."""
    frame = pd.read_csv(path, keep_default_na=False, na_values=["", "NA"])
    texts = pd.read_csv(path, keep_default_na=False, dtype=str)
    for name in frame.columns:
        if not pd.api.types.is_numeric_dtype(frame[name]):
            frame[name] = texts[name].where(texts[name] != "NA")
    return frame


def holds(frame: pd.DataFrame, condition: str) -> np.ndarray:
    table = nw.from_native(frame, eager_only=True).select(read_condition(condition).alias("holds"))
    return np.asarray(table["holds"].to_numpy(), dtype=bool)


def match_types(frame: pd.DataFrame, condition: str) -> str:
    """R compares a number with a text as texts; here the literal takes the type of its column."""

    def match(found: re.Match[str]) -> str:
        column, operator, literal = found.groups()
        if column not in frame:
            return found[0]
        quoted, numeric = literal[0] in "\"'", pd.api.types.is_numeric_dtype(frame[column])
        if quoted and numeric and re.fullmatch(r"-?\d+\.?\d*", literal[1:-1]):
            literal = literal[1:-1]
        elif not quoted and not numeric:
            literal = f'"{literal}"'
        return f"{column} {operator} {literal}"

    return re.sub(r"([^\W\d][\w.]*)\s*(==|!=|<=|>=|<|>)\s*(\"[^\"]*\"|'[^']*'|-?\d+\.?\d*)", match, condition)


def uses_columns(expression: str, frame: pd.DataFrame) -> bool:
    return expression in frame or all(
        name in frame for name in re.findall(r"[^\W\d][\w.]*", re.sub(r"\"[^\"]*\"|'[^']*'", "", expression))
    )


def read_outcome(frame: pd.DataFrame, spec: dict[str, Any]) -> pd.Series:
    """The outcome as numbers; missing where its columns are."""
    column = spec["column"]
    if column not in frame:
        return read_comparison(frame, column)
    if spec.get("equals") is None:
        return code_missing(frame, spec, pd.to_numeric(frame[column]))
    wanted = spec["equals"] if isinstance(spec["equals"], list) else [spec["equals"]]
    return code_missing(frame, spec, frame[column].isin(wanted).astype(float).where(frame[column].notna()))


def code_missing(frame: pd.DataFrame, spec: dict[str, Any], outcome: pd.Series) -> pd.Series:
    """Where R's formula names a column that is not in the data, its script coded the outcome, a missing answer as 0.

    It lies outside the domain (`valid`) all the same; R's "likelihood" counts the rows of a calibrated design by it.
    """
    coded = spec.get("valid") and re.fullmatch(r"[^\W\d][\w.]*", spec.get("r", "")) and spec["r"] not in frame
    return outcome.fillna(0.0) if coded else outcome


def read_comparison(frame: pd.DataFrame, text: str) -> pd.Series:
    """An outcome such as `api.stu/enroll > 0.9`."""
    names = [name for name in re.findall(r"[^\W\d][\w.]*", re.sub(r"\"[^\"]*\"|'[^']*'", "", text)) if name in frame]
    return pd.Series(holds(frame, text).astype(float), index=frame.index).where(frame[names].notna().all(axis=1))


def read_design(spec: dict[str, Any]) -> Design:
    return Design(
        weight=one(spec.get("weights")),
        stratum=spec.get("strata") or None,
        psu=spec.get("ids") or None,
        population=spec.get("fpc") or None,
        lonely_psu=spec.get("lonely_psu") or "fail",
        nest=bool(spec.get("nest")),
    )


def one(names: Any) -> str | None:
    return names[0] if isinstance(names, list) and names else names or None


def add_replicates(design: Design, spec: dict[str, Any], frame: pd.DataFrame) -> Design:
    kind = {"subbootstrap": "bootstrap"}.get(spec["type"], spec["type"])
    kind = kind if kind in get_args(ReplicateKind) else "other"
    columns = tuple(name for name in frame if str(name).startswith("r:")) if spec.get("file") else ()
    rscales = spec.get("rscales")
    rscales = (rscales,) * len(columns) if isinstance(rscales, int | float) else rscales
    return design.with_replicates(
        Replicates(
            kind=kind,
            columns=columns,
            combined=bool(spec.get("combined")),
            scale=spec.get("scale"),
            rscales=tuple(rscales) if rscales else None,
            rho=spec.get("rho") or 0.0,
            mse=bool(spec.get("mse")),
            small=spec.get("small") or "fail",
            large=spec.get("large") or "split",
        )
    )


def add_calibration(frame: pd.DataFrame, design: Design, spec: dict[str, Any]) -> Design:
    kind = spec["kind"]
    if kind == "poststratify":
        return post_stratify(frame, design, {key(spec["by"]): read_cells(frame, spec["by"], spec["totals"])})
    if kind == "rake":
        margins = {key(split(name)): read_cells(frame, split(name), t) for name, t in spec["margins"].items()}
        return rake(frame, design, margins, variance="r-rake")
    if kind == "trim":
        return trim(frame, design, lower=spec.get("lower"), upper=spec.get("upper"), strict=bool(spec.get("strict")))
    totals = read_totals(frame, spec)
    return calibrate(frame, design, totals, calfun=spec["calfun"], bounds=read_bounds(spec.get("bounds")))


def key(names: list[str] | str) -> str | tuple[str, ...]:
    return names if isinstance(names, str) else names[0] if len(names) == 1 else tuple(names)


def split(name: str) -> list[str]:
    return re.split(r"\s*[*:+]\s*", name)


def read_cells(frame: pd.DataFrame, names: list[str] | str, totals: Any) -> dict[Any, float]:
    """Totals by category; JSON has text keys (`E`, `1`, `E.Yes`) where the column may hold numbers."""
    names = [names] if isinstance(names, str) else list(names)
    if isinstance(totals, list):
        totals = {tuple(str(row[name]) for name in names): row["Freq"] for row in totals}
    present = {tuple(row): None for row in frame[names].drop_duplicates().itertuples(index=False)}
    found = {}
    for row in present:
        spellings = [tuple(map(spell, row)), *(mark.join(map(spell, row)) for mark in (".", ":", "|", ",", "*", " "))]
        match = next((spelling for spelling in spellings if spelling in totals), None)
        if match is not None:
            found[row if len(names) > 1 else row[0]] = float(totals[match])
    return found


def spell(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def read_totals(frame: pd.DataFrame, spec: dict[str, Any]) -> dict[Any, Any]:
    """Totals as `calibrate` takes them: `(Intercept)`, `column=category`, and numeric columns."""
    if spec.get("margins"):
        return {key(split(name)): read_cells(frame, split(name), totals) for name, totals in spec["margins"].items()}
    totals: dict[Any, Any] = {}
    for name, total in spec["totals"].items():
        column, equals, category = name.partition("=")
        if equals:
            totals.setdefault(column, {}).update(read_cells(frame, [column], {category: total}))
        else:
            totals[name] = float(total)
    return totals


def read_bounds(bounds: Any) -> tuple[float, float]:
    if isinstance(bounds, str):
        bounds = [float(number) for number in re.findall(r"-?(?:Inf|\d+\.?\d*(?:[eE][-+]?\d+)?|\.\d+)", bounds)]
    return (float(bounds[0]), float(bounds[1])) if bounds else (-np.inf, np.inf)
