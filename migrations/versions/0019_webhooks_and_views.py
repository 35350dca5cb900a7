"""Webhooks on their way, page views by day, and which sectors and areas a wave is about."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    op.create_table(
        "webhook_progress",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False, comment="the audit trail's next entry to look at"),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_webhook_progress")),
    )
    op.create_table(
        "webhook_delivery",
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("event", sa.String(length=64), nullable=False),
        sa.Column("body", sa.Text(), nullable=False, comment="what is sent, byte for byte, at every attempt"),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("told", sa.String(length=200), nullable=False, comment="what came of the last attempt"),
        sa.CheckConstraint(
            "state IN ('waiting', 'delivered', 'given_up')", name=op.f("ck_webhook_delivery_state")
        ),
        sa.CheckConstraint("attempts >= 0", name=op.f("ck_webhook_delivery_attempts")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_webhook_delivery")),
    )
    op.create_index("ix_webhook_delivery_state_due_at", "webhook_delivery", ["state", "due_at"])
    op.create_table(
        "page_view",
        sa.Column("id", sa.LargeBinary(length=16), nullable=False, comment="random: its order tells nothing"),
        sa.Column("wave_code", sa.String(length=64), nullable=False),
        sa.Column("stratum_code", sa.String(length=64), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.CheckConstraint("n >= 1", name=op.f("ck_page_view_n")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_page_view")),
        comment="how often a form was opened, counted; nothing joins a view to a token",
        sqlite_with_rowid=False,
    )
    op.create_index("ix_page_view_wave_code", "page_view", ["wave_code"])
    op.create_table(
        "draw_order",
        sa.Column("wave_code", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=True),
        sa.Column("strata", sa.Text(), nullable=True, comment="JSON: invitations by stratum, where a plan says so"),
        sa.Column("rate", sa.Double(), nullable=True, comment="of a continuous sample: the chance of each, nightly"),
        sa.Column("seed", sa.String(length=64), nullable=False),
        sa.Column("ordered_by", sa.String(length=64), nullable=False),
        sa.Column("ordered_on", sa.Date(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("told", sa.String(length=200), nullable=False),
        sa.CheckConstraint("(count IS NULL) <> (rate IS NULL)", name=op.f("ck_draw_order_what")),
        sa.CheckConstraint("number >= 1", name=op.f("ck_draw_order_number")),
        sa.CheckConstraint("state IN ('waiting', 'done', 'refused')", name=op.f("ck_draw_order_state")),
        sa.ForeignKeyConstraint(["wave_code"], ["wave.code"], name=op.f("fk_draw_order_wave_code")),
        sa.PrimaryKeyConstraint("wave_code", "number", name=op.f("pk_draw_order")),
        comment="draws that an operator ordered on a page; the work process carries them out",
    )
    op.add_column(
        "wave", sa.Column("sectors", sa.Text(), nullable=True, comment="separated by commas; NULL means every one")
    )
    op.add_column(
        "wave",
        sa.Column(
            "areas",
            sa.Text(),
            nullable=True,
            comment="areas and area groups, separated by commas; NULL means every one",
        ),
    )
    _guard("page_view", "UPDATE", "DELETE")
    _guard("draw_order", "DELETE")


def _guard(table: str, *events: str) -> None:
    for event in events:
        name = f"{table}_no_{event.lower()}"
        if op.get_bind().dialect.name == "sqlite":
            then = f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        else:
            then = "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        op.execute(f"CREATE TRIGGER {name} BEFORE {event} ON {table} {then}")
    if op.get_bind().dialect.name != "sqlite":
        op.execute(f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} EXECUTE FUNCTION refuse_change()")
