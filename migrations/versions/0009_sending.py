"""Contacts on their way, caps and refusals, and what became of each place that was drawn."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

DISPOSITIONS = ("drawn", "minted", "sent", "delivered", "capped", "opted_out", "undeliverable")


def upgrade() -> None:
    listed = ", ".join(f"'{each}'" for each in DISPOSITIONS)
    op.execute(
        "ALTER TABLE invitation ADD COLUMN disposition VARCHAR(16) DEFAULT 'minted' NOT NULL "
        f"CONSTRAINT ck_invitation_disposition CHECK (disposition IN ({listed}))"
    )
    op.add_column(
        "invitation",
        sa.Column("voided", sa.Integer(), server_default="0", nullable=False, comment="earlier tokens of this place"),
    )
    op.add_column(
        "invitation",
        sa.Column("followed", sa.Boolean(), server_default=sa.false(), nullable=False, comment="of the auditor's subsample"),
    )

    op.create_table(
        "contact",
        sa.Column("wave_code", sa.String(length=64), nullable=False),
        sa.Column("stratum_code", sa.String(length=64), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("contact_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False, comment="channel, address and language, encrypted"),
        sa.Column(
            "loaded_at", sa.DateTime(timezone=True), nullable=False, comment="forgotten 72 hours later at the latest"
        ),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False, comment="when the job looks at it again"),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True, comment="when a gateway took the message"),
        sa.Column(
            "report",
            sa.LargeBinary(),
            nullable=True,
            comment="the gateway's number of the message, encrypted, while it is unconfirmed",
        ),
        sa.Column("reminded", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.CheckConstraint("attempts >= 0", name=op.f("ck_contact_attempts")),
        sa.ForeignKeyConstraint(
            ["wave_code", "stratum_code", "position"],
            ["invitation.wave_code", "invitation.stratum_code", "invitation.position"],
            name=op.f("fk_contact_wave_code_stratum_code_position"),
        ),
        sa.PrimaryKeyConstraint("wave_code", "stratum_code", "position", name=op.f("pk_contact")),
        comment="deleted when the message arrived and the reminder is over",
        sqlite_with_rowid=False,
    )
    op.create_index("ix_contact_next_at", "contact", ["next_at"])
    op.create_index("ix_contact_contact_hash", "contact", ["contact_hash"])

    op.create_table(
        "message",
        sa.Column(
            "id",
            sa.LargeBinary(length=16),
            nullable=False,
            comment="random: no order tells who was written to when",
        ),
        sa.Column("contact_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("sent_on", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message")),
        comment="what the contact cap counts, across waves",
        sqlite_with_rowid=False,
    )
    op.create_index("ix_message_contact_hash", "message", ["contact_hash"])

    op.create_table(
        "opt_out",
        sa.Column("contact_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("stop_hash", sa.LargeBinary(length=32), nullable=True),
        sa.Column("since", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("contact_hash", name=op.f("pk_opt_out")),
        sa.UniqueConstraint("stop_hash", name=op.f("uq_opt_out_stop_hash")),
        comment="who asked for no messages; stop_hash lets one code stop one contact",
        sqlite_with_rowid=False,
    )

    op.create_table(
        "auditor_key",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column(
            "public_key", sa.LargeBinary(length=32), nullable=False, comment="X25519; its private key is never here"
        ),
        sa.Column("added_on", sa.Date(), nullable=False),
        sa.Column("retired_on", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_auditor_key")),
    )

    op.create_table(
        "auditor_contact",
        sa.Column("id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("wave_code", sa.String(length=64), nullable=False),
        sa.Column("key_name", sa.String(length=64), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False, comment="only the auditor can open it"),
        sa.Column("sealed_on", sa.Date(), nullable=False, comment="deleted 45 days later"),
        sa.ForeignKeyConstraint(["key_name"], ["auditor_key.name"], name=op.f("fk_auditor_contact_key_name")),
        sa.ForeignKeyConstraint(["wave_code"], ["wave.code"], name=op.f("fk_auditor_contact_wave_code")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_auditor_contact")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_auditor_contact_wave_code", "auditor_contact", ["wave_code"])

    op.create_table(
        "checkpoint_mail",
        sa.Column("signed_on", sa.Date(), nullable=False),
        sa.Column("recipient", sa.String(length=254), nullable=False),
        sa.Column("checkpoint_number", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["checkpoint_number"], ["checkpoint.number"], name=op.f("fk_checkpoint_mail_checkpoint_number")
        ),
        sa.PrimaryKeyConstraint("signed_on", "recipient", name=op.f("pk_checkpoint_mail")),
    )
