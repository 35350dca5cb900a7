"""Applicants who are counted already, and contacts that an operator hands in on a page."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    op.create_table(
        "frame_applicant",
        sa.Column("wave_code", sa.String(length=64), nullable=False),
        sa.Column("applicant_hash", sa.LargeBinary(length=32), nullable=False),
        sa.ForeignKeyConstraint(["wave_code"], ["wave.code"], name=op.f("fk_frame_applicant_wave_code")),
        sa.PrimaryKeyConstraint("wave_code", "applicant_hash", name=op.f("pk_frame_applicant")),
        comment="who is counted already, where a rule counts applicants; destroyed when the wave is over",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "contact_file",
        sa.Column("id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("wave_code", sa.String(length=64), nullable=False),
        sa.Column(
            "sealed",
            sa.LargeBinary(),
            nullable=False,
            comment="the file, encrypted; only the work process opens it",
        ),
        sa.Column("loaded_by", sa.String(length=64), nullable=False),
        sa.Column("loaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["wave_code"], ["wave.code"], name=op.f("fk_contact_file_wave_code")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact_file")),
        comment="contacts that an operator handed in on a page; deleted as soon as they were read",
        sqlite_with_rowid=False,
    )
    if op.get_bind().dialect.name == "sqlite":  # whoever may not delete cannot replace either
        op.execute("CREATE TRIGGER contact_file_leaves BEFORE DELETE ON contact_file BEGIN SELECT 1; END")
