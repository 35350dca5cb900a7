"""The tables, grouped by what they speak of. Alembic's migrations make them; a test holds both together."""

from survey.store.tables.answers import batch, checkpoint, exclusion, inbox, ledger, receipt
from survey.store.tables.base import metadata
from survey.store.tables.figures import release, release_figure, tally_cell, tally_cross, tally_item, tally_progress
from survey.store.tables.people import audit, job, staff, staff_session
from survey.store.tables.places import (
    agency,
    agency_predecessor,
    area,
    area_group,
    area_group_member,
    area_predecessor,
    procedure,
    procedure_sector,
    sector,
)
from survey.store.tables.waves import frame, frame_stratum, frame_unit, invitation, questionnaire, series, spent, stratum, wave

__all__ = [
    "agency",
    "agency_predecessor",
    "area",
    "area_group",
    "area_group_member",
    "area_predecessor",
    "audit",
    "batch",
    "checkpoint",
    "exclusion",
    "frame",
    "frame_stratum",
    "frame_unit",
    "inbox",
    "invitation",
    "job",
    "ledger",
    "metadata",
    "procedure",
    "procedure_sector",
    "questionnaire",
    "receipt",
    "release",
    "release_figure",
    "sector",
    "series",
    "spent",
    "staff",
    "staff_session",
    "stratum",
    "tally_cell",
    "tally_cross",
    "tally_item",
    "tally_progress",
    "wave",
]
