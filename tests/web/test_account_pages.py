"""The pages of accounts: a second step at the door, one's own account, and what an operator does with others."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from survey.actions.signing_in import add_staff
from survey.app import create_app
from survey.settings import Settings
from survey.store.database import Database
from survey.store.places import Scope

PASSWORD = "mật khẩu đủ dài để thử"
NOON = datetime(2026, 11, 24, 5, tzinfo=UTC)
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


class Clock:
    now = NOON

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def app(settings: Settings, database: Database, clock: Clock) -> Flask:
    for name, role, area in (("op", "operator", None), ("local", "operator", "31507"), ("lan", "official", "31507")):
        add_staff(database, name, role, PASSWORD, now=NOON, actor="test", scope=Scope(area, None))
    add_staff(database, "thanh", "auditor", PASSWORD, now=NOON, actor="test")
    return create_app(settings, now=clock)


def csrf(page: TestResponse) -> str:
    return re.findall(r'name="csrf_token" value="([^"]*)"', page.text)[0]


def sign_in(app: Flask, name: str) -> FlaskClient:
    client = app.test_client()
    form = {"name": name, "password": PASSWORD, "csrf_token": csrf(client.get("/staff/sign-in"))}
    assert client.post("/staff/sign-in", data=form).status_code == 303
    return client


def send(client: FlaskClient, page: str, path: str, **form: str) -> TestResponse:
    return client.post(path, data={**form, "csrf_token": csrf(client.get(page))})


def enrol(client: FlaskClient) -> tuple[pyotp.TOTP, list[str]]:
    page = client.get("/staff/account/generator")
    generator = pyotp.TOTP(re.findall(r'name="secret" value="([^"]*)"', page.text)[0])
    form = {
        "secret": generator.secret,
        "code": generator.at(NOON),
        "label": "<b>điện thoại</b>",
        "csrf_token": csrf(page),
    }
    given = client.post("/staff/account/generator", data=form)
    assert "<b>điện" not in given.text
    return generator, re.findall(r"<li><code>([^<]*)</code>", given.text)


def test_after_enrolling_the_door_has_a_second_step(app: Flask, clock: Clock) -> None:
    generator, given = enrol(sign_in(app, "lan"))
    assert len(given) == 10
    client = sign_in(app, "lan")
    assert client.get("/staff/scoreboard").headers["Location"].startswith("/staff/second-step")
    assert send(client, "/staff/second-step", "/staff/second-step", code="123456").status_code == 401
    clock.now += timedelta(seconds=30)
    answer = send(
        client, "/staff/second-step", "/staff/second-step", code=generator.at(clock.now), next="/staff/account"
    )
    assert (answer.status_code, answer.headers["Location"]) == (303, "/staff/account")
    assert client.get("/staff/scoreboard").status_code == 200


def test_a_role_that_needs_a_second_factor_sees_nothing_before_it(settings: Settings, app: Flask, clock: Clock) -> None:
    from dataclasses import replace

    strict = create_app(replace(settings, second_factor=("official",)), now=clock)
    client = sign_in(strict, "lan")
    assert client.get("/staff/scoreboard").headers["Location"] == "/staff/account"
    enrol(client)
    assert client.get("/staff/scoreboard").status_code == 200
    assert sign_in(strict, "op").get("/staff/scoreboard").status_code == 200


def test_after_ten_minutes_giving_rights_asks_again_and_keeps_what_was_sent(app: Flask, clock: Clock) -> None:
    client = sign_in(app, "op")
    clock.now += timedelta(minutes=11)
    form = {"name": "mới", "role": "official", "area": "31507"}
    asked = send(client, "/staff/accounts", "/staff/accounts", **form)
    assert asked.status_code == 403
    kept = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', asked.text))
    assert kept | form == kept
    wrong = client.post("/staff/accounts", data={**kept, "confirm_password": "sai"})
    assert wrong.status_code == 401
    assert "Thư mời cho" not in wrong.text
    right = client.post("/staff/accounts", data={**kept, "confirm_password": PASSWORD})
    assert right.status_code == 200
    assert "Thư mời cho mới" in right.text


def test_whoever_was_recognised_anew_goes_on_under_a_new_value(app: Flask, clock: Clock) -> None:
    """At the second step, and when asked again: what was the session's value before opens nothing after it."""
    generator, _ = enrol(sign_in(app, "lan"))
    client, seen = sign_in(app, "lan"), []
    seen.append(value_of(client))
    clock.now += timedelta(seconds=30)
    send(client, "/staff/second-step", "/staff/second-step", code=generator.at(clock.now))
    seen.append(value_of(client))
    clock.now += timedelta(minutes=11)
    asked = client.get("/staff/account/generator")
    assert asked.status_code == 403
    form = {"csrf_token": csrf(asked), "confirm_password": PASSWORD, "next": "/staff/account/generator"}
    assert client.post("/staff/confirm", data=form).status_code == 303
    assert client.get("/staff/account/generator").status_code == 200
    assert len({*seen, value_of(client)}) == 3
    for old in seen:
        stranger = app.test_client()
        stranger.set_cookie("staff", old)
        assert stranger.get("/staff/scoreboard").status_code == 302


def value_of(client: FlaskClient) -> str:
    cookie = client.get_cookie("staff")
    assert cookie is not None
    return str(cookie.value)


def test_after_five_wrong_answers_the_session_is_over(app: Flask, clock: Clock) -> None:
    client = sign_in(app, "op")
    clock.now += timedelta(minutes=11)
    token = csrf(client.get("/staff/accounts"))
    for _ in range(5):
        client.post("/staff/accounts", data={"csrf_token": token, "confirm_password": "sai"})
    assert client.get("/staff/accounts").status_code == 302


def test_an_invited_person_sets_a_password_and_is_in(app: Flask) -> None:
    invited = send(
        sign_in(app, "local"), "/staff/accounts", "/staff/accounts", name="mới", role="official", area="31507"
    )
    link = re.findall(r"<code>http://localhost(/staff/join/[^<]*)</code>", invited.text)[0]
    person = app.test_client()
    assert "quá ngắn" in send(person, link, link, password="ngắn").text
    assert send(person, link, link, password="một câu dài mà tôi biết").headers["Location"] == "/staff/account"
    assert person.get("/staff/scoreboard").status_code == 200
    assert person.get(link).status_code == 404


def test_a_poisoned_host_gets_into_no_link(settings: Settings, app: Flask, clock: Clock) -> None:
    """With the hosts listed, as `serve` asks behind a proxy, another name is not served at all."""
    from dataclasses import replace

    known = create_app(replace(settings, hosts=("localhost",)), now=clock)
    client = sign_in(known, "op")
    token = csrf(client.get("/staff/accounts"))
    form = {"name": "mới", "role": "official", "csrf_token": token}
    poisoned = client.post("/staff/accounts", data=form, headers={"Host": "evil.example"})
    assert poisoned.status_code == 421
    assert "evil.example" not in client.post("/staff/accounts", data=form).text


def test_own_sessions_are_listed_and_ended(app: Flask) -> None:
    here, there = sign_in(app, "lan"), sign_in(app, "lan")
    page = here.get("/staff/account")
    assert page.text.count('name="session"') == 1
    named = re.findall(r'name="session" value="(\w+)"', page.text)[0]
    send(here, "/staff/account", "/staff/account/sessions/end", session=named)
    assert there.get("/staff/scoreboard").status_code == 302
    assert here.get("/staff/scoreboard").status_code == 200


def test_an_operator_sees_whom_the_scope_holds_and_others_are_missing(app: Flask) -> None:
    local = sign_in(app, "local")
    assert local.get("/staff/accounts/lan").status_code == 200
    assert local.get("/staff/accounts/op").status_code == 404
    assert local.get("/staff/accounts/nobody").status_code == 404
    for deed in ("rights", "reset", "switch", "sessions/end"):
        assert send(local, "/staff/accounts", f"/staff/accounts/op/{deed}", do="disable").status_code == 404
        assert send(local, "/staff/accounts", f"/staff/accounts/local/{deed}", do="disable").status_code == 403
    op = sign_in(app, "op")
    assert send(op, "/staff/accounts", "/staff/accounts/thanh/switch", do="disable").status_code == 403


def test_closing_an_account_puts_its_person_out_at_once(app: Flask) -> None:
    lan, op = sign_in(app, "lan"), sign_in(app, "op")
    assert lan.get("/staff/scoreboard").status_code == 200
    send(op, "/staff/accounts/lan", "/staff/accounts/lan/switch", do="disable")
    assert lan.get("/staff/scoreboard").status_code == 302


def test_a_session_that_was_planted_is_not_taken_over(app: Flask) -> None:
    """Session fixation: the value before signing in is worth nothing after it."""
    client = app.test_client()
    client.set_cookie("staff", "planted")
    form = {"name": "lan", "password": PASSWORD, "csrf_token": csrf(client.get("/staff/sign-in"))}
    client.post("/staff/sign-in", data=form)
    cookie = client.get_cookie("staff")
    assert cookie is not None
    assert cookie.value != "planted"
    stranger = app.test_client()
    stranger.set_cookie("staff", "planted")
    assert stranger.get("/staff/scoreboard").status_code == 302
