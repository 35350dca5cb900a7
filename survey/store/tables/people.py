"""Staff and what they did: accounts, sessions, jobs, the audit trail."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Integer,
    LargeBinary,
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
    Column("is_half", Boolean, nullable=False, server_default=false(), comment="a second factor is still awaited"),
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("confirmed_at", DateTime(timezone=True), comment="when the person was last asked again who they are"),
    Column("challenge", LargeBinary(64), comment="what a security key must sign next; used up by the answer"),
    Column("device", String(64), nullable=False, server_default="other", comment="kind of browser, from a short list"),
    sqlite_with_rowid=False,
)

staff_factor = Table(
    "staff_factor",
    metadata,
    Column("code", String(32), primary_key=True),
    Column("staff_name", String(64), ForeignKey("staff.name"), nullable=False, index=True),
    Column("kind", String(16), nullable=False),
    Column("label", String(64), nullable=False),
    Column("secret", LargeBinary, nullable=False, comment="totp: sealed secret; key: its public key"),
    Column("credential_id", LargeBinary(1024), unique=True),
    Column("counter", BigInteger, nullable=False, comment="totp: newest step that was used; key: its own counter"),
    Column("added_at", DateTime(timezone=True), nullable=False),
    CheckConstraint("kind IN ('totp', 'key')", name="kind"),
    CheckConstraint("(kind = 'key') = (credential_id IS NOT NULL)", name="credential"),
    comment="what a member of staff has, beside the password that they know",
)

staff_recovery = Table(
    "staff_recovery",
    metadata,
    digest("code_hash", primary_key=True),
    Column("staff_name", String(64), ForeignKey("staff.name"), nullable=False, index=True),
    comment="codes for the day when the second factor is lost; each is good once",
    sqlite_with_rowid=False,
)

staff_invitation = Table(
    "staff_invitation",
    metadata,
    digest("token_hash", primary_key=True),
    Column("staff_name", String(64), ForeignKey("staff.name"), nullable=False, index=True),
    Column("invited_by", String(64), nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    comment="links by which a person sets the password of an account, or ties it to single sign-on",
    sqlite_with_rowid=False,
)

staff_identity = Table(
    "staff_identity",
    metadata,
    Column("issuer", String(255), primary_key=True),
    Column("subject", String(255), primary_key=True),
    Column("staff_name", String(64), ForeignKey("staff.name"), nullable=False, index=True),
    comment="who an account is at a provider of single sign-on",
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
