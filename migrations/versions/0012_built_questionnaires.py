"""Questionnaires that are built here, their signatures; shares and shapes of areas."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

GUARDED = ("questionnaire_origin", "questionnaire_signature")


def upgrade() -> None:
    op.create_table(
        "questionnaire_draft",
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("body", sa.Text(), nullable=False, comment="JSON of the next version, as it stands"),
        sa.Column("revision", sa.Integer(), nullable=False, comment="rises with each change"),
        sa.Column("authors", sa.Text(), nullable=False, comment="JSON: everybody who changed it since the last version"),
        sa.Column("based_on", sa.String(length=80), nullable=True),
        sa.Column("bridge", sa.Text(), nullable=False, comment="why figures before and after may be compared, or not"),
        sa.Column("changed_on", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_questionnaire_draft")),
    )
    op.create_table(
        "questionnaire_origin",
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False, comment="canonical JSON: the version with its sources"),
        sa.Column("authors", sa.Text(), nullable=False, comment="JSON"),
        sa.Column("published_by", sa.String(length=64), nullable=False),
        sa.Column("based_on", sa.String(length=80), nullable=True),
        sa.Column("bridge", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["code", "version"],
            ["questionnaire.code", "questionnaire.version"],
            name=op.f("fk_questionnaire_origin_code_version"),
        ),
        sa.PrimaryKeyConstraint("code", "version", name=op.f("pk_questionnaire_origin")),
        comment="who built a version that the package does not bring",
    )
    op.create_table(
        "questionnaire_signature",
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("reviewer", sa.Text(), nullable=False, comment="name and office of who stands behind the wording"),
        sa.Column("recorded_by", sa.String(length=64), nullable=False),
        sa.Column("signed_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(
            ["code", "version"],
            ["questionnaire.code", "questionnaire.version"],
            name=op.f("fk_questionnaire_signature_code_version"),
        ),
        sa.PrimaryKeyConstraint("code", "version", "language", name=op.f("pk_questionnaire_signature")),
    )
    op.create_table(
        "area_shape",
        sa.Column("area_code", sa.String(length=64), nullable=False),
        sa.Column("geometry", sa.Text(), nullable=False, comment="GeoJSON Polygon or MultiPolygon, WGS 84, simplified"),
        sa.Column("source", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["area_code"], ["area.code"], name=op.f("fk_area_shape_area_code")),
        sa.PrimaryKeyConstraint("area_code", name=op.f("pk_area_shape")),
    )
    op.execute(
        "ALTER TABLE area_predecessor ADD COLUMN share NUMERIC(9, 6) "
        "CONSTRAINT ck_area_predecessor_share CHECK (share IS NULL OR (share > 0 AND share <= 1))"
    )
    sqlite = op.get_bind().dialect.name == "sqlite"
    if not sqlite:
        op.execute(
            "COMMENT ON COLUMN area_predecessor.share IS "
            "'part of the predecessor that went here; null: not known, a break'"
        )
    for table in GUARDED:
        for event in ("UPDATE", "DELETE"):
            _guard(table, event, sqlite)
        if not sqlite:
            op.execute(
                f'CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON "{table}" EXECUTE FUNCTION refuse_change()'
            )


def _guard(table: str, event: str, sqlite: bool) -> None:
    head = f'CREATE TRIGGER {table}_no_{event.lower()} BEFORE {event} ON "{table}" '
    if sqlite:
        op.execute(f"{head}BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END")
    else:
        op.execute(f"{head}FOR EACH ROW EXECUTE FUNCTION refuse_change()")
