"""Texts of reports, version by version; documents that were asked for, and those that are ready."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from survey.store.sql import from_json, to_json
from survey.store.tables import report_file, report_job, report_text

REPORT, EXPORT = "report", "export"  # what a job writes; `kind` of what was asked


@dataclass(frozen=True, slots=True)
class ReportText:
    """One version of a report's text; without lines it says what the figures say."""

    release_code: str
    language: str
    number: int
    lines: tuple[str, ...]
    written_by: str
    written_on: date


@dataclass(frozen=True, slots=True)
class ReportJob:
    """Documents that somebody asked for; `ready` are the formats, or the pieces of an export, that are written."""

    id: int
    release_code: str
    asked: dict[str, Any]
    state: str
    asked_by: str
    asked_on: date
    ready: tuple[str, ...] = ()


def find_text(connection: Connection, release_code: str, language: str) -> ReportText | None:
    """The version that stands."""
    mine = (report_text.c.release_code == release_code) & (report_text.c.language == language)
    query = select(report_text).where(mine).order_by(report_text.c.number.desc()).limit(1)
    row = connection.execute(query).mappings().one_or_none()
    return ReportText(**{**row, "lines": tuple(from_json(row["lines"])["lines"])}) if row else None


def add_text(connection: Connection, new: ReportText) -> None:
    values = {name: getattr(new, name) for name in ReportText.__slots__}
    connection.execute(insert(report_text).values({**values, "lines": to_json({"lines": list(new.lines)})}))


def add_job(connection: Connection, release_code: str, asked: dict[str, Any], by: str, on: date) -> int:
    number = (connection.scalar(select(func.max(report_job.c.id))) or 0) + 1
    values = {"id": number, "release_code": release_code, "asked": to_json(asked), "state": "waiting"}
    connection.execute(insert(report_job).values(**values, asked_by=by, asked_on=on))
    return number


def list_jobs(
    connection: Connection, kind: str = REPORT, *, release_code: str | None = None, state: str | None = None
) -> list[ReportJob]:
    """Those of a kind, newest first."""
    query = select(report_job).order_by(report_job.c.id.desc())
    if release_code is not None:
        query = query.where(report_job.c.release_code == release_code)
    if state is not None:
        query = query.where(report_job.c.state == state)
    ready: dict[int, list[str]] = {}
    for row in connection.execute(select(report_file.c.job_id, report_file.c.format)):
        ready.setdefault(row.job_id, []).append(row.format)
    rows = connection.execute(query).mappings()
    found = [
        ReportJob(**{**row, "asked": from_json(row["asked"])}, ready=tuple(sorted(ready.get(row["id"], ()))))
        for row in rows
    ]
    return [job for job in found if job.asked.get("kind", REPORT) == kind]


def add_file(connection: Connection, job_id: int, form: str, content: bytes) -> None:
    """Keep a document, in place of one that a killed job left."""
    remove_file(connection, job_id, form)
    connection.execute(insert(report_file).values(job_id=job_id, format=form, content=content))


def set_state(connection: Connection, job_id: int, state: str) -> None:
    connection.execute(update(report_job).where(report_job.c.id == job_id).values(state=state))


def find_file(connection: Connection, job_id: int, form: str) -> bytes | None:
    mine = (report_file.c.job_id == job_id) & (report_file.c.format == form)
    return connection.scalar(select(report_file.c.content).where(mine))


def measure_files(connection: Connection, job_id: int) -> int:
    """The bytes of all documents, or pieces, of a job."""
    mine = report_file.c.job_id == job_id
    return int(connection.scalar(select(func.sum(func.length(report_file.c.content))).where(mine)) or 0)


def remove_file(connection: Connection, job_id: int, form: str) -> None:
    mine = (report_file.c.job_id == job_id) & (report_file.c.format == form)
    connection.execute(delete(report_file).where(mine))


def remove_files(connection: Connection, job_id: int) -> None:
    connection.execute(delete(report_file).where(report_file.c.job_id == job_id))


def remove_jobs(connection: Connection, ids: Sequence[int]) -> None:
    """Forget documents: they can be made again from their release."""
    connection.execute(delete(report_file).where(report_file.c.job_id.in_(ids)))
    connection.execute(delete(report_job).where(report_job.c.id.in_(ids)))
