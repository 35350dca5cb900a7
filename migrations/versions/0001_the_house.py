"""The house: all tables of the conveyor"""

from alembic import op
import sqlalchemy as sa


revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "area",
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("parent_code", sa.String(length=64), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", name=op.f("ck_area_dates")),
        sa.ForeignKeyConstraint(["parent_code"], ["area.code"], name=op.f("fk_area_parent_code")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_area")),
    )
    op.create_index(op.f("ix_area_parent_code"), "area", ["parent_code"], unique=False)

    op.create_table(
        "area_group",
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_area_group")),
    )
    op.create_table(
        "audit",
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("event", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.String(length=160), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False, comment="canonical JSON"),
        sa.Column("previous_digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_audit")),
    )
    op.create_table(
        "checkpoint",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False, comment="leaves under the signed root"),
        sa.Column("root", sa.LargeBinary(length=32), nullable=False),
        sa.Column(
            "frontier",
            sa.LargeBinary(),
            nullable=False,
            comment="the tree's complete subtrees, to append without a scan",
        ),
        sa.Column(
            "accounting", sa.Text(), nullable=False, comment="canonical JSON: invited, answered, sealed, by stratum"
        ),
        sa.Column("exclusions", sa.Text(), nullable=False, comment="canonical JSON"),
        sa.Column("releases", sa.Text(), nullable=False, comment="canonical JSON: digests of what was published"),
        sa.Column(
            "manifest", sa.Text(), nullable=False, comment="canonical JSON: digests of all that this checkpoint binds"
        ),
        sa.Column("note", sa.Text(), nullable=False, comment="C2SP signed note"),
        sa.Column("signed_on", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_checkpoint")),
    )
    op.create_index(op.f("ix_checkpoint_size"), "checkpoint", ["size"], unique=False)

    op.create_table(
        "inbox",
        sa.Column(
            "id", sa.LargeBinary(length=16), nullable=False, comment="random: its order tells nothing about arrival"
        ),
        sa.Column("wave_code", sa.String(length=64), nullable=False),
        sa.Column("stratum_code", sa.String(length=64), nullable=False),
        sa.Column("receipt_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("nonce1", sa.LargeBinary(length=32), nullable=False),
        sa.Column(
            "codes", sa.LargeBinary(), nullable=False, comment="canonical JSON of codes, the very bytes that are hashed"
        ),
        sa.Column("nonce2", sa.LargeBinary(length=32), nullable=False),
        sa.Column("text", sa.LargeBinary(), nullable=False, comment="canonical JSON of comments, hashed apart"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbox")),
        sa.UniqueConstraint("receipt_hash", name=op.f("uq_inbox_receipt_hash")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_inbox_wave_code_stratum_code", "inbox", ["wave_code", "stratum_code"], unique=False)

    op.create_table(
        "job",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("message", sa.Text(), nullable=False),
        sa.CheckConstraint("state IN ('running', 'done', 'failed')", name=op.f("ck_job_state")),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_job")),
    )
    op.create_table(
        "procedure",
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.CheckConstraint("kind IN ('procedure', 'service')", name=op.f("ck_procedure_kind")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_procedure")),
    )
    op.create_table(
        "questionnaire",
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False, comment="canonical JSON; never changes once here"),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("published_on", sa.Date(), nullable=False),
        sa.CheckConstraint("version >= 1", name=op.f("ck_questionnaire_version")),
        sa.PrimaryKeyConstraint("code", "version", name=op.f("pk_questionnaire")),
    )
    op.create_table(
        "sector",
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("parent_code", sa.String(length=64), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["parent_code"], ["sector.code"], name=op.f("fk_sector_parent_code")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_sector")),
    )
    op.create_index(op.f("ix_sector_parent_code"), "sector", ["parent_code"], unique=False)

    op.create_table(
        "series",
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_series")),
    )
    op.create_table(
        "spent",
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("wave_code", sa.String(length=64), nullable=False),
        sa.Column("stratum_code", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_spent")),
        comment="a token that was used; nothing joins it to the answer",
        sqlite_with_rowid=False,
    )
    op.create_index("ix_spent_wave_code_stratum_code", "spent", ["wave_code", "stratum_code"], unique=False)

    op.create_table(
        "agency",
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("ownership", sa.String(length=16), nullable=False),
        sa.Column("area_code", sa.String(length=64), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.CheckConstraint("ownership IN ('public', 'private')", name=op.f("ck_agency_ownership")),
        sa.CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", name=op.f("ck_agency_dates")),
        sa.ForeignKeyConstraint(["area_code"], ["area.code"], name=op.f("fk_agency_area_code")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_agency")),
    )
    op.create_index(op.f("ix_agency_area_code"), "agency", ["area_code"], unique=False)

    op.create_table(
        "area_group_member",
        sa.Column("group_code", sa.String(length=64), nullable=False),
        sa.Column("area_code", sa.String(length=64), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["area_code"], ["area.code"], name=op.f("fk_area_group_member_area_code")),
        sa.ForeignKeyConstraint(["group_code"], ["area_group.code"], name=op.f("fk_area_group_member_group_code")),
        sa.PrimaryKeyConstraint("group_code", "area_code", "valid_from", name=op.f("pk_area_group_member")),
    )
    op.create_table(
        "area_predecessor",
        sa.Column("area_code", sa.String(length=64), nullable=False),
        sa.Column("predecessor_code", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["area_code"], ["area.code"], name=op.f("fk_area_predecessor_area_code")),
        sa.ForeignKeyConstraint(["predecessor_code"], ["area.code"], name=op.f("fk_area_predecessor_predecessor_code")),
        sa.PrimaryKeyConstraint("area_code", "predecessor_code", name=op.f("pk_area_predecessor")),
    )
    op.create_table(
        "procedure_sector",
        sa.Column("procedure_code", sa.String(length=64), nullable=False),
        sa.Column("sector_code", sa.String(length=64), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=False),
        sa.Column("decided_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(
            ["procedure_code"], ["procedure.code"], name=op.f("fk_procedure_sector_procedure_code")
        ),
        sa.ForeignKeyConstraint(["sector_code"], ["sector.code"], name=op.f("fk_procedure_sector_sector_code")),
        sa.PrimaryKeyConstraint("procedure_code", "sector_code", "valid_from", name=op.f("pk_procedure_sector")),
    )
    op.create_index("ix_procedure_sector_sector_code", "procedure_sector", ["sector_code"], unique=False)

    op.create_table(
        "staff",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("scope_area", sa.String(length=64), nullable=True),
        sa.Column("scope_sector", sa.String(length=64), nullable=True),
        sa.Column("disabled", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.CheckConstraint(
            "role IN ('operator', 'official', 'statistician', 'auditor', 'interviewer', 'keyer', 'kiosk')",
            name=op.f("ck_staff_role"),
        ),
        sa.ForeignKeyConstraint(["scope_area"], ["area.code"], name=op.f("fk_staff_scope_area")),
        sa.ForeignKeyConstraint(["scope_sector"], ["sector.code"], name=op.f("fk_staff_scope_sector")),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_staff")),
    )
    op.create_table(
        "wave",
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("series_code", sa.String(length=64), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("questionnaire_code", sa.String(length=64), nullable=True),
        sa.Column("questionnaire_version", sa.Integer(), nullable=True),
        sa.Column(
            "population",
            sa.String(length=16),
            nullable=False,
            comment="transactions or public: two populations, never merged",
        ),
        sa.Column("collected", sa.String(length=16), nullable=False),
        sa.Column("purpose", sa.String(length=16), nullable=False),
        sa.Column("opens_on", sa.Date(), nullable=False),
        sa.Column("closes_on", sa.Date(), nullable=False, comment="the last day on which answers are taken"),
        sa.Column("closed", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column(
            "seal_minimum",
            sa.Integer(),
            nullable=False,
            comment="fewest answers of one stratum that are sealed together",
        ),
        sa.Column("rule", sa.Text(), nullable=False, comment="canonical JSON: the locked recipe of the verdict"),
        sa.Column("rule_digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("source", sa.Text(), nullable=True, comment="where imported counts come from"),
        sa.CheckConstraint("collected IN ('sample', 'census', 'self-selected')", name=op.f("ck_wave_collected")),
        sa.CheckConstraint("population IN ('transactions', 'public')", name=op.f("ck_wave_population")),
        sa.CheckConstraint("purpose IN ('official', 'pilot', 'training', 'demo')", name=op.f("ck_wave_purpose")),
        sa.CheckConstraint("closes_on >= opens_on", name=op.f("ck_wave_dates")),
        sa.CheckConstraint("seal_minimum >= 1", name=op.f("ck_wave_seal_minimum")),
        sa.ForeignKeyConstraint(
            ["questionnaire_code", "questionnaire_version"],
            ["questionnaire.code", "questionnaire.version"],
            name=op.f("fk_wave_questionnaire_code_questionnaire_version"),
        ),
        sa.ForeignKeyConstraint(["series_code"], ["series.code"], name=op.f("fk_wave_series_code")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_wave")),
    )
    op.create_index(op.f("ix_wave_series_code"), "wave", ["series_code"], unique=False)

    op.create_table(
        "agency_predecessor",
        sa.Column("agency_code", sa.String(length=64), nullable=False),
        sa.Column("predecessor_code", sa.String(length=64), nullable=False),
        sa.Column(
            "share",
            sa.Numeric(precision=9, scale=6),
            nullable=True,
            comment="part of the predecessor's work that went here; null: not known, a break",
        ),
        sa.CheckConstraint("share IS NULL OR (share > 0 AND share <= 1)", name=op.f("ck_agency_predecessor_share")),
        sa.ForeignKeyConstraint(["agency_code"], ["agency.code"], name=op.f("fk_agency_predecessor_agency_code")),
        sa.ForeignKeyConstraint(
            ["predecessor_code"], ["agency.code"], name=op.f("fk_agency_predecessor_predecessor_code")
        ),
        sa.PrimaryKeyConstraint("agency_code", "predecessor_code", name=op.f("pk_agency_predecessor")),
    )
    op.create_table(
        "batch",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("wave_code", sa.String(length=64), nullable=False),
        sa.Column("first_position", sa.BigInteger(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("receipts_digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("sealed_on", sa.Date(), nullable=False),
        sa.CheckConstraint("size >= 1", name=op.f("ck_batch_size")),
        sa.ForeignKeyConstraint(["wave_code"], ["wave.code"], name=op.f("fk_batch_wave_code")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_batch")),
        sa.UniqueConstraint("first_position", name=op.f("uq_batch_first_position")),
    )
    op.create_table(
        "frame",
        sa.Column("wave_code", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("source_digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("loaded_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["wave_code"], ["wave.code"], name=op.f("fk_frame_wave_code")),
        sa.PrimaryKeyConstraint("wave_code", "version", name=op.f("pk_frame")),
    )
    op.create_table(
        "published_figure",
        sa.Column("wave_code", sa.String(length=64), nullable=False),
        sa.Column("agency_code", sa.String(length=64), nullable=False),
        sa.Column("period", sa.String(length=8), nullable=False),
        sa.Column(
            "per_cent",
            sa.String(length=16),
            nullable=False,
            comment="as printed by its publisher, whose definition may be unknown",
        ),
        sa.ForeignKeyConstraint(["agency_code"], ["agency.code"], name=op.f("fk_published_figure_agency_code")),
        sa.ForeignKeyConstraint(["wave_code"], ["wave.code"], name=op.f("fk_published_figure_wave_code")),
        sa.PrimaryKeyConstraint("wave_code", "agency_code", "period", name=op.f("pk_published_figure")),
    )
    op.create_table(
        "release",
        sa.Column("code", sa.String(length=80), nullable=False),
        sa.Column("wave_code", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column(
            "header", sa.Text(), nullable=False, comment="canonical JSON: checkpoint, frame, rule, mandate, software"
        ),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("drafted_by", sa.String(length=64), nullable=False),
        sa.Column("drafted_on", sa.Date(), nullable=False),
        sa.Column("published_by", sa.String(length=64), nullable=True),
        sa.Column("published_on", sa.Date(), nullable=True),
        sa.CheckConstraint("(published_by IS NULL) = (published_on IS NULL)", name=op.f("ck_release_published")),
        sa.ForeignKeyConstraint(["wave_code"], ["wave.code"], name=op.f("fk_release_wave_code")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_release")),
        sa.UniqueConstraint("wave_code", "number", name=op.f("uq_release_wave_code_number")),
    )
    op.create_table(
        "staff_session",
        sa.Column("session_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("staff_name", sa.String(length=64), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["staff_name"], ["staff.name"], name=op.f("fk_staff_session_staff_name")),
        sa.PrimaryKeyConstraint("session_hash", name=op.f("pk_staff_session")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_staff_session_staff_name"), "staff_session", ["staff_name"], unique=False)

    op.create_table(
        "stratum",
        sa.Column("wave_code", sa.String(length=64), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("agency_code", sa.String(length=64), nullable=False),
        sa.Column("sector_code", sa.String(length=64), nullable=True),
        sa.Column("procedure_code", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(["agency_code"], ["agency.code"], name=op.f("fk_stratum_agency_code")),
        sa.ForeignKeyConstraint(["procedure_code"], ["procedure.code"], name=op.f("fk_stratum_procedure_code")),
        sa.ForeignKeyConstraint(["sector_code"], ["sector.code"], name=op.f("fk_stratum_sector_code")),
        sa.ForeignKeyConstraint(["wave_code"], ["wave.code"], name=op.f("fk_stratum_wave_code")),
        sa.PrimaryKeyConstraint("wave_code", "code", name=op.f("pk_stratum")),
    )
    op.create_index("ix_stratum_agency_code", "stratum", ["agency_code"], unique=False)

    op.create_table(
        "tally_cell",
        sa.Column("wave_code", sa.String(length=64), nullable=False),
        sa.Column("stratum_code", sa.String(length=64), nullable=False),
        sa.Column("psu", sa.String(length=64), nullable=False),
        sa.Column("calibration_class", sa.String(length=64), nullable=False),
        sa.Column(
            "period",
            sa.String(length=8),
            nullable=False,
            comment="2026-11a, 2026-11b; 2026-11 where only the month is known",
        ),
        sa.Column("disposition", sa.String(length=16), nullable=False),
        sa.Column("outcome", sa.String(length=32), nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False, comment="sum of the person scores u"),
        sa.Column("total_squared", sa.BigInteger(), nullable=False, comment="sum of u squared"),
        sa.ForeignKeyConstraint(["wave_code"], ["wave.code"], name=op.f("fk_tally_cell_wave_code")),
        sa.PrimaryKeyConstraint(
            "wave_code",
            "stratum_code",
            "psu",
            "calibration_class",
            "period",
            "disposition",
            "outcome",
            name=op.f("pk_tally_cell"),
        ),
    )
    op.create_table(
        "tally_cross",
        sa.Column("wave_code", sa.String(length=64), nullable=False),
        sa.Column("stratum_code", sa.String(length=64), nullable=False),
        sa.Column("psu", sa.String(length=64), nullable=False),
        sa.Column("calibration_class", sa.String(length=64), nullable=False),
        sa.Column(
            "period",
            sa.String(length=8),
            nullable=False,
            comment="2026-11a, 2026-11b; 2026-11 where only the month is known",
        ),
        sa.Column("disposition", sa.String(length=16), nullable=False),
        sa.Column("outcome", sa.String(length=32), nullable=False),
        sa.Column("other_outcome", sa.String(length=32), nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.Column("total_product", sa.BigInteger(), nullable=False, comment="sum of u times the other u"),
        sa.ForeignKeyConstraint(["wave_code"], ["wave.code"], name=op.f("fk_tally_cross_wave_code")),
        sa.PrimaryKeyConstraint(
            "wave_code",
            "stratum_code",
            "psu",
            "calibration_class",
            "period",
            "disposition",
            "outcome",
            "other_outcome",
            name=op.f("pk_tally_cross"),
        ),
    )
    op.create_table(
        "tally_item",
        sa.Column("wave_code", sa.String(length=64), nullable=False),
        sa.Column("agency_code", sa.String(length=64), nullable=False),
        sa.Column("period", sa.String(length=8), nullable=False),
        sa.Column("disposition", sa.String(length=16), nullable=False),
        sa.Column("item", sa.String(length=32), nullable=False),
        sa.Column("choice", sa.String(length=32), nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["agency_code"], ["agency.code"], name=op.f("fk_tally_item_agency_code")),
        sa.ForeignKeyConstraint(["wave_code"], ["wave.code"], name=op.f("fk_tally_item_wave_code")),
        sa.PrimaryKeyConstraint(
            "wave_code", "agency_code", "period", "disposition", "item", "choice", name=op.f("pk_tally_item")
        ),
    )
    op.create_table(
        "tally_progress",
        sa.Column("wave_code", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False, comment="leaves of the ledger that are counted"),
        sa.ForeignKeyConstraint(["wave_code"], ["wave.code"], name=op.f("fk_tally_progress_wave_code")),
        sa.PrimaryKeyConstraint("wave_code", name=op.f("pk_tally_progress")),
    )
    op.create_table(
        "frame_stratum",
        sa.Column("wave_code", sa.String(length=64), nullable=False),
        sa.Column("frame_version", sa.Integer(), nullable=False),
        sa.Column("stratum_code", sa.String(length=64), nullable=False),
        sa.Column("population", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("population >= 0", name=op.f("ck_frame_stratum_population")),
        sa.ForeignKeyConstraint(
            ["wave_code", "frame_version"],
            ["frame.wave_code", "frame.version"],
            name=op.f("fk_frame_stratum_wave_code_frame_version"),
        ),
        sa.ForeignKeyConstraint(
            ["wave_code", "stratum_code"],
            ["stratum.wave_code", "stratum.code"],
            name=op.f("fk_frame_stratum_wave_code_stratum_code"),
        ),
        sa.PrimaryKeyConstraint("wave_code", "frame_version", "stratum_code", name=op.f("pk_frame_stratum")),
    )
    op.create_table(
        "frame_unit",
        sa.Column("wave_code", sa.String(length=64), nullable=False),
        sa.Column("stratum_code", sa.String(length=64), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False, comment="1..N in its stratum, in the order of the file"),
        sa.Column("unit_hash", sa.LargeBinary(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["wave_code", "stratum_code"],
            ["stratum.wave_code", "stratum.code"],
            name=op.f("fk_frame_unit_wave_code_stratum_code"),
        ),
        sa.PrimaryKeyConstraint("wave_code", "stratum_code", "position", name=op.f("pk_frame_unit")),
        sa.UniqueConstraint("wave_code", "unit_hash", name=op.f("uq_frame_unit_wave_code_unit_hash")),
    )
    op.create_table(
        "invitation",
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(length=32), nullable=True),
        sa.Column("wave_code", sa.String(length=64), nullable=False),
        sa.Column("stratum_code", sa.String(length=64), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("probability", sa.Double(), nullable=False, comment="planned inclusion probability at the draw"),
        sa.Column("frame_version", sa.Integer(), nullable=False),
        sa.Column("drawn_on", sa.Date(), nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.CheckConstraint("probability > 0 AND probability <= 1", name=op.f("ck_invitation_probability")),
        sa.ForeignKeyConstraint(
            ["wave_code", "frame_version"],
            ["frame.wave_code", "frame.version"],
            name=op.f("fk_invitation_wave_code_frame_version"),
        ),
        sa.ForeignKeyConstraint(
            ["wave_code", "stratum_code"],
            ["stratum.wave_code", "stratum.code"],
            name=op.f("fk_invitation_wave_code_stratum_code"),
        ),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_invitation")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_invitation_code_hash")),
        sa.UniqueConstraint(
            "wave_code", "stratum_code", "position", name=op.f("uq_invitation_wave_code_stratum_code_position")
        ),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "ledger",
        sa.Column(
            "position", sa.BigInteger(), autoincrement=False, nullable=False, comment="0-based place in the Merkle tree"
        ),
        sa.Column("batch_number", sa.Integer(), nullable=False),
        sa.Column("wave_code", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("nonce1", sa.LargeBinary(length=32), nullable=False),
        sa.Column("codes", sa.LargeBinary(), nullable=False),
        sa.Column(
            "nonce2", sa.LargeBinary(length=32), nullable=True, comment="destroyed with the text when its time is over"
        ),
        sa.Column("text", sa.LargeBinary(), nullable=True),
        sa.Column("text_digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("leaf_hash", sa.LargeBinary(length=32), nullable=False),
        sa.CheckConstraint("kind IN ('response', 'counts', 'exclusion', 'withdrawal')", name=op.f("ck_ledger_kind")),
        sa.ForeignKeyConstraint(["batch_number"], ["batch.number"], name=op.f("fk_ledger_batch_number")),
        sa.ForeignKeyConstraint(["wave_code"], ["wave.code"], name=op.f("fk_ledger_wave_code")),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_ledger")),
    )
    op.create_index(op.f("ix_ledger_batch_number"), "ledger", ["batch_number"], unique=False)
    op.create_index("ix_ledger_wave_code_position", "ledger", ["wave_code", "position"], unique=False)

    op.create_table(
        "receipt",
        sa.Column("receipt_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("batch_number", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["batch_number"], ["batch.number"], name=op.f("fk_receipt_batch_number")),
        sa.PrimaryKeyConstraint("receipt_hash", name=op.f("pk_receipt")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_receipt_batch_number"), "receipt", ["batch_number"], unique=False)

    op.create_table(
        "release_figure",
        sa.Column("release_code", sa.String(length=80), nullable=False),
        sa.Column("level", sa.String(length=16), nullable=False, comment="wave, sector, agency, stratum, month"),
        sa.Column(
            "place",
            sa.String(length=160),
            nullable=False,
            comment="what the level names: a sector, an agency, a month ...",
        ),
        sa.Column("sector_code", sa.String(length=64), nullable=False),
        sa.Column("suppressed", sa.Boolean(), nullable=False),
        sa.Column(
            "figure", sa.Text(), nullable=False, comment="canonical JSON; numbers as the shortest text that reads back"
        ),
        sa.ForeignKeyConstraint(["release_code"], ["release.code"], name=op.f("fk_release_figure_release_code")),
        sa.PrimaryKeyConstraint("release_code", "level", "sector_code", "place", name=op.f("pk_release_figure")),
    )
    op.create_index(
        "ix_release_figure_release_code_sector_code", "release_figure", ["release_code", "sector_code"], unique=False
    )

    op.create_table(
        "exclusion",
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("excluded_position", sa.BigInteger(), nullable=False),
        sa.Column("rule", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["excluded_position"], ["ledger.position"], name=op.f("fk_exclusion_excluded_position")
        ),
        sa.ForeignKeyConstraint(["position"], ["ledger.position"], name=op.f("fk_exclusion_position")),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_exclusion")),
        sa.UniqueConstraint("excluded_position", name=op.f("uq_exclusion_excluded_position")),
    )
