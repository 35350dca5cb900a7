"""What is spent and who opted out leave by a trigger too: whoever may not delete cannot replace either."""

from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for table in ("spent", "opt_out"):
            op.execute(f"CREATE TRIGGER {table}_leaves BEFORE DELETE ON {table} BEGIN SELECT 1; END")
