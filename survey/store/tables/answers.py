"""The answers' way: inbox, ledger with its batches, receipts and checkpoints, exclusions. No key leads to a token."""

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
    LargeBinary,
    String,
    Table,
    Text,
)

from survey.store.tables.base import code, digest, metadata

inbox = Table(
    "inbox",
    metadata,
    Column("id", LargeBinary(16), primary_key=True, comment="random: its order tells nothing about arrival"),
    code("wave_code"),
    code("stratum_code"),
    digest("receipt_hash", unique=True),
    Column("nonce1", LargeBinary(32), nullable=False),
    Column("codes", LargeBinary, nullable=False, comment="canonical JSON of codes, the very bytes that are hashed"),
    Column("nonce2", LargeBinary(32), nullable=False),
    Column("text", LargeBinary, nullable=False, comment="canonical JSON of comments, hashed apart"),
    Index("ix_inbox_wave_code_stratum_code", "wave_code", "stratum_code"),
    sqlite_with_rowid=False,
)

withdrawal = Table(
    "withdrawal",
    metadata,
    digest("receipt_hash", primary_key=True),
    Column("nonce1", LargeBinary(32), nullable=False),
    Column("nonce2", LargeBinary(32), nullable=False),
    ForeignKeyConstraint(["receipt_hash"], ["inbox.receipt_hash"]),
    comment="a citizen takes back what is not sealed yet; goes with the answer when that is sealed",
    sqlite_with_rowid=False,
)

batch = Table(
    "batch",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    code("wave_code", "wave"),
    Column("first_position", BigInteger, nullable=False, unique=True),
    Column("size", Integer, nullable=False),
    digest("receipts_digest"),
    Column("sealed_on", Date, nullable=False),
    CheckConstraint("size >= 1", name="size"),
)

ledger = Table(
    "ledger",
    metadata,
    Column("position", BigInteger, primary_key=True, autoincrement=False, comment="0-based place in the Merkle tree"),
    Column("batch_number", Integer, ForeignKey("batch.number"), nullable=False, index=True),
    code("wave_code", "wave"),
    Column("kind", String(16), nullable=False),
    Column("nonce1", LargeBinary(32), nullable=False),
    Column("codes", LargeBinary, nullable=False),
    Column("nonce2", LargeBinary(32), comment="destroyed with the text when its time is over"),
    Column("text", LargeBinary),
    digest("text_digest"),
    digest("leaf_hash"),
    Index("ix_ledger_wave_code_position", "wave_code", "position"),
    CheckConstraint("kind IN ('response', 'counts', 'exclusion', 'withdrawal')", name="kind"),
)

receipt = Table(
    "receipt",
    metadata,
    digest("receipt_hash", primary_key=True),
    Column("batch_number", Integer, ForeignKey("batch.number"), nullable=False, index=True),
    sqlite_with_rowid=False,
)

exclusion = Table(
    "exclusion",
    metadata,
    Column("position", BigInteger, ForeignKey("ledger.position"), primary_key=True, autoincrement=False),
    Column("excluded_position", BigInteger, ForeignKey("ledger.position"), nullable=False, unique=True),
    Column("rule", String(64), nullable=False),
    Column("reason", Text, nullable=False),
)

checkpoint = Table(
    "checkpoint",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("size", BigInteger, nullable=False, index=True, comment="leaves under the signed root"),
    digest("root"),
    Column("frontier", LargeBinary, nullable=False, comment="the tree's complete subtrees, to append without a scan"),
    Column("accounting", Text, nullable=False, comment="canonical JSON: invited, answered, sealed, by stratum"),
    Column("exclusions", Text, nullable=False, comment="canonical JSON"),
    Column("releases", Text, nullable=False, comment="canonical JSON: digests of what was published"),
    Column("manifest", Text, nullable=False, comment="canonical JSON: digests of all that this checkpoint binds"),
    Column("note", Text, nullable=False, comment="C2SP signed note"),
    Column("signed_on", Date, nullable=False),
)

key_statement = Table(
    "key_statement",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("kind", String(16), nullable=False),
    Column("first_checkpoint", Integer, nullable=False, comment="the first that the new key signed"),
    Column("vkey", Text, nullable=False, comment="the new public key"),
    Column("note", Text, nullable=False, comment="C2SP signed note: what became of the key before"),
    Column("made_on", Date, nullable=False),
    CheckConstraint("kind IN ('rotated', 'lost', 'compromised')", name="kind"),
)
