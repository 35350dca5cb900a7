"""Privacy: tokens spent since the last seal stand apart, comments are released in batches, retention is enforced."""

revision = ""
down_revision = "0003"


def upgrade() -> None:
    pass
