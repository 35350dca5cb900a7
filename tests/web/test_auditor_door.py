"""The auditors' pages: theirs alone, and every download leaves a trace."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from fieldwork import TODAY, Fieldwork, begin_fieldwork
from flask.testing import FlaskClient
from sqlalchemy import text

from survey.actions.screening import screen_wave
from survey.actions.signing_in import add_staff
from survey.app import create_app
from survey.documents.trail import KINDS
from survey.keys import Keys
from survey.proof import Signer
from survey.settings import Settings
from survey.store import audits
from survey.store.database import Database

NOON = datetime(2026, 11, 24, 5, tzinfo=UTC)
PASSWORD = "correct horse battery"
ROLES = ("auditor", "official", "statistician", "operator")
PATHS = ("/staff/screening", "/staff/screening/W", "/staff/trail")


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
    assert {client.get(path).status_code for path in PATHS} == ({200} if role == "auditor" else {403})
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


def test_the_trail_says_who_did_what_and_what_vouches_for_it(client: FlaskClient) -> None:
    page = sign_in(client, "auditor").get("/staff/trail").text
    assert re.search(r"\d mục; điểm chốt 1 bảo chứng \d mục đầu", page)
    assert "<code>staff-added</code>" in page
    assert "<strong>Tài khoản, quyền và khóa</strong>" in page
    assert 'role="alert"' not in page


def test_the_trail_shows_one_kind_of_deed_at_a_time(client: FlaskClient) -> None:
    sign_in(client, "auditor")
    events = {kind: set(re.findall(r"</strong> <code>([a-z-]+)<", show(client, f"?kind={kind}"))) for kind in KINDS}
    assert "screened" in events["judged"]
    assert {"signed-in", "staff-added"} <= events["people"]
    assert all(events[kind] <= KINDS[kind][1] for kind in KINDS)
    assert "Chưa có mục nào" in show(client, "?kind=forgotten")
    assert show(client, "?kind=nonsense&before=nothing").count("<li") == show(client, "").count("<li")


def test_older_entries_are_one_page_further(client: FlaskClient, database: Database) -> None:
    with database.writing("test") as connection:
        for number in range(60):
            audits.add_event(connection, at=NOON, actor="a", event="screened", subject=f"Đợt {number}", detail={"n": 1})
    sign_in(client, "auditor")
    newest = show(client, "?kind=judged")
    older = re.findall(r'href="([^"]*before=[^"]*)"', newest)[0].replace("&amp;", "&")
    assert ("Đợt 59" in newest, "Đợt 9<" in newest) == (True, False)
    assert "Đợt 9<" in client.get(older).text


def test_a_trail_that_was_changed_is_told_aloud(client: FlaskClient, database: Database) -> None:
    sign_in(client, "auditor")
    with database.writing("test") as connection:
        trigger = "DROP TRIGGER audit_no_update" if database.is_sqlite else "ALTER TABLE audit DISABLE TRIGGER USER"
        for statement in (trigger, "UPDATE audit SET actor = 'nobody' WHERE position = 0"):
            connection.execute(text(statement))
    assert "Mục 0 không khớp" in show(client, "")


def show(client: FlaskClient, query: str) -> str:
    return client.get(f"/staff/trail{query}").text
