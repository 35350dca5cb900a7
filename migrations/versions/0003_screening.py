"""The fraud screen: arrivals and devices as counts apart from answers, frozen screenings, call-backs."""

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    pass
