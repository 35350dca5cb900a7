"""Jobs: each does one arrow of the conveyor when there is work for it, and may be killed and run again."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from functools import partial

from survey.actions.releasing import release_due_waves
from survey.actions.sealing import seal, sign_due
from survey.actions.tallying import tally
from survey.proof import NoteSigner
from survey.store import jobs
from survey.store.database import Database
from survey.store.jobs import JobRun

logger = logging.getLogger(__name__)

Job = Callable[[], int]


def run_due_jobs(
    database: Database,
    signer: NoteSigner,
    now: datetime,
    today: date,
    outside: Mapping[str, Job] | None = None,
) -> Iterator[str]:
    """Run every job once, in the order of the conveyor; a line for each that found work or failed.

    `outside` are jobs that need more than the database, such as sending; they come last.
    """
    for name, job in {**_jobs(database, signer, today), **(outside or {})}.items():
        try:
            done = job()
        except Exception as failure:
            logger.exception("job %s failed", name)
            _remember(database, JobRun(name, "failed", now, None, type(failure).__name__))
            yield f"{name}: failed ({type(failure).__name__}: {failure}); it will be tried again"
            continue
        if done:
            message = f"{name}: {done:,}"
            _remember(database, JobRun(name, "done", now, now, message))
            yield message


def _jobs(database: Database, signer: NoteSigner, today: date) -> dict[str, Job]:
    return {
        "seal": partial(seal, database, signer, today),
        "tally": partial(tally, database),
        "release": partial(release_due_waves, database, today),
        "checkpoint": partial(sign_due, database, signer, today),
    }


def _remember(database: Database, run: JobRun) -> None:
    with database.writing("remember-job") as connection:
        jobs.keep_run(connection, run)
