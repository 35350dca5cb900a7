"""Jobs: each does one arrow of the conveyor when there is work for it, and may be killed and run again."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import partial

from survey.actions.adequacy import freeze_due
from survey.actions.driving import compute_due as compute_drivers
from survey.actions.folding import fold_arrivals
from survey.actions.forgetting import forget_order
from survey.actions.publishing import publish_due
from survey.actions.receiving import admit_transactions
from survey.actions.releasing import release_due_waves
from survey.actions.releasing_comments import release_comments
from survey.actions.retaining import retain
from survey.actions.screening import screen_due_waves
from survey.actions.sealing import seal, sign_due
from survey.actions.tallying import tally
from survey.proof import NoteSigner
from survey.store import jobs, ledger, responses
from survey.store.database import Database
from survey.store.jobs import JobRun

logger = logging.getLogger(__name__)

Job = Callable[[], int]
BETWEEN_FORGETTING = timedelta(hours=1)


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
    for name, job in {**_jobs(database, signer, now, today), **(outside or {})}.items():
        try:
            done = job()
        except Exception as failure:
            logger.exception("job %s failed", name)
            _remember(database, JobRun(name, "failed", now, None, type(failure).__name__))
            yield f"{name}: failed ({type(failure).__name__}: {failure}); it will be tried again"
            continue
        if done:
            message = f"{name}: {done:,}"
            logger.info("job %s: %d", name, done)
            _remember(database, JobRun(name, "done", now, now, message))
            yield message


def _jobs(database: Database, signer: NoteSigner, now: datetime, today: date) -> dict[str, Job]:
    return {
        "frame": partial(admit_transactions, database, today),
        "seal": partial(seal, database, signer, today),
        "tally": partial(tally, database),
        "release": partial(release_due_waves, database, today),
        "publish": partial(publish_due, database, now, today),
        "adequacy": partial(freeze_due, database, today),
        "drivers": partial(compute_drivers, database, today),
        "arrivals": partial(fold_arrivals, database, today),
        "screen": partial(screen_due_waves, database, now, today),
        "comments": partial(release_comments, database, today),
        "retain": partial(retain, database, now, today),
        "forget": partial(_forget_hourly, database, now),
        "checkpoint": partial(sign_due, database, signer, today),
    }


def _forget_hourly(database: Database, now: datetime) -> int:
    """1 when the order of arrival was rewritten: an hour after the last time; thoroughly, at the first of each day."""
    with database.reading() as connection:
        last = next((run.started_at for run in jobs.list_runs(connection) if run.name == "forget"), None)
        if not responses.count_waiting(connection) and ledger.count_leaves(connection) == 0:
            return 0
    last = last.replace(tzinfo=UTC) if last is not None and last.tzinfo is None else last
    if last is not None and now - last < BETWEEN_FORGETTING:
        return 0
    for undone in forget_order(database, thoroughly=last is None or last.date() != now.date()):
        logger.warning("forget: %s", undone)
    return 1


def _remember(database: Database, run: JobRun) -> None:
    with database.writing("remember-job") as connection:
        jobs.keep_run(connection, run)
