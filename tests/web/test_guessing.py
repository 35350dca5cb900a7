"""Guessing at the staff's door is slow for strangers, and the owner of an account still comes in."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient

from survey.actions.signing_in import add_staff
from survey.app import create_app
from survey.settings import Settings
from survey.store.database import Database
from survey.web import staff
from survey.web.limits import AccountBrakes, FailureBrake

PASSWORD = "mật khẩu đủ dài để thử"
NOON = datetime(2026, 11, 24, 5, tzinfo=UTC)
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def app(settings: Settings, database: Database, monkeypatch: pytest.MonkeyPatch) -> Flask:
    for name in ("lan", "minh"):
        add_staff(database, name, "official", PASSWORD, now=NOON, actor="test")
    monkeypatch.setattr(staff, "brake", FailureBrake(most=1000, per_second=0))
    made = create_app(settings, now=lambda: NOON)
    made.config["WTF_CSRF_ENABLED"] = False
    made.config["WTF_CSRF_METHODS"] = set()
    made.extensions[staff.ATTEMPTS] = AccountBrakes(most=10, per_second=0)
    return made


def try_in(client: FlaskClient, name: str, password: str) -> int:
    status: int = client.post("/staff/sign-in", data={"name": name, "password": password}).status_code
    return status


@on_sqlite
def test_after_ten_wrong_passwords_not_even_the_right_one_is_tried(app: Flask) -> None:
    stranger = app.test_client()
    assert [try_in(stranger, "lan", f"mật khẩu đoán thứ {n:03}") for n in range(10)] == [401] * 10
    assert try_in(stranger, "lan", PASSWORD) == 429
    assert try_in(stranger, "minh", PASSWORD) == 303, "the control: another account is not braked"


@on_sqlite
def test_the_browser_that_its_owner_has_used_is_counted_apart(app: Flask) -> None:
    own, stranger = app.test_client(), app.test_client()
    assert try_in(own, "lan", PASSWORD) == 303
    for _ in range(11):
        last = try_in(stranger, "lan", "x" * 20)
    assert (last, try_in(own, "lan", PASSWORD)) == (429, 303)
    assert try_in(own, "minh", "x" * 20) == 401, "what it says of one account says nothing of another"


@on_sqlite
@pytest.mark.parametrize("forged", ["", "mark", "mark.", "mark.00", ".", "mark.é"])
def test_a_forged_mark_is_a_strangers(app: Flask, forged: str) -> None:
    stranger = app.test_client()
    for _ in range(10):
        try_in(stranger, "lan", "x" * 20)
    stranger.set_cookie("known", forged)
    assert try_in(stranger, "lan", PASSWORD) == 429


@on_sqlite
def test_a_mark_opens_nothing_and_signing_in_well_costs_nothing(app: Flask) -> None:
    own = app.test_client()
    assert {try_in(own, "lan", PASSWORD) for _ in range(15)} == {303}
    mark = own.get_cookie("known")
    assert mark is not None
    assert re.fullmatch(r"[\w-]{22}\.[0-9a-f]{64}", mark.value)
    other = app.test_client()
    other.set_cookie("known", mark.value)
    assert other.get("/staff/scoreboard").status_code == 302


def test_only_the_accounts_tried_last_are_kept() -> None:
    brakes = AccountBrakes(most=1, per_second=0, kept=2)
    assert [brakes.may_try(name) for name in ("a", "a", "b", "c", "b")] == [True, False, True, True, False]
    assert brakes.may_try("a"), "forgotten, since two others were tried after it"
