"""Whatever stands in an address, a field or a cookie: a page that says so, never a server error."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from urllib.parse import quote

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from survey.actions.signing_in import add_staff
from survey.app import BOTH, CITIZENS, STAFF, create_app
from survey.settings import Settings
from survey.store.database import Database
from survey.web import citizen_pages, staff
from survey.web.access import access_of
from survey.web.limits import FailureBrake

NOON = datetime(2026, 11, 24, 5, tzinfo=UTC)
PASSWORD = "mật khẩu đủ dài để thử"
STRANGE = (
    "%00",
    "a%00b",
    "%ED%A0%80",
    "%FF",
    "..%2f..%2fetc%2fpasswd",
    "'%20OR%201=1--",
    "{{7*7}}",
    "%0d%0aSet-Cookie:x=1",
    "a" * 500,
)
FIELDS = ("\x00", "%s%n", "a\r\nX: y", "ệ" * 100, "<script>", "9" * 400)
PAGES_OF_STAFF = ("staff.", "official.", "statistician.")


@pytest.fixture(autouse=True)
def endless_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Brakes of these tests alone: so many failures would hold up others in the same process."""
    for module in (citizen_pages, staff):
        monkeypatch.setattr(module, "brake", FailureBrake(10_000, 1))


@pytest.fixture
def app(settings: Settings, database: Database) -> Flask:
    add_staff(database, "mai", "statistician", PASSWORD, now=NOON, actor="tests")
    return create_app(settings, BOTH, now=lambda: NOON)


@pytest.fixture
def member(app: Flask) -> FlaskClient:
    client = app.test_client()
    token = re.findall(r'name="csrf_token" value="([^"]*)"', client.get("/staff/sign-in").text)[0]
    client.post("/staff/sign-in", data={"name": "mai", "password": PASSWORD, "csrf_token": token})
    return client


def fill(rule: Rule, value: str) -> str:
    return re.sub(r"<[^>]*>", value.replace("\\", r"\\"), rule.rule)


@pytest.mark.thorough
def test_no_address_is_a_server_error(app: Flask, member: FlaskClient) -> None:
    asked = 0
    for rule in app.url_map.iter_rules():
        for value in STRANGE if rule.arguments else ("",):
            path = fill(rule, value)
            for client in (app.test_client(), member):
                for method in sorted((rule.methods or set()) & {"GET", "POST"}):
                    status = client.open(path, method=method).status_code
                    assert status < 500, f"{method} {path}: {status}"
                    asked += 1
    assert asked > 50


def test_no_query_or_cookie_is_a_server_error(app: Flask, member: FlaskClient) -> None:
    for value in FIELDS:
        query = "&".join(f"{name}={quote(value)}" for name in ("language", "next", "code", "notice"))
        for path in ("/", "/answer", "/receipt", "/staff/sign-in", "/staff/scoreboard", "/staff/releases"):
            assert member.get(f"{path}?{query}").status_code < 500, (path, value)
            stranger = app.test_client()
            for name in ("token", "staff", "language", "form"):
                stranger.set_cookie(name, quote(value))
            assert stranger.get(path).status_code < 500, (path, value)


@pytest.mark.parametrize("value", FIELDS)
def test_no_field_of_the_sign_in_form_is_a_server_error(app: Flask, value: str) -> None:
    client = app.test_client()
    token = re.findall(r'name="csrf_token" value="([^"]*)"', client.get("/staff/sign-in").text)[0]
    for form in ({"name": value, "password": PASSWORD}, {"name": "mai", "password": value}, {"next": value}):
        answered = client.post("/staff/sign-in", data={"csrf_token": token, **form})
        assert answered.status_code == 401
    assert client.post("/staff/sign-in", data={"csrf_token": value, "name": "mai"}).status_code == 400


def test_every_page_of_staff_leads_a_stranger_to_the_sign_in(app: Flask) -> None:
    """Generated from the routes: a new page is held to it without a new line here."""
    guarded = 0
    for rule in app.url_map.iter_rules():
        access = access_of(app.view_functions[rule.endpoint])
        assert access is not None
        if rule.endpoint.startswith(PAGES_OF_STAFF) and not access.public and "GET" in (rule.methods or ()):
            answered = app.test_client().get(fill(rule, "x"))
            assert answered.status_code == 302, rule
            assert answered.headers["Location"].startswith("/staff/sign-in?next="), rule
            guarded += 1
    assert guarded >= 8


def test_every_post_of_staff_without_the_sessions_token_is_refused(app: Flask, member: FlaskClient) -> None:
    posts = [
        r for r in app.url_map.iter_rules() if r.endpoint.startswith(PAGES_OF_STAFF) and "POST" in (r.methods or ())
    ]
    assert len(posts) >= 3
    for rule in posts:
        assert member.post(fill(rule, "x")).status_code == 400, rule


def test_each_door_opens_its_own_routes_and_no_other(settings: Settings, database: Database) -> None:
    citizens, members = (create_app(settings, (door,), now=lambda: NOON) for door in (CITIZENS, STAFF))
    assert not any(rule.endpoint.startswith(PAGES_OF_STAFF) for rule in citizens.url_map.iter_rules())
    assert not any(rule.endpoint.startswith("citizen.") for rule in members.url_map.iter_rules())
    for path in ("/t/x", "/answer", "/", "/nowhere"):
        assert members.test_client().get(path).status_code == 404
    for path in ("/staff/", "/staff/sign-in", "/nowhere"):
        assert citizens.test_client().get(path).status_code == 404
