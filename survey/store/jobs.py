"""What the worker did last, job by job."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from survey.store.tables import job


@dataclass(frozen=True, slots=True)
class JobRun:
    name: str
    state: str
    started_at: datetime
    finished_at: datetime | None
    message: str


def keep_run(connection: Connection, run: JobRun) -> None:
    """Remember the last run of a job."""
    connection.execute(delete(job).where(job.c.name == run.name))
    connection.execute(insert(job).values({name: getattr(run, name) for name in JobRun.__slots__}))


def list_runs(connection: Connection) -> list[JobRun]:
    return [JobRun(**row) for row in connection.execute(select(job).order_by(job.c.name)).mappings()]
