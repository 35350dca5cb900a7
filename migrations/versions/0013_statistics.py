"""What statisticians see: cells of the adequacy page frozen for a release, recipes of weights, planned samples."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

APPEND_ONLY = ("recipe", "recipe_weights", "recipe_adoption", "planned_sample")


def upgrade() -> None:
    _create_adequacy()
    _create_recipes()
    for table in APPEND_ONLY:
        _guard(table, "update", "delete")


def _create_adequacy() -> None:
    op.create_table(
        "adequacy",
        sa.Column("release_code", sa.String(length=80), nullable=False),
        sa.Column("wave_code", sa.String(length=64), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False, comment="JSON: the tally under the release's checkpoint"),
        sa.Column("frozen_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["release_code"], ["release.code"], name=op.f("fk_adequacy_release_code")),
        sa.ForeignKeyConstraint(["wave_code"], ["wave.code"], name=op.f("fk_adequacy_wave_code")),
        sa.PrimaryKeyConstraint("release_code", name=op.f("pk_adequacy")),
    )
    op.create_table(
        "adequacy_cell",
        sa.Column("release_code", sa.String(length=80), nullable=False),
        sa.Column("wave_code", sa.String(length=64), nullable=False),
        sa.Column("level", sa.String(length=16), nullable=False),
        sa.Column("sector_code", sa.String(length=64), nullable=False),
        sa.Column("place", sa.String(length=160), nullable=False),
        sa.Column("area_code", sa.String(length=64), nullable=False),
        sa.Column("period", sa.String(length=8), nullable=False, comment="month in which the wave closes"),
        sa.Column("hidden", sa.Boolean(), nullable=False),
        sa.Column(
            "badness", sa.Integer(), nullable=False, comment="larger is worse: first the verdict, then the warnings"
        ),
        sa.Column("warnings", sa.Integer(), nullable=False),
        sa.Column("verdict", sa.String(length=16), nullable=False),
        sa.Column("n", sa.Integer(), nullable=True),
        sa.Column("n_effective", sa.Double(), nullable=True),
        sa.Column("deff", sa.Double(), nullable=True),
        sa.Column("df", sa.Double(), nullable=True),
        sa.Column("half_width", sa.Double(), nullable=True),
        sa.Column("response_rate", sa.Double(), nullable=True),
        sa.Column("coverage", sa.Double(), nullable=True),
        sa.Column("answers_needed", sa.Integer(), nullable=True),
        sa.Column("checks", sa.Text(), nullable=False, comment="JSON: name, value, limit, warning of each check"),
        sa.ForeignKeyConstraint(
            ["release_code"], ["adequacy.release_code"], name=op.f("fk_adequacy_cell_release_code"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("release_code", "level", "sector_code", "place", name=op.f("pk_adequacy_cell")),
    )
    op.create_index("ix_adequacy_cell_badness", "adequacy_cell", ["badness"], unique=False)
    op.create_index("ix_adequacy_cell_wave_code", "adequacy_cell", ["wave_code"], unique=False)


def _create_recipes() -> None:
    op.create_table(
        "planned_sample",
        sa.Column("wave_code", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("strata", sa.Text(), nullable=False, comment="JSON: invitations by stratum"),
        sa.Column("accepted_by", sa.String(length=64), nullable=False),
        sa.Column("accepted_on", sa.Date(), nullable=False),
        sa.CheckConstraint("number >= 1", name=op.f("ck_planned_sample_number")),
        sa.ForeignKeyConstraint(["wave_code"], ["wave.code"], name=op.f("fk_planned_sample_wave_code")),
        sa.PrimaryKeyConstraint("wave_code", "number", name=op.f("pk_planned_sample")),
    )
    op.create_table(
        "recipe",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False, comment="canonical JSON: steps, margins with source and date"),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("wave_code", sa.String(length=64), nullable=False),
        sa.Column("made_by", sa.String(length=64), nullable=False),
        sa.Column("made_on", sa.Date(), nullable=False),
        sa.CheckConstraint("version >= 1", name=op.f("ck_recipe_version")),
        sa.ForeignKeyConstraint(["wave_code"], ["wave.code"], name=op.f("fk_recipe_wave_code")),
        sa.PrimaryKeyConstraint("name", "version", name=op.f("pk_recipe")),
    )
    op.create_table(
        "recipe_adoption",
        sa.Column("wave_code", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("adopted_by", sa.String(length=64), nullable=False),
        sa.Column("adopted_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(
            ["name", "version"], ["recipe.name", "recipe.version"], name=op.f("fk_recipe_adoption_name_version")
        ),
        sa.ForeignKeyConstraint(["wave_code"], ["wave.code"], name=op.f("fk_recipe_adoption_wave_code")),
        sa.PrimaryKeyConstraint("wave_code", name=op.f("pk_recipe_adoption")),
    )
    op.create_table(
        "recipe_weights",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("release_code", sa.String(length=80), nullable=False),
        sa.Column(
            "body", sa.Text(), nullable=False, comment="canonical JSON: factor of each step and weight, by stratum"
        ),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["name", "version"], ["recipe.name", "recipe.version"], name=op.f("fk_recipe_weights_name_version")
        ),
        sa.ForeignKeyConstraint(["release_code"], ["release.code"], name=op.f("fk_recipe_weights_release_code")),
        sa.PrimaryKeyConstraint("name", "version", "release_code", name=op.f("pk_recipe_weights")),
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
