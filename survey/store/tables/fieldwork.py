"""Household waves: villages with their chance of being drawn, lists of households, who was called with what outcome."""

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
)

from survey.store.tables.base import code, digest, metadata

OUTCOMES = ("1.1", "1.2", "2.1", "2.2", "2.3", "3.1", "3.2", "4.3", "4.5", "4.6", "4.7")

psu = Table(
    "psu",
    metadata,
    code("wave_code"),
    code(),
    code("stratum_code"),
    Column("name", Text, nullable=False),
    Column("households", Integer, nullable=False, comment="its size in the frame: what the chance is proportional to"),
    Column("probability", Double, comment="of being drawn; NULL while it is not"),
    Column("seed", String(64), comment="of the draw"),
    Column("interviewer", String(64), comment="who works here"),
    PrimaryKeyConstraint("wave_code", "code"),
    ForeignKeyConstraint(["wave_code", "stratum_code"], ["stratum.wave_code", "stratum.code"]),
    CheckConstraint("households >= 1", name="households"),
    CheckConstraint("probability > 0 AND probability <= 1", name="probability"),
    Index("ix_psu_wave_code_stratum_code", "wave_code", "stratum_code"),
)

household_list = Table(
    "household_list",
    metadata,
    code("wave_code"),
    code("psu_code"),
    Column("listed_by", String(64), nullable=False),
    Column("listed_on", Date, nullable=False),
    Column("households", Integer, nullable=False),
    digest("digest"),
    Column("drawn_by", String(64), comment="somebody else than who listed"),
    Column("drawn_on", Date),
    Column("seed", String(64)),
    Column("probability", Double, comment="of a household, given its village"),
    PrimaryKeyConstraint("wave_code", "psu_code"),
    ForeignKeyConstraint(["wave_code", "psu_code"], ["psu.wave_code", "psu.code"]),
    CheckConstraint("households >= 1", name="households"),
    CheckConstraint("drawn_by IS NULL OR drawn_by <> listed_by", name="two_people"),
    CheckConstraint("drawn_on IS NULL OR drawn_on >= listed_on", name="listed_first"),
)

household = Table(
    "household",
    metadata,
    code("wave_code"),
    code("psu_code"),
    Column("number", Integer, nullable=False, comment="its line on the list"),
    Column("address", Text, nullable=False, comment="where to knock; emptied after the wave"),
    Column("drawn", Boolean, nullable=False, server_default=false()),
    code("stratum_code", nullable=True),
    Column("position", BigInteger, comment="its place in the sample"),
    Column("adults", Integer, comment="on its roster; emptied after the wave"),
    Column("drawn_adult", Integer, comment="1 is the oldest; emptied after the wave"),
    PrimaryKeyConstraint("wave_code", "psu_code", "number"),
    ForeignKeyConstraint(["wave_code", "psu_code"], ["household_list.wave_code", "household_list.psu_code"]),
    UniqueConstraint("wave_code", "stratum_code", "position"),
    CheckConstraint("adults >= 1 AND drawn_adult BETWEEN 1 AND adults", name="roster"),
)

household_call = Table(
    "household_call",
    metadata,
    code("wave_code"),
    code("psu_code"),
    Column("number", Integer, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("outcome", String(4), nullable=False, comment="AAPOR, Standard Definitions, 2023"),
    Column("called_on", Date, nullable=False),
    Column("interviewer", String(64), nullable=False),
    digest("receipt_hash", nullable=True, comment="by which a device's call is known when it comes again"),
    PrimaryKeyConstraint("wave_code", "psu_code", "number", "attempt"),
    ForeignKeyConstraint(
        ["wave_code", "psu_code", "number"],
        ["household.wave_code", "household.psu_code", "household.number"],
    ),
    CheckConstraint("outcome IN (" + ", ".join(f"'{each}'" for each in OUTCOMES) + ")", name="outcome"),
    CheckConstraint("attempt >= 1", name="attempt"),
    Index("ix_household_call_receipt_hash", "receipt_hash", unique=True),
)
