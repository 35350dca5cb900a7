"""Figures that others published, as they printed them, to stand beside ours."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    op.create_table(
        "outside_figure",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("replaces", sa.Integer(), nullable=True, comment="the entry that this one stands for from now on"),
        sa.Column("publisher", sa.String(length=200), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False, comment="of the index or survey: SIPAS, PAPI, ..."),
        sa.Column("definition", sa.Text(), nullable=False),
        sa.Column("sector_code", sa.String(length=64), nullable=True),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("value", sa.String(length=16), nullable=False, comment="as printed, with a point; empty: taken back"),
        sa.Column("scale", sa.String(length=16), nullable=False, comment="the highest value there could be"),
        sa.Column("n", sa.Integer(), nullable=True, comment="people asked, where the publisher says so"),
        sa.Column("rank", sa.Integer(), nullable=True),
        sa.Column("ranked", sa.Integer(), nullable=True, comment="out of how many"),
        sa.Column("method_year", sa.Integer(), nullable=True, comment="figures of other methods do not compare"),
        sa.Column("source", sa.Text(), nullable=False, comment="document or address where it was read"),
        sa.Column("entered_by", sa.String(length=64), nullable=False),
        sa.Column("entered_on", sa.Date(), nullable=False),
        sa.CheckConstraint("(rank IS NULL) = (ranked IS NULL)", name=op.f("ck_outside_figure_rank")),
        sa.ForeignKeyConstraint(["replaces"], ["outside_figure.number"], name=op.f("fk_outside_figure_replaces")),
        sa.ForeignKeyConstraint(["sector_code"], ["sector.code"], name=op.f("fk_outside_figure_sector_code")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_outside_figure")),
    )
    for event in ("update", "delete"):
        if op.get_bind().dialect.name == "sqlite":
            then = "BEGIN SELECT RAISE(ABORT, 'outside_figure is append-only'); END"
        else:
            then = "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        op.execute(f"CREATE TRIGGER outside_figure_no_{event} BEFORE {event.upper()} ON outside_figure {then}")
    if op.get_bind().dialect.name != "sqlite":
        then = "EXECUTE FUNCTION refuse_change()"
        op.execute(f"CREATE TRIGGER outside_figure_no_truncate BEFORE TRUNCATE ON outside_figure {then}")
