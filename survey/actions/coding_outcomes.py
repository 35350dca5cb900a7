"""Coding an outcome: which of its values count as satisfied, which as no answer, or which score each level has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import narwhals as nw

from survey.actions.estimating import CannotEstimate
from survey.mandate.indicators import LEVELS, Indicator

SHOWN = 10
MOST_VALUES = 1000
MISSING_CODES = {"8", "9", "77", "88", "96", "97", "98", "99", "777", "888", "997", "998", "999"}
TRUE, FALSE = {"true", "t"}, {"false", "f"}


@dataclass(frozen=True, slots=True)
class Coding:
    """How an outcome's values are read: those that count as `satisfied`, or an indicator's scores of levels 1 to 5;
    those in `missing` are no answer. Values may be given by code or by label."""

    satisfied: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    indicator: Indicator | None = None


def code_outcome(
    frame: nw.LazyFrame[Any], outcome: str, coding: Coding, labels: Mapping[object, str]
) -> tuple[nw.Expr, dict[str, int]]:
    """The outcome as numbers (missing: no answer), and rows by value. Raises CannotEstimate."""
    column, rows = _list_values(frame, outcome)
    if len(rows) > MOST_VALUES:
        raise CannotEstimate(
            f"Column {outcome!r} has more than {MOST_VALUES:,} different values, so it is not an answer with choices: "
            "name another --outcome."
        )
    named = {value: {spell_code(value), labels.get(value, "")} - {""} for value in rows}
    _check_asked("--missing", coding.missing, outcome, named)
    valid = {value: names for value, names in named.items() if not names & set(coding.missing)}
    _check_labels(outcome, valid, rows, labels, coding)
    scores = _score(outcome, valid, coding)
    return _map(column, scores), {spell_code(value): count for value, count in rows.items()}


def spell_code(value: object) -> str:
    """A value as its code is typed: 4 for 4.0, text without outer spaces."""
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def is_number(value: object) -> bool:
    """Whether a value, or its text, can be read as a number."""
    try:
        float(str(value))
    except ValueError:
        return False
    return True


def _list_values(frame: nw.LazyFrame[Any], outcome: str) -> tuple[nw.Expr, dict[Any, int]]:
    kind = frame.collect_schema()[outcome]
    column = nw.col(outcome)
    if kind.is_float():
        column = nw.when(column.is_nan()).then(None).otherwise(column)
    elif kind.is_decimal():
        column = column.cast(nw.Float64)
    elif not kind.is_numeric() and kind != nw.Boolean:
        column = column.cast(nw.String)
    values = frame.select(column.alias("value")).filter(~nw.col("value").is_null())
    table = values.group_by("value").agg(nw.len().alias("rows")).sort("value").head(MOST_VALUES + 1).collect()
    return column, dict(zip(table["value"].to_list(), map(int, table["rows"].to_list()), strict=True))


def _check_asked(option: str, asked: Sequence[str], outcome: str, named: Mapping[Any, set[str]]) -> None:
    known = set().union(*named.values()) if named else set()
    unknown = [value for value in asked if value not in known]
    if unknown and len(unknown) == len(asked):
        raise CannotEstimate(
            f"{option} {','.join(asked)}: column {outcome!r} has no such value; it holds {_show(list(named))}."
        )


def _check_labels(
    outcome: str, valid: Mapping[Any, set[str]], rows: Mapping[Any, int], labels: Mapping[object, str], coding: Coding
) -> None:
    """Refuse values that nobody explained: without a label beside labelled ones, or looking like a missing code."""
    asked = set(coding.satisfied)
    if labels:
        odd = [value for value, names in valid.items() if value not in labels and not names & asked]
        what = "without a label"
    else:
        odd = [value for value in valid if spell_code(value) not in asked and _looks_missing(value, valid)]
        what = "that look like codes for 'no answer'"
        if asked and all(is_number(value) for value in asked) and any(is_number(value) for value in valid):
            texts = [value for value in valid if not is_number(value)]
            odd, what = (texts, "that are not numbers as the others are") if texts else (odd, what)
    if odd:
        counts = ", ".join(f"{spell_code(value)} ({rows[value]:,} rows)" for value in odd[:SHOWN])
        codes = ",".join(spell_code(value) for value in odd[:SHOWN])
        raise CannotEstimate(
            f"Column {outcome!r} has values {what}: {counts}. If they mean no answer, add --missing {codes}; "
            "if they are answers, label them or recode them in the file."
        )


def _looks_missing(value: Any, valid: Mapping[Any, set[str]]) -> bool:
    """A code such as 9 or 99, or a negative one, away from the scale's other whole numbers."""
    if not is_number(value):
        return False
    numbers = {float(other) for other in valid if is_number(other)}
    number = float(value)
    odd = spell_code(value) in MISSING_CODES or number < 0
    return odd and number - 1 not in numbers and number + 1 not in numbers and len(numbers) > 1


def _score(outcome: str, valid: Mapping[Any, set[str]], coding: Coding) -> dict[float, list[Any]]:
    if coding.indicator is not None:
        return _score_levels(outcome, list(valid), coding.indicator)
    if not coding.satisfied:
        return _read_binary(outcome, list(valid))
    _check_asked("--satisfied", coding.satisfied, outcome, valid)
    asked = set(coding.satisfied)
    satisfied = [value for value, names in valid.items() if names & asked]
    return {1.0: satisfied, 0.0: [value for value in valid if value not in satisfied]}


def _read_binary(outcome: str, valid: list[Any]) -> dict[float, list[Any]]:
    codes = {value: spell_code(value).lower() for value in valid}
    if not set(codes.values()) <= {"0", "1", *TRUE, *FALSE}:
        levels = all(code in {"1", "2", "3", "4", "5"} for code in codes.values())
        way_out = "--satisfied 4,5, or --indicator rescaled_mean" if levels else f"--satisfied {spell_code(valid[-1])}"
        raise CannotEstimate(
            f"Column {outcome!r} is not 0/1: it holds {_show(valid)}. Say which values count as satisfied, "
            f"for instance {way_out}."
        )
    yes = [value for value in valid if codes[value] in {"1", *TRUE}]
    return {1.0: yes, 0.0: [value for value in valid if value not in yes]}


def _score_levels(outcome: str, valid: list[Any], indicator: Indicator) -> dict[float, list[Any]]:
    if indicator.silence is not None:
        raise CannotEstimate(
            f"{indicator.key} counts people who did not answer, and a file does not say how many were asked: "
            "choose another --indicator."
        )
    levels = {str(level): level for level in range(1, LEVELS + 1)}
    odd = [value for value in valid if spell_code(value) not in levels]
    if odd:
        raise CannotEstimate(
            f"{indicator.key} scores levels 1 to {LEVELS}; column {outcome!r} also holds {_show(odd)}. Use --missing "
            "for values that mean no answer, or --satisfied in place of --indicator."
        )
    span = indicator.highest - indicator.lowest
    scores: dict[float, list[Any]] = {}
    for value in valid:
        score = (indicator.scores[levels[spell_code(value)] - 1] - indicator.lowest) / span
        scores.setdefault(score, []).append(value)
    return scores


def _map(column: nw.Expr, scores: Mapping[float, list[Any]]) -> nw.Expr:
    coded: nw.Expr = nw.lit(None, dtype=nw.Float64)
    for score, values in scores.items():
        if values:
            coded = nw.when(column.is_in(values)).then(nw.lit(score)).otherwise(coded)
    return coded


def _show(values: Sequence[object]) -> str:
    more = f", ... ({len(values):,} values)" if len(values) > SHOWN else ""
    return ", ".join(spell_code(value) for value in values[:SHOWN]) + more if values else "no value at all"
