"""Answers on paper: sheets of one stratum printed together, keyed twice by two people, then stored once.

No sheet carries a token: a batch of n sheets is n drawn places, and a stored sheet spends one of them at random.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
)

from survey.store.tables.base import code, metadata

SHEET_STATES = ("printed", "stored", "refused")

paper_batch = Table(
    "paper_batch",
    metadata,
    code(primary_key=True),
    code("wave_code"),
    code("stratum_code"),
    Column("language", String(8), nullable=False),
    Column("sheets", Integer, nullable=False),
    Column("printed_on", Date, nullable=False),
    Column("printed_by", String(64), nullable=False),
    ForeignKeyConstraint(["wave_code", "stratum_code"], ["stratum.wave_code", "stratum.code"]),
    CheckConstraint("sheets >= 1", name="sheets"),
    Index("ix_paper_batch_wave_code_stratum_code", "wave_code", "stratum_code"),
)

paper_place = Table(
    "paper_place",
    metadata,
    code("wave_code"),
    code("stratum_code"),
    Column("position", BigInteger, nullable=False),
    code("batch_code", "paper_batch", index=True),
    PrimaryKeyConstraint("wave_code", "stratum_code", "position"),
    ForeignKeyConstraint(
        ["wave_code", "stratum_code", "position"],
        ["invitation.wave_code", "invitation.stratum_code", "invitation.position"],
    ),
    comment="a drawn place that one of the sheets of a batch may spend; nobody knows which",
)

paper_sheet = Table(
    "paper_sheet",
    metadata,
    Column("number", String(16), primary_key=True, comment="random, with a check letter; names no place"),
    code("batch_code", "paper_batch", index=True),
    Column("state", String(16), nullable=False, server_default="printed"),
    CheckConstraint("state IN ('printed', 'stored', 'refused')", name="state"),
    sqlite_with_rowid=False,
)

paper_keying = Table(
    "paper_keying",
    metadata,
    Column("sheet", String(16), ForeignKey("paper_sheet.number"), nullable=False),
    Column("keyer", String(64), nullable=False),
    Column("codes", Text, nullable=False, comment="canonical JSON: choice by item, as keyed; never changes"),
    Column("text", Text, nullable=False, comment="canonical JSON of comments; emptied once the sheet is stored"),
    PrimaryKeyConstraint("sheet", "keyer"),
    sqlite_with_rowid=False,
)

paper_settlement = Table(
    "paper_settlement",
    metadata,
    Column("sheet", String(16), ForeignKey("paper_sheet.number"), primary_key=True),
    Column("settled_by", String(64), nullable=False, comment="empty where both keyings were alike"),
    Column("differences", Integer, nullable=False, comment="items that were keyed differently"),
    CheckConstraint("differences >= 0", name="differences"),
    sqlite_with_rowid=False,
)
