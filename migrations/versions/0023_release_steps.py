"""What people did with a release, what an agency says beside its figure, and when releases are planned."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    op.create_table(
        "release_step",
        sa.Column("release_code", sa.String(length=80), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("step", sa.String(length=16), nullable=False),
        sa.Column("by_name", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("note", sa.Text(), nullable=False, comment="what was checked; of a correction, what changed and why"),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True, comment="of a signature: when it is published"),
        sa.CheckConstraint(
            "step IN ('seen', 'reviewed', 'signed', 'recalled')", name=op.f("ck_release_step_step")
        ),
        sa.CheckConstraint("number >= 1", name=op.f("ck_release_step_number")),
        sa.ForeignKeyConstraint(["release_code"], ["release.code"], name=op.f("fk_release_step_release_code")),
        sa.PrimaryKeyConstraint("release_code", "number", name=op.f("pk_release_step")),
    )
    op.create_table(
        "agency_statement",
        sa.Column("release_code", sa.String(length=80), nullable=False),
        sa.Column("agency_code", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False, comment="version; the highest stands"),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("signed_by", sa.String(length=64), nullable=False),
        sa.Column("signed_on", sa.Date(), nullable=False),
        sa.CheckConstraint("number >= 1", name=op.f("ck_agency_statement_number")),
        sa.ForeignKeyConstraint(["release_code"], ["release.code"], name=op.f("fk_agency_statement_release_code")),
        sa.ForeignKeyConstraint(["agency_code"], ["agency.code"], name=op.f("fk_agency_statement_agency_code")),
        sa.PrimaryKeyConstraint("release_code", "agency_code", "number", name=op.f("pk_agency_statement")),
    )
    op.create_table(
        "release_plan",
        sa.Column("wave_code", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False, comment="version; the highest stands, the others stay told"),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False, comment="of a day that was moved: why"),
        sa.Column("set_by", sa.String(length=64), nullable=False),
        sa.Column("set_on", sa.Date(), nullable=False),
        sa.CheckConstraint("number >= 1", name=op.f("ck_release_plan_number")),
        sa.ForeignKeyConstraint(["wave_code"], ["wave.code"], name=op.f("fk_release_plan_wave_code")),
        sa.PrimaryKeyConstraint("wave_code", "number", name=op.f("pk_release_plan")),
    )
    for table in ("release_step", "agency_statement", "release_plan"):
        _guard(table, "update", "delete")
    _hold_to_scope("agency_statement", "agency_code")


def _hold_to_scope(table: str, column: str) -> None:
    """As 0022 does: an official of one part neither reads nor writes what agencies elsewhere say."""
    if op.get_bind().dialect.name == "sqlite":
        return
    setting = "current_setting('hailong.agencies', true)"
    inside = f"coalesce({setting}, '') = '' OR {column} = ANY (NULLIF({setting}, '')::text[])"
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY scope ON {table} USING ({inside})")


def _guard(table: str, *events: str) -> None:
    for event in events:
        if op.get_bind().dialect.name == "sqlite":
            then = f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        else:
            then = "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        op.execute(f"CREATE TRIGGER {table}_no_{event} BEFORE {event.upper()} ON {table} {then}")
    if op.get_bind().dialect.name != "sqlite":
        op.execute(f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} EXECUTE FUNCTION refuse_change()")
