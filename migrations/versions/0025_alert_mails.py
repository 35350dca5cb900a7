"""Which day's alerts went to whom."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    op.create_table(
        "alert_mail",
        sa.Column("published_on", sa.Date(), nullable=False),
        sa.Column("recipient", sa.String(length=254), nullable=False),
        sa.PrimaryKeyConstraint("published_on", "recipient", name=op.f("pk_alert_mail")),
    )
