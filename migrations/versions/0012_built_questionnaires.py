"""Questionnaires that are built here, their signatures; shares and shapes of areas."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    pass
