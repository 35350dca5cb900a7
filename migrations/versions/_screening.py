"""The fraud screen: arrivals and devices as counts apart from answers, frozen screenings, call-backs."""

revision = ""
down_revision = "0002"


def upgrade() -> None:
    pass
