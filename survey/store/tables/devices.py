"""Devices that answer for many: kiosks, interviewers' tablets, callers' screens. Their counters know no answer."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    false,
    text,
)

from survey.store.tables.base import code, digest, metadata

CHANNELS = ("kiosk", "interviewer", "phone")
STATES = ("waiting", "paired", "unpaired")
SKEWS = ("none", "fast", "slow")
REFUSALS = ("spent", "unknown_code", "other_wave", "closed", "malformed")


def _one_of(column: str, words: tuple[str, ...]) -> CheckConstraint:
    return CheckConstraint(f"{column} IN ({', '.join(repr(word) for word in words)})", name=column)


device = Table(
    "device",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("channel", String(16), nullable=False, comment="the channel of what is answered on it"),
    code("agency_code", "agency"),
    code("wave_code", "wave"),
    Column("state", String(16), nullable=False),
    digest("pairing_hash", nullable=True, unique=True, comment="keyed hash of the one-time pairing code"),
    Column("pairing_until", DateTime(timezone=True)),
    Column("public_key", LargeBinary(65), comment="P-256 point; the private half never leaves the device"),
    Column("key_since", Date),
    Column("renew_key", Boolean, nullable=False, server_default=false()),
    Column("contact_at", DateTime(timezone=True), comment="the hour of the last contact, no finer"),
    Column("waiting", Integer, nullable=False, server_default=text("0"), comment="answers on it that are not sent"),
    Column("waiting_since", Date, comment="the day of the oldest of them"),
    Column(
        "unreadable", Integer, nullable=False, server_default=text("0"), comment="answers that it cannot get rid of"
    ),
    Column(
        "clear_unreadable",
        Boolean,
        nullable=False,
        server_default=false(),
        comment="an operator asked that it get rid of what cannot be read",
    ),
    Column("skew", String(8), nullable=False, server_default=text("'none'")),
    Column("stored", BigInteger, nullable=False, server_default=text("0"), comment="answers taken from it"),
    _one_of("channel", CHANNELS),
    _one_of("state", STATES),
    _one_of("skew", SKEWS),
    CheckConstraint("state <> 'paired' OR public_key IS NOT NULL", name="paired"),
)

refused_replay = Table(
    "refused_replay",
    metadata,
    digest("receipt_hash", primary_key=True),
    Column("device_name", String(64), ForeignKey("device.name"), nullable=False),
    code("wave_code", "wave"),
    code("stratum_code", nullable=True),
    Column("outcome", String(16), nullable=False),
    ForeignKeyConstraint(["wave_code", "stratum_code"], ["stratum.wave_code", "stratum.code"]),
    _one_of("outcome", REFUSALS),
    Index("ix_refused_replay_device_name_wave_code", "device_name", "wave_code"),
    Index("ix_refused_replay_wave_code_stratum_code", "wave_code", "stratum_code"),
    comment="an answer from a device that is not counted; names no token",
    sqlite_with_rowid=False,
)
