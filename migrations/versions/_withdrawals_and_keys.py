"""Withdrawals before the seal, the trail of signing keys, and what a release rested on."""

revision = ""
down_revision = "0006"


def upgrade() -> None:
    pass
