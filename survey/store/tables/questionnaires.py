"""Questionnaires that are built here: the draft of the next version, who built a version, who signed its languages."""

from __future__ import annotations

from sqlalchemy import Column, Date, ForeignKeyConstraint, Integer, PrimaryKeyConstraint, String, Table, Text

from survey.store.tables.base import code, metadata

questionnaire_draft = Table(
    "questionnaire_draft",
    metadata,
    code(primary_key=True),
    Column("body", Text, nullable=False, comment="JSON of the next version, as it stands"),
    Column("revision", Integer, nullable=False, comment="rises with each change"),
    Column("authors", Text, nullable=False, comment="JSON: everybody who changed it since the last version"),
    Column("based_on", String(80)),
    Column("bridge", Text, nullable=False, comment="why figures before and after may be compared, or not"),
    Column("changed_on", Date, nullable=False),
)

questionnaire_origin = Table(
    "questionnaire_origin",
    metadata,
    code(),
    Column("version", Integer, nullable=False),
    Column("document", Text, nullable=False, comment="canonical JSON: the version with its sources"),
    Column("authors", Text, nullable=False, comment="JSON"),
    Column("published_by", String(64), nullable=False),
    Column("based_on", String(80)),
    Column("bridge", Text, nullable=False),
    PrimaryKeyConstraint("code", "version"),
    ForeignKeyConstraint(["code", "version"], ["questionnaire.code", "questionnaire.version"]),
    comment="who built a version that the package does not bring",
)

questionnaire_signature = Table(
    "questionnaire_signature",
    metadata,
    code(),
    Column("version", Integer, nullable=False),
    Column("language", String(2), nullable=False),
    Column("reviewer", Text, nullable=False, comment="name and office of who stands behind the wording"),
    Column("recorded_by", String(64), nullable=False),
    Column("signed_on", Date, nullable=False),
    PrimaryKeyConstraint("code", "version", "language"),
    ForeignKeyConstraint(["code", "version"], ["questionnaire.code", "questionnaire.version"]),
)
