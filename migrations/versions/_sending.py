"""Contacts on their way, caps and refusals, and what became of each place that was drawn."""

revision = ""
down_revision = "0007"


def upgrade() -> None:
    pass
