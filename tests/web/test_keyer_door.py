"""Paper over HTTP: an operator prints, two keyers key without seeing each other, a third settles what differs."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from fieldwork import Fieldwork, begin_fieldwork
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from survey.actions.inviting import draw_places
from survey.actions.signing_in import add_staff
from survey.app import create_app
from survey.keys import Keys
from survey.proof import Signer
from survey.settings import Settings
from survey.store.database import Database
from survey.store.tables import inbox

NOON = datetime(2026, 11, 24, 5, tzinfo=UTC)
PASSWORD = "mật khẩu đủ dài để thử"
NUMBER = re.compile(r"Số phiếu <b>([0-9A-Z-]+)</b>")
STAFF = {"an": "keyer", "binh": "keyer", "chi": "keyer", "op": "operator", "off": "official", "iv": "interviewer"}


@pytest.fixture
def work(database: Database, keys: Keys, signer: Signer) -> Fieldwork:
    return begin_fieldwork(database, keys, signer, {("A", "land"): 40}, questionnaire="quick@1")


@pytest.fixture
def app(work: Fieldwork, settings: Settings) -> Flask:
    draw_places(work.database, "W", 5, seed=9, today=NOON.date())
    for name, role in STAFF.items():
        add_staff(work.database, name, role, PASSWORD, now=NOON, actor="tests")
    return create_app(settings, now=lambda: NOON)


def sign_in(app: Flask, name: str) -> FlaskClient:
    client = app.test_client()
    token = csrf(client.get("/staff/sign-in").text)
    client.post("/staff/sign-in", data={"csrf_token": token, "name": name, "password": PASSWORD})
    return client


def csrf(html: str) -> str:
    return str(re.findall(r'name="csrf_token" value="([^"]+)"', html)[0])


def post(client: FlaskClient, path: str, **sent: str) -> str:
    token = csrf(client.get("/staff/paper/").text)
    return client.post(path, data={"csrf_token": token, **sent}, follow_redirects=True).text


def print_three(app: Flask) -> list[str]:
    """Sheets for three of the five places that wait."""
    operator = sign_in(app, "op")
    page = post(operator, "/staff/paper/print", wave="W", count="3", form_language="vi")
    printed = operator.get(re.findall(r'href="(/staff/paper/batch/[^"]+)"', page)[0])
    assert "nonce-" in printed.headers["Content-Security-Policy"]
    return NUMBER.findall(printed.text)


def count_stored(work: Fieldwork) -> int:
    with work.database.reading() as connection:
        return connection.scalar(select(func.count()).select_from(inbox)) or 0


def test_a_sheet_goes_from_the_printer_through_two_keyers_into_the_inbox(app: Flask, work: Fieldwork) -> None:
    numbers = print_three(app)
    assert len(set(numbers)) == 3
    an, binh = sign_in(app, "an"), sign_in(app, "binh")
    assert "Phiếu số" in post(an, "/staff/paper/sheet", sheet=numbers[0])
    assert "Đã nhập lần một" in post(an, "/staff/paper/key", sheet=numbers[0], G1="4")
    assert "Ông/Bà đã nhập phiếu này" in post(an, "/staff/paper/key", sheet=numbers[0], G1="4")
    second = post(binh, "/staff/paper/sheet", sheet=numbers[0])
    assert " selected" not in second, "the second keyer must not see what the first keyed"
    assert "Hai lần nhập giống nhau" in post(binh, "/staff/paper/key", sheet=numbers[0], G1="4")
    assert count_stored(work) == 1


def test_a_third_sees_what_differs_and_settles_it(app: Flask, work: Fieldwork) -> None:
    number = print_three(app)[0]
    an, binh, chi = (sign_in(app, name) for name in ("an", "binh", "chi"))
    post(an, "/staff/paper/key", sheet=number, G1="4")
    assert "Hai lần nhập khác nhau" in post(binh, "/staff/paper/key", sheet=number, G1="5")
    link = f"/staff/paper/settle/{number}"
    assert link in chi.get("/staff/paper/").text
    assert "Đã nhập: 4 và 5" in chi.get(link).text
    assert "Ông/Bà đã nhập phiếu này" in an.get(link).text
    assert "Ông/Bà đã nhập phiếu này" in post(an, "/staff/paper/settle", sheet=number, G1="5")
    assert count_stored(work) == 0
    assert "Đã giải quyết" in post(chi, "/staff/paper/settle", sheet=number, G1="5")
    assert count_stored(work) == 1


def test_what_is_missing_or_unknown_comes_back_and_nothing_is_stored(app: Flask, work: Fieldwork) -> None:
    number = print_three(app)[0]
    an = sign_in(app, "an")
    assert "Có câu cần trả lời" in post(an, "/staff/paper/key", sheet=number, G1="")
    assert "Không có số phiếu này" in post(an, "/staff/paper/sheet", sheet="0000-0000-000")
    token = csrf(an.get("/staff/paper/").text)
    assert an.post("/staff/paper/key", data={"csrf_token": token, "sheet": number, "ZZ": "1"}).status_code == 400
    assert count_stored(work) == 0


@pytest.mark.parametrize(("name", "page"), [("off", 403), ("iv", 403), ("op", 200), ("an", 200)])
def test_only_keyers_and_operators_enter_and_operators_never_key(app: Flask, name: str, page: int) -> None:
    client = sign_in(app, name)
    assert client.get("/staff/paper/").status_code == page
    if name != "an":
        token = csrf(client.get("/staff/sign-in").text)
        assert client.post("/staff/paper/key", data={"csrf_token": token, "sheet": "x"}).status_code == 403
