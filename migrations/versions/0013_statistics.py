"""What statisticians see: cells of the adequacy page frozen for a release, recipes of weights, planned samples."""

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    pass
