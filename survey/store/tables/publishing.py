"""On the way of a release to the public: steps of people, statements of agencies, planned days; figures of others;
what moves with satisfaction."""

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

outside_figure = Table(
    "outside_figure",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column(
        "replaces",
        Integer,
        ForeignKey("outside_figure.number"),
        comment="the entry that this one stands for from now on",
    ),
    Column("publisher", String(200), nullable=False),
    Column("name", String(200), nullable=False, comment="of the index or survey: SIPAS, PAPI, ..."),
    Column("definition", Text, nullable=False),
    code("sector_code", "sector", nullable=True),
    Column("year", Integer, nullable=False),
    Column("value", String(16), nullable=False, comment="as printed, with a point; empty: taken back"),
    Column("scale", String(16), nullable=False, comment="the highest value there could be"),
    Column("n", Integer, comment="people asked, where the publisher says so"),
    Column("rank", Integer),
    Column("ranked", Integer, comment="out of how many"),
    Column("method_year", Integer, comment="figures of other methods do not compare"),
    Column("source", Text, nullable=False, comment="document or address where it was read"),
    Column("entered_by", String(64), nullable=False),
    Column("entered_on", Date, nullable=False),
    CheckConstraint("(rank IS NULL) = (ranked IS NULL)", name="rank"),
)

driver = Table(
    "driver",
    metadata,
    Column("release_code", String(80), ForeignKey("release.code"), nullable=False),
    code("sector_code", "sector"),
    Column("n", Integer, nullable=False, comment="people who answered every part; 0 where nothing is told"),
    Column("told", Text, nullable=False, comment="JSON: explained, parts, facts"),
    PrimaryKeyConstraint("release_code", "sector_code"),
)

alert_mail = Table(
    "alert_mail",
    metadata,
    Column("published_on", Date, nullable=False),
    Column("recipient", String(254), nullable=False),
    PrimaryKeyConstraint("published_on", "recipient"),
)
