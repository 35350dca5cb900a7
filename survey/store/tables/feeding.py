"""What feeds a frame: clients of the API, transactions that wait for the next version, facts, totals from elsewhere."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    ForeignKeyConstraint,
    Integer,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
)

from survey.store.tables.base import code, digest, metadata

api_client = Table(
    "api_client",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("turn", Integer, nullable=False, comment="which secret is in force: it is derived from name and turn"),
    Column("added_on", Date, nullable=False),
    Column("retired_on", Date),
    CheckConstraint("turn >= 1", name="turn"),
)

api_batch = Table(
    "api_batch",
    metadata,
    Column("client_name", String(64), nullable=False),
    Column("key", String(64), nullable=False, comment="the client's Idempotency-Key"),
    digest("body_digest"),
    Column("answer", Text, nullable=False),
    Column("arrived_on", Date, nullable=False),
    PrimaryKeyConstraint("client_name", "key"),
    ForeignKeyConstraint(["client_name"], ["api_client.name"]),
    sqlite_with_rowid=False,
)

incoming_transaction = Table(
    "incoming_transaction",
    metadata,
    code("wave_code", "wave"),
    digest("unit_hash"),
    code("agency_code", "agency"),
    code("sector_code", "sector"),
    Column("facts", Text, nullable=False, comment="categories only: no dossier, no name, no day"),
    PrimaryKeyConstraint("wave_code", "unit_hash"),
    comment="emptied into the next version of the frame",
    sqlite_with_rowid=False,
)

frame_applicant = Table(
    "frame_applicant",
    metadata,
    code("wave_code", "wave"),
    digest("applicant_hash"),
    PrimaryKeyConstraint("wave_code", "applicant_hash"),
    comment="who is counted already, where a rule counts applicants; destroyed when the wave is over",
    sqlite_with_rowid=False,
)

frame_fact = Table(
    "frame_fact",
    metadata,
    code("wave_code"),
    Column("frame_version", Integer, nullable=False),
    code("stratum_code"),
    Column("field", String(32), nullable=False),
    Column("value", String(64), nullable=False),
    Column("count", BigInteger, nullable=False),
    PrimaryKeyConstraint("wave_code", "frame_version", "stratum_code", "field", "value"),
    ForeignKeyConstraint(["wave_code", "frame_version"], ["frame.wave_code", "frame.version"]),
    ForeignKeyConstraint(["wave_code", "stratum_code"], ["stratum.wave_code", "stratum.code"]),
    CheckConstraint("count >= 0", name="count"),
    comment="how many transactions of a stratum had which property; none of them is told apart",
)

independent_total = Table(
    "independent_total",
    metadata,
    code("wave_code", "wave"),
    code("agency_code", "agency"),
    Column("version", Integer, nullable=False),
    Column("population", BigInteger, nullable=False),
    Column("source", Text, nullable=False),
    digest("source_digest"),
    Column("loaded_on", Date, nullable=False),
    PrimaryKeyConstraint("wave_code", "agency_code", "version"),
    CheckConstraint("population >= 0", name="population"),
    comment="how many transactions somebody else counted",
)
