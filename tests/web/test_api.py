"""The API: only what a known client signed is heard, a batch counts once, and the document tells the truth."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from survey.actions import clients
from survey.actions.clients import Request, authorize
from survey.actions.importing_places import import_agencies, import_procedures
from survey.actions.inviting import draw_places
from survey.actions.receiving import admit_transactions
from survey.actions.waves import open_wave
from survey.app import create_app
from survey.keys import Keys
from survey.mandate.rules import Rule
from survey.settings import Settings
from survey.store import frames
from survey.store.audits import By
from survey.store.database import Database
from survey.web import api
from survey.web.limits import FailureBrake
from survey.web.openapi import describe

NOON = datetime(2026, 11, 24, 5, tzinfo=UTC)
TODAY = NOON.date()
SECONDS = int(NOON.timestamp())
EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


class Portal:
    """A one-stop system that signs what it sends."""

    def __init__(self, door: FlaskClient, secret: str) -> None:
        self.door, self.secret = door, secret

    def send(self, method: str, path: str, body: Any = None, key: str = "", /, **changed: Any) -> TestResponse:
        """A signed request; what is `changed` after signing no longer agrees with the signature."""
        content = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        signed = Request(method, path, key, content)
        seconds = changed.pop("seconds", SECONDS)
        headers = {"Authorization": authorize("mot-cua", self.secret, signed, seconds), "Idempotency-Key": key}
        sent = replace(signed, **changed)
        if not sent.key:
            del headers["Idempotency-Key"]
        else:
            headers["Idempotency-Key"] = sent.key
        kind = "application/json" if content else None
        return self.door.open(sent.target, method=sent.method, data=sent.body, headers=headers, content_type=kind)

    def bring(self, *dossiers: str, key: str = "k1", **more: Any) -> TestResponse:
        return self.send("POST", "/api/v1/transactions", batch(*dossiers, **more), key)


@pytest.fixture(autouse=True)
def fresh_brakes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "brakes", {})
    monkeypatch.setattr(api, "refused_signatures", FailureBrake(most=1000, per_second=1))


@pytest.fixture
def app(settings: Settings, database: Database) -> Flask:
    import_agencies(database, EXAMPLES / "agencies.csv")
    import_procedures(database, EXAMPLES / "procedures.csv")
    open_wave(
        database,
        code="W",
        name={"vi": "Đợt thử"},
        questionnaire="procedures@1",
        opens_on=date(2026, 11, 1),
        closes_on=date(2026, 11, 30),
        rule=Rule(),
    )
    return create_app(settings, now=lambda: NOON)


@pytest.fixture
def portal(app: Flask, database: Database, keys: Keys) -> Portal:
    secret = clients.add_client(database, keys, "mot-cua", on=TODAY, recorded=By("tests", NOON))
    return Portal(app.test_client(), secret)


def test_a_batch_counts_once_however_often_it_comes(portal: Portal, database: Database) -> None:
    first, again = portal.bring("D1", "D2", "D2"), portal.bring("D1", "D2", "D2")
    assert first.json is not None
    assert (first.status_code, first.json["accepted"], first.json["already"]) == (200, 2, 0)
    assert [each["index"] for each in first.json["rejected"]] == [2]
    assert (again.data, again.headers["Idempotent-Replayed"]) == (first.data, "true")
    assert portal.bring("D3").status_code == 409
    other = portal.bring("D2", "D3", key="k2").json
    assert other is not None
    assert (other["accepted"], other["already"]) == (1, 1)
    assert admit_transactions(database, TODAY) == 3
    assert admit_transactions(database, TODAY) == 0
    with database.reading() as connection:
        assert [each.population for each in frames.list_frames(connection, "W")] == [3]
        assert frames.list_facts(connection, "W", 1) == {("TTPVHCC-31507.certification", "filed_by", "self"): 3}


def test_the_next_night_adds_to_the_frame_and_leaves_the_drawn_their_places(portal: Portal, database: Database) -> None:
    portal.bring("D1", "D2")
    admit_transactions(database, TODAY)
    draw_places(database, "W", 2, seed=1, today=TODAY)
    portal.bring("D2", "D3", key="k2")
    assert admit_transactions(database, TODAY) == 0
    assert admit_transactions(database, date(2026, 11, 25)) == 1
    with database.reading() as connection:
        assert [each.population for each in frames.list_frames(connection, "W")] == [3, 2]


def test_a_row_that_is_wrong_is_answered_with_its_remedy_and_the_others_count(portal: Portal) -> None:
    wrong = [
        {"dossier": "D2", "agency": "NOBODY", "procedure": "VD-CHUNG-THUC"},
        {"dossier": "D3", "agency": "TTPVHCC-31507", "procedure": "VD-CHUNG-THUC", "phone": "0912345678"},
        {"dossier": "D4", "agency": "TTPVHCC-31507", "procedure": "VD-CHUNG-THUC", "outcome": "lost"},
        {"dossier": "", "agency": "TTPVHCC-31507", "procedure": "VD-CHUNG-THUC"},
        "D5",
        {"dossier": 6, "agency": "TTPVHCC-31507"},
    ]
    body = batch("D1")
    body["transactions"] += wrong
    answer = portal.send("POST", "/api/v1/transactions", body, "k1").json
    assert answer is not None
    assert answer["accepted"] == 1
    reasons = {each["index"]: each["reason"] for each in answer["rejected"]}
    assert sorted(reasons) == [1, 2, 3, 4, 5, 6]
    assert "hailong import agencies" in reasons[1]
    assert "contacts have their own file" in reasons[2]


@on_sqlite
@pytest.mark.parametrize(
    "changed",
    [
        {"method": "PUT"},
        {"target": "/api/v1/transactions?x=1"},
        {"key": "other"},
        {"body": b"{}"},
        {"seconds": SECONDS - 301},
        {"seconds": SECONDS + 301},
    ],
)
def test_what_was_changed_after_signing_is_not_heard(portal: Portal, changed: dict[str, Any]) -> None:
    refused = portal.send("POST", "/api/v1/transactions", batch("D1"), "k1", **changed)
    assert refused.status_code in (401, 405)
    assert portal.bring("D1").status_code == 200


@on_sqlite
def test_the_next_secret_ends_the_one_before_and_a_retired_client_is_not_heard(
    portal: Portal, database: Database, keys: Keys
) -> None:
    by = By("tests", NOON)
    renewed = clients.renew_client(database, keys, "mot-cua", recorded=by)
    assert portal.bring("D1").status_code == 401
    portal.secret = renewed
    assert portal.bring("D1").status_code == 200
    clients.retire_client(database, "mot-cua", on=TODAY, recorded=by)
    assert portal.bring("D1").status_code == 401


@on_sqlite
def test_no_secret_is_in_the_database(portal: Portal, database: Database) -> None:
    with database.reading() as connection:
        rows = connection.exec_driver_sql("SELECT * FROM api_client").all()
    assert portal.secret not in str(rows)
    assert bytes.fromhex(portal.secret) not in [value for row in rows for value in row]


@on_sqlite
def test_a_drawn_dossier_gets_one_link_and_another_none(portal: Portal, database: Database) -> None:
    portal.bring("D1", "D2")
    admit_transactions(database, TODAY)
    draw_places(database, "W", 1, seed=1, today=TODAY)
    states = {each: portal.send("POST", "/api/v1/status", {"dossier": each}).json for each in ("D1", "D2", "D9")}
    assert sorted(str(each["state"]) for each in states.values() if each) == ["drawn", "not_drawn", "unknown"]
    drawn = next(dossier for dossier, state in states.items() if state == {"state": "drawn"})
    made = portal.send("POST", "/api/v1/tokens", {"dossier": drawn})
    assert made.json is not None
    assert made.status_code == 201
    assert portal.door.get(made.json["url"], follow_redirects=True).status_code == 200
    assert portal.send("POST", "/api/v1/tokens", {"dossier": drawn}).status_code == 409
    assert portal.send("POST", "/api/v1/tokens", {"dossier": "D9"}).status_code == 409


@on_sqlite
def test_too_many_requests_wait_and_too_large_ones_are_refused(portal: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    assert portal.send("POST", "/api/v1/transactions", b"x" * (api.LARGEST_BODY + 1), "k1").status_code == 413
    monkeypatch.setattr(api, "brakes", {"mot-cua": FailureBrake(most=2, per_second=0.001)})
    assert [portal.send("GET", "/api/v1/waves").status_code for _ in range(3)] == [200, 200, 429]


def test_batches_of_five_hundred_come_in_at_more_than_two_thousand_a_second(portal: Portal) -> None:
    started = time.perf_counter()
    for number in range(4):
        answer = portal.bring(*(f"D{number}.{each}" for each in range(500)), key=f"k{number}").json
        assert answer is not None
        assert answer["accepted"] == 500
    seconds = time.perf_counter() - started
    assert seconds < 10, "2,000 transactions; the floor is in benchmarks/imports.py, and this only a coarse guard"


@on_sqlite
def test_the_document_names_every_address_and_no_other(app: Flask) -> None:
    rules = [rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith("api.")]
    served = {(rule.rule, method.lower()) for rule in rules for method in (rule.methods or set()) & {"GET", "POST"}}
    document = describe("http://example.invalid")
    assert {(path, method) for path, each in document["paths"].items() for method in each} == served
    assert app.test_client().get("/api/v1/openapi.json").json is not None


def batch(*dossiers: str, **more: Any) -> dict[str, Any]:
    each = {"agency": "TTPVHCC-31507", "procedure": "VD-CHUNG-THUC", "filed_by": "self"}
    return {"transactions": [{"dossier": dossier, **each} for dossier in dossiers], **more}
