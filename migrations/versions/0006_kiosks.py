"""Kiosks: paired devices, what became of answers that came too late, and a grace period for what they hold."""

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    pass
