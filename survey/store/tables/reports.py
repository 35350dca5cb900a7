"""Reports for the administration: their text as people wrote it, and the documents that were asked for."""

from __future__ import annotations

from sqlalchemy import (
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
)

from survey.store.tables.base import metadata

report_text = Table(
    "report_text",
    metadata,
    Column("release_code", String(80), ForeignKey("release.code"), nullable=False),
    Column("language", String(2), nullable=False),
    Column("number", Integer, nullable=False, comment="version; the highest stands"),
    Column("lines", Text, nullable=False, comment="JSON: the lines; empty takes back to what the figures say"),
    Column("written_by", String(64), nullable=False),
    Column("written_on", Date, nullable=False),
    PrimaryKeyConstraint("release_code", "language", "number"),
    CheckConstraint("number >= 1", name="number"),
)

report_job = Table(
    "report_job",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("release_code", String(80), ForeignKey("release.code"), nullable=False),
    Column("asked", Text, nullable=False, comment="JSON: language, period, year, formats, and the asker's scope"),
    Column("state", String(8), nullable=False, comment="waiting, done, failed"),
    Column("asked_by", String(64), nullable=False),
    Column("asked_on", Date, nullable=False),
    CheckConstraint("state IN ('waiting', 'done', 'failed')", name="state"),
)

report_file = Table(
    "report_file",
    metadata,
    Column("job_id", Integer, ForeignKey("report_job.id"), nullable=False),
    Column("format", String(4), nullable=False),
    Column("content", LargeBinary, nullable=False),
    PrimaryKeyConstraint("job_id", "format"),
)
