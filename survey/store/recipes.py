"""What statisticians decide: recipes of weights with the weights they made, adoptions, planned samples. Append-only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, func, insert, select

from survey.store.sql import from_json, to_json
from survey.store.tables import planned_sample, recipe, recipe_adoption, recipe_weights


@dataclass(frozen=True, slots=True)
class Recipe:
    """A named, numbered version of the steps; `body` is canonical JSON, `digest` its SHA-256."""

    name: str
    version: int
    body: str
    digest: bytes
    wave_code: str
    made_by: str
    made_on: date


@dataclass(frozen=True, slots=True)
class PlannedSample:
    """Invitations by stratum that somebody accepted into a wave's schedule."""

    wave_code: str
    number: int
    strata: Mapping[str, int]
    accepted_by: str
    accepted_on: date


def add_recipe(connection: Connection, new: Recipe) -> None:
    connection.execute(insert(recipe).values({name: getattr(new, name) for name in Recipe.__slots__}))


def next_version(connection: Connection, name: str) -> int:
    return (connection.scalar(select(func.max(recipe.c.version)).where(recipe.c.name == name)) or 0) + 1


def list_recipes(connection: Connection) -> list[Recipe]:
    """Every version of every recipe, newest first within a name."""
    rows = connection.execute(select(recipe).order_by(recipe.c.name, recipe.c.version.desc())).mappings()
    return [Recipe(**row) for row in rows]


def find_recipe(connection: Connection, name: str, version: int) -> Recipe | None:
    query = select(recipe).where(recipe.c.name == name, recipe.c.version == version)
    row = connection.execute(query).mappings().first()
    return Recipe(**row) if row else None


def add_weights(connection: Connection, made: Recipe, release_code: str, *, body: str, digest: bytes) -> None:
    """Keep the weights that a recipe gives under a release."""
    values = {"name": made.name, "version": made.version, "release_code": release_code, "body": body}
    connection.execute(insert(recipe_weights).values(values | {"digest": digest}))


def find_weights(connection: Connection, name: str, version: int) -> tuple[str, bytes] | None:
    """The weights that a recipe was saved with, and their digest."""
    query = select(recipe_weights.c.body, recipe_weights.c.digest)
    row = connection.execute(query.where(recipe_weights.c.name == name, recipe_weights.c.version == version)).first()
    return (row[0], row[1]) if row else None


def adopt(connection: Connection, wave_code: str, name: str, version: int, *, by: str, on: date) -> None:
    values = {"wave_code": wave_code, "name": name, "version": version, "adopted_by": by, "adopted_on": on}
    connection.execute(insert(recipe_adoption).values(values))


def find_adopted(connection: Connection, wave_code: str) -> tuple[str, int] | None:
    """Name and version of the recipe that a wave adopted."""
    query = select(recipe_adoption.c.name, recipe_adoption.c.version).where(recipe_adoption.c.wave_code == wave_code)
    row = connection.execute(query).first()
    return (row[0], row[1]) if row else None


def plan_sample(connection: Connection, wave_code: str, strata: Mapping[str, int], *, by: str, on: date) -> int:
    """Keep a planned sample; its number in the wave."""
    column = planned_sample.c
    number = (connection.scalar(select(func.max(column.number)).where(column.wave_code == wave_code)) or 0) + 1
    values = {"wave_code": wave_code, "number": number, "strata": to_json(strata), "accepted_by": by, "accepted_on": on}
    connection.execute(insert(planned_sample).values(values))
    return number


def list_planned(connection: Connection, wave_code: str) -> list[PlannedSample]:
    """A wave's planned samples in the order of their numbers."""
    query = select(planned_sample).where(planned_sample.c.wave_code == wave_code).order_by(planned_sample.c.number)
    rows = connection.execute(query).mappings()
    return [PlannedSample(**{**row, "strata": from_json(row["strata"])}) for row in rows]
