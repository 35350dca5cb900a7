"""Reports for the administration: their text, version by version, and the documents that were asked for."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    op.create_table(
        "report_text",
        sa.Column("release_code", sa.String(length=80), nullable=False),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False, comment="version; the highest stands"),
        sa.Column(
            "lines", sa.Text(), nullable=False, comment="JSON: the lines; empty takes back to what the figures say"
        ),
        sa.Column("written_by", sa.String(length=64), nullable=False),
        sa.Column("written_on", sa.Date(), nullable=False),
        sa.CheckConstraint("number >= 1", name=op.f("ck_report_text_number")),
        sa.ForeignKeyConstraint(["release_code"], ["release.code"], name=op.f("fk_report_text_release_code")),
        sa.PrimaryKeyConstraint("release_code", "language", "number", name=op.f("pk_report_text")),
    )
    op.create_table(
        "report_job",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("release_code", sa.String(length=80), nullable=False),
        sa.Column(
            "asked", sa.Text(), nullable=False, comment="JSON: language, period, year, formats, and the asker's scope"
        ),
        sa.Column("state", sa.String(length=8), nullable=False, comment="waiting, done, failed"),
        sa.Column("asked_by", sa.String(length=64), nullable=False),
        sa.Column("asked_on", sa.Date(), nullable=False),
        sa.CheckConstraint("state IN ('waiting', 'done', 'failed')", name=op.f("ck_report_job_state")),
        sa.ForeignKeyConstraint(["release_code"], ["release.code"], name=op.f("fk_report_job_release_code")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_job")),
    )
    op.create_table(
        "report_file",
        sa.Column("job_id", sa.Integer(), nullable=False),
        sa.Column("format", sa.String(length=4), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["report_job.id"], name=op.f("fk_report_file_job_id")),
        sa.PrimaryKeyConstraint("job_id", "format", name=op.f("pk_report_file")),
    )
    _guard("report_text", "update", "delete")
    if op.get_bind().dialect.name == "sqlite":  # whoever may not delete cannot replace either
        op.execute("CREATE TRIGGER report_job_leaves BEFORE DELETE ON report_job BEGIN SELECT 1; END")


def _guard(table: str, *events: str) -> None:
    for event in events:
        if op.get_bind().dialect.name == "sqlite":
            then = f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        else:
            then = "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        op.execute(f"CREATE TRIGGER {table}_no_{event} BEFORE {event.upper()} ON {table} {then}")
    if "delete" in events and op.get_bind().dialect.name != "sqlite":
        op.execute(f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} EXECUTE FUNCTION refuse_change()")
