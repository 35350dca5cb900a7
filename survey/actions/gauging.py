"""How the installation is doing, in numbers without a person in them: queues, ages, jobs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime

from survey.store import draw_orders, jobs, ledger, releases, reports, responses, webhooks
from survey.store.database import Database


@dataclass(frozen=True, slots=True)
class Gauge:
    """One number; `label` tells apart what is measured more than once."""

    name: str
    what: str
    value: float
    label: str = ""


def read_gauges(database: Database, now: datetime, today: date) -> Iterator[Gauge]:
    """Read each number afresh; their cost does not grow with the answers that are sealed."""
    with database.reading() as connection:
        waiting = responses.count_waiting(connection)
        newest = ledger.find_latest_checkpoint(connection)
        published = [each.published_on for each in releases.list_releases(connection) if each.published_on]
        runs = jobs.list_runs(connection)
        draws = len(draw_orders.list_waiting(connection))
        wanted = len(reports.list_jobs(connection, state="waiting"))
        deliveries = webhooks.count_waiting(connection)
    yield Gauge("inbox_answers", "Answers that wait to be sealed", sum(waiting.values()))
    yield Gauge("sealed_leaves", "Leaves of the ledger under the newest checkpoint", newest.size if newest else 0)
    yield Gauge("draws_waiting", "Draws that were ordered on a page and wait", draws)
    yield Gauge("reports_waiting", "Reports that were asked for and wait", wanted)
    yield Gauge("deliveries_waiting", "Messages to portals that wait", deliveries)
    if newest:
        yield Gauge("checkpoint_age_days", "Days since the newest checkpoint", (today - newest.signed_on).days)
    if published:
        yield Gauge("release_age_days", "Days since the newest published release", (today - max(published)).days)
    for run in runs:
        started = run.started_at if run.started_at.tzinfo else run.started_at.replace(tzinfo=UTC)
        yield Gauge("job_age_seconds", "Seconds since a job last found work", (now - started).total_seconds(), run.name)
        yield Gauge("job_failed", "1 where the last run of a job failed", run.state == "failed", run.name)
