"""A row that leaves the inbox does so by a trigger, so that whoever may not delete cannot replace either."""

from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("CREATE TRIGGER inbox_leaves BEFORE DELETE ON inbox BEGIN SELECT 1; END")
