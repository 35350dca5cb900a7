"""Devices at doors and on the phone: what they hear once, what they may get rid of; addresses that are destroyed."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    op.add_column(
        "device",
        sa.Column(
            "clear_unreadable",
            sa.Boolean(),
            server_default=sa.false(),
            nullable=False,
            comment="an operator asked that it get rid of what cannot be read",
        ),
    )
    op.add_column(
        "household_call",
        sa.Column(
            "receipt_hash",
            sa.LargeBinary(length=32),
            nullable=True,
            comment="by which a device's call is known when it comes again",
        ),
    )
    op.create_index("ix_household_call_receipt_hash", "household_call", ["receipt_hash"], unique=True)
    if op.get_bind().dialect.name != "sqlite":
        _add_rewriting()


def _add_rewriting() -> None:
    op.execute(
        "CREATE FUNCTION rewrite_household() RETURNS void LANGUAGE plpgsql SECURITY DEFINER "
        "SET search_path FROM CURRENT AS "
        "$$ BEGIN EXECUTE 'CLUSTER household USING pk_household'; END $$"
    )
