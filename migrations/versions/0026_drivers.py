"""What moves with overall satisfaction in a sector: computed once with a release, from the persons under its checkpoint."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    op.create_table(
        "driver",
        sa.Column("release_code", sa.String(length=80), nullable=False),
        sa.Column("sector_code", sa.String(length=64), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False, comment="people who answered every part; 0 where nothing is told"),
        sa.Column("told", sa.Text(), nullable=False, comment="JSON: explained, parts, facts"),
        sa.ForeignKeyConstraint(["release_code"], ["release.code"], name=op.f("fk_driver_release_code")),
        sa.ForeignKeyConstraint(["sector_code"], ["sector.code"], name=op.f("fk_driver_sector_code")),
        sa.PrimaryKeyConstraint("release_code", "sector_code", name=op.f("pk_driver")),
    )
    if op.get_bind().dialect.name == "sqlite":
        return
    setting = "current_setting('hailong.sectors', true)"
    inside = f"coalesce({setting}, '') = '' OR sector_code = ANY (NULLIF({setting}, '')::text[])"
    op.execute("ALTER TABLE driver ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE driver FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY scope ON driver USING ({inside})")
