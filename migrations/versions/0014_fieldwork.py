"""Households and whoever asks them: areas, address lists, calls, drawn adults; paper forms and who keyed them."""

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    pass
