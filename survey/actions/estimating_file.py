"""Estimating anybody's survey file: the columns of its design are named, and every row is accounted for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import narwhals as nw
import pandas as pd

from analysis import Design, Estimate, mean, mean_by, rate, rate_by
from analysis.conditions import list_columns, read_condition
from survey.actions.coding_outcomes import Coding, code_outcome, is_number, spell_code
from survey.actions.estimating import CannotEstimate, DomainEstimate, is_share
from survey.actions.opening_tables import open_table

CODED = "hailong_outcome"
NEARLY_UNIQUE = 0.6
FEW_ROWS = 20
EVERY_VALUE = Coding()


@dataclass(frozen=True, slots=True)
class FileQuestion:
    """What is asked of a file. `drop_incomplete` leaves out rows whose design columns have gaps, and says how many;
    `spark` is the master of a cluster that reads a Parquet file in place of this machine."""

    path: Path
    outcome: str
    design: Design
    coding: Coding = EVERY_VALUE
    by: tuple[str, ...] = ()
    within: str | None = None
    method: str = "guarded"
    confidence_level: float = 0.95
    drop_incomplete: bool = False
    spark: str | None = None


@dataclass(frozen=True, slots=True)
class RowCounts:
    """Where a file's rows went: read = dropped + kept; kept = outside + unanswered + weightless + counted."""

    read: int
    dropped: int
    outside: int
    unanswered: int
    weightless: int
    counted: int
    responses: int
    ungrouped: int

    @property
    def kept(self) -> int:
        return self.read - self.dropped

    def explain(self) -> list[str]:
        """Say it in English sentences, first the totals."""
        lines = [f"Rows: {self.read:,} read, {self.dropped:,} dropped, {self.kept:,} kept, {self.counted:,} counted."]
        told = {
            "outside the condition (they stay in the sample)": self.outside,
            "without an answer (they stay in the sample)": self.unanswered,
            "with weight or count 0": self.weightless,
            "counted without a group of --by (shown in none)": self.ungrouped,
        }
        lines += [f"  {rows:,} {what}" for what, rows in told.items() if rows]
        if self.responses != self.counted:
            lines.append(f"  they stand for {self.responses:,} responses")
        return lines


@dataclass(frozen=True, slots=True)
class FileEstimate:
    """A file's estimates, one a domain, with what became of its rows."""

    domains: tuple[DomainEstimate, ...]
    rows: RowCounts


@dataclass(frozen=True, slots=True)
class CodedFile:
    """The rows that are kept, lazily, with the coded outcome in the column CODED, and what became of all rows."""

    frame: Any
    rows: RowCounts


def estimate_file(question: FileQuestion) -> FileEstimate:
    """Estimate a file's rate, or mean, under the design that its columns give.

    Raises CannotRead, NoSuchColumn, CannotEstimate, and analysis errors; no row is left out without being counted.
    """
    return estimate_coded(code_file(question), question)


def estimate_coded(coded: CodedFile, question: FileQuestion) -> FileEstimate:
    """The estimates of a file whose outcome is coded. Raises CannotEstimate and analysis errors."""
    return FileEstimate(tuple(_estimate(coded.frame, question)), coded.rows)


def code_file(question: FileQuestion) -> CodedFile:
    """Open a file, account for its rows and code its outcome. Raises CannotRead, NoSuchColumn, CannotEstimate."""
    design = question.design
    table = open_table(question.path, list_wanted(question), question.spark)
    frame = nw.from_native(table.frame).lazy()
    read = _count(frame)
    _check_numbers(frame, design)
    frame = _handle_gaps(frame, question)
    kept = _count(frame)
    if kept == 0:
        raise CannotEstimate("No row is left: every one has a gap in a column of the design.")
    coded, _ = code_outcome(frame, question.outcome, question.coding, table.labels.get(question.outcome, {}))
    frame = frame.with_columns(coded.alias(CODED))
    _check_strata(frame, design)
    rows = _account(frame, question, read=read, kept=kept)
    if rows.counted == 0:
        raise CannotEstimate("No row is counted. " + " ".join(line.strip() for line in rows.explain()))
    return CodedFile(frame.to_native(), rows)


def list_wanted(question: FileQuestion) -> list[str]:
    """The columns of the file that a question names."""
    design = question.design
    psus = [name for name in design.psus if name]
    own = [question.outcome, *design.strata, *psus, *filter(None, (design.weight, design.count)), *design.populations]
    return list(dict.fromkeys([*own, *question.by, *(list_columns(question.within) if question.within else ())]))


def _count(frame: nw.LazyFrame[Any]) -> int:
    return int(frame.select(nw.len().alias("rows")).collect()["rows"][0])


def _check_numbers(frame: nw.LazyFrame[Any], design: Design) -> None:
    schema = frame.collect_schema()
    for name in filter(None, (design.weight, design.count, *design.populations)):
        if schema[name].is_numeric():
            continue
        texts = [str(value) for value in frame.select(nw.col(name)).collect()[name].drop_nulls().to_list()]
        odd = next((text for text in texts if not is_number(text)), None)
        if odd is not None:
            hint = "write decimals with a point" if "," in odd else "correct it, or name another column"
            raise CannotEstimate(f"Column {name!r} must hold numbers, and holds {odd!r}: {hint}.")
        if texts:
            raise CannotEstimate(f"Column {name!r} is stored as text ({texts[0]!r}): store it as numbers.")


def _is_gap(name: str, schema: nw.Schema) -> nw.Expr:
    column = nw.col(name)
    return column.is_null() | column.is_nan() if schema[name].is_float() else column.is_null()


def _handle_gaps(frame: nw.LazyFrame[Any], question: FileQuestion) -> nw.LazyFrame[Any]:
    """Refuse rows with a gap in a column of the design, or leave them out when that was asked."""
    design, schema = question.design, frame.collect_schema()
    names = [*design.strata, *(name for name in design.psus if name), *design.populations]
    names = list(dict.fromkeys([*names, *filter(None, (design.weight, design.count))]))
    if not names:
        return frame
    gaps = {name: _is_gap(name, schema) for name in names}
    found = frame.select(*(gap.cast(nw.Int64).sum().alias(name) for name, gap in gaps.items())).collect()
    missing = {name: int(found[name][0] or 0) for name in names if found[name][0]}
    if missing and not question.drop_incomplete:
        told = "; ".join(f"{name!r} in {rows:,} rows" for name, rows in missing.items())
        raise CannotEstimate(
            f"Columns of the design have missing values: {told}. Fill them in, or add --drop-incomplete to leave these "
            "rows out (how many is shown, and the sample is then smaller than it was)."
        )
    return frame.filter(~nw.any_horizontal(*gaps.values(), ignore_nulls=True)) if missing else frame


def _check_strata(frame: nw.LazyFrame[Any], design: Design) -> None:
    if not design.strata or design.count:
        return
    first = design.strata[0]
    strata, rows = _count(frame.group_by(first).agg(nw.len().alias("size")).select("size")), _count(frame)
    if rows >= FEW_ROWS and strata > NEARLY_UNIQUE * rows:
        raise CannotEstimate(
            f"Column {first!r} has {strata:,} values in {rows:,} rows: nearly every response would be a stratum of its "
            f"own, and no variance could be computed. Is it an identifier? Use --psu {first}, or a coarser --stratum."
        )


def _account(frame: nw.LazyFrame[Any], question: FileQuestion, *, read: int, kept: int) -> RowCounts:
    design, schema = question.design, frame.collect_schema()
    inside = read_condition(question.within) if question.within else nw.lit(value=True)
    frame = frame.with_columns(
        inside.alias("__inside"),
        (~nw.col(CODED).is_null()).alias("__answered"),
        _is_positive(design).alias("__weighs"),
        (nw.col(design.count) if design.count else nw.lit(1)).alias("__count"),
        _is_grouped(question, schema).alias("__grouped"),
    )
    inside, answered, weighs = nw.col("__inside"), nw.col("__answered"), nw.col("__weighs")
    counted = inside & answered & weighs
    sums = {
        "outside": ~inside,
        "unanswered": inside & ~answered,
        "weightless": inside & answered & ~weighs,
        "counted": counted,
        "ungrouped": counted & ~nw.col("__grouped"),
    }
    flags = frame.with_columns(*(flag.cast(nw.Int64).alias(f"__{name}") for name, flag in sums.items()))
    flags = flags.with_columns((nw.col("__counted") * nw.col("__count")).alias("__responses"))
    found = flags.select(*(nw.col(f"__{name}").sum() for name in (*sums, "responses"))).collect()
    return RowCounts(read, read - kept, **{name: int(found[f"__{name}"][0] or 0) for name in (*sums, "responses")})


def _is_positive(design: Design) -> nw.Expr:
    positive = [nw.col(name) > 0 for name in (design.weight, design.count) if name]
    return nw.all_horizontal(*positive, ignore_nulls=True) if positive else nw.lit(value=True)


def _is_grouped(question: FileQuestion, schema: nw.Schema) -> nw.Expr:
    gaps = [_is_gap(name, schema) for name in question.by]
    return ~nw.any_horizontal(*gaps, ignore_nulls=True) if gaps else nw.lit(value=True)


def _estimate(frame: Any, question: FileQuestion) -> list[DomainEstimate]:
    indicator = question.coding.indicator
    share = indicator is None or is_share(indicator)
    asked: dict[str, Any] = {"within": question.within, "confidence_level": question.confidence_level}
    if share:
        asked |= {"method": question.method, "like_r": question.method == "likelihood"}
    if not question.by:
        found = (rate if share else mean)(frame, question.design, CODED, **asked)
        return [DomainEstimate({}, found)]
    table = (rate_by if share else mean_by)(frame, question.design, CODED, list(question.by), **asked)
    return [_name(labels, row, question) for labels, row in table.iterrows()]


def _name(labels: Any, row: pd.Series, question: FileQuestion) -> DomainEstimate:
    values = labels if isinstance(labels, tuple) else (labels,)
    keys = {name: spell_value(value) for name, value in zip(question.by, values, strict=True)}
    known = (
        "rate",
        "se",
        "low",
        "high",
        "df",
        "n_effective",
        "deff",
        "kish_deff",
        "fraction",
        "population",
        "coverage",
    )
    figures: dict[str, Any] = {name: float(row[name]) for name in known if name in row}
    estimate = Estimate(
        **figures,
        n=int(row["n"]),
        method=str(row["method"]),
        confidence_level=question.confidence_level,
        successes=int(row["successes"]) if "successes" in row else None,
        census=bool(row.get("census", False)),
    )
    return DomainEstimate(keys, estimate)


def spell_value(value: Any) -> str:
    """How a value of a group is named, whatever package read it."""
    return spell_code(value.item() if hasattr(value, "item") else value)
