"""What statisticians see: the adequacy of every released cell, recipes of weights, planned samples."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Double,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
)

from survey.store.tables.base import code, digest, metadata

adequacy = Table(
    "adequacy",
    metadata,
    Column("release_code", String(80), ForeignKey("release.code"), primary_key=True),
    code("wave_code", "wave"),
    Column("basis", Text, nullable=False, comment="JSON: the tally under the release's checkpoint"),
    Column("frozen_on", Date, nullable=False),
)

adequacy_cell = Table(
    "adequacy_cell",
    metadata,
    Column("release_code", String(80), ForeignKey("adequacy.release_code", ondelete="CASCADE"), nullable=False),
    code("wave_code"),
    Column("level", String(16), nullable=False),
    code("sector_code"),
    Column("place", String(160), nullable=False),
    Column("area_code", String(64), nullable=False),
    Column("period", String(8), nullable=False, comment="month in which the wave closes"),
    Column("hidden", Boolean, nullable=False),
    Column("badness", Integer, nullable=False, comment="larger is worse: first the verdict, then the warnings"),
    Column("warnings", Integer, nullable=False),
    Column("verdict", String(16), nullable=False),
    Column("n", Integer),
    Column("n_effective", Double),
    Column("deff", Double),
    Column("df", Double),
    Column("half_width", Double),
    Column("response_rate", Double),
    Column("coverage", Double),
    Column("answers_needed", Integer),
    Column("checks", Text, nullable=False, comment="JSON: name, value, limit, warning of each check"),
    PrimaryKeyConstraint("release_code", "level", "sector_code", "place"),
    Index("ix_adequacy_cell_badness", "badness"),
    Index("ix_adequacy_cell_wave_code", "wave_code"),
)

recipe = Table(
    "recipe",
    metadata,
    Column("name", String(64), nullable=False),
    Column("version", Integer, nullable=False),
    Column("body", Text, nullable=False, comment="canonical JSON: steps, margins with source and date"),
    digest("digest"),
    code("wave_code", "wave"),
    Column("made_by", String(64), nullable=False),
    Column("made_on", Date, nullable=False),
    PrimaryKeyConstraint("name", "version"),
    CheckConstraint("version >= 1", name="version"),
)

recipe_weights = Table(
    "recipe_weights",
    metadata,
    Column("name", String(64), nullable=False),
    Column("version", Integer, nullable=False),
    Column("release_code", String(80), ForeignKey("release.code"), nullable=False),
    Column("body", Text, nullable=False, comment="canonical JSON: factor of each step and weight, by stratum"),
    digest("digest"),
    PrimaryKeyConstraint("name", "version", "release_code"),
    ForeignKeyConstraint(["name", "version"], ["recipe.name", "recipe.version"]),
)

recipe_adoption = Table(
    "recipe_adoption",
    metadata,
    code("wave_code", "wave", primary_key=True),
    Column("name", String(64), nullable=False),
    Column("version", Integer, nullable=False),
    Column("adopted_by", String(64), nullable=False),
    Column("adopted_on", Date, nullable=False),
    ForeignKeyConstraint(["name", "version"], ["recipe.name", "recipe.version"]),
)

planned_sample = Table(
    "planned_sample",
    metadata,
    code("wave_code", "wave"),
    Column("number", Integer, nullable=False),
    Column("strata", Text, nullable=False, comment="JSON: invitations by stratum"),
    Column("accepted_by", String(64), nullable=False),
    Column("accepted_on", Date, nullable=False),
    PrimaryKeyConstraint("wave_code", "number"),
    CheckConstraint("number >= 1", name="number"),
)
