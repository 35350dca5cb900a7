"""Interviewers and planners over HTTP: from a door to the inbox, and from a target to a Word file."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from io import BytesIO
from pathlib import Path

import pytest
from docx import Document
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from survey.actions import household
from survey.actions.importing_places import import_agencies
from survey.actions.signing_in import add_staff
from survey.actions.waves import open_wave
from survey.app import create_app
from survey.mandate.rules import Rule
from survey.settings import Settings
from survey.store.audits import By
from survey.store.database import Database
from survey.store.tables import household_call, inbox

NOON = datetime(2026, 11, 24, 5, tzinfo=UTC)
TODAY = NOON.date()
PASSWORD = "mật khẩu đủ dài để thử"
EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
STAFF = {"dtv": "interviewer", "dtv2": "interviewer", "op": "operator", "off": "official", "stat": "statistician"}


@pytest.fixture
def app(database: Database, settings: Settings, tmp_path: Path) -> Flask:
    """One village of ten is worked by `dtv`: two households of three."""
    import_agencies(database, EXAMPLES / "agencies.csv")
    open_wave(
        database,
        code="H",
        name={"vi": "Hộ gia đình"},
        questionnaire="household@1",
        opens_on=date(2026, 11, 1),
        closes_on=date(2026, 11, 30),
        rule=Rule(),
        population="public",
    )
    rows = "".join(f"v{number},Ấp {number},s{number % 2},TTPVHCC-31507,100,4000\n" for number in range(10))
    path = tmp_path / "villages.csv"
    path.write_text("psu,name,stratum,agency,households,adults\n" + rows)
    operator = By("op", NOON)
    household.import_psus(database, path, wave_code="H", today=TODAY, by=operator)
    household.draw_psus(database, "H", {"s0": 5, "s1": 5}, seed=1, by=operator)
    household.keep_list(database, "H", "v1", ["Số 1", "Số 2", "Số 3"], today=TODAY, by=By("lister", NOON))
    household.draw_households(database, "H", "v1", 3, seed=1, today=TODAY, by=operator)
    household.assign(database, "H", "v1", "dtv", by=operator)
    for name, role in STAFF.items():
        add_staff(database, name, role, PASSWORD, now=NOON, actor="tests")
    return create_app(settings, now=lambda: NOON)


def sign_in(app: Flask, name: str) -> FlaskClient:
    client = app.test_client()
    client.post(
        "/staff/sign-in", data={"csrf_token": csrf(client, "/staff/sign-in"), "name": name, "password": PASSWORD}
    )
    return client


def csrf(client: FlaskClient, path: str) -> str:
    return str(re.findall(r'name="csrf_token" value="([^"]+)"', client.get(path).text)[0])


def post(client: FlaskClient, path: str, **sent: str) -> str:
    return client.post(path, data={"csrf_token": csrf(client, "/staff/field/"), **sent}, follow_redirects=True).text


def test_an_interview_goes_from_the_door_into_the_inbox(app: Flask, database: Database) -> None:
    client = sign_in(app, "dtv")
    assert "Còn 3 trong 3 hộ." in client.get("/staff/field/").text
    assert "Xin đếm số người" in post(client, "/staff/field/H/v1/1/roster", adults="0")
    drawn = post(client, "/staff/field/H/v1/1/roster", adults="3")
    assert re.search(r"Hỏi người thứ [123] trong 3 người lớn", drawn)
    assert "không chọn lại" in post(client, "/staff/field/H/v1/1/roster", adults="1")
    key = re.findall(r'name="form_key" value="(\w+)"', drawn)[0]
    person = {"form_key": key, "person_sex": "f", "person_age": "30-44"}
    assert "Có câu cần trả lời" in post(client, "/staff/field/H/v1/1/answer", **person)
    assert "Đã lưu câu trả lời" in post(client, "/staff/field/H/v1/1/answer", G1="4", S1="yes", **person)
    assert "Còn 2 trong 3 hộ." in client.get("/staff/field/").text
    with database.reading() as connection:
        assert connection.scalar(select(func.count()).select_from(inbox)) == 1


def test_a_call_without_an_interview_is_kept_and_a_refusal_ends_it(app: Flask, database: Database) -> None:
    client = sign_in(app, "dtv")
    assert "Đã ghi lần gọi" in post(client, "/staff/field/H/v1/2/call", outcome="2.2")
    assert "Đã ghi lần gọi" in post(client, "/staff/field/H/v1/2/call", outcome="2.1")
    assert "Không lưu được" in post(client, "/staff/field/H/v1/2/call", outcome="2.2")
    assert "Không lưu được" in post(client, "/staff/field/H/v1/3/call", outcome="9.9")
    with database.reading() as connection:
        kept = connection.execute(select(household_call.c.attempt, household_call.c.outcome)).all()
    assert sorted(kept) == [(1, "2.2"), (2, "2.1")]


def test_a_door_of_somebody_else_is_as_unknown_as_none(app: Flask) -> None:
    other = sign_in(app, "dtv2")
    assert "Chưa có thôn, ấp nào" in other.get("/staff/field/").text
    assert [other.get(f"/staff/field/H/v1/{number}").status_code for number in (1, 9)] == [404, 404]
    assert [sign_in(app, name).get("/staff/field/").status_code for name in ("op", "off")] == [403, 403]


def test_a_plan_is_computed_and_downloaded_as_word(app: Flask) -> None:
    client = sign_in(app, "op")
    page = client.get("/staff/plan/?wave=H&target=90&expected=95&deff=2,5&response=60").text
    links = re.findall(r'href="(/staff/plan/word[^"]+)"', page)
    assert "Tỷ lệ thấp nhất phải quan sát được" in page
    word = Document(BytesIO(client.get(links[0].replace("&amp;", "&")).data))
    headings = [each.text for each in word.paragraphs if each.style is not None and each.style.name == "Heading 1"]
    assert headings == ["Mục đích", "Đối tượng và phạm vi", "Mẫu điều tra", "Phiếu điều tra", "Thời gian", "Kinh phí"]
    table = [[cell.text for cell in row.cells] for row in word.tables[0].rows]
    assert table[0] == ["Tầng", "Dân số khung", "Mời", "Dự phòng", "Dự kiến trả lời"]
    assert [row[:2] for row in table[1:]] == [["s0", "20.000"], ["s1", "20.000"]]


@pytest.mark.parametrize("wrong", ["target=abc", "target=200", "deff=0", "response=0", "margin=nan", "cost_fixed=1e99"])
def test_a_plan_out_of_range_comes_back_with_a_sentence(app: Flask, wrong: str) -> None:
    answered = sign_in(app, "stat").get(f"/staff/plan/?wave=H&{wrong}")
    assert answered.status_code == 422
    assert "nằm ngoài khoảng cho phép" in answered.text
