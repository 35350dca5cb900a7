"""A release's way in the browser: who saw, reviewed and signed, the hour, the calendar, an agency's own words."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fieldwork import AFTER, TODAY, begin_fieldwork
from flask import Flask
from flask.testing import FlaskClient

from survey.actions import publishing
from survey.actions.releasing import release_wave
from survey.actions.signing_in import start_session
from survey.actions.waves import load_mandate
from survey.app import create_app
from survey.keys import derive_keys
from survey.proof import Signer
from survey.settings import Settings
from survey.store import area_trees, people
from survey.store.audits import By
from survey.store.database import Database
from survey.store.places import EVERYTHING, Scope

NOON = datetime(2026, 11, 24, 5, tzinfo=UTC)
SECRET = b"a secret of the tests, long enough to pass"
SignedIn = Callable[[str], FlaskClient]


@pytest.fixture(scope="module")
def database(migrated_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """W.1 is public with 30 of 40 satisfied; W.2 is a draft of the work process with 40 of 50."""
    home = tmp_path_factory.mktemp("way")
    shutil.copy(migrated_file, home / "hailong.sqlite")
    opened = Database(f"sqlite:///{home / 'hailong.sqlite'}", home / "write.lock")
    load_mandate(opened, TODAY)
    work = begin_fieldwork(
        opened, derive_keys(SECRET), Signer("way", bytes(range(32))), {("A", "land"): 400}, invited=90
    )
    work.answer_all({"A.land": "5" * 30 + "1" * 10})
    work.seal_and_tally()
    release_wave(opened, "W", by="drafter", today=TODAY)
    publishing.sign(opened, "W.1", note="", due_at=None, by=By("hoa", NOON), today=TODAY)
    work.answer_all({"A.land": "5" * 10})
    work.seal_and_tally(AFTER)
    release_wave(opened, "W", by="work", today=AFTER)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def app(database: Database) -> Flask:
    home = Path(str(database.engine.url.database)).parent
    with database.reading() as connection:
        area = sorted(code for code, each in area_trees.list_areas(connection).items() if each.parent)[0]
    with database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE agency SET area_code = ? WHERE code = 'A'", (area,))
    with database.writing("staff") as connection:
        for name, role in (("lan", "statistician"), ("hoa", "statistician"), ("leader", "official")):
            people.add_staff(connection, name, role, "", EVERYTHING)
        people.add_staff(connection, "chief", "official", "", Scope(area, None))
    made = create_app(Settings(home, str(database.engine.url), SECRET, base_url="http://localhost"), now=lambda: NOON)
    made.config["WTF_CSRF_METHODS"] = set()
    return made


@pytest.fixture
def sign_in(app: Flask, database: Database) -> SignedIn:
    def signed_in(name: str) -> FlaskClient:
        with database.reading() as connection:
            member = people.find_staff(connection, name)
        assert member is not None
        client = app.test_client()
        client.set_cookie("staff", start_session(database, derive_keys(SECRET), member, NOON))
        return client

    return signed_in


def test_a_draft_is_reviewed_signed_for_an_hour_and_taken_back(sign_in: SignedIn, database: Database) -> None:
    lan, hoa, way = sign_in("lan"), sign_in("hoa"), "/staff/releases/W.2/way"
    assert "75,0" in hoa.get(way).text
    assert "80,0" in hoa.get(way).text
    day = {"day": "2026-11-25", "note": "Mười người trả lời muộn."}
    refused = hoa.post("/staff/releases/W.2/sign", data=day)
    assert refused.status_code == 409
    assert "do máy tính tự lập" in refused.text
    assert lan.post("/staff/releases/W.2/review", data={"checked": " "}).status_code == 400
    assert lan.post("/staff/releases/W.2/review", data={"checked": "Đã đối chiếu."}).status_code == 303
    for wrong in ({"day": "hôm nay"}, {"day": "2026-11-24", "note": "x"}, {"day": "2026-11-25"}):
        refused = hoa.post("/staff/releases/W.2/sign", data=wrong)
        assert (refused.status_code, f'value="{wrong["day"]}"' in refused.text) == (400, True), wrong
    assert hoa.post("/staff/releases/W.2/sign", data=day).status_code == 303
    page = hoa.get(way).text
    assert "hoa đã ký; công bố lúc 25/11/2026, 09:00" in page
    assert "Đã đối chiếu." in page
    assert page.count("Xem trước khi công bố") == 2
    assert "25/11/2026, 09:00" in hoa.get("/staff/calendar").text
    assert lan.post("/staff/releases/W.2/recall", data={"note": ""}).status_code == 400
    assert lan.post("/staff/releases/W.2/recall", data={"note": "Chờ đối chiếu."}).status_code == 303
    assert publishing.publish_due(database, datetime(2026, 11, 26, tzinfo=UTC), TODAY) == 0


def test_the_calendar_tells_everybody_the_day_and_why_it_moved(sign_in: SignedIn, app: Flask) -> None:
    lan = sign_in("lan")
    assert "không định trước" in app.test_client().get("/results/calendar?language=vi").text, "W came out unplanned"
    assert lan.post("/staff/calendar", data={"wave": "W", "day": ""}).status_code == 400
    assert lan.post("/staff/calendar", data={"wave": "W", "day": "2026-11-23"}).status_code == 400
    assert lan.post("/staff/calendar", data={"wave": "V", "day": "2026-12-23"}).status_code == 404
    assert lan.post("/staff/calendar", data={"wave": "W", "day": "2026-12-10"}).status_code == 303
    unexplained = lan.post("/staff/calendar", data={"wave": "W", "day": "2026-12-17"})
    assert (unexplained.status_code, 'value="2026-12-17"' in unexplained.text) == (400, True)
    moved = {"wave": "W", "day": "2026-12-17", "reason": "Khung mẫu đến muộn."}
    assert lan.post("/staff/calendar", data=moved).status_code == 303
    assert sign_in("leader").post("/staff/calendar", data=moved).status_code == 403
    for language in ("vi", "en", "km"):
        page = app.test_client().get(f"/results/calendar?language={language}").text
        assert "<s>10/12/2026</s>" in page
        assert "<strong>17/12/2026</strong> Khung mẫu đến muộn." in page
        assert "W.1" in page


def test_an_agency_signs_what_stands_beside_its_figure(sign_in: SignedIn, app: Flask) -> None:
    """Its own official may, whoever sees the whole province may not, and no figure moves."""
    page, chief = "/staff/scoreboard/agency/A", sign_in("chief")
    before = app.test_client().get("/api/v1/releases/W.1").data
    said = {"statement": "Tháng này chúng tôi thiếu hai người.\n<b>Đã</b> bổ sung."}
    assert sign_in("leader").post(f"{page}/statement", data=said).status_code == 403
    assert "Ký và đăng ý kiến" not in sign_in("leader").get(page).text
    long = chief.post(f"{page}/statement", data={"statement": "x" * 2001})
    assert (long.status_code, "x" * 2001 in long.text) == (400, True)
    assert chief.post(f"{page}/statement", data=said).status_code == 303
    for shown in (chief.get(page).text, app.test_client().get("/results/agency/A").text):
        assert "thiếu hai người" in shown
        assert "&lt;b&gt;Đã" in shown
        assert "về bản W.1" in shown
    assert app.test_client().get("/api/v1/releases/W.1").data == before
    assert chief.post(f"{page}/statement", data={"statement": ""}).status_code == 303
    assert "thiếu hai người" not in app.test_client().get("/results/agency/A").text


def test_a_release_that_replaced_another_says_so_to_programs(sign_in: SignedIn, app: Flask, database: Database) -> None:
    publishing.review(database, "W.2", note="Đã đối chiếu.", by=By("lan", NOON))
    publishing.sign(database, "W.2", note="Thêm mười câu.", due_at=None, by=By("hoa", NOON), today=TODAY)
    told = json.loads(app.test_client().get("/api/v1/releases/W.2").text)["replaces"]
    assert (told["code"], told["note"]) == ("W.1", "Thêm mười câu.")
    [land] = [each for each in told["changed"] if each["place"] == "land"]
    assert (land["rate_before"], land["rate_now"], land["n_before"], land["n_now"]) == (0.75, 0.8, 40, 50)
    assert json.loads(app.test_client().get("/api/v1/releases/W.1").text)["replaces"] is None
    assert not re.search(r"<form[^>]*method=\"post\"[^>]*tool", sign_in("hoa").get("/staff/releases/W.2/way").text)
