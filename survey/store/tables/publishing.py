"""On the way of a release to the public: steps of people, statements of agencies, planned days."""

from __future__ import annotations

from sqlalchemy import (
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Integer,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
)

from survey.store.tables.base import code, metadata

release_step = Table(
    "release_step",
    metadata,
    Column("release_code", String(80), ForeignKey("release.code"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("step", String(16), nullable=False),
    Column("by_name", String(64), nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("note", Text, nullable=False, comment="what was checked; of a correction, what changed and why"),
    Column("due_at", DateTime(timezone=True), comment="of a signature: when it is published"),
    PrimaryKeyConstraint("release_code", "number"),
    CheckConstraint("step IN ('seen', 'reviewed', 'signed', 'recalled')", name="step"),
    CheckConstraint("number >= 1", name="number"),
)

agency_statement = Table(
    "agency_statement",
    metadata,
    Column("release_code", String(80), ForeignKey("release.code"), nullable=False),
    code("agency_code", "agency"),
    Column("number", Integer, nullable=False, comment="version; the highest stands"),
    Column("text", Text, nullable=False),
    Column("signed_by", String(64), nullable=False),
    Column("signed_on", Date, nullable=False),
    PrimaryKeyConstraint("release_code", "agency_code", "number"),
    CheckConstraint("number >= 1", name="number"),
)

release_plan = Table(
    "release_plan",
    metadata,
    code("wave_code", "wave"),
    Column("number", Integer, nullable=False, comment="version; the highest stands, the others stay told"),
    Column("due_on", Date, nullable=False),
    Column("reason", Text, nullable=False, comment="of a day that was moved: why"),
    Column("set_by", String(64), nullable=False),
    Column("set_on", Date, nullable=False),
    PrimaryKeyConstraint("wave_code", "number"),
    CheckConstraint("number >= 1", name="number"),
)
