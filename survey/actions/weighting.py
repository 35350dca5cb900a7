"""The weighting workshop: steps tried on a frozen release. Exploratory: nothing here is a verdict or moves a figure.

A recipe says its steps and where its margins come from; saved, it is a numbered version with the weights it made, and
a later wave may adopt it before anybody is invited.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import pandas as pd

from analysis import Design, check_weights, list_factors, rate, weights_of
from survey.actions.adequacy import Frozen, read_frozen
from survey.actions.estimating import make_design, score_answers
from survey.actions.suppressing import round_printed
from survey.actions.weighing import (
    METHODS,
    VARIABLES,
    BadRecipe,
    Basis,
    Steps,
    add_frame,
    as_text,
    carry_out,
    lock,
    quantile,
    read_steps,
    write_steps,
)
from survey.mandate.indicators import load_indicator
from survey.mandate.rules import read_rule
from survey.proof import canonical_json
from survey.store import frames, invitations, recipes, waves
from survey.store.audits import By
from survey.store.database import Database
from survey.store.recipes import Recipe

QUANTILES = (0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0)


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
    basis = Basis(frozen.data.populations, frozen.fielded.invited, frozen.data.rule.minimum_cell)
    for name, made in carry_out(scored, design, steps, basis):
        design = made
        effects.append(_measure(name, frozen, scored, design))
    return Tried(tuple(effects), _describe_weights(scored, design))


def save_recipe(database: Database, frozen: Frozen, name: str, steps: Steps, by: By, on: date) -> Recipe:
    """Keep the steps as the next version of a name, with the weights they make. Raises BadRecipe."""
    if not 0 < len(name.strip()) <= 64:
        raise BadRecipe("name")
    if steps.margins and not (steps.source.strip() and steps.source_date):
        raise BadRecipe("source")
    tried = try_steps(frozen, steps)
    body = write_steps(steps)
    weights = canonical_json({"weights": [as_text(dict(each)) for each in tried.weights]}).decode()
    with database.writing("save-recipe") as connection:
        version = recipes.next_version(connection, name.strip())
        digest = hashlib.sha256(body.encode()).digest()
        made = Recipe(name.strip(), version, body, digest, frozen.release.wave_code, by.actor, on)
        recipes.add_recipe(connection, made)
        hashed = hashlib.sha256(weights.encode()).digest()
        recipes.add_weights(connection, made, frozen.release.code, body=weights, digest=hashed)
        by.record(connection, "recipe-saved", f"{made.name}@{version}", digest=digest.hex(), weights=hashed.hex())
    return made


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
    """Lock a recipe in a wave's rule, before anybody is invited in it: its releases follow it. Raises BadRecipe."""
    with database.writing("adopt-recipe") as connection:
        wave = waves.find_wave(connection, wave_code)
        if wave is None:
            raise BadRecipe("unknown", wave_code)
        frames.hold_turn(connection, wave_code)
        if invitations.count_invitations(connection, wave_code) or recipes.find_adopted(connection, wave_code):
            raise BadRecipe("late", wave_code)
        recipes.adopt(connection, wave_code, made.name, made.version, by=by.actor, on=on)
        name = f"{made.name}@{made.version}"
        rule = replace(read_rule(wave.rule), weighting="recipe", recipe=lock(name, made.body))
        waves.change_wave(connection, replace(wave, rule=rule.canonical(), rule_digest=rule.digest()))
        by.record(connection, "recipe-adopted", wave_code, recipe=name, rule=rule.digest().hex())


def _scored(frozen: Frozen) -> pd.DataFrame:
    """The answers with y and the frame's weight, also where the wave follows a recipe already."""
    scored = score_answers(frozen.data, load_indicator(frozen.data.rule.indicator), frozen.data.answers)
    return add_frame(scored, frozen.data.strata, frozen.data.populations)


def _measure(step: str, frozen: Frozen, scored: pd.DataFrame, design: Design) -> Effect:
    level = float(frozen.data.rule.confidence_level)
    found = rate(scored, design, "y", method=frozen.data.rule.method, confidence_level=level)
    weights, n = weights_of(scored, design), scored["n"]
    told = check_weights(weights, n)
    middle = quantile(weights, n, 0.5)
    return Effect(
        step,
        round_printed(found.rate),
        round_printed(found.low),
        round_printed(found.high),
        round(found.deff, 2),
        round(told.kish_deff, 2),
        round(told.cv, 2),
        round(told.max_over_median, 2),
        tuple(round(quantile(weights, n, each) / middle, 2) for each in QUANTILES),
    )


def _describe_weights(scored: pd.DataFrame, design: Design) -> list[dict[str, Any]]:
    table = list_factors(scored, design)
    table = table.drop(columns=[name for name in ("psu",) if name in table])
    return [{str(name): _plain(value) for name, value in row.items()} for row in table.to_dict("records")]


def _plain(value: Any) -> Any:
    return round(float(value), 6) if isinstance(value, float) else int(value) if hasattr(value, "item") else value


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
