"""What is asked, of whom, under which rule: questionnaires, series, waves, frames, invitations."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Double,
    ForeignKeyConstraint,
    Index,
    Integer,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
)

from survey.store.tables.base import code, digest, metadata, names

DISPOSITIONS = ("drawn", "minted", "sent", "delivered", "capped", "opted_out", "undeliverable")

questionnaire = Table(
    "questionnaire",
    metadata,
    code(),
    Column("version", Integer, nullable=False),
    Column("body", Text, nullable=False, comment="canonical JSON; never changes once here"),
    digest("digest"),
    Column("published_on", Date, nullable=False),
    PrimaryKeyConstraint("code", "version"),
    CheckConstraint("version >= 1", name="version"),
)

series = Table("series", metadata, code(primary_key=True), names())

wave = Table(
    "wave",
    metadata,
    code(primary_key=True),
    code("series_code", "series", nullable=True, index=True),
    names(),
    code("questionnaire_code", nullable=True),
    Column("questionnaire_version", Integer),
    Column("population", String(16), nullable=False, comment="transactions or public: two populations, never merged"),
    Column("collected", String(16), nullable=False),
    Column("purpose", String(16), nullable=False),
    Column("opens_on", Date, nullable=False),
    Column("closes_on", Date, nullable=False, comment="the last day on which answers are taken"),
    Column("closed", Boolean, nullable=False, server_default=false()),
    Column("seal_minimum", Integer, nullable=False, comment="fewest answers of one stratum that are sealed together"),
    Column("rule", Text, nullable=False, comment="canonical JSON: the locked recipe of the verdict"),
    digest("rule_digest"),
    Column("source", Text, comment="where imported counts come from"),
    Column("channels", Text, comment="separated by commas; NULL means every one"),
    Column(
        "grace_days",
        Integer,
        nullable=False,
        server_default=text("7"),
        comment="how long after its last day what devices still hold is taken",
    ),
    Column("sectors", Text, comment="separated by commas; NULL means every one"),
    Column("areas", Text, comment="areas and area groups, separated by commas; NULL means every one"),
    code("voice_of", "wave", nullable=True, comment="the wave beside which these unasked answers are heard"),
    ForeignKeyConstraint(
        ["questionnaire_code", "questionnaire_version"], ["questionnaire.code", "questionnaire.version"]
    ),
    CheckConstraint("population IN ('transactions', 'public')", name="population"),
    CheckConstraint("collected IN ('sample', 'census', 'self-selected')", name="collected"),
    CheckConstraint("purpose IN ('official', 'pilot', 'training', 'demo')", name="purpose"),
    CheckConstraint("closes_on >= opens_on", name="dates"),
    CheckConstraint("seal_minimum >= 1", name="seal_minimum"),
    CheckConstraint("grace_days >= 0", name="grace_days"),
    Index("ix_wave_voice_of", "voice_of", unique=True),
)

stratum = Table(
    "stratum",
    metadata,
    code("wave_code", "wave"),
    code(),
    code("agency_code", "agency"),
    code("sector_code", "sector", nullable=True),
    code("procedure_code", "procedure", nullable=True),
    PrimaryKeyConstraint("wave_code", "code"),
    Index("ix_stratum_agency_code", "agency_code"),
)

frame = Table(
    "frame",
    metadata,
    code("wave_code", "wave"),
    Column("version", Integer, nullable=False),
    Column("source", Text, nullable=False),
    digest("source_digest"),
    Column("loaded_on", Date, nullable=False),
    PrimaryKeyConstraint("wave_code", "version"),
)

frame_stratum = Table(
    "frame_stratum",
    metadata,
    code("wave_code"),
    Column("frame_version", Integer, nullable=False),
    code("stratum_code"),
    Column("population", BigInteger, nullable=False),
    PrimaryKeyConstraint("wave_code", "frame_version", "stratum_code"),
    ForeignKeyConstraint(["wave_code", "frame_version"], ["frame.wave_code", "frame.version"]),
    ForeignKeyConstraint(["wave_code", "stratum_code"], ["stratum.wave_code", "stratum.code"]),
    CheckConstraint("population >= 0", name="population"),
)

frame_unit = Table(
    "frame_unit",
    metadata,
    code("wave_code"),
    code("stratum_code"),
    Column("position", BigInteger, nullable=False, comment="1..N in its stratum, in the order of the file"),
    digest("unit_hash"),
    PrimaryKeyConstraint("wave_code", "stratum_code", "position"),
    ForeignKeyConstraint(["wave_code", "stratum_code"], ["stratum.wave_code", "stratum.code"]),
    UniqueConstraint("wave_code", "unit_hash"),
)

# A place of the sample. Its token_hash is that of its one live token, and random bytes until a token is made.
invitation = Table(
    "invitation",
    metadata,
    digest("token_hash", primary_key=True),
    digest("code_hash", nullable=True, unique=True),
    code("wave_code"),
    code("stratum_code"),
    Column("position", BigInteger, nullable=False),
    Column("probability", Double, nullable=False, comment="planned inclusion probability at the draw"),
    Column("frame_version", Integer, nullable=False),
    Column("drawn_on", Date, nullable=False),
    Column("channel", String(16), nullable=False),
    Column("disposition", String(16), nullable=False, server_default="minted"),
    Column("voided", Integer, nullable=False, server_default="0", comment="earlier tokens of this place"),
    Column("followed", Boolean, nullable=False, server_default=false(), comment="of the auditor's subsample"),
    ForeignKeyConstraint(["wave_code", "stratum_code"], ["stratum.wave_code", "stratum.code"]),
    ForeignKeyConstraint(["wave_code", "frame_version"], ["frame.wave_code", "frame.version"]),
    UniqueConstraint("wave_code", "stratum_code", "position"),
    CheckConstraint("probability > 0 AND probability <= 1", name="probability"),
    CheckConstraint("disposition IN (" + ", ".join(f"'{each}'" for each in DISPOSITIONS) + ")", name="disposition"),
    sqlite_with_rowid=False,
)

spent = Table(
    "spent",
    metadata,
    digest("token_hash", primary_key=True),
    code("wave_code"),
    code("stratum_code"),
    Column("settled", Boolean, nullable=False, server_default=false(), comment="rewritten when its stratum was sealed"),
    Index("ix_spent_wave_code_stratum_code", "wave_code", "stratum_code"),
    comment="a token that was used; nothing joins it to the answer",
    sqlite_with_rowid=False,
)
