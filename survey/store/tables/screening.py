"""The fraud screen: counts of arrivals and devices that lie apart from answers, frozen screenings, call-backs."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from survey.store.tables.base import code, digest, metadata

arrival = Table(
    "arrival",
    metadata,
    Column("id", LargeBinary(16), primary_key=True, comment="random: its order tells nothing about arrival"),
    code("wave_code"),
    code("agency_code"),
    Column("channel", String(16), nullable=False),
    Column("period", String(8), nullable=False),
    Column("day", Date, nullable=False, comment="only until the period is folded"),
    Column("part", String(8), nullable=False, comment="morning, afternoon or late: no hour"),
    Column("overdue", Boolean, nullable=False, comment="the invitation was drawn long before"),
    Column("n", Integer, nullable=False),
    Index("ix_arrival_wave_code_period", "wave_code", "period"),
    CheckConstraint("n >= 1", name="n"),
    comment="answers that came, counted; nothing joins them to an answer or a token",
    sqlite_with_rowid=False,
)

arrival_device = Table(
    "arrival_device",
    metadata,
    Column("id", LargeBinary(16), primary_key=True),
    code("wave_code"),
    code("agency_code"),
    Column("channel", String(16), nullable=False),
    Column("period", String(8), nullable=False),
    Column("mark", LargeBinary(2), nullable=False, comment="keyed hash of coarse traits; its key lived one day"),
    Column("n", Integer, nullable=False),
    Index("ix_arrival_device_wave_code_period", "wave_code", "period"),
    CheckConstraint("n >= 1", name="n"),
    comment="answers by device and day, counted; nothing joins them to an answer or a token",
    sqlite_with_rowid=False,
)

arrival_pattern = Table(
    "arrival_pattern",
    metadata,
    code("wave_code"),
    code("agency_code"),
    Column("channel", String(16), nullable=False),
    Column("period", String(8), nullable=False),
    Column("arrivals", Integer, nullable=False),
    Column("crowded", BigInteger, nullable=False, comment="pairs that came in one half-day"),
    Column("half_days", Integer, nullable=False, comment="half-days of the period on which anybody answered"),
    Column("late", Integer, nullable=False, comment="outside office hours"),
    Column("closing", Integer, nullable=False, comment="on the period's last days"),
    Column("overdue", Integer, nullable=False),
    Column("device_pairs", BigInteger, nullable=False, comment="pairs of one day"),
    Column("same_device", BigInteger, nullable=False, comment="of these, pairs of one device"),
    PrimaryKeyConstraint("wave_code", "agency_code", "channel", "period"),
    CheckConstraint("arrivals >= 10", name="arrivals"),
    comment="what is left of arrivals when their period is over: no day, no device",
)

screening = Table(
    "screening",
    metadata,
    code("wave_code", "wave"),
    Column("number", Integer, nullable=False),
    Column("leaves", BigInteger, nullable=False, comment="size of the ledger that was read"),
    Column("made_on", Date, nullable=False),
    Column("made_by", String(64), nullable=False),
    Column("body", Text, nullable=False, comment="canonical JSON: counts by agency, effects, the ranked list"),
    digest("digest"),
    PrimaryKeyConstraint("wave_code", "number"),
)

callback_draw = Table(
    "callback_draw",
    metadata,
    Column("code", String(80), primary_key=True),
    code("wave_code", "wave"),
    code("agency_code", "agency", nullable=True),
    Column("number", Integer, nullable=False),
    Column("exclusion_level", Double, nullable=False, comment="share of fabrication that a clean sample excludes"),
    Column("confidence", Double, nullable=False),
    Column("seed", String(64), nullable=False),
    Column("drawn_on", Date, nullable=False),
    Column("drawn_by", String(64), nullable=False),
    UniqueConstraint("wave_code", "number"),
)

callback_place = Table(
    "callback_place",
    metadata,
    Column("draw_code", String(80), ForeignKey("callback_draw.code"), nullable=False),
    code("stratum_code"),
    Column("position", BigInteger, nullable=False),
    PrimaryKeyConstraint("draw_code", "stratum_code", "position"),
)

callback_result = Table(
    "callback_result",
    metadata,
    Column("draw_code", String(80), ForeignKey("callback_draw.code"), nullable=False),
    code("stratum_code"),
    Column("position", BigInteger, nullable=False),
    Column("outcome", String(16), nullable=False),
    Column("recorded_on", Date, nullable=False),
    Column("recorded_by", String(64), nullable=False),
    PrimaryKeyConstraint("draw_code", "stratum_code", "position"),
    CheckConstraint("outcome IN ('confirmed', 'denied', 'different', 'unreached', 'refused')", name="outcome"),
)
