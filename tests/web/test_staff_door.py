"""The staff's door: who may enter, how sessions begin and end, and what each role sees."""

from __future__ import annotations

import re
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fieldwork import TODAY, begin_fieldwork
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from survey.actions.releasing import release_wave
from survey.actions.signing_in import add_staff
from survey.app import create_app
from survey.keys import Keys
from survey.proof import Signer
from survey.settings import Settings
from survey.store.database import Database
from survey.web.services import EXTENSION

PASSWORD = "mật khẩu đủ dài để thử"
SECRET = b"a secret of the tests, long enough to pass"
NOON = datetime(2026, 11, 24, 5, tzinfo=UTC)
ROLES = ("official", "statistician", "operator", "auditor")
PAGES = {
    "/staff/scoreboard": ROLES,
    "/staff/scoreboard/certification": ROLES,
    "/staff/waves": ("statistician", "auditor"),
    "/staff/adequacy": ("statistician", "auditor"),
    "/staff/adequacy/W": ("statistician", "auditor"),
    "/staff/releases": ("statistician", "auditor"),
    "/staff/releases/W.1": ("statistician", "auditor"),
}


class Clock:
    """A clock that tests set."""

    now = NOON

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def released_file(migrated_file: Path, tmp_path_factory: pytest.TempPathFactory, keys: Keys, signer: Signer) -> Path:
    """A released draft: eighteen of twenty satisfied at A, and an agency B with four answers, which C can cover: what
    three dissatisfied at C may have been, one at B may, and C has six of them (with three, B could only be 3 or 4)."""
    folder = tmp_path_factory.mktemp("released")
    shutil.copy(migrated_file, folder / "hailong.sqlite")
    database = Database(f"sqlite:///{folder / 'hailong.sqlite'}", folder / "write.lock")
    frame = {("A", "certification"): 200, ("B", "certification"): 100, ("C", "certification"): 100}
    started = begin_fieldwork(database, keys, signer, frame, invited=30)
    started.answer_all(
        {"A.certification": "5" * 18 + "12", "B.certification": "5554", "C.certification": "5" * 6 + "111222"}
    )
    started.seal_and_tally()
    release_wave(database, "W", by="command line", today=TODAY)
    for role in ROLES:
        add_staff(database, role, role, PASSWORD, now=NOON, actor="tests")
    with database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    return folder / "hailong.sqlite"


@pytest.fixture
def migrated(home: Path, released_file: Path) -> str:
    """The released draft, for one test alone; what PostgreSQL does differently, the rooms below have tests for."""
    shutil.copy(released_file, home / "hailong.sqlite")
    return f"sqlite:///{home / 'hailong.sqlite'}"


@pytest.fixture
def app(home: Path, migrated: str, clock: Clock) -> Flask:
    return create_app(Settings(home, migrated, SECRET, base_url="http://localhost"), now=clock)


def csrf(page: TestResponse) -> str:
    return re.findall(r'name="csrf_token" value="([^"]*)"', page.text)[0]


def database_of(app: Flask) -> Database:
    database: Database = app.extensions[EXTENSION].database
    return database


def sign_in(app: Flask, name: str, password: str = PASSWORD, next_url: str = "") -> FlaskClient:
    client = app.test_client()
    form = {"name": name, "password": password, "csrf_token": csrf(client.get("/staff/sign-in")), "next": next_url}
    client.post("/staff/sign-in", data=form)
    return client


def publish(app: Flask) -> TestResponse:
    statistician = sign_in(app, "statistician")
    token = csrf(statistician.get("/staff/releases/W.1"))
    return statistician.post("/staff/releases/W.1/publish", data={"csrf_token": token})


@pytest.mark.parametrize("path", PAGES)
def test_nobody_sees_a_page_before_signing_in(app: Flask, path: str) -> None:
    page = app.test_client().get(path)
    assert page.status_code == 302
    assert page.headers["Location"].startswith("/staff/sign-in")


def test_each_role_sees_its_pages_and_no_others(app: Flask) -> None:
    publish(app)
    for role in ROLES:
        client = sign_in(app, role)
        for path, allowed in PAGES.items():
            status = client.get(path, follow_redirects=True).status_code
            assert status == (200 if role in allowed else 403), (role, path)


def test_a_wrong_password_and_an_unknown_name_are_answered_alike(app: Flask) -> None:
    client = app.test_client()
    token = csrf(client.get("/staff/sign-in"))
    wrong = client.post("/staff/sign-in", data={"name": "official", "password": "x" * 20, "csrf_token": token})
    unknown = client.post("/staff/sign-in", data={"name": "nobody", "password": "x" * 20, "csrf_token": token})
    hide = re.compile(r'(csrf_token" value|name="name" [^>]*value|value)="[^"]*"')
    assert wrong.status_code == unknown.status_code == 401
    assert hide.sub("", wrong.text) == hide.sub("", unknown.text)


def test_a_post_without_the_sessions_token_is_refused(app: Flask) -> None:
    client = app.test_client()
    page = client.post("/staff/sign-in", data={"name": "official", "password": PASSWORD})
    assert page.status_code == 400
    assert sign_in(app, "statistician").post("/staff/releases/W.1/publish").status_code == 400


def test_a_session_ends_after_half_an_hour_without_a_request(app: Flask, clock: Clock) -> None:
    client = sign_in(app, "official")
    clock.now += timedelta(minutes=29)
    assert client.get("/staff/scoreboard").status_code == 200
    clock.now += timedelta(minutes=29)
    assert client.get("/staff/scoreboard").status_code == 200
    clock.now += timedelta(minutes=31)
    assert client.get("/staff/scoreboard").status_code == 302


def test_a_session_ends_after_ten_hours_whatever_happens(app: Flask, clock: Clock) -> None:
    client = sign_in(app, "official")
    for _ in range(30):
        clock.now += timedelta(minutes=20)
        last = client.get("/staff/scoreboard").status_code
    assert last == 200
    clock.now += timedelta(minutes=20)
    assert client.get("/staff/scoreboard").status_code == 302


def test_signing_out_ends_the_session_on_the_server(app: Flask) -> None:
    client = sign_in(app, "official")
    cookie = client.get_cookie("staff")
    assert cookie is not None
    client.post("/staff/sign-out", data={"csrf_token": csrf(client.get("/staff/scoreboard"))})
    client.set_cookie("staff", cookie.value)
    assert client.get("/staff/scoreboard").status_code == 302


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "/\\evil.example", "\\\\evil", "/a\nb"])
def test_signing_in_never_leads_to_another_site(app: Flask, target: str) -> None:
    client = app.test_client()
    form = {"name": "official", "password": PASSWORD, "csrf_token": csrf(client.get("/staff/sign-in")), "next": target}
    assert client.post("/staff/sign-in", data=form).headers["Location"] == "/staff/"


def test_drafts_are_not_on_the_scoreboard_until_somebody_else_publishes_them(app: Flask) -> None:
    official = sign_in(app, "official")
    assert "certification" not in official.get("/staff/scoreboard").text
    assert official.get("/staff/scoreboard/certification").status_code == 404
    assert publish(app).status_code == 303
    assert official.get("/staff/scoreboard/certification").status_code == 200


def test_small_agencies_show_no_number(app: Flask) -> None:
    """B has four answers; with it goes C, whose twelve would give B away from the sector's total: one satisfied more
    at B is three fewer at C."""
    publish(app)
    page = sign_in(app, "official").get("/staff/scoreboard/certification").text
    rows = {name: row for row in re.findall(r"<tr.*?</tr>", page, re.DOTALL) for name in re.findall(r"Cơ quan \w", row)}
    assert "90,0" in rows["Cơ quan A"]
    assert not re.search(r"\d", re.sub(r"<[^>]*>", "", rows["Cơ quan B"]))
    assert not re.search(r"\d", re.sub(r"<[^>]*>", "", rows["Cơ quan C"]))


def test_a_scope_hides_the_agencies_outside_it(app: Flask) -> None:
    from survey.store.places import Scope

    publish(app)
    add_staff(
        database_of(app),
        "narrow",
        "official",
        PASSWORD,
        now=NOON,
        actor="tests",
        scope=Scope(area="31507", sector=None),
    )
    page = sign_in(app, "narrow").get("/staff/scoreboard/certification")
    assert "Cơ quan A" not in page.text
    assert "Cơ quan A" in sign_in(app, "official").get("/staff/scoreboard/certification").text


def test_missing_things_are_404(app: Flask) -> None:
    statistician = sign_in(app, "statistician")
    for path in ("/staff/scoreboard/nothing", "/staff/adequacy/nothing", "/staff/releases/nothing", "/staff/series/no"):
        assert statistician.get(path).status_code == 404
