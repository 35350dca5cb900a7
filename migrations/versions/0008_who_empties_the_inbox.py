"""A row that leaves the inbox does so by a trigger, so that whoever may not delete cannot replace either."""

from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for table in ("inbox", "withdrawal"):
            op.execute(f"CREATE TRIGGER {table}_leaves BEFORE DELETE ON {table} BEGIN SELECT 1; END")
