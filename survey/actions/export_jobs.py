"""Exports as a job: asked for on a page, packed by `hailong work` into one file, fetched piece by piece.

The file lies in the database in pieces, so that a wave of a million persons is never held in memory; how far the work
is lies beside them. Whatever is not fetched is forgotten after a week: it can be packed again.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

from survey.actions.exporting import export_wave
from survey.actions.reading import UnknownRelease
from survey.actions.report_jobs import NothingAsked, TooManyWaiting
from survey.actions.reproducing import reproduce, write_bundle
from survey.actions.waves import find_wave
from survey.documents.microdata import FORMATS
from survey.store import releases, reports
from survey.store.audits import By
from survey.store.database import Database
from survey.store.reports import EXPORT, ReportJob

BUNDLE = "bundle"
KEPT = timedelta(days=7)
MOST_WAITING = 5
PIECE = 4_000_000  # bytes
STEP = "step"


class StillOpen(ValueError):
    """The wave still takes answers: two exports of it would tell what the few in between said."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a job is: its stage, and the rows that it is done with."""

    stage: str
    done: int


@dataclass(frozen=True, slots=True)
class Package:
    """A packed file: its bytes in all, and its pieces in order."""

    size: int
    pieces: Iterator[bytes]


def ask_export(database: Database, release_code: str, wanted: Sequence[str], *, by: By, today: date) -> int:
    """Ask for the persons of a release's wave in these formats, for what rebuilds its table (`BUNDLE`), or for both.

    The job's number; recorded. Raises UnknownRelease, NothingAsked, StillOpen, TooManyWaiting.
    """
    chosen = [each for each in (*FORMATS, BUNDLE) if each in wanted]
    if not chosen:
        raise NothingAsked
    with database.reading() as connection:
        release = releases.find_release(connection, release_code)
        waiting = reports.list_jobs(connection, EXPORT, state="waiting")
    if release is None:
        raise UnknownRelease(release_code)
    wave = find_wave(database, release.wave_code)
    if chosen != [BUNDLE] and wave.takes_answers(today):
        raise StillOpen(wave.code)
    if len(waiting) >= MOST_WAITING:
        raise TooManyWaiting
    with database.writing("ask-export") as connection:
        by.record(connection, "export-asked", release_code, formats=chosen)
        return reports.add_job(connection, release_code, {"kind": EXPORT, "formats": chosen}, by.actor, today)


def list_exports(database: Database, release_code: str) -> list[tuple[ReportJob, Progress | None]]:
    """The exports that were asked for of a release, newest first, and how far each that waits is."""
    with database.reading() as connection:
        found = reports.list_jobs(connection, EXPORT, release_code=release_code)
        steps = [reports.find_file(connection, job.id, STEP) if job.state == "waiting" else None for job in found]
    return [(job, _read_step(step)) for job, step in zip(found, steps, strict=True)]


def fetch_export(database: Database, release_code: str, job_id: int, *, by: By) -> Package | None:
    """The packed file of a job that is done, a piece at a time; the fetching is recorded first."""
    with database.reading() as connection:
        jobs = reports.list_jobs(connection, EXPORT, release_code=release_code, state="done")
        size = reports.measure_files(connection, job_id)
    job = next((each for each in jobs if each.id == job_id), None)
    if job is None:
        return None
    with database.writing("fetch-export") as connection:
        by.record(connection, "export-fetched", release_code, formats=job.asked["formats"], number=job_id)
    return Package(size, _read_pieces(database, job))


def write_due(database: Database, today: date) -> int:
    """Pack every export that waits, the oldest first, and forget old ones; how many were packed."""
    with database.reading() as connection:
        every = reports.list_jobs(connection, EXPORT)
    old = [job.id for job in every if job.asked_on < today - KEPT]
    if old:
        with database.writing("forget-exports") as connection:
            reports.remove_jobs(connection, old)
    waiting = [job for job in reversed(every) if job.state == "waiting" and job.id not in old]
    for job in waiting:
        _write(database, job, today)
    return len(waiting)


def _write(database: Database, job: ReportJob, today: date) -> None:
    try:
        with tempfile.TemporaryDirectory() as folder:
            _keep(database, job, _pack(_make(database, job, Path(folder), today), Path(folder)))
    except Exception:
        _settle(database, job, "failed")
        raise
    _settle(database, job, "done")


def _settle(database: Database, job: ReportJob, state: str) -> None:
    with database.writing("export-settled") as connection:
        reports.remove_file(connection, job.id, STEP)
        reports.set_state(connection, job.id, state)


def _make(database: Database, job: ReportJob, folder: Path, today: date) -> Path:
    """The files of a job, in a folder of their own."""
    by = By(job.asked_by, datetime.combine(today, time(), UTC))
    made = folder / job.release_code
    formats = [each for each in job.asked["formats"] if each != BUNDLE]
    if formats:
        wave_code = job.release_code.rpartition(".")[0]
        export_wave(
            database,
            wave_code,
            made,
            formats=formats,
            by=by,
            progress=lambda stage, done: _tell(database, job, stage, done),
        )
    if BUNDLE in job.asked["formats"]:
        _tell(database, job, BUNDLE, 0)
        write_bundle(reproduce(database, job.release_code, by=by), made / "release")
    return made


def _pack(made: Path, folder: Path) -> Path:
    packed = folder / "packed.zip"
    with ZipFile(packed, "w", ZIP_DEFLATED, compresslevel=1) as archive:
        for path in sorted(made.rglob("*")):
            if path.is_file():
                archive.write(path, path.relative_to(made.parent))
                path.unlink()
    return packed


def _keep(database: Database, job: ReportJob, packed: Path) -> None:
    """Pieces in place of those that a killed job left, each in a transaction of its own: nobody waits for them long."""
    with database.writing("export-begins") as connection:
        reports.remove_files(connection, job.id)
    with packed.open("rb") as file:
        number = 0
        while piece := file.read(PIECE):
            with database.writing("export-piece") as connection:
                reports.add_file(connection, job.id, _piece(number), piece)
            number += 1


def _read_pieces(database: Database, job: ReportJob) -> Iterator[bytes]:
    for number in range(len(job.ready)):
        with database.reading() as connection:
            piece = reports.find_file(connection, job.id, _piece(number))
        if piece is None:
            raise LookupError(f"export {job.id} has no piece {number}")
        yield piece


def _tell(database: Database, job: ReportJob, stage: str, done: int) -> None:
    with database.writing("export-step") as connection:
        reports.add_file(connection, job.id, STEP, f"{stage} {done}".encode())


def _read_step(step: bytes | None) -> Progress | None:
    if step is None:
        return None
    stage, _, done = step.decode().partition(" ")
    return Progress(stage, int(done))


def _piece(number: int) -> str:
    return f"{number:04}"
