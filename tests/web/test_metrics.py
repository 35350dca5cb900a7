"""Metrics: for whoever holds the token, numbers only, and never a trace of a person."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from fieldwork import begin_fieldwork
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families

from survey.app import create_app
from survey.keys import Keys
from survey.proof import Signer
from survey.settings import Settings, SettingsError, load_settings
from survey.store import jobs
from survey.store.database import Database
from survey.store.jobs import JobRun

TOKEN = "f3" * 32
NOON = datetime(2026, 11, 24, 5, tzinfo=UTC)

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def client(settings: Settings, database: Database, keys: Keys, signer: Signer) -> FlaskClient:
    work = begin_fieldwork(database, keys, signer, {("A", "land"): 100}, invited=30)
    work.answer_all({"A.land": "55544"})
    work.seal_and_tally()
    work.answer_all({"A.land": "52"})
    with database.writing("test") as connection:
        jobs.keep_run(connection, JobRun("seal", "failed", NOON.replace(hour=4), None, "OSError"))
    return create_app(replace(settings, metrics_token=TOKEN), now=lambda: NOON).test_client()


def scrape(client: FlaskClient) -> dict[tuple[str, str], float]:
    text = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"}).text
    return {
        (sample.name, ",".join(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if not sample.name.endswith(("_created", "_bucket"))
    }


def test_queues_ages_and_jobs_are_told(client: FlaskClient) -> None:
    found = scrape(client)
    assert found["hailong_inbox_answers", ""] == 2
    assert found["hailong_sealed_leaves", ""] == 5
    assert found["hailong_checkpoint_age_days", ""] == 0
    assert found["hailong_job_age_seconds", "seal"] == 3600
    assert found["hailong_job_failed", "seal"] == 1


def test_requests_are_counted_by_part_and_status_and_refusals_by_reason(client: FlaskClient) -> None:
    for token in ("0" * 26, "1" * 26):
        client.get(f"/t/{token}")
    client.get("/answer")
    client.get("/nowhere/else")
    found = scrape(client)
    assert found["hailong_request_seconds_count", "t,3xx"] == 2
    assert found["hailong_request_seconds_count", "other,4xx"] == 1
    assert sum(value for (name, _), value in found.items() if name == "hailong_refused_total") == 1


def test_no_token_of_a_citizen_is_in_them(client: FlaskClient) -> None:
    token = "AB12" * 6 + "AB"
    client.get(f"/t/{token}?code=012345678901")
    text = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"}).text
    assert token not in text
    assert not re.search(r"0123456789|\d{1,3}(\.\d{1,3}){3}", text)


@pytest.mark.parametrize("sent", [None, "", "Bearer ", "Bearer " + "0" * 64, "Basic " + TOKEN, "Bearer é"])
def test_without_the_token_there_is_nothing_here(client: FlaskClient, sent: str | None) -> None:
    assert client.get("/metrics", headers={"Authorization": sent} if sent is not None else {}).status_code == 404


def test_without_the_setting_there_is_nothing_here(settings: Settings) -> None:
    client = create_app(settings).test_client()
    assert client.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 404


def test_a_short_token_is_refused_at_the_start(settings: Settings) -> None:
    given = {"HAILONG_HOME": str(settings.home), "HAILONG_SECRET_KEY": "abcdefgh01" * 4}
    with pytest.raises(SettingsError, match="32 random characters"):
        load_settings({**given, "HAILONG_METRICS_TOKEN": "short"})
