"""Numbers: the tally, which estimation reads, and the releases, which pages read."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from survey.store.tables.base import code, digest, metadata


def cell_key() -> tuple[Column[Any], ...]:
    """A design cell: stratum, PSU, calibration class, period, disposition."""
    return (
        code("wave_code", "wave"),
        code("stratum_code"),
        Column("psu", String(64), nullable=False),
        Column("calibration_class", String(64), nullable=False),
        Column(
            "period", String(8), nullable=False, comment="2026-11a, 2026-11b; 2026-11 where only the month is known"
        ),
        Column("disposition", String(16), nullable=False),
    )


CELL_KEY = ("wave_code", "stratum_code", "psu", "calibration_class", "period", "disposition")

tally_progress = Table(
    "tally_progress",
    metadata,
    code("wave_code", "wave", primary_key=True),
    Column("size", BigInteger, nullable=False, comment="leaves of the ledger that are counted"),
)

tally_cell = Table(
    "tally_cell",
    metadata,
    *cell_key(),
    Column("outcome", String(32), nullable=False),
    Column("n", BigInteger, nullable=False),
    Column("total", BigInteger, nullable=False, comment="sum of the person scores u"),
    Column("total_squared", BigInteger, nullable=False, comment="sum of u squared"),
    PrimaryKeyConstraint(*CELL_KEY, "outcome"),
)

tally_cross = Table(
    "tally_cross",
    metadata,
    *cell_key(),
    Column("outcome", String(32), nullable=False),
    Column("other_outcome", String(32), nullable=False),
    Column("n", BigInteger, nullable=False),
    Column("total_product", BigInteger, nullable=False, comment="sum of u times the other u"),
    PrimaryKeyConstraint(*CELL_KEY, "outcome", "other_outcome"),
)

tally_item = Table(
    "tally_item",
    metadata,
    code("wave_code", "wave"),
    code("agency_code", "agency"),
    Column("period", String(8), nullable=False),
    Column("disposition", String(16), nullable=False),
    Column("item", String(32), nullable=False),
    Column("choice", String(32), nullable=False),
    Column("n", BigInteger, nullable=False),
    PrimaryKeyConstraint("wave_code", "agency_code", "period", "disposition", "item", "choice"),
)

published_figure = Table(
    "published_figure",
    metadata,
    code("wave_code", "wave"),
    code("agency_code", "agency"),
    Column("period", String(8), nullable=False),
    Column(
        "per_cent", String(16), nullable=False, comment="as printed by its publisher, whose definition may be unknown"
    ),
    PrimaryKeyConstraint("wave_code", "agency_code", "period"),
)

release = Table(
    "release",
    metadata,
    Column("code", String(80), primary_key=True),
    code("wave_code", "wave"),
    Column("number", Integer, nullable=False),
    Column("header", Text, nullable=False, comment="canonical JSON: checkpoint, frame, rule, mandate, software"),
    digest("digest"),
    Column("drafted_by", String(64), nullable=False),
    Column("drafted_on", Date, nullable=False),
    Column("published_by", String(64)),
    Column("published_on", Date),
    Column("inputs", Text, comment="canonical JSON: all it rests on but answers"),
    UniqueConstraint("wave_code", "number"),
    CheckConstraint("(published_by IS NULL) = (published_on IS NULL)", name="published"),
)

release_figure = Table(
    "release_figure",
    metadata,
    Column("release_code", String(80), ForeignKey("release.code"), nullable=False),
    Column("level", String(16), nullable=False, comment="wave, sector, agency, stratum, month"),
    Column("place", String(160), nullable=False, comment="what the level names: a sector, an agency, a month ..."),
    code("sector_code", nullable=False),
    Column("suppressed", Boolean, nullable=False),
    Column("figure", Text, nullable=False, comment="canonical JSON; numbers as the shortest text that reads back"),
    PrimaryKeyConstraint("release_code", "level", "sector_code", "place"),
    Index("ix_release_figure_release_code_sector_code", "release_code", "sector_code"),
)
