"""Transactions that arrive over the API, frame facts, and totals from elsewhere."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    pass
