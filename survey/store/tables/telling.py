"""What portals are told by webhooks, how often forms were opened, and the draws that operators ordered."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Double,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
)

from survey.store.tables.base import code, metadata

WEBHOOK_STATES = ("waiting", "delivered", "given_up")

webhook_progress = Table(
    "webhook_progress",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("position", Integer, nullable=False, comment="the audit trail's next entry to look at"),
)

webhook_delivery = Table(
    "webhook_delivery",
    metadata,
    Column("code", String(64), primary_key=True),
    Column("name", String(64), nullable=False),
    Column("event", String(64), nullable=False),
    Column("body", Text, nullable=False, comment="what is sent, byte for byte, at every attempt"),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due_at", DateTime(timezone=True), nullable=False),
    Column("told", String(200), nullable=False, comment="what came of the last attempt"),
    CheckConstraint("state IN (" + ", ".join(f"'{each}'" for each in WEBHOOK_STATES) + ")", name="state"),
    CheckConstraint("attempts >= 0", name="attempts"),
    Index("ix_webhook_delivery_state_due_at", "state", "due_at"),
)

page_view = Table(
    "page_view",
    metadata,
    Column("id", LargeBinary(16), primary_key=True, comment="random: its order tells nothing"),
    code("wave_code"),
    code("stratum_code"),
    Column("day", Date, nullable=False),
    Column("n", Integer, nullable=False),
    Index("ix_page_view_wave_code", "wave_code"),
    CheckConstraint("n >= 1", name="n"),
    comment="how often a form was opened, counted; nothing joins a view to a token",
    sqlite_with_rowid=False,
)

draw_order = Table(
    "draw_order",
    metadata,
    code("wave_code", "wave"),
    Column("number", Integer, nullable=False),
    Column("count", BigInteger),
    Column("strata", Text, comment="JSON: invitations by stratum, where a plan says so"),
    Column("rate", Double, comment="of a continuous sample: the chance of each, nightly"),
    Column("seed", String(64), nullable=False),
    Column("ordered_by", String(64), nullable=False),
    Column("ordered_on", Date, nullable=False),
    Column("state", String(16), nullable=False),
    Column("told", String(200), nullable=False),
    PrimaryKeyConstraint("wave_code", "number"),
    CheckConstraint("(count IS NULL) <> (rate IS NULL)", name="what"),
    CheckConstraint("number >= 1", name="number"),
    CheckConstraint("state IN ('waiting', 'done', 'refused')", name="state"),
    comment="draws that an operator ordered on a page; the work process carries them out",
)
