"""Privacy: tokens spent since the last seal stand apart, comments are released in batches."""

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    pass
