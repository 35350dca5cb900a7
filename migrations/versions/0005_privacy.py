"""Privacy: what the order of arrival left behind is rewritten, so that nothing pairs a token with an answer."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

REWRITTEN = ("inbox", "spent", "ledger", "comment", "invitation")


def upgrade() -> None:
    _let_spent_settle()
    _make_comments()


def _let_spent_settle() -> None:
    said = "rewritten when its stratum was sealed"
    op.add_column("spent", sa.Column("settled", sa.Boolean(), nullable=False, server_default=sa.false(), comment=said))
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER spent_no_delete")
        op.execute(
            "CREATE TRIGGER spent_no_delete BEFORE DELETE ON spent WHEN OLD.settled "
            "BEGIN SELECT RAISE(ABORT, 'spent is append-only'); END"
        )
        return
    op.execute("DROP TRIGGER spent_no_delete ON spent")
    op.execute(
        "CREATE TRIGGER spent_no_delete BEFORE DELETE ON spent FOR EACH ROW WHEN (OLD.settled) "
        "EXECUTE FUNCTION refuse_change()"
    )
    for table in REWRITTEN:
        op.execute(
            f"CREATE FUNCTION rewrite_{table}() RETURNS void LANGUAGE plpgsql SECURITY DEFINER "
            f"SET search_path FROM CURRENT AS $$ BEGIN EXECUTE 'CLUSTER {table} USING pk_{table}'; END $$"
        )


def _make_comments() -> None:
    op.create_table(
        "comment_progress",
        sa.Column("wave_code", sa.String(64), sa.ForeignKey("wave.code"), primary_key=True, nullable=False),
        sa.Column(
            "size", sa.BigInteger(), nullable=False, comment="leaves of the ledger whose texts were scrubbed"
        ),
    )
    op.create_table(
        "comment_batch",
        sa.Column("number", sa.Integer(), primary_key=True, autoincrement=False, nullable=False),
        sa.Column("wave_code", sa.String(64), sa.ForeignKey("wave.code"), nullable=False),
        sa.Column(
            "agency_code",
            sa.String(64),
            nullable=False,
            comment="empty: of the whole wave, where agencies had too few",
        ),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("made_on", sa.Date(), nullable=False),
        sa.Column("read_by", sa.String(64)),
        sa.Column("read_on", sa.Date()),
        sa.CheckConstraint("size >= 1", name="size"),
        sa.CheckConstraint("(read_by IS NULL) = (read_on IS NULL)", name="read"),
    )
    op.create_table(
        "comment",
        sa.Column(
            "id",
            sa.LargeBinary(16),
            primary_key=True,
            nullable=False,
            comment="random: the order in which comments are shown",
        ),
        sa.Column("wave_code", sa.String(64), sa.ForeignKey("wave.code"), nullable=False),
        sa.Column("agency_code", sa.String(64), nullable=False),
        sa.Column("item", sa.String(64), nullable=False),
        sa.Column("text", sa.Text(), nullable=False, comment="scrubbed"),
        sa.Column("batch_number", sa.Integer(), sa.ForeignKey("comment_batch.number")),
        sa.Column(
            "withheld",
            sa.Boolean(),
            nullable=False,
            server_default=sa.false(),
            comment="by who read it before the officials",
        ),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_comment_batch_number", "comment", ["batch_number"])
    op.create_index("ix_comment_wave_code_agency_code", "comment", ["wave_code", "agency_code"])
