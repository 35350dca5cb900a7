"""An outcome that only a telephone has: 4.3, the number is not in service."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
OUTCOMES = "outcome IN ('1.1', '1.2', '2.1', '2.2', '2.3', '3.1', '3.2', '4.3', '4.5', '4.6', '4.7')"
CHECK = "ck_household_call_outcome"
KEPT = "wave_code, psu_code, number, attempt, outcome, called_on, interviewer, receipt_hash"


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        _rebuild()
        return
    op.drop_constraint(op.f(CHECK), "household_call", type_="check")
    op.create_check_constraint(op.f(CHECK), "household_call", OUTCOMES)
    op.execute("COMMENT ON COLUMN household_call.outcome IS 'AAPOR, Standard Definitions, 2023'")


def _rebuild() -> None:
    """SQLite changes no constraint of a table that is there."""
    op.create_table(
        "household_call_with_telephone",
        sa.Column("wave_code", sa.String(length=64), nullable=False),
        sa.Column("psu_code", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(length=4), nullable=False),
        sa.Column("called_on", sa.Date(), nullable=False),
        sa.Column("interviewer", sa.String(length=64), nullable=False),
        sa.Column("receipt_hash", sa.LargeBinary(length=32), nullable=True),
        sa.CheckConstraint(OUTCOMES, name=op.f(CHECK)),
        sa.CheckConstraint("attempt >= 1", name=op.f("ck_household_call_attempt")),
        sa.ForeignKeyConstraint(
            ["wave_code", "psu_code", "number"],
            ["household.wave_code", "household.psu_code", "household.number"],
            name=op.f("fk_household_call_wave_code_psu_code_number"),
        ),
        sa.PrimaryKeyConstraint("wave_code", "psu_code", "number", "attempt", name=op.f("pk_household_call")),
    )
    op.execute(f"INSERT INTO household_call_with_telephone ({KEPT}) SELECT {KEPT} FROM household_call")
    op.drop_table("household_call")
    op.rename_table("household_call_with_telephone", "household_call")
    op.create_index("ix_household_call_receipt_hash", "household_call", ["receipt_hash"], unique=True)
    for event in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER household_call_no_{event.lower()} BEFORE {event} ON household_call "
            "BEGIN SELECT RAISE(ABORT, 'household_call is append-only'); END"
        )
