"""Invitations on their way: contacts for a few days, caps, refusals, what auditors may call back. Never an answer."""

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
    PrimaryKeyConstraint,
    String,
    Table,
    false,
)

from survey.store.tables.base import code, digest, metadata

contact = Table(
    "contact",
    metadata,
    code("wave_code"),
    code("stratum_code"),
    Column("position", BigInteger, nullable=False),
    digest("contact_hash"),
    Column("sealed", LargeBinary, nullable=False, comment="channel, address and language, encrypted"),
    Column("loaded_at", DateTime(timezone=True), nullable=False, comment="forgotten 72 hours later at the latest"),
    Column("next_at", DateTime(timezone=True), nullable=False, comment="when the job looks at it again"),
    Column("attempts", Integer, nullable=False),
    Column("sent_at", DateTime(timezone=True), comment="when a gateway took the message"),
    Column("report", LargeBinary, comment="the gateway's number of the message, encrypted, while it is unconfirmed"),
    Column("reminded", Boolean, nullable=False, server_default=false()),
    PrimaryKeyConstraint("wave_code", "stratum_code", "position"),
    ForeignKeyConstraint(
        ["wave_code", "stratum_code", "position"],
        ["invitation.wave_code", "invitation.stratum_code", "invitation.position"],
    ),
    CheckConstraint("attempts >= 0", name="attempts"),
    Index("ix_contact_next_at", "next_at"),
    Index("ix_contact_contact_hash", "contact_hash"),
    comment="deleted when the message arrived and the reminder is over",
    sqlite_with_rowid=False,
)

contact_file = Table(
    "contact_file",
    metadata,
    Column("id", LargeBinary(16), primary_key=True),
    code("wave_code", "wave"),
    Column("sealed", LargeBinary, nullable=False, comment="the file, encrypted; only the work process opens it"),
    Column("loaded_by", String(64), nullable=False),
    Column("loaded_at", DateTime(timezone=True), nullable=False),
    comment="contacts that an operator handed in on a page; deleted as soon as they were read",
    sqlite_with_rowid=False,
)

message = Table(
    "message",
    metadata,
    Column("id", LargeBinary(16), primary_key=True, comment="random: no order tells who was written to when"),
    digest("contact_hash"),
    Column("sent_on", Date, nullable=False),
    Index("ix_message_contact_hash", "contact_hash"),
    comment="what the contact cap counts, across waves",
    sqlite_with_rowid=False,
)

opt_out = Table(
    "opt_out",
    metadata,
    digest("contact_hash", primary_key=True),
    digest("stop_hash", nullable=True, unique=True),
    Column("since", Date, nullable=False),
    comment="who asked for no messages; stop_hash lets one code stop one contact",
    sqlite_with_rowid=False,
)

auditor_key = Table(
    "auditor_key",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("public_key", LargeBinary(32), nullable=False, comment="X25519; its private key is never here"),
    Column("added_on", Date, nullable=False),
    Column("retired_on", Date),
)

auditor_contact = Table(
    "auditor_contact",
    metadata,
    Column("id", LargeBinary(16), primary_key=True),
    code("wave_code", "wave"),
    Column("key_name", String(64), ForeignKey("auditor_key.name"), nullable=False),
    Column("sealed", LargeBinary, nullable=False, comment="only the auditor can open it"),
    Column("sealed_on", Date, nullable=False, comment="deleted 45 days later"),
    Index("ix_auditor_contact_wave_code", "wave_code"),
    sqlite_with_rowid=False,
)

checkpoint_mail = Table(
    "checkpoint_mail",
    metadata,
    Column("signed_on", Date, nullable=False),
    Column("recipient", String(254), nullable=False),
    Column("checkpoint_number", Integer, ForeignKey("checkpoint.number"), nullable=False),
    PrimaryKeyConstraint("signed_on", "recipient"),
)
