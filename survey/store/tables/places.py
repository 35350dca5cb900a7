"""Who is judged, where, and of what: areas, agencies, sectors, procedures. All dated, because they change."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, Date, Index, Numeric, PrimaryKeyConstraint, String, Table, Text

from survey.store.tables.base import code, metadata, names, valid_dates

area = Table(
    "area",
    metadata,
    code(primary_key=True),
    names(),
    Column("kind", String(32), nullable=False),
    code("parent_code", "area", nullable=True, index=True),
    *valid_dates(),
    CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", name="dates"),
)

area_predecessor = Table(
    "area_predecessor",
    metadata,
    code("area_code", "area"),
    code("predecessor_code", "area"),
    Column("share", Numeric(9, 6), comment="part of the predecessor that went here; null: not known, a break"),
    PrimaryKeyConstraint("area_code", "predecessor_code"),
    CheckConstraint("share IS NULL OR (share > 0 AND share <= 1)", name="share"),
)

area_shape = Table(
    "area_shape",
    metadata,
    code("area_code", "area", primary_key=True),
    Column("geometry", Text, nullable=False, comment="GeoJSON Polygon or MultiPolygon, WGS 84, simplified"),
    Column("source", Text, nullable=False),
)

area_group = Table("area_group", metadata, code(primary_key=True), names(), *valid_dates())

area_group_member = Table(
    "area_group_member",
    metadata,
    code("group_code", "area_group"),
    code("area_code", "area"),
    *valid_dates(),
    PrimaryKeyConstraint("group_code", "area_code", "valid_from"),
)

agency = Table(
    "agency",
    metadata,
    code(primary_key=True),
    names(),
    Column("kind", String(32), nullable=False),
    Column("ownership", String(16), nullable=False),
    code("area_code", "area", nullable=True, index=True),
    *valid_dates(),
    CheckConstraint("ownership IN ('public', 'private')", name="ownership"),
    CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", name="dates"),
)

agency_predecessor = Table(
    "agency_predecessor",
    metadata,
    code("agency_code", "agency"),
    code("predecessor_code", "agency"),
    Column("share", Numeric(9, 6), comment="part of the predecessor's work that went here; null: not known, a break"),
    PrimaryKeyConstraint("agency_code", "predecessor_code"),
    CheckConstraint("share IS NULL OR (share > 0 AND share <= 1)", name="share"),
)

sector = Table(
    "sector",
    metadata,
    code(primary_key=True),
    names(),
    code("parent_code", "sector", nullable=True, index=True),
    *valid_dates(),
)

procedure = Table(
    "procedure",
    metadata,
    code(primary_key=True),
    names(),
    Column("kind", String(16), nullable=False),
    CheckConstraint("kind IN ('procedure', 'service')", name="kind"),
)

procedure_sector = Table(
    "procedure_sector",
    metadata,
    code("procedure_code", "procedure"),
    code("sector_code", "sector"),
    *valid_dates(),
    Column("decided_by", Text, nullable=False),
    Column("decided_on", Date, nullable=False),
    PrimaryKeyConstraint("procedure_code", "sector_code", "valid_from"),
    Index("ix_procedure_sector_sector_code", "sector_code"),
)
