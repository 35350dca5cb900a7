"""The fraud screen: arrivals and devices as counts apart from answers, frozen screenings, call-backs."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

APPEND_ONLY = ("screening", "callback_draw", "callback_place", "callback_result")
COUNTED_THEN_FOLDED = ("arrival", "arrival_device")


def upgrade() -> None:
    _create_arrivals()
    _create_screenings()
    for table in APPEND_ONLY:
        _guard(table, "update", "delete")
    for table in COUNTED_THEN_FOLDED:
        _guard(table, "update")
        if op.get_bind().dialect.name == "sqlite":
            op.execute(f"CREATE TRIGGER {table}_leaves BEFORE DELETE ON {table} BEGIN SELECT 1; END")


def _create_arrivals() -> None:
    op.create_table(
        "arrival",
        sa.Column(
            "id", sa.LargeBinary(length=16), nullable=False, comment="random: its order tells nothing about arrival"
        ),
        sa.Column("wave_code", sa.String(length=64), nullable=False),
        sa.Column("agency_code", sa.String(length=64), nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("period", sa.String(length=8), nullable=False),
        sa.Column("day", sa.Date(), nullable=False, comment="only until the period is folded"),
        sa.Column("part", sa.String(length=8), nullable=False, comment="morning, afternoon or late: no hour"),
        sa.Column("overdue", sa.Boolean(), nullable=False, comment="the invitation was drawn long before"),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.CheckConstraint("n >= 1", name=op.f("ck_arrival_n")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_arrival")),
        comment="answers that came, counted; nothing joins them to an answer or a token",
        sqlite_with_rowid=False,
    )
    op.create_index("ix_arrival_wave_code_period", "arrival", ["wave_code", "period"], unique=False)
    op.create_table(
        "arrival_device",
        sa.Column("id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("wave_code", sa.String(length=64), nullable=False),
        sa.Column("agency_code", sa.String(length=64), nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("period", sa.String(length=8), nullable=False),
        sa.Column(
            "mark",
            sa.LargeBinary(length=2),
            nullable=False,
            comment="keyed hash of coarse traits; its key lived one day",
        ),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.CheckConstraint("n >= 1", name=op.f("ck_arrival_device_n")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_arrival_device")),
        comment="answers by device and day, counted; nothing joins them to an answer or a token",
        sqlite_with_rowid=False,
    )
    op.create_index("ix_arrival_device_wave_code_period", "arrival_device", ["wave_code", "period"], unique=False)
    op.create_table(
        "arrival_pattern",
        sa.Column("wave_code", sa.String(length=64), nullable=False),
        sa.Column("agency_code", sa.String(length=64), nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("period", sa.String(length=8), nullable=False),
        sa.Column("arrivals", sa.Integer(), nullable=False),
        sa.Column("crowded", sa.BigInteger(), nullable=False, comment="pairs that came in one half-day"),
        sa.Column(
            "half_days", sa.Integer(), nullable=False, comment="half-days of the period on which anybody answered"
        ),
        sa.Column("late", sa.Integer(), nullable=False, comment="outside office hours"),
        sa.Column("closing", sa.Integer(), nullable=False, comment="on the period's last days"),
        sa.Column("overdue", sa.Integer(), nullable=False),
        sa.Column("device_pairs", sa.BigInteger(), nullable=False, comment="pairs of one day"),
        sa.Column("same_device", sa.BigInteger(), nullable=False, comment="of these, pairs of one device"),
        sa.CheckConstraint("arrivals >= 10", name=op.f("ck_arrival_pattern_arrivals")),
        sa.PrimaryKeyConstraint("wave_code", "agency_code", "channel", "period", name=op.f("pk_arrival_pattern")),
        comment="what is left of arrivals when their period is over: no day, no device",
    )


def _create_screenings() -> None:
    op.create_table(
        "callback_draw",
        sa.Column("code", sa.String(length=80), nullable=False),
        sa.Column("wave_code", sa.String(length=64), nullable=False),
        sa.Column("agency_code", sa.String(length=64), nullable=True),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column(
            "exclusion_level", sa.Double(), nullable=False, comment="share of fabrication that a clean sample excludes"
        ),
        sa.Column("confidence", sa.Double(), nullable=False),
        sa.Column("seed", sa.String(length=64), nullable=False),
        sa.Column("drawn_on", sa.Date(), nullable=False),
        sa.Column("drawn_by", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["agency_code"], ["agency.code"], name=op.f("fk_callback_draw_agency_code")),
        sa.ForeignKeyConstraint(["wave_code"], ["wave.code"], name=op.f("fk_callback_draw_wave_code")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_callback_draw")),
        sa.UniqueConstraint("wave_code", "number", name=op.f("uq_callback_draw_wave_code_number")),
    )
    op.create_table(
        "screening",
        sa.Column("wave_code", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("leaves", sa.BigInteger(), nullable=False, comment="size of the ledger that was read"),
        sa.Column("made_on", sa.Date(), nullable=False),
        sa.Column("made_by", sa.String(length=64), nullable=False),
        sa.Column(
            "body", sa.Text(), nullable=False, comment="canonical JSON: counts by agency, effects, the ranked list"
        ),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.ForeignKeyConstraint(["wave_code"], ["wave.code"], name=op.f("fk_screening_wave_code")),
        sa.PrimaryKeyConstraint("wave_code", "number", name=op.f("pk_screening")),
    )
    op.create_table(
        "callback_place",
        sa.Column("draw_code", sa.String(length=80), nullable=False),
        sa.Column("stratum_code", sa.String(length=64), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["draw_code"], ["callback_draw.code"], name=op.f("fk_callback_place_draw_code")),
        sa.PrimaryKeyConstraint("draw_code", "stratum_code", "position", name=op.f("pk_callback_place")),
    )
    op.create_table(
        "callback_result",
        sa.Column("draw_code", sa.String(length=80), nullable=False),
        sa.Column("stratum_code", sa.String(length=64), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("recorded_on", sa.Date(), nullable=False),
        sa.Column("recorded_by", sa.String(length=64), nullable=False),
        sa.CheckConstraint(
            "outcome IN ('confirmed', 'denied', 'different', 'unreached', 'refused')",
            name=op.f("ck_callback_result_outcome"),
        ),
        sa.ForeignKeyConstraint(["draw_code"], ["callback_draw.code"], name=op.f("fk_callback_result_draw_code")),
        sa.PrimaryKeyConstraint("draw_code", "stratum_code", "position", name=op.f("pk_callback_result")),
    )


def _guard(table: str, *events: str) -> None:
    for event in events:
        if op.get_bind().dialect.name == "sqlite":
            then = f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        else:
            then = "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        op.execute(f"CREATE TRIGGER {table}_no_{event} BEFORE {event.upper()} ON {table} {then}")
    if "delete" in events and op.get_bind().dialect.name != "sqlite":
        op.execute(f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} EXECUTE FUNCTION refuse_change()")
