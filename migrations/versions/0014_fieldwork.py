"""Households and whoever asks them: areas, address lists, calls, drawn adults; paper forms and who keyed them."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
APPEND_ONLY = ("household_call", "paper_batch", "paper_place", "paper_settlement")


def upgrade() -> None:
    _create_psu()
    _create_household_list()
    _create_household()
    _create_household_call()
    _create_paper_batch()
    _create_paper_place()
    _create_paper_sheet()
    _create_paper_keying()
    _create_paper_settlement()
    for table in APPEND_ONLY:
        _guard(table, "UPDATE")
    for table in (*APPEND_ONLY, "paper_keying", "paper_sheet"):
        _guard(table, "DELETE")
    _guard(
        "paper_keying",
        "UPDATE",
        "NEW.sheet <> OLD.sheet OR NEW.keyer <> OLD.keyer OR NEW.codes <> OLD.codes OR NEW.text NOT IN ('', OLD.text)",
    )
    _guard(
        "paper_sheet",
        "UPDATE",
        "OLD.state <> 'printed' OR NEW.number <> OLD.number OR NEW.batch_code <> OLD.batch_code",
    )


def _guard(table: str, event: str, when: str = "") -> None:
    condition = f"WHEN ({when}) " if when else ""
    name = f"{table}_no_{event.lower()}"
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            f"CREATE TRIGGER {name} BEFORE {event} ON {table} {condition}"
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        )
        return
    op.execute(
        f"CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW {condition}EXECUTE FUNCTION refuse_change()"
    )
    if event == "DELETE":
        op.execute(f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} EXECUTE FUNCTION refuse_change()")


def _create_psu() -> None:
    op.create_table(
        "psu",
        sa.Column("wave_code", sa.String(length=64), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("stratum_code", sa.String(length=64), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column(
            "households",
            sa.Integer(),
            nullable=False,
            comment="its size in the frame: what the chance is proportional to",
        ),
        sa.Column("probability", sa.Double(), nullable=True, comment="of being drawn; NULL while it is not"),
        sa.Column("seed", sa.String(length=64), nullable=True, comment="of the draw"),
        sa.Column("interviewer", sa.String(length=64), nullable=True, comment="who works here"),
        sa.CheckConstraint("households >= 1", name=op.f("ck_psu_households")),
        sa.CheckConstraint("probability > 0 AND probability <= 1", name=op.f("ck_psu_probability")),
        sa.ForeignKeyConstraint(
            ["wave_code", "stratum_code"],
            ["stratum.wave_code", "stratum.code"],
            name=op.f("fk_psu_wave_code_stratum_code"),
        ),
        sa.PrimaryKeyConstraint("wave_code", "code", name=op.f("pk_psu")),
    )
    op.create_index("ix_psu_wave_code_stratum_code", "psu", ["wave_code", "stratum_code"], unique=False)


def _create_household_list() -> None:
    op.create_table(
        "household_list",
        sa.Column("wave_code", sa.String(length=64), nullable=False),
        sa.Column("psu_code", sa.String(length=64), nullable=False),
        sa.Column("listed_by", sa.String(length=64), nullable=False),
        sa.Column("listed_on", sa.Date(), nullable=False),
        sa.Column("households", sa.Integer(), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("drawn_by", sa.String(length=64), nullable=True, comment="somebody else than who listed"),
        sa.Column("drawn_on", sa.Date(), nullable=True),
        sa.Column("seed", sa.String(length=64), nullable=True),
        sa.Column("probability", sa.Double(), nullable=True, comment="of a household, given its village"),
        sa.CheckConstraint("drawn_by IS NULL OR drawn_by <> listed_by", name=op.f("ck_household_list_two_people")),
        sa.CheckConstraint("drawn_on IS NULL OR drawn_on >= listed_on", name=op.f("ck_household_list_listed_first")),
        sa.CheckConstraint("households >= 1", name=op.f("ck_household_list_households")),
        sa.ForeignKeyConstraint(
            ["wave_code", "psu_code"], ["psu.wave_code", "psu.code"], name=op.f("fk_household_list_wave_code_psu_code")
        ),
        sa.PrimaryKeyConstraint("wave_code", "psu_code", name=op.f("pk_household_list")),
    )


def _create_household() -> None:
    op.create_table(
        "household",
        sa.Column("wave_code", sa.String(length=64), nullable=False),
        sa.Column("psu_code", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False, comment="its line on the list"),
        sa.Column("address", sa.Text(), nullable=False, comment="where to knock; emptied after the wave"),
        sa.Column("drawn", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("stratum_code", sa.String(length=64), nullable=True),
        sa.Column("position", sa.BigInteger(), nullable=True, comment="its place in the sample"),
        sa.Column("adults", sa.Integer(), nullable=True, comment="on its roster; emptied after the wave"),
        sa.Column("drawn_adult", sa.Integer(), nullable=True, comment="1 is the oldest; emptied after the wave"),
        sa.CheckConstraint("adults >= 1 AND drawn_adult BETWEEN 1 AND adults", name=op.f("ck_household_roster")),
        sa.ForeignKeyConstraint(
            ["wave_code", "psu_code"],
            ["household_list.wave_code", "household_list.psu_code"],
            name=op.f("fk_household_wave_code_psu_code"),
        ),
        sa.PrimaryKeyConstraint("wave_code", "psu_code", "number", name=op.f("pk_household")),
        sa.UniqueConstraint(
            "wave_code", "stratum_code", "position", name=op.f("uq_household_wave_code_stratum_code_position")
        ),
    )


def _create_household_call() -> None:
    op.create_table(
        "household_call",
        sa.Column("wave_code", sa.String(length=64), nullable=False),
        sa.Column("psu_code", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column(
            "outcome",
            sa.String(length=4),
            nullable=False,
            comment="AAPOR, Standard Definitions, 2023, in-person surveys",
        ),
        sa.Column("called_on", sa.Date(), nullable=False),
        sa.Column("interviewer", sa.String(length=64), nullable=False),
        sa.CheckConstraint(
            "outcome IN ('1.1', '1.2', '2.1', '2.2', '2.3', '3.1', '3.2', '4.5', '4.6', '4.7')",
            name=op.f("ck_household_call_outcome"),
        ),
        sa.CheckConstraint("attempt >= 1", name=op.f("ck_household_call_attempt")),
        sa.ForeignKeyConstraint(
            ["wave_code", "psu_code", "number"],
            ["household.wave_code", "household.psu_code", "household.number"],
            name=op.f("fk_household_call_wave_code_psu_code_number"),
        ),
        sa.PrimaryKeyConstraint("wave_code", "psu_code", "number", "attempt", name=op.f("pk_household_call")),
    )


def _create_paper_batch() -> None:
    op.create_table(
        "paper_batch",
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("wave_code", sa.String(length=64), nullable=False),
        sa.Column("stratum_code", sa.String(length=64), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("sheets", sa.Integer(), nullable=False),
        sa.Column("printed_on", sa.Date(), nullable=False),
        sa.Column("printed_by", sa.String(length=64), nullable=False),
        sa.CheckConstraint("sheets >= 1", name=op.f("ck_paper_batch_sheets")),
        sa.ForeignKeyConstraint(
            ["wave_code", "stratum_code"],
            ["stratum.wave_code", "stratum.code"],
            name=op.f("fk_paper_batch_wave_code_stratum_code"),
        ),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_paper_batch")),
    )
    op.create_index("ix_paper_batch_wave_code_stratum_code", "paper_batch", ["wave_code", "stratum_code"], unique=False)


def _create_paper_place() -> None:
    op.create_table(
        "paper_place",
        sa.Column("wave_code", sa.String(length=64), nullable=False),
        sa.Column("stratum_code", sa.String(length=64), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("batch_code", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["batch_code"], ["paper_batch.code"], name=op.f("fk_paper_place_batch_code")),
        sa.ForeignKeyConstraint(
            ["wave_code", "stratum_code", "position"],
            ["invitation.wave_code", "invitation.stratum_code", "invitation.position"],
            name=op.f("fk_paper_place_wave_code_stratum_code_position"),
        ),
        sa.PrimaryKeyConstraint("wave_code", "stratum_code", "position", name=op.f("pk_paper_place")),
        comment="a drawn place that one of the sheets of a batch may spend; nobody knows which",
    )
    op.create_index(op.f("ix_paper_place_batch_code"), "paper_place", ["batch_code"], unique=False)


def _create_paper_sheet() -> None:
    op.create_table(
        "paper_sheet",
        sa.Column(
            "number", sa.String(length=16), nullable=False, comment="random, with a check letter; names no place"
        ),
        sa.Column("batch_code", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), server_default="printed", nullable=False),
        sa.CheckConstraint("state IN ('printed', 'stored', 'refused')", name=op.f("ck_paper_sheet_state")),
        sa.ForeignKeyConstraint(["batch_code"], ["paper_batch.code"], name=op.f("fk_paper_sheet_batch_code")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_paper_sheet")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_paper_sheet_batch_code"), "paper_sheet", ["batch_code"], unique=False)


def _create_paper_keying() -> None:
    op.create_table(
        "paper_keying",
        sa.Column("sheet", sa.String(length=16), nullable=False),
        sa.Column("keyer", sa.String(length=64), nullable=False),
        sa.Column(
            "codes", sa.Text(), nullable=False, comment="canonical JSON: choice by item, as keyed; never changes"
        ),
        sa.Column(
            "text", sa.Text(), nullable=False, comment="canonical JSON of comments; emptied once the sheet is stored"
        ),
        sa.ForeignKeyConstraint(["sheet"], ["paper_sheet.number"], name=op.f("fk_paper_keying_sheet")),
        sa.PrimaryKeyConstraint("sheet", "keyer", name=op.f("pk_paper_keying")),
        sqlite_with_rowid=False,
    )


def _create_paper_settlement() -> None:
    op.create_table(
        "paper_settlement",
        sa.Column("sheet", sa.String(length=16), nullable=False),
        sa.Column("settled_by", sa.String(length=64), nullable=False, comment="empty where both keyings were alike"),
        sa.Column("differences", sa.Integer(), nullable=False, comment="items that were keyed differently"),
        sa.CheckConstraint("differences >= 0", name=op.f("ck_paper_settlement_differences")),
        sa.ForeignKeyConstraint(["sheet"], ["paper_sheet.number"], name=op.f("fk_paper_settlement_sheet")),
        sa.PrimaryKeyConstraint("sheet", name=op.f("pk_paper_settlement")),
        sqlite_with_rowid=False,
    )
