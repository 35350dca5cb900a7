"""Weighting: nonresponse factors, post-stratification, raking, calibration and trimming, each a step of the design.

The chain is base weight, nonresponse, calibration, trimming (Särndal and Lundström 2005). A step stores what it found,
not a column: the same design gives the same weights on any cells of the frame, and its variance knows every step.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from analysis.arrays import Codes, Vector, add_up
from analysis.calibration import UNBOUNDED, Calfun, Calibration, Rule, solve_calibration
from analysis.checking import LARGEST, read_numbers
from analysis.design import Design
from analysis.errors import BadDesign, BadMargin
from analysis.raking import rake_margins
from analysis.reduction import Cells, reduce_frame
from analysis.sample import narrow, prepare
from analysis.terms import Categories, Intercept, Model, Number, Term, code_labels, list_labels
from analysis.trimming import Trimming

Label = Hashable
Column = str | tuple[str, ...]
Margin = Mapping[Any, float]  # or a pandas Series, whose index holds the categories
INTERCEPT = "(Intercept)"
_AGREE = 1e-6
_RESCALED = 20.0  # R: ratios of totals beyond which weights are rescaled before a bounded calibration
_ROW = "row number"


def post_stratify(frame: Any, design: Design, totals: Mapping[Column, Margin]) -> Design:
    """Make the weights of each post-stratum add up to its population (Holt and Smith 1979).

    `totals`: one column, or a tuple of columns, and the population of each of its values (tuples of values).
    Raises BadMargin when a category of the frame has no total, or a total above zero has no respondent.
    """
    if len(totals) != 1:
        raise BadMargin("post_stratify takes one column or one tuple of columns; use rake() for several margins")
    table, weights = _read(frame, design, _list_columns(totals))
    terms, parts, wanted = _read_margins(totals, table, weights)
    reached = Model(terms, parts).add_up(weights)
    coefficients = np.divide(wanted, reached, out=np.ones_like(reached), where=reached > 0) - 1
    return design.with_step(Calibration("post_stratify", terms, tuple(coefficients.tolist()), tuple(wanted.tolist())))


def rake(frame: Any, design: Design, margins: Mapping[Column, Margin], *, variance: Rule = "exact") -> Design:
    """Make the weights agree with several margins by iterative proportional fitting (Deming and Stephan 1940).

    `variance="exact"` takes the regression on the margins out of every variable; "r-rake" takes out what R's `rake()`
    does. Raises BadMargin, also when the margins' totals disagree, and CalibrationFailed.
    """
    if variance not in ("exact", "r-rake"):
        raise BadDesign(f"variance={variance!r} is not known; choose exact or r-rake")
    table, weights = _read(frame, design, _list_columns(margins))
    terms, parts, wanted = _read_margins(margins, table, weights)
    _check_sums(terms, wanted)
    found = rake_margins(Model(terms, parts), weights, wanted)
    step = Calibration("rake", terms, tuple(found.tolist()), tuple(wanted.tolist()), "raking", UNBOUNDED, variance)
    return design.with_step(step)


def calibrate(
    frame: Any,
    design: Design,
    totals: Mapping[Column, float | Margin],
    *,
    calfun: Calfun = "linear",
    bounds: tuple[float, float] = UNBOUNDED,
) -> Design:
    """Make the weights meet totals of categories and numbers while changing them least (Deville and Särndal 1992).

    `totals`: a mapping of categories for a column (categories left out are not constrained), a number for the total of
    a numeric column, and "(Intercept)" for the population's size. `bounds` limit the factor on the old weight; when
    every total is more than 20 times what the old weights give, these are first multiplied by the mean of these ratios
    and the bounds are about the weights after that, as in R (the step's `scale` says by how much).
    Raises BadMargin, NotNumeric, CalibrationFailed and, when only the bounds are in the way, BoundsTooTight.
    """
    table, weights = _read(frame, design, _list_columns(totals))
    terms, wanted = _read_totals(totals, table, weights)
    scale = 1.0 if bounds == UNBOUNDED else _find_scale(totals, table, weights)
    found = solve_calibration(Model.read(terms, table), weights * scale, wanted, calfun, bounds)
    step = Calibration("calibrate", terms, tuple(found.tolist()), tuple(wanted.tolist()), calfun, bounds)
    return design.with_step(replace(step, scale=scale))


def trim(
    frame: Any, design: Design, *, upper: float | None = None, lower: float | None = None, strict: bool = True
) -> Design:
    """Cut weights at the bounds and spread what was cut evenly over the weights inside them, keeping their sum.

    `strict` repeats until no weight is outside. Bounds are weights, not factors. Raises CalibrationFailed.
    """
    low, high = -np.inf if lower is None else float(lower), np.inf if upper is None else float(upper)
    if not low < high:
        raise BadDesign(f"trim needs lower < upper, not {low:g} and {high:g}")
    step = Trimming(low, high, strict)
    table, weights = _read(frame, design, (design.weight,) if design.weight else ())
    return design.with_step(step.refit(table, weights, table.rows))


def adjust_nonresponse(frame: Any, design: Design, invited: Mapping[Column, Margin]) -> Design:
    """Multiply weights by invited / responding weight within each cell (Oh and Scheuren 1983).

    `invited`: a column, or a tuple of columns, that forms the cells, and each cell's sum of base weights over all who
    were invited. Unlike a post-stratification it does not reduce variance. Raises BadMargin.
    """
    if len(invited) != 1:
        raise BadMargin("adjust_nonresponse takes one column or one tuple of columns that forms the cells")
    table, weights = _read(frame, design, _list_columns(invited))
    terms, parts, wanted = _read_margins(invited, table, weights)
    model = Model(terms, parts)
    reached = model.add_up(weights)
    if (wanted < reached * (1 - _AGREE)).any():
        name = model.names[int(np.argmax(wanted < reached * (1 - _AGREE)))]
        raise BadMargin(f"{name}: fewer were invited than responded; give the base weights of all who were invited")
    factors = np.divide(wanted, reached, out=np.ones_like(reached), where=reached > 0)
    step = Calibration("nonresponse", terms, tuple((factors - 1).tolist()), tuple(wanted.tolist()))
    return design.with_step(replace(step, variance="none"))


def weights_of(frame: Any, design: Design) -> pd.Series[float]:
    """Final weight of one response of every row of a pandas frame, with the frame's index."""
    table = pd.DataFrame(frame)
    numbered = table.reset_index(drop=True).assign(**{_ROW: np.arange(len(table))})
    sample = prepare(reduce_frame(numbered, design, by=(_ROW,)))
    weights = np.zeros(len(table))
    rows = sample.cells.rows
    weights[sample.cells.keys[_ROW].to_numpy()] = np.divide(
        sample.first[:, 0], rows, out=np.zeros_like(rows), where=rows > 0
    )
    return pd.Series(weights, index=table.index, name="weight")


def list_factors(frame: Any, design: Design) -> pd.DataFrame:
    """The chain of factors, one row a cell: base weight, what each step multiplied it with, final weight."""
    sample = prepare(reduce_frame(frame, design))
    table = sample.cells.keys.assign(responses=sample.cells.rows.astype(np.int64))
    rows = np.where(sample.cells.rows > 0, sample.cells.rows, 1.0)
    base = sample.replays[0].before if sample.replays else sample.factor
    table["base"] = sample.cells.first[:, 0] * base / rows
    for place, replay in enumerate(sample.replays, start=1):
        ratio = np.divide(replay.after, replay.before, out=np.ones_like(rows), where=replay.before > 0)
        table[f"{place} {replay.step.kind}"] = ratio
    return table.assign(weight=sample.first[:, 0] / rows)


def _read(frame: Any, design: Design, columns: tuple[str, ...]) -> tuple[Cells, Vector]:
    """The cells that the columns need, and the sum of each one's weights so far."""
    if isinstance(frame, Cells):
        kept = prepare(narrow(frame, design, frame.outcomes, columns, within=None, binary=False))
        return kept.cells, kept.first[:, 0]
    if design.weight and not design.steps:
        design = Design(weight=design.weight, count=design.count)
    sample = prepare(reduce_frame(frame, design, by=columns))
    return sample.cells, sample.first[:, 0]


def _list_columns(totals: Mapping[Column, Any]) -> tuple[str, ...]:
    if not totals:
        raise BadMargin("No totals were given; name at least one column and the population of each of its values")
    names = [name for column in totals for name in _as_columns(column) if name != INTERCEPT]
    return tuple(dict.fromkeys(names))


def _as_columns(column: Column) -> tuple[str, ...]:
    return (column,) if isinstance(column, str) else tuple(column)


def _read_margins(
    margins: Mapping[Column, Margin], table: Cells, weights: Vector
) -> tuple[tuple[Term, ...], list[Codes | Vector], Vector]:
    """Terms, category codes and totals of margins that cover every respondent."""
    terms: list[Term] = []
    parts: list[Codes | Vector] = []
    wanted: list[Vector] = []
    for column, margin in margins.items():
        term, part, totals = _read_categories(column, margin, table, weights)
        outside = (part == len(term.labels)) & (weights > 0)
        if outside.any():
            label = list_labels(table.keys[outside].iloc[:1], term.columns)[0]
            raise BadMargin(
                f"Respondents with {' x '.join(term.columns)} = {' / '.join(map(str, label))} have no total in the "
                "margin; add it, or recode them"
            )
        terms.append(term)
        parts.append(part)
        wanted.append(totals)
    return tuple(terms), parts, np.concatenate(wanted)


def _read_categories(column: Column, margin: Margin, table: Cells, weights: Vector) -> tuple[Categories, Codes, Vector]:
    """Categories with respondents, each cell's code and the totals; an empty category must have a total of zero."""
    columns = _as_columns(column)
    known = dict(margin)
    labels = tuple(_as_label(label) for label in known)
    totals = _read_numbers(columns, known)
    code = code_labels(table, columns, labels)
    held = add_up(code, weights, len(labels) + 1)
    _check_margin(columns, labels, totals, held[: len(labels)])
    kept = np.flatnonzero(held[: len(labels)] > 0)
    if len(kept) == len(labels):
        return Categories(columns, labels), code, totals
    place = np.full(len(labels) + 1, len(kept), dtype=np.intp)
    place[kept] = np.arange(len(kept))
    return Categories(columns, tuple(labels[i] for i in kept)), place[code], totals[kept]


def _read_numbers(columns: tuple[str, ...], margin: Mapping[Any, Any]) -> Vector:
    try:
        return np.array([float(total) for total in margin.values()])
    except (TypeError, ValueError) as error:
        raise BadMargin(f"The margin of {' x '.join(columns)!r} has a total that is no number ({error})") from error


def _check_margin(
    columns: tuple[str, ...], labels: tuple[tuple[Label, ...], ...], totals: Vector, held: Vector
) -> None:
    if not (totals.min(initial=0.0) >= 0 and totals.max(initial=0.0) < LARGEST):
        place = int(np.argmin((totals >= 0) & (totals < LARGEST)))
        raise BadMargin(
            f"The total of {_name(columns, labels[place])} is {totals[place]}; totals are finite and not negative"
        )
    if held.min(initial=1.0) <= 0 and ((totals > 0) & (held <= 0)).any():
        place = int(np.argmax((totals > 0) & (held <= 0)))
        raise BadMargin(
            f"No respondent belongs to {_name(columns, labels[place])}, whose total is {totals[place]:g}; "
            "merge it with a neighbour"
        )


def _name(columns: tuple[str, ...], label: tuple[Label, ...]) -> str:
    return f"{' x '.join(columns)} = {' / '.join(map(str, label))}"


def _as_label(label: Any) -> tuple[Label, ...]:
    return label if isinstance(label, tuple) else (label,)


def _check_sums(terms: tuple[Term, ...], wanted: Vector) -> None:
    ends = np.cumsum([term.size for term in terms])
    sums = [part.sum() for part in np.split(wanted, ends[:-1])]
    for term, total in zip(terms, sums, strict=True):
        if abs(total - sums[0]) > _AGREE * sums[0]:
            first = " x ".join(terms[0].columns)
            raise BadMargin(
                f"The margin of {first!r} adds up to {sums[0]:g} but that of {' x '.join(term.columns)!r} to "
                f"{total:g}; margins are of one population"
            )


def _read_totals(
    totals: Mapping[Column, float | Margin], table: Cells, weights: Vector
) -> tuple[tuple[Term, ...], Vector]:
    """Terms and totals of a calibration; numeric columns are centred when the population's size is known."""
    terms: list[Term] = []
    wanted: list[float] = []
    size = _find_size(totals, table, weights)
    for column, total in totals.items():
        if isinstance(total, Mapping | pd.Series):
            term, _, margin = _read_categories(column, total, table, weights)
            terms.append(term)
            wanted += margin.tolist()
        elif column == INTERCEPT:
            terms.append(Intercept())
            wanted.append(float(total))
        else:
            number = _read_number(str(column), table, weights, centred=size is not None)
            terms.append(number)
            wanted.append((float(total) - number.shift * (size or 0.0)) / number.scale)
    return tuple(terms), np.array(wanted)


def _find_size(totals: Mapping[Column, float | Margin], table: Cells, weights: Vector) -> float | None:
    """The population's size, where the totals fix it: the intercept, or a column with a total for every respondent."""
    for column, total in totals.items():
        if column == INTERCEPT and not isinstance(total, Mapping | pd.Series):
            return float(total)
        if isinstance(total, Mapping | pd.Series):
            term, code, margin = _read_categories(column, total, table, weights)
            if not ((code == len(term.labels)) & (weights > 0)).any():
                return float(margin.sum())
    return None


def _find_scale(totals: Mapping[Column, float | Margin], table: Cells, weights: Vector) -> float:
    """R's rescaling: the mean of total / weighted total over the columns of its model, if all are above 20; else 1.

    A margin of all categories stands in R's model as the population's size and all categories but the first.
    """
    ratios: list[float] = []
    for column, total in totals.items():
        if isinstance(total, Mapping | pd.Series):
            term, code, margin = _read_categories(column, total, table, weights)
            reached = add_up(code, weights, term.size + 1)
            own = margin / reached[:-1]
            whole = not reached[-1] > 0 and INTERCEPT not in totals
            ratios += [] if not whole or ratios else [float(margin.sum() / reached.sum())]
            ratios += own[np.argsort([str(label) for label in term.labels])].tolist()[1 if whole else 0 :]
        else:
            values = np.ones(len(table)) if column == INTERCEPT else read_numbers(table.keys, str(column))
            ratios.append(float(total) / float(weights @ values))
    return float(np.mean(ratios)) if min(ratios) > _RESCALED else 1.0


def _read_number(column: str, table: Cells, weights: Vector, *, centred: bool) -> Number:
    values = read_numbers(table.keys, column)
    if not np.isfinite(values[weights > 0]).all():
        raise BadMargin(f"Column {column!r} has missing values; a calibration needs it for every respondent")
    shift = float(weights @ values / weights.sum()) if centred else 0.0
    spread = float(np.sqrt(weights @ (values - shift) ** 2 / weights.sum()))
    return Number(column, shift, spread or 1.0)
