"""The weighting workshop: steps tried on a frozen release. Exploratory: nothing here is a verdict or moves a figure.

A recipe says its steps and where its margins come from; saved, it is a numbered version with the weights it made, and
a later wave may adopt it before anybody is invited.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from analysis import (
    Design,
    adjust_nonresponse,
    calibrate,
    check_weights,
    list_factors,
    post_stratify,
    rake,
    rate,
    trim,
    weights_of,
)
from analysis.errors import AnalysisError
from survey.actions.adequacy import Frozen, read_frozen
from survey.actions.estimating import make_design, score_answers
from survey.actions.suppressing import DECIMALS
from survey.mandate.indicators import load_indicator
from survey.proof import canonical_json
from survey.store import invitations, recipes, waves
from survey.store.audits import By
from survey.store.database import Database
from survey.store.recipes import Recipe
from survey.store.sql import from_json

VARIABLES = ("agency", "sector", "procedure", "area")
METHODS = ("none", "post_stratify", "rake", "linear")
MOST_FACTOR = 5.0  # a margin may move a category's weight by this much; beyond, few answers would decide the rate
QUANTILES = (0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0)


class BadRecipe(ValueError):
    """The steps cannot be carried out; `reason` is a code, `detail` names the line or the category."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason, self.detail = reason, detail


@dataclass(frozen=True, slots=True)
class Steps:
    """What to do, in order: nonresponse cells, calibration to margins, trimming at so many medians (0: none)."""

    nonresponse: str = ""
    method: str = "none"
    margins: Mapping[str, Mapping[str, int]] | None = None
    source: str = ""
    source_date: str = ""
    cap: float = 0.0


@dataclass(frozen=True, slots=True)
class Effect:
    """The wave after a step: its rate and interval, design effects, and the weights' spread (medians as 1)."""

    step: str
    rate: float
    low: float
    high: float
    deff: float
    kish_deff: float
    cv: float
    largest: float
    quantiles: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Tried:
    """The effect of each step, and every stratum's factors and final weight."""

    effects: tuple[Effect, ...]
    weights: Sequence[Mapping[str, Any]]


def read_margins(text: str) -> dict[str, dict[str, int]]:
    """Lines `variable, category, total`. Raises BadRecipe."""
    found: dict[str, dict[str, int]] = {}
    for number, line in enumerate(text.lstrip("\N{BYTE ORDER MARK}").splitlines(), start=1):
        cells = [cell.strip() for cell in line.replace(";", ",").replace("\t", ",").split(",")]
        if not any(cells) or (number == 1 and cells[0] == "variable"):
            continue
        if len(cells) != 3 or not cells[2].isdecimal() or not 0 < int(cells[2]) < 10**12:
            raise BadRecipe("line", f"{number}: {line[:60]}")
        if cells[0] not in VARIABLES:
            raise BadRecipe("variable", cells[0][:60])
        found.setdefault(cells[0], {})[cells[1]] = int(cells[2])
    return found


def try_steps(frozen: Frozen, steps: Steps) -> Tried:
    """What each step does to the wave's rate and weights, rounded as a release is. Raises BadRecipe."""
    scored = _scored(frozen)
    design = make_design(frozen.data, scored)
    effects = [_measure("frame", frozen, scored, design)]
    for name, make in _plan(frozen, scored, steps):
        try:
            design = make(design)
        except AnalysisError as refused:
            raise BadRecipe("refused", str(refused)) from refused
        _check_factors(scored, design)
        effects.append(_measure(name, frozen, scored, design))
    return Tried(tuple(effects), _describe_weights(scored, design))


def save_recipe(database: Database, frozen: Frozen, name: str, steps: Steps, by: By, on: date) -> Recipe:
    """Keep the steps as the next version of a name, with the weights they make. Raises BadRecipe."""
    if not 0 < len(name.strip()) <= 64:
        raise BadRecipe("name")
    if steps.margins and not (steps.source.strip() and steps.source_date):
        raise BadRecipe("source")
    tried = try_steps(frozen, steps)
    body = canonical_json(_as_text(asdict(steps))).decode()
    weights = canonical_json({"weights": [_as_text(dict(each)) for each in tried.weights]}).decode()
    with database.writing("save-recipe") as connection:
        version = recipes.next_version(connection, name.strip())
        digest = hashlib.sha256(body.encode()).digest()
        made = Recipe(name.strip(), version, body, digest, frozen.release.wave_code, by.actor, on)
        recipes.add_recipe(connection, made)
        hashed = hashlib.sha256(weights.encode()).digest()
        recipes.add_weights(connection, made, frozen.release.code, body=weights, digest=hashed)
        by.record(connection, "recipe-saved", f"{made.name}@{version}", digest=digest.hex(), weights=hashed.hex())
    return made


def read_steps(made: Recipe) -> Steps:
    """The steps of a saved recipe."""
    values = from_json(made.body)
    return Steps(**{**values, "cap": float(values["cap"])})


def list_recipes(database: Database) -> list[Recipe]:
    with database.reading() as connection:
        return recipes.list_recipes(connection)


def find_recipe(database: Database, name: str, version: int) -> Recipe:
    """A version of a recipe. Raises BadRecipe."""
    with database.reading() as connection:
        found = recipes.find_recipe(connection, name, version)
    if found is None:
        raise BadRecipe("unknown", f"{name}@{version}")
    return found


def find_weights(database: Database, made: Recipe) -> tuple[str, bytes]:
    """The weights that a recipe was saved with, and their SHA-256. Raises BadRecipe."""
    with database.reading() as connection:
        found = recipes.find_weights(connection, made.name, made.version)
    if found is None:
        raise BadRecipe("unknown", f"{made.name}@{made.version}")
    return found


def find_adopted(database: Database, wave_code: str) -> Recipe | None:
    """The recipe that a wave adopted."""
    with database.reading() as connection:
        key = recipes.find_adopted(connection, wave_code)
        return recipes.find_recipe(connection, *key) if key else None


def list_adopting(database: Database) -> list[str]:
    """Sampled waves in which nobody is invited yet and that have adopted nothing."""
    with database.reading() as connection:
        known = [each.code for each in waves.list_waves(connection) if each.questionnaire_code and not each.closed]
        free = [code for code in known if not invitations.count_invitations(connection, code)]
        return [code for code in free if recipes.find_adopted(connection, code) is None]


def adopt_recipe(database: Database, wave_code: str, made: Recipe, by: By, on: date) -> None:
    """Let a wave take a recipe over, before anybody is invited in it. Raises BadRecipe."""
    with database.writing("adopt-recipe") as connection:
        wave = waves.find_wave(connection, wave_code)
        if wave is None:
            raise BadRecipe("unknown", wave_code)
        if invitations.count_invitations(connection, wave_code) or recipes.find_adopted(connection, wave_code):
            raise BadRecipe("late", wave_code)
        recipes.adopt(connection, wave_code, made.name, made.version, by=by.actor, on=on)
        by.record(connection, "recipe-adopted", wave_code, recipe=f"{made.name}@{made.version}")


def _scored(frozen: Frozen) -> pd.DataFrame:
    scored = score_answers(frozen.data, load_indicator(frozen.data.rule.indicator), frozen.data.answers)
    procedures = {each.code: each.procedure_code or "" for each in frozen.data.strata}
    return scored.assign(procedure=scored["stratum"].map(procedures))


def _plan(frozen: Frozen, scored: pd.DataFrame, steps: Steps) -> list[tuple[str, Any]]:
    """Each step's name with what makes it from the design before it."""
    planned: list[tuple[str, Any]] = []
    if steps.nonresponse:
        planned.append(("nonresponse", _nonresponse(frozen, scored, steps.nonresponse)))
    if steps.method != "none":
        margins = _check_margins(frozen, scored, steps)
        planned.append((steps.method, lambda design: _calibrate(scored, design, steps.method, margins)))
    if steps.cap:
        if not 1 < steps.cap <= 100:
            raise BadRecipe("cap", f"{steps.cap:g}")
        planned.append(("trim", lambda design: _trim(scored, design, steps.cap)))
    return planned


def _nonresponse(frozen: Frozen, scored: pd.DataFrame, column: str) -> Any:
    """Base weights N / invited of each stratum, brought up to the invited of its cell."""
    if column not in VARIABLES:
        raise BadRecipe("variable", column)
    invited = frozen.fielded.invited
    populations = frozen.data.populations
    known = scored.drop_duplicates("stratum").set_index("stratum")[column]
    base = scored["stratum"].map({code: populations[code] / max(1, n) for code, n in invited.items()})
    if base.isna().any():
        raise BadRecipe("uninvited", str(scored.loc[base.isna(), "stratum"].iloc[0]))
    scored["base"] = base
    cells: dict[str, float] = {}
    for code, label in known.items():
        cells[label] = cells.get(label, 0.0) + float(populations[str(code)])
    return lambda design: adjust_nonresponse(scored, replace(design, weight="base"), {column: cells})


def _check_margins(frozen: Frozen, scored: pd.DataFrame, steps: Steps) -> Mapping[str, Mapping[str, int]]:
    if steps.method not in METHODS:
        raise BadRecipe("method", steps.method)
    if not steps.margins:
        raise BadRecipe("margins")
    if steps.method == "post_stratify" and len(steps.margins) != 1:
        raise BadRecipe("one_margin")
    for column, totals in steps.margins.items():
        counts = scored.groupby(column)["n"].sum()
        few = [name for name in totals if counts.get(name, 0) < frozen.data.rule.minimum_cell]
        if few:
            raise BadRecipe("few", f"{column} {few[0]}")
    return steps.margins


def _calibrate(scored: pd.DataFrame, design: Design, method: str, margins: Mapping[str, Mapping[str, int]]) -> Design:
    wanted: dict[str | tuple[str, ...], Mapping[Any, float]] = {name: totals for name, totals in margins.items()}
    if method == "post_stratify":
        return post_stratify(scored, design, wanted)
    if method == "rake":
        return rake(scored, design, wanted)
    return calibrate(scored, design, {**wanted})


def _trim(scored: pd.DataFrame, design: Design, cap: float) -> Design:
    weights, n = weights_of(scored, design), scored["n"]
    return trim(scored, design, upper=cap * _quantile(weights, n, 0.5))


def _check_factors(scored: pd.DataFrame, design: Design) -> None:
    """A category's weight may move by a few times only: else a rate of few answers could be read off."""
    before = scored["weight"] / (scored["weight"] * scored["n"]).sum()
    after = weights_of(scored, design)
    after = after / (after * scored["n"]).sum()
    ratio = after / before
    if ratio.max() > MOST_FACTOR or ratio.min() < 1 / MOST_FACTOR:
        far = ratio > MOST_FACTOR if ratio.max() > MOST_FACTOR else ratio < 1 / MOST_FACTOR
        raise BadRecipe("factor", str(scored["stratum"][far].iloc[0]))


def _measure(step: str, frozen: Frozen, scored: pd.DataFrame, design: Design) -> Effect:
    level = float(frozen.data.rule.confidence_level)
    found = rate(scored, design, "y", method=frozen.data.rule.method, confidence_level=level)
    weights, n = weights_of(scored, design), scored["n"]
    told = check_weights(weights, n)
    middle = _quantile(weights, n, 0.5)
    return Effect(
        step,
        round(found.rate, DECIMALS),
        round(found.low, DECIMALS),
        round(found.high, DECIMALS),
        round(found.deff, 2),
        round(told.kish_deff, 2),
        round(told.cv, 2),
        round(told.max_over_median, 2),
        tuple(round(_quantile(weights, n, each) / middle, 2) for each in QUANTILES),
    )


def _quantile(weights: Any, count: Any, share: float) -> float:
    order = np.argsort(np.asarray(weights))
    reached = np.cumsum(np.asarray(count)[order])
    place = int(np.searchsorted(reached, max(1, math.ceil(share * reached[-1]))))
    return float(np.asarray(weights)[order][place])


def _describe_weights(scored: pd.DataFrame, design: Design) -> list[dict[str, Any]]:
    table = list_factors(scored, design)
    table = table.drop(columns=[name for name in ("psu",) if name in table])
    return [{str(name): _plain(value) for name, value in row.items()} for row in table.to_dict("records")]


def _plain(value: Any) -> Any:
    return round(float(value), 6) if isinstance(value, float) else int(value) if hasattr(value, "item") else value


def _as_text(value: Any) -> Any:
    """Fractions as text: canonical JSON has none."""
    if isinstance(value, dict):
        return {name: _as_text(each) for name, each in value.items()}
    return repr(value) if isinstance(value, float) else value


__all__ = [
    "METHODS",
    "QUANTILES",
    "VARIABLES",
    "BadRecipe",
    "Effect",
    "Steps",
    "Tried",
    "adopt_recipe",
    "find_adopted",
    "find_recipe",
    "find_weights",
    "list_adopting",
    "list_recipes",
    "read_frozen",
    "read_margins",
    "read_steps",
    "save_recipe",
    "try_steps",
]
