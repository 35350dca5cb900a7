"""The counter over HTTP: who may enter, what is shown and what never is; and the page that stops messages."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from posting import frame_file

from survey.actions.importing_frame import import_frame
from survey.actions.importing_places import import_agencies
from survey.actions.inviting import draw_places
from survey.actions.signing_in import add_staff
from survey.actions.waves import open_wave
from survey.app import create_app
from survey.keys import Keys
from survey.mandate.rules import Rule
from survey.settings import Settings
from survey.store import contacts
from survey.store.database import Database
from survey.web import stopping
from survey.web.access import access_of
from survey.web.limits import FailureBrake

NOON = datetime(2026, 11, 24, 5, tzinfo=UTC)
TODAY = NOON.date()
PASSWORD = "mật khẩu đủ dài để thử"
EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
OPERATING = ("kiosk", "operator")
OTHERS = ("official", "statistician", "auditor")
CODE = re.compile(r"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{3}")
DRAWN, NOT_DRAWN, GIVEN, UNKNOWN = "Được bốc thăm", "Không được bốc thăm", "Đã phát phiếu", "Chưa có trong danh sách"
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
DOSSIERS = [f"HS.{number:06}" for number in range(1, 7)]


@pytest.fixture
def app(settings: Settings, database: Database, keys: Keys, tmp_path: Path) -> Flask:
    """Six dossiers at a counter, of which three are drawn."""
    import_agencies(database, EXAMPLES / "agencies.csv")
    open_wave(
        database,
        code="W",
        name={"vi": "Đợt thử"},
        questionnaire="procedures@1",
        opens_on=date(2026, 11, 1),
        closes_on=date(2026, 11, 30),
        rule=Rule(),
    )
    import_frame(database, keys, frame_file(tmp_path / "f.csv", ["0912345001"] * 6), wave_code="W", today=TODAY)
    draw_places(database, "W", 3, seed=1, today=TODAY)
    for role in (*OPERATING, *OTHERS):
        add_staff(database, role, role, PASSWORD, now=NOON, actor="tests")
    return create_app(settings, now=lambda: NOON)


@pytest.fixture
def counter(app: Flask) -> FlaskClient:
    return sign_in(app, "kiosk")


def sign_in(app: Flask, name: str) -> FlaskClient:
    client = app.test_client()
    token = csrf(client, "/staff/sign-in")
    client.post("/staff/sign-in", data={"name": name, "password": PASSWORD, "csrf_token": token})
    return client


def csrf(client: FlaskClient, path: str = "/staff/counter/") -> str:
    return re.findall(r'name="csrf_token" value="([^"]*)"', client.get(path).text)[0]


def post(client: FlaskClient, path: str, **fields: str) -> str:
    return client.post(f"/staff/counter/{path}", data={"csrf_token": csrf(client), **fields}).text


def heading(page: str) -> str:
    [found] = re.findall(r"<h2>([^<]+)</h2>", page)
    return str(found)


def drawn(client: FlaskClient) -> list[str]:
    return [name for name in DOSSIERS if heading(post(client, "", dossier=name)) == DRAWN]


@on_sqlite
def test_only_a_counter_and_an_operator_enter(app: Flask) -> None:
    for role in (*OPERATING, *OTHERS):
        client, allowed = sign_in(app, role), role in OPERATING
        assert client.get("/staff/counter/").status_code == (200 if allowed else 403)
        for path in ("", "slip"):
            fields = {"dossier": "x", "csrf_token": csrf(client)}
            statuses = {"": 200, "slip": 409} if allowed else {"": 403, "slip": 403}
            assert client.post(f"/staff/counter/{path}", data=fields).status_code == statuses[path], role


@on_sqlite
def test_a_counter_sees_nothing_but_its_page_and_its_own_account(app: Flask, counter: FlaskClient) -> None:
    for rule in app.url_map.iter_rules():
        access = access_of(app.view_functions[rule.endpoint])
        assert access is not None
        staff = rule.rule.startswith("/staff") and "GET" in (rule.methods or ()) and not access.public
        own = rule.endpoint.startswith(("counter.", "own_account.")) or rule.endpoint == "staff.go_home"
        if staff and not own:
            path = re.sub(r"<[^>]+>", "x", rule.rule)
            assert counter.get(path).status_code in (403, 404), path
    assert counter.get("/staff/", follow_redirects=True).request.path == "/staff/counter/"


def test_a_clerk_is_told_drawn_or_not_and_no_code(counter: FlaskClient) -> None:
    pages = [post(counter, "", dossier=name) for name in DOSSIERS]
    assert sorted(map(heading, pages)) == sorted([DRAWN] * 3 + [NOT_DRAWN] * 3)
    assert not any(CODE.search(page) or "/t/" in page for page in pages)
    assert heading(post(counter, "", dossier="HS.999999")) == UNKNOWN


def test_a_slip_is_shown_once_and_cached_nowhere(counter: FlaskClient) -> None:
    dossier = drawn(counter)[0]
    answer = counter.post("/staff/counter/slip", data={"csrf_token": csrf(counter), "dossier": dossier})
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
    assert answer.text.count("<svg") == 1
    [code] = set(CODE.findall(answer.text))
    assert dossier not in answer.text
    again = counter.post("/staff/counter/slip", data={"csrf_token": csrf(counter), "dossier": dossier})
    assert (again.status_code, heading(again.text)) == (409, GIVEN)
    citizen = counter.application.test_client()
    form = citizen.post("/code", data={"code": code}, follow_redirects=True)
    assert form.status_code == 200
    assert 'name="G1"' in form.text


def test_a_replacement_is_asked_for_aloud_and_voids_the_slip(counter: FlaskClient) -> None:
    dossier = drawn(counter)[0]
    first, second = (
        CODE.findall(post(counter, "slip", dossier=dossier, **again))[0] for again in ({}, {"again": "yes"})
    )
    citizen = counter.application.test_client()
    opened = [citizen.post("/code", data={"code": code}, follow_redirects=True).status_code for code in (first, second)]
    assert opened == [404, 200]
    post(counter, "slip", dossier=dossier, again="yes")
    assert heading(post(counter, "slip", dossier=dossier, again="yes")) == "Không cấp lại được nữa"


@on_sqlite
def test_without_the_token_of_the_form_nothing_is_looked_up(counter: FlaskClient) -> None:
    for path in ("", "slip"):
        assert counter.post(f"/staff/counter/{path}", data={"dossier": DOSSIERS[0]}).status_code == 400


@on_sqlite
def test_the_quick_card_speaks_vietnamese_and_khmer_whoever_prints_it(counter: FlaskClient) -> None:
    link = re.findall(r'href="(/staff/counter/card)"', counter.get("/staff/counter/").text)
    card = counter.get(link[0] + "?language=en").text
    assert [card.count(f'<section lang="{each}"') for each in ("vi", "km", "en")] == [1, 1, 0]
    assert "Không trả lời thay khách" in card
    assert "កុំឆ្លើយជំនួសភ្ញៀវ" in card
    assert card.count("<li>") == 2 * 8


def test_strange_dossiers_are_unknown(counter: FlaskClient) -> None:
    for dossier in ("", " ", "\x00", "<b>x</b>", "x" * 300, "Mã số hồ sơ 🙂", "'; DROP TABLE wave; --"):
        answer = counter.post("/staff/counter/", data={"csrf_token": csrf(counter), "dossier": dossier})
        assert answer.status_code in (200, 303), dossier
        assert "<b>x</b>" not in answer.text
        assert DRAWN not in answer.text


def test_whoever_holds_the_code_of_a_message_stops_it(
    app: Flask, counter: FlaskClient, database: Database, keys: Keys
) -> None:
    [code] = set(CODE.findall(post(counter, "slip", dossier=drawn(counter)[0])))
    citizen = app.test_client()
    assert citizen.get("/stop").status_code == 200
    for contact, typed, status in (
        ("ông Tư", code, 422),
        ("0912 345 678", "0000-0000-000", 404),
        ("0912 345 678", code, 200),
        ("0987 654 321", code, 404),
    ):
        assert citizen.post("/stop", data={"contact": contact, "code": typed}).status_code == status
    with database.reading() as connection:
        assert contacts.count_opt_outs(connection) == 1
        assert contacts.is_opted_out(connection, keys.contact_hash("tel:84912345678"))


@on_sqlite
def test_codes_cannot_be_guessed_at_the_stop_page(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stopping, "brake", FailureBrake(most=3, per_second=0.001))
    fields = {"contact": "0912345678", "code": "0000-0000-000"}
    statuses = [app.test_client().post("/stop", data=fields).status_code for _ in range(5)]
    assert statuses == [404, 404, 404, 429, 429]
