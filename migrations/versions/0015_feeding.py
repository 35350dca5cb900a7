"""Transactions that arrive over the API, frame facts, and totals from elsewhere."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"

APPEND_ONLY = ("api_batch", "frame_fact", "independent_total")


def upgrade() -> None:
    op.create_table(
        "api_client",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column(
            "turn", sa.Integer(), nullable=False, comment="which secret is in force: it is derived from name and turn"
        ),
        sa.Column("added_on", sa.Date(), nullable=False),
        sa.Column("retired_on", sa.Date(), nullable=True),
        sa.CheckConstraint("turn >= 1", name=op.f("ck_api_client_turn")),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_api_client")),
    )
    op.create_table(
        "api_batch",
        sa.Column("client_name", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False, comment="the client's Idempotency-Key"),
        sa.Column("body_digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("arrived_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["client_name"], ["api_client.name"], name=op.f("fk_api_batch_client_name")),
        sa.PrimaryKeyConstraint("client_name", "key", name=op.f("pk_api_batch")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "incoming_transaction",
        sa.Column("wave_code", sa.String(length=64), nullable=False),
        sa.Column("unit_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("agency_code", sa.String(length=64), nullable=False),
        sa.Column("sector_code", sa.String(length=64), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False, comment="categories only: no dossier, no name, no day"),
        sa.ForeignKeyConstraint(["wave_code"], ["wave.code"], name=op.f("fk_incoming_transaction_wave_code")),
        sa.ForeignKeyConstraint(["agency_code"], ["agency.code"], name=op.f("fk_incoming_transaction_agency_code")),
        sa.ForeignKeyConstraint(["sector_code"], ["sector.code"], name=op.f("fk_incoming_transaction_sector_code")),
        sa.PrimaryKeyConstraint("wave_code", "unit_hash", name=op.f("pk_incoming_transaction")),
        comment="emptied into the next version of the frame",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "frame_fact",
        sa.Column("wave_code", sa.String(length=64), nullable=False),
        sa.Column("frame_version", sa.Integer(), nullable=False),
        sa.Column("stratum_code", sa.String(length=64), nullable=False),
        sa.Column("field", sa.String(length=32), nullable=False),
        sa.Column("value", sa.String(length=64), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("count >= 0", name=op.f("ck_frame_fact_count")),
        sa.ForeignKeyConstraint(
            ["wave_code", "frame_version"],
            ["frame.wave_code", "frame.version"],
            name=op.f("fk_frame_fact_wave_code_frame_version"),
        ),
        sa.ForeignKeyConstraint(
            ["wave_code", "stratum_code"],
            ["stratum.wave_code", "stratum.code"],
            name=op.f("fk_frame_fact_wave_code_stratum_code"),
        ),
        sa.PrimaryKeyConstraint(
            "wave_code", "frame_version", "stratum_code", "field", "value", name=op.f("pk_frame_fact")
        ),
        comment="how many transactions of a stratum had which property; none of them is told apart",
    )
    op.create_table(
        "independent_total",
        sa.Column("wave_code", sa.String(length=64), nullable=False),
        sa.Column("agency_code", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("population", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("source_digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("loaded_on", sa.Date(), nullable=False),
        sa.CheckConstraint("population >= 0", name=op.f("ck_independent_total_population")),
        sa.ForeignKeyConstraint(["agency_code"], ["agency.code"], name=op.f("fk_independent_total_agency_code")),
        sa.ForeignKeyConstraint(["wave_code"], ["wave.code"], name=op.f("fk_independent_total_wave_code")),
        sa.PrimaryKeyConstraint("wave_code", "agency_code", "version", name=op.f("pk_independent_total")),
        comment="how many transactions somebody else counted",
    )
    for table in APPEND_ONLY:
        for event in ("UPDATE", "DELETE"):
            _guard(table, event)


def _guard(table: str, event: str) -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            f"CREATE TRIGGER {table}_no_{event.lower()} BEFORE {event} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        )
    else:
        op.execute(
            f"CREATE TRIGGER {table}_no_{event.lower()} BEFORE {event} ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
        if event == "DELETE":
            op.execute(
                f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} EXECUTE FUNCTION refuse_change()"
            )
