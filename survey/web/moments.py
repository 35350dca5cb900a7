"""Moments from the database as the province's clocks show them."""

from __future__ import annotations

from datetime import UTC, datetime

from survey.web.services import LOCAL_TIME


def local_time(moment: datetime) -> datetime:
    """SQLite hands moments back without their zone, which is UTC."""
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(LOCAL_TIME)
