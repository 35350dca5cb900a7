"""The operators' builder: what a form sends changes a draft, what would break it is said, nobody publishes alone."""

from __future__ import annotations

import io
import json
import re
from datetime import UTC, datetime

import pytest
from fieldwork import TODAY
from flask.testing import FlaskClient

from survey.actions import building
from survey.actions.signing_in import add_staff
from survey.actions.versions import load_version
from survey.actions.waves import load_mandate
from survey.app import create_app
from survey.documents.xlsform import write_xlsform
from survey.mandate.questionnaires import load_questionnaire
from survey.settings import Settings
from survey.store.database import Database

NOON = datetime(2026, 11, 24, 5, tzinfo=UTC)
PASSWORD = "correct horse battery"
DRAFT = "/staff/questionnaires/visit/draft"


class Person:
    """Somebody signed in, who sends forms as a browser does."""

    def __init__(self, client: FlaskClient, name: str) -> None:
        self.client = client
        self.post("/staff/sign-in", name=name, password=PASSWORD)

    def get(self, path: str) -> str:
        answer = self.client.get(path)
        assert answer.status_code == 200, path
        return answer.text

    def post(self, path: str, *, shown: str = "/staff/sign-in", **form: object) -> tuple[int, str]:
        token = re.search(r'name="csrf_token" value="([^"]+)"', self.client.get(shown).text)
        assert token is not None
        answer = self.client.post(path, data={"csrf_token": token[1], **form})
        return answer.status_code, answer.text


@pytest.fixture
def people(database: Database, settings: Settings) -> dict[str, Person]:
    load_mandate(database, TODAY)
    for name, role in (("an", "operator"), ("binh", "operator"), ("chi", "auditor")):
        add_staff(database, name, role, PASSWORD, now=NOON, actor="test")
    app = create_app(settings, now=lambda: NOON)
    return {name: Person(app.test_client(), name) for name in ("an", "binh", "chi")}


def test_a_questionnaire_is_built_translated_and_published_by_two_people(
    people: dict[str, Person], database: Database
) -> None:
    an, binh = people["an"], people["binh"]
    assert an.post("/staff/questionnaires", code="visit", title="Lần khám", base="")[0] == 303
    assert an.post(DRAFT, do="add_section", code="F", title="Về lần khám")[0] == 303
    assert an.post(DRAFT, do="add_item", section="F", code="F1", kind="choice", text="Có phải chờ không?")[0] == 303
    form = {"text": "Có phải chờ không?", "role": "fact", "choices": "yes | Có\nno | Không"}
    assert an.post(DRAFT, do="change_item", code="F1", **form)[0] == 303
    assert an.post("/staff/questionnaires/visit/translate/en", section="F", **{"t:F1.text": "Did you wait?"})[0] == 303
    assert "Did you wait?" in an.get("/staff/questionnaires/visit/translate/en")
    assert "Có phải chờ không?" in an.get("/staff/questionnaires/visit/draft/frame/vi")
    assert "<iframe" in an.get("/staff/questionnaires/visit/draft/preview")
    status, page = an.post("/staff/questionnaires/visit/publish")
    assert (status, "người khác phải đọc và ban hành" in page) == (409, True)
    assert binh.post("/staff/questionnaires/visit/publish")[0] == 303
    assert "Có phải chờ không?" in binh.get("/staff/questionnaires/versions/visit@1")
    assert load_version(database, "visit@1").item("F1").text["en"] == "Did you wait?"
    assert "Có phải chờ không?" in people["chi"].client.get("/questions/visit@1").text


def test_a_wrong_change_is_refused_and_says_why(people: dict[str, Person]) -> None:
    an = people["an"]
    an.post("/staff/questionnaires", code="visit", title="Lần khám", base="")
    status, page = an.post(DRAFT, do="add_item", section="G", code="G1", kind="scale", text="Lại")
    assert (status, "Mã này đã có" in page) == (422, True)
    assert an.post(DRAFT, do="section_up", code="K", revision="9")[0] == 409
    assert an.post(DRAFT, do="explode")[0] == 400
    assert an.post("/staff/questionnaires", code="procedures", title="x", base="")[0] == 422
    assert an.client.get("/staff/questionnaires/nothing/draft").status_code == 404


def test_an_auditor_reads_and_changes_nothing(people: dict[str, Person]) -> None:
    people["an"].post("/staff/questionnaires", code="visit", title="Lần khám", base="")
    chi = people["chi"]
    assert '<form method="post" action="/staff/questionnaires' not in chi.get(DRAFT)
    assert chi.post(DRAFT, do="throw_away", code="visit")[0] == 403
    assert chi.post("/staff/questionnaires", code="mine", title="x", base="")[0] == 403


def test_a_file_is_only_reported_on_before_it_is_kept(people: dict[str, Person], database: Database) -> None:
    an, content = people["an"], write_xlsform(load_questionnaire("quick@1"))
    send = lambda do: an.post(  # noqa: E731
        "/staff/questionnaires/import", file=(io.BytesIO(content), "quick.xlsx"), code="own-quick", do=do
    )
    status, page = send("look")
    assert (status, "Chưa lưu gì" in page, "giữ nguyên" in page) == (200, True, True)
    with pytest.raises(building.NoDraft):
        building.find_draft(database, "own-quick")
    assert "Mở bản thảo" in send("keep")[1]
    assert building.find_draft(database, "own-quick").authors == ("an",)
    status, page = an.post("/staff/questionnaires/import", file=(io.BytesIO(b"\x89PNG"), "x.xlsx"), do="keep")
    assert (status, "PNG" in page) == (422, True)


def test_versions_are_downloaded_in_three_formats(people: dict[str, Person]) -> None:
    base = "/staff/questionnaires/versions/procedures@1/export"
    assert json.loads(people["chi"].get(f"{base}/json"))["code"] == "procedures"
    assert people["chi"].client.get(f"{base}/xlsform").data[:2] == b"PK"
    assert "ddi:codebook:2_5" in people["chi"].get(f"{base}/ddi")
    assert people["chi"].client.get(f"{base}/exe").status_code == 404


def test_places_are_shown_as_of_a_day_and_a_file_is_tried_before_it_is_loaded(people: dict[str, Person]) -> None:
    an, rows = people["an"], b"code,name_vi,kind,parent,valid_from\nT,Tinh Moi,province,,2026-01-01\n"
    assert "Tỉnh Sóc Trăng" in an.get("/staff/areas?on=2025-01-01")
    assert "Tỉnh Sóc Trăng</td>" not in an.get("/staff/areas?on=2026-01-01")
    for do, there in (("try", False), ("load", True)):
        status, _ = an.post("/staff/areas", file=(io.BytesIO(rows), "areas.csv"), what="areas", do=do)
        assert (status, "Tinh Moi" in an.get("/staff/areas")) == (200, there)
    status, page = an.post("/staff/areas", file=(io.BytesIO(b"\x89PNG"), "areas.csv"), what="areas", do="load")
    assert (status, "chưa nạp gì" in page) == (422, True)
    assert people["chi"].post("/staff/areas", what="areas", do="load")[0] == 403
