"""Kiosks: paired devices, what became of answers that came too late, and a grace period for what they hold.

A wave may have another beside it for open voice: what people say without an invitation. It is a wave of its own, and
self-selected, so that no figure of the first can hold it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.execute(
        "ALTER TABLE wave ADD COLUMN grace_days INTEGER DEFAULT 7 NOT NULL "
        "CONSTRAINT ck_wave_grace_days CHECK (grace_days >= 0)"
    )
    op.execute(
        "ALTER TABLE wave ADD COLUMN voice_of VARCHAR(64) CONSTRAINT fk_wave_voice_of REFERENCES wave (code)"
    )
    if op.get_bind().dialect.name != "sqlite":
        op.execute(
            "COMMENT ON COLUMN wave.grace_days IS 'how long after its last day what devices still hold is taken'"
        )
        op.execute("COMMENT ON COLUMN wave.voice_of IS 'the wave beside which these unasked answers are heard'")
    op.create_index("ix_wave_voice_of", "wave", ["voice_of"], unique=True)
    _create_device()
    _create_refused_replay()
    _guard("refused_replay")


def _create_device() -> None:
    op.create_table(
        "device",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False, comment="the channel of what is answered on it"),
        sa.Column("agency_code", sa.String(length=64), nullable=False),
        sa.Column("wave_code", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column(
            "pairing_hash", sa.LargeBinary(length=32), nullable=True, comment="keyed hash of the one-time pairing code"
        ),
        sa.Column("pairing_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "public_key",
            sa.LargeBinary(length=65),
            nullable=True,
            comment="P-256 point; the private half never leaves the device",
        ),
        sa.Column("key_since", sa.Date(), nullable=True),
        sa.Column("renew_key", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column(
            "contact_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="the hour of the last contact, no finer",
        ),
        sa.Column(
            "waiting",
            sa.Integer(),
            server_default=sa.text("0"),
            nullable=False,
            comment="answers on it that are not sent",
        ),
        sa.Column("waiting_since", sa.Date(), nullable=True, comment="the day of the oldest of them"),
        sa.Column(
            "unreadable",
            sa.Integer(),
            server_default=sa.text("0"),
            nullable=False,
            comment="answers that it cannot get rid of",
        ),
        sa.Column("skew", sa.String(length=8), server_default=sa.text("'none'"), nullable=False),
        sa.Column(
            "stored", sa.BigInteger(), server_default=sa.text("0"), nullable=False, comment="answers taken from it"
        ),
        sa.CheckConstraint("channel IN ('kiosk', 'interviewer', 'phone')", name=op.f("ck_device_channel")),
        sa.CheckConstraint("state IN ('waiting', 'paired', 'unpaired')", name=op.f("ck_device_state")),
        sa.CheckConstraint("skew IN ('none', 'fast', 'slow')", name=op.f("ck_device_skew")),
        sa.CheckConstraint("state <> 'paired' OR public_key IS NOT NULL", name=op.f("ck_device_paired")),
        sa.ForeignKeyConstraint(["agency_code"], ["agency.code"], name=op.f("fk_device_agency_code")),
        sa.ForeignKeyConstraint(["wave_code"], ["wave.code"], name=op.f("fk_device_wave_code")),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_device")),
        sa.UniqueConstraint("pairing_hash", name=op.f("uq_device_pairing_hash")),
    )


def _create_refused_replay() -> None:
    op.create_table(
        "refused_replay",
        sa.Column("receipt_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("device_name", sa.String(length=64), nullable=False),
        sa.Column("wave_code", sa.String(length=64), nullable=False),
        sa.Column("stratum_code", sa.String(length=64), nullable=True),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.CheckConstraint(
            "outcome IN ('spent', 'unknown_code', 'other_wave', 'closed', 'malformed')",
            name=op.f("ck_refused_replay_outcome"),
        ),
        sa.ForeignKeyConstraint(["device_name"], ["device.name"], name=op.f("fk_refused_replay_device_name")),
        sa.ForeignKeyConstraint(["wave_code"], ["wave.code"], name=op.f("fk_refused_replay_wave_code")),
        sa.ForeignKeyConstraint(
            ["wave_code", "stratum_code"],
            ["stratum.wave_code", "stratum.code"],
            name=op.f("fk_refused_replay_wave_code_stratum_code"),
        ),
        sa.PrimaryKeyConstraint("receipt_hash", name=op.f("pk_refused_replay")),
        comment="an answer from a device that is not counted; names no token",
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_refused_replay_device_name_wave_code", "refused_replay", ["device_name", "wave_code"], unique=False
    )
    op.create_index(
        "ix_refused_replay_wave_code_stratum_code", "refused_replay", ["wave_code", "stratum_code"], unique=False
    )


def _guard(table: str) -> None:
    if op.get_bind().dialect.name == "sqlite":
        for event in ("update", "delete"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{event} BEFORE {event.upper()} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )
        return
    for event in ("update", "delete"):
        op.execute(
            f"CREATE TRIGGER {table}_no_{event} BEFORE {event.upper()} ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
    op.execute(f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} EXECUTE FUNCTION refuse_change()")
