"""Documents of a report as a job: asked for on a page, written by `hailong work` format by format, then fetched."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from survey.actions.reading import UnknownRelease
from survey.actions.report_texts import with_text
from survey.actions.reporting import FORMATS, Asked, tell_report, write_documents
from survey.store import releases, reports
from survey.store.database import Database
from survey.store.places import Scope
from survey.store.reports import ReportJob

KEPT = timedelta(days=30)
MOST_WAITING = 20


class NothingAsked(ValueError):
    """No format that is known was chosen."""


class TooManyWaiting(ValueError):
    """So many documents wait already that one more would only make all wait longer."""


@dataclass(frozen=True, slots=True)
class Document:
    """A document that is ready."""

    name: str
    format: str
    content: bytes


def ask_documents(database: Database, asked: Asked, formats: Sequence[str], scope: Scope, *, by: str, on: date) -> int:
    """Ask for documents of a report; the job's number. Raises UnknownRelease, NothingAsked, TooManyWaiting."""
    wanted = [each for each in FORMATS if each in formats]
    if not wanted:
        raise NothingAsked
    what = {"language": asked.language, "period": asked.period, "year": asked.year, "formats": wanted}
    with database.writing("ask-report") as connection:
        if releases.find_release(connection, asked.release) is None:
            raise UnknownRelease(asked.release)
        if len(reports.list_jobs(connection, state="waiting")) >= MOST_WAITING:
            raise TooManyWaiting
        return reports.add_job(connection, asked.release, what | {"scope": asdict(scope)}, by, on)


def write_due(database: Database, home: Path, today: date) -> int:
    """Write every document that waits, and forget old ones; the number written. A job that is killed begins again."""
    _forget(database, today)
    with database.reading() as connection:
        waiting = reports.list_jobs(connection, state="waiting")
    return sum(_write(database, job, home, today) for job in reversed(waiting))


def list_documents(database: Database, release_code: str, scope: Scope) -> list[ReportJob]:
    """What was asked for of a release by readers of the same scope, newest first."""
    with database.reading() as connection:
        found = reports.list_jobs(connection, release_code=release_code)
    return [job for job in found if job.asked["scope"] == asdict(scope)]


def find_document(database: Database, job_id: int, form: str, scope: Scope) -> Document | None:
    """A document that is ready, for readers of the scope that it was written in."""
    with database.reading() as connection:
        job = next((each for each in reports.list_jobs(connection) if each.id == job_id), None)
        content = reports.find_file(connection, job_id, form)
    if job is None or content is None or job.asked["scope"] != asdict(scope):
        return None
    return Document(f"{job.release_code}-{job.asked['language']}.{form}", form, content)


def _write(database: Database, job: ReportJob, home: Path, today: date) -> int:
    what: dict[str, Any] = job.asked
    asked = Asked(job.release_code, what["language"], what["period"], what["year"])
    try:
        told = with_text(database, tell_report(database, asked, Scope(**what["scope"]), home, today))
        for form in what["formats"]:
            made = write_documents(told, [form], home)
            with database.writing("report-file") as connection:
                reports.add_file(connection, job.id, form, made[form])
    except Exception:
        with database.writing("report-failed") as connection:
            reports.set_state(connection, job.id, "failed")
        raise
    with database.writing("report-done") as connection:
        reports.set_state(connection, job.id, "done")
    return len(what["formats"])


def _forget(database: Database, today: date) -> None:
    with database.reading() as connection:
        old = [job.id for job in reports.list_jobs(connection) if job.asked_on < today - KEPT]
    if old:
        with database.writing("forget-reports") as connection:
            reports.remove_jobs(connection, old)
