"""Contacts on their way, caps and refusals, and what became of each place that was drawn."""

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    pass
