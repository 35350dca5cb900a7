"""Single sign-on against a real provider, a process of its own: who comes back is believed only when all holds."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient
from oidc_provider import Provider, run_provider

from survey.actions import accounts
from survey.actions.signing_in import add_staff
from survey.app import create_app
from survey.keys import Keys
from survey.settings import Settings
from survey.store.audits import By
from survey.store.database import Database

PASSWORD = "mật khẩu đủ dài để thử"
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture(scope="module")
def running() -> Iterator[Provider]:
    with run_provider() as provider:
        yield provider


@pytest.fixture
def provider(running: Provider) -> Provider:
    running.control(sub="person-1", lie="")
    return running


@pytest.fixture
def app(settings: Settings, database: Database, provider: Provider) -> Flask:
    return door(settings, provider)


def door(settings: Settings, provider: Provider, **more: object) -> Flask:
    path = settings.home / "gateways.toml"
    path.write_text(provider.gateways(name="Cổng tỉnh", **more))
    path.chmod(0o600)
    return create_app(settings, now=lambda: datetime.now(UTC))


def csrf(text: str) -> str:
    return re.findall(r'name="csrf_token" value="([^"]*)"', text)[0]


def go(client: FlaskClient, provider: Provider, start: str, page: str) -> tuple[int, str]:
    """Press the button of a page, visit the provider, come back; status and where to."""
    sent = client.post(start, data={"csrf_token": csrf(client.get(page).text)})
    assert sent.status_code == 303, sent.text
    back = provider.visit(sent.headers["Location"])
    answer = client.get(back.removeprefix("http://localhost"))
    return answer.status_code, answer.headers.get("Location", "")


def invited(database: Database, keys: Keys, name: str = "lan") -> str:
    add_staff(database, name, "official", "", now=datetime.now(UTC), actor="test")
    return accounts.invite_again(database, keys, name, By("test", datetime.now(UTC)))


def join(app: Flask, provider: Provider, database: Database, keys: Keys, name: str = "lan") -> FlaskClient:
    client, token = app.test_client(), invited(database, keys, name)
    assert go(client, provider, f"/staff/sso/join/{token}", f"/staff/join/{token}") == (303, "/staff/account")
    return client


def test_an_account_is_tied_by_its_invitation_and_then_opens(
    app: Flask, provider: Provider, database: Database, keys: Keys
) -> None:
    joined = join(app, provider, database, keys)
    assert joined.get("/staff/scoreboard").status_code == 200
    again = app.test_client()
    assert go(again, provider, "/staff/sso/sign-in", "/staff/sign-in") == (303, "/staff/")
    assert again.get("/staff/scoreboard").status_code == 200


def test_whom_nobody_tied_is_nobody_here(app: Flask, provider: Provider, database: Database, keys: Keys) -> None:
    join(app, provider, database, keys)
    provider.control(sub="lan")  # not even by the name of an account
    client = app.test_client()
    assert go(client, provider, "/staff/sso/sign-in", "/staff/sign-in")[0] == 403
    assert client.get("/staff/scoreboard").status_code == 302


def test_one_person_is_tied_to_one_account(app: Flask, provider: Provider, database: Database, keys: Keys) -> None:
    join(app, provider, database, keys)
    token = invited(database, keys, "minh")
    answer = go(app.test_client(), provider, f"/staff/sso/join/{token}", f"/staff/join/{token}")
    assert answer[0] == 403


@pytest.mark.parametrize(
    "lie",
    [
        "signature",
        "unsigned",
        "issuer",
        "audience",
        "party",
        "time",
        "nonce",
        "without-nonce",
        "without-exp",
        "without-sub",
    ],
)
def test_a_token_that_does_not_hold_opens_nothing(
    app: Flask, provider: Provider, database: Database, keys: Keys, lie: str
) -> None:
    join(app, provider, database, keys)
    provider.control(lie=lie)
    client = app.test_client()
    assert go(client, provider, "/staff/sso/sign-in", "/staff/sign-in")[0] == 502
    assert client.get("/staff/scoreboard").status_code == 302


def test_a_provider_that_would_send_people_elsewhere_is_not_followed(app: Flask, provider: Provider) -> None:
    provider.control(lie="elsewhere")
    client = app.test_client()
    token = csrf(client.get("/staff/sign-in").text)
    assert client.post("/staff/sso/sign-in", data={"csrf_token": token}).status_code == 502


def test_a_weak_sign_in_at_the_provider_is_refused_where_the_installation_asks(
    settings: Settings, provider: Provider, database: Database, keys: Keys
) -> None:
    app = door(settings, provider, amr=["mfa"])
    join(app, provider, database, keys)
    provider.control(lie="weak")
    assert go(app.test_client(), provider, "/staff/sso/sign-in", "/staff/sign-in")[0] == 502


def test_the_way_back_is_good_once_and_only_in_the_browser_that_began(
    app: Flask, provider: Provider, database: Database, keys: Keys
) -> None:
    """State of another browser, no state, and the same way back twice: login CSRF and replays."""
    join(app, provider, database, keys)
    begun, other = app.test_client(), app.test_client()
    sent = begun.post("/staff/sso/sign-in", data={"csrf_token": csrf(begun.get("/staff/sign-in").text)})
    back = provider.visit(sent.headers["Location"]).removeprefix("http://localhost")
    assert other.get(back).status_code == 400
    other.post("/staff/sso/sign-in", data={"csrf_token": csrf(other.get("/staff/sign-in").text)})
    assert other.get(back).status_code == 403
    assert begun.get(re.sub("state=[^&]*", "state=x", back)).status_code == 403
    assert begun.get(back).status_code == 400
    for client in (begun, other):
        assert client.get("/staff/scoreboard").status_code == 302


def test_a_closed_account_does_not_come_in_by_the_provider(
    app: Flask, provider: Provider, database: Database, keys: Keys
) -> None:
    join(app, provider, database, keys)
    accounts.switch(database, "lan", disabled=True, by=By("test", datetime.now(UTC)))
    assert go(app.test_client(), provider, "/staff/sso/sign-in", "/staff/sign-in")[0] == 403


def test_without_a_provider_nothing_is_offered(settings: Settings, database: Database) -> None:
    client = create_app(settings, now=lambda: datetime.now(UTC)).test_client()
    page = client.get("/staff/sign-in").text
    assert "/staff/sso/" not in page
    assert client.post("/staff/sso/sign-in", data={"csrf_token": csrf(page)}).status_code == 404
