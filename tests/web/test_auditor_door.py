"""The auditors' pages: theirs alone, and every download leaves a trace."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from fieldwork import TODAY, Fieldwork, begin_fieldwork
from flask.testing import FlaskClient

from survey.actions.screening import screen_wave
from survey.actions.signing_in import add_staff
from survey.app import create_app
from survey.keys import Keys
from survey.proof import Signer
from survey.settings import Settings
from survey.store import audits
from survey.store.database import Database

NOON = datetime(2026, 11, 24, 5, tzinfo=UTC)
PASSWORD = "correct horse battery"
ROLES = ("auditor", "official", "statistician", "operator")
PATHS = ("/staff/screening", "/staff/screening/W")


@pytest.fixture
def work(database: Database, keys: Keys, signer: Signer) -> Fieldwork:
    work = begin_fieldwork(database, keys, signer, {("A", "land"): 50, ("B", "land"): 50}, invited=12)
    work.answer_all({"A.land": "5" * 12, "B.land": "53" * 6})
    work.seal_and_tally()
    for role in ROLES:
        add_staff(database, role, role, PASSWORD, now=NOON, actor="test")
    screen_wave(database, "W", by="auditor", now=NOON, today=TODAY)
    return work


@pytest.fixture
def client(settings: Settings, work: Fieldwork) -> FlaskClient:
    return create_app(settings, now=lambda: NOON).test_client()


def csrf(client: FlaskClient, path: str) -> str:
    return re.findall(r'name="csrf_token" value="([^"]+)"', client.get(path).text)[0]


def sign_in(client: FlaskClient, name: str) -> FlaskClient:
    fields = {"name": name, "password": PASSWORD, "csrf_token": csrf(client, "/staff/sign-in")}
    client.post("/staff/sign-in", data=fields)
    return client


@pytest.mark.parametrize("role", ROLES)
def test_only_an_auditor_enters(client: FlaskClient, role: str) -> None:
    sign_in(client, role)
    assert [client.get(path).status_code for path in PATHS] == ([200, 200] if role == "auditor" else [403, 403])
    named = "Dấu hiệu cần kiểm tra" in client.get("/staff/", follow_redirects=True).text
    assert named is (role == "auditor")


@pytest.mark.parametrize("language", ["vi", "en", "km"])
def test_the_page_says_what_it_is_not(client: FlaskClient, language: str) -> None:
    caveat = {"vi": "không phải là bằng chứng", "en": "is no proof", "km": "មិនមែនជាភស្តុតាង"}[language]
    page = sign_in(client, "auditor").get(f"/staff/screening/W?language={language}").text
    assert caveat in page
    assert "hailong callback draw W" in page
    assert "Cơ quan B" in page


def test_a_wave_that_was_not_screened_is_not_found(client: FlaskClient) -> None:
    assert sign_in(client, "auditor").get("/staff/screening/X").status_code == 404


def test_a_download_is_entered_in_the_audit_trail(client: FlaskClient, database: Database) -> None:
    sign_in(client, "auditor")
    fields = {"csrf_token": csrf(client, "/staff/screening/W")}
    table = client.post("/staff/screening/W/export", data=fields)
    assert table.headers["Content-Disposition"] == 'attachment; filename="screening-1.csv"'
    assert table.text.splitlines()[0].startswith('\ufeff"place"')
    with database.reading() as connection:
        entry = audits.list_entries(connection)[-1]
    assert (entry.actor, entry.event, entry.subject) == ("auditor", "screening-exported", "W")


def test_a_download_needs_the_pages_own_token(client: FlaskClient) -> None:
    sign_in(client, "auditor")
    assert client.post("/staff/screening/W/export").status_code == 400
    assert client.get("/staff/screening/W/export").status_code == 405
