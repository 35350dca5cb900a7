"""What people wrote, scrubbed and shuffled: apart from answers, without rating, date or place in the ledger."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    false,
)

from survey.store.tables.base import code, metadata

comment_progress = Table(
    "comment_progress",
    metadata,
    code("wave_code", "wave", primary_key=True),
    Column("size", BigInteger, nullable=False, comment="leaves of the ledger whose texts were scrubbed"),
)

comment_batch = Table(
    "comment_batch",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    code("wave_code", "wave"),
    code("agency_code", comment="empty: of the whole wave, where agencies had too few"),
    Column("size", Integer, nullable=False),
    Column("made_on", Date, nullable=False),
    Column("read_by", String(64)),
    Column("read_on", Date),
    CheckConstraint("size >= 1", name="size"),
    CheckConstraint("(read_by IS NULL) = (read_on IS NULL)", name="read"),
)

comment = Table(
    "comment",
    metadata,
    Column("id", LargeBinary(16), primary_key=True, comment="random: the order in which comments are shown"),
    code("wave_code", "wave"),
    code("agency_code"),
    Column("item", String(64), nullable=False),
    Column("text", Text, nullable=False, comment="scrubbed"),
    Column("batch_number", Integer, ForeignKey("comment_batch.number"), index=True),
    Column("withheld", Boolean, nullable=False, server_default=false(), comment="by who read it before the officials"),
    Index("ix_comment_wave_code_agency_code", "wave_code", "agency_code"),
    sqlite_with_rowid=False,
)
