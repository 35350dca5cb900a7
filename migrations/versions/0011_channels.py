"""Which channels a wave uses; none named means every one."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.add_column("wave", sa.Column("channels", sa.Text(), nullable=True, comment="separated by commas; NULL means every one"))
