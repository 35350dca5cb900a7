"""Staff and what they did: accounts, sessions, jobs, the audit trail."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    String,
    Table,
    Text,
    false,
)

from survey.store.tables.base import code, digest, metadata

ROLES = ("operator", "official", "statistician", "auditor", "interviewer", "keyer", "kiosk")

staff = Table(
    "staff",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("role", String(16), nullable=False),
    Column("password_hash", Text, nullable=False),
    code("scope_area", "area", nullable=True),
    code("scope_sector", "sector", nullable=True),
    Column("disabled", Boolean, nullable=False, server_default=false()),
    CheckConstraint("role IN (" + ", ".join(f"'{role}'" for role in ROLES) + ")", name="role"),
)

staff_session = Table(
    "staff_session",
    metadata,
    digest("session_hash", primary_key=True),
    Column("staff_name", String(64), ForeignKey("staff.name"), nullable=False, index=True),
    Column("started_at", DateTime(timezone=True), nullable=False),
    Column("seen_at", DateTime(timezone=True), nullable=False),
    sqlite_with_rowid=False,
)

job = Table(
    "job",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("state", String(16), nullable=False),
    Column("started_at", DateTime(timezone=True), nullable=False),
    Column("finished_at", DateTime(timezone=True)),
    Column("message", Text, nullable=False),
    CheckConstraint("state IN ('running', 'done', 'failed')", name="state"),
)

audit = Table(
    "audit",
    metadata,
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("actor", String(64), nullable=False),
    Column("event", String(64), nullable=False),
    Column("subject", String(160), nullable=False),
    Column("detail", Text, nullable=False, comment="canonical JSON"),
    digest("previous_digest"),
    digest("digest"),
)
