"""Withdrawals before the seal, the trail of signing keys, and what a release rested on."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "withdrawal",
        sa.Column("receipt_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("nonce1", sa.LargeBinary(length=32), nullable=False),
        sa.Column("nonce2", sa.LargeBinary(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["receipt_hash"], ["inbox.receipt_hash"], name=op.f("fk_withdrawal_receipt_hash")
        ),
        sa.PrimaryKeyConstraint("receipt_hash", name=op.f("pk_withdrawal")),
        comment="a citizen takes back what is not sealed yet; goes with the answer when that is sealed",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "key_statement",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("first_checkpoint", sa.Integer(), nullable=False, comment="the first that the new key signed"),
        sa.Column("vkey", sa.Text(), nullable=False, comment="the new public key"),
        sa.Column("note", sa.Text(), nullable=False, comment="C2SP signed note: what became of the key before"),
        sa.Column("made_on", sa.Date(), nullable=False),
        sa.CheckConstraint("kind IN ('rotated', 'lost', 'compromised')", name=op.f("ck_key_statement_kind")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_key_statement")),
    )
    op.add_column(
        "release", sa.Column("inputs", sa.Text(), nullable=True, comment="canonical JSON: all it rests on but answers")
    )
    if op.get_bind().dialect.name == "sqlite":
        for table, event in GUARDED:
            op.execute(
                f'CREATE TRIGGER {table}_no_{event.lower()} BEFORE {event} ON "{table}" '
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )
    else:
        for table, event in GUARDED:
            op.execute(
                f'CREATE TRIGGER {table}_no_{event.lower()} BEFORE {event} ON "{table}" '
                "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
            )
        op.execute(
            'CREATE TRIGGER key_statement_no_truncate BEFORE TRUNCATE ON "key_statement" EXECUTE FUNCTION refuse_change()'
        )


GUARDED = (("withdrawal", "UPDATE"), ("key_statement", "UPDATE"), ("key_statement", "DELETE"))
