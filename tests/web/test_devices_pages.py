"""Operators pair devices, see their queues and last contact to the hour, and take them out; others see their own."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

import pytest
from fieldwork import Fieldwork, begin_fieldwork
from flask.testing import FlaskClient
from tablets import Tablet, clock_of
from werkzeug.test import TestResponse

from survey.actions.kiosks import Contact, accept_pairing, list_reports, note_contact
from survey.actions.open_voice import open_voice, speak
from survey.actions.signing_in import add_staff
from survey.app import create_app
from survey.keys import Keys
from survey.proof import Signer
from survey.settings import Settings
from survey.store.database import Database
from survey.store.places import Scope

# What differs between databases is tried where replay is tested.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

PASSWORD = "mật khẩu đủ dài để thử"
NOON = datetime(2026, 11, 24, 5, 40, tzinfo=UTC)
ROLES = ("operator", "auditor", "statistician", "official")


@pytest.fixture
def work(database: Database, keys: Keys, signer: Signer) -> Fieldwork:
    work = begin_fieldwork(database, keys, signer, {("A", "land"): 50}, invited=5)
    for role in ROLES:
        add_staff(database, role, role, PASSWORD, now=NOON, actor="test")
    add_staff(database, "elsewhere", "operator", PASSWORD, now=NOON, actor="test", scope=Scope("31507", None))
    return work


@pytest.fixture
def client(settings: Settings, work: Fieldwork) -> FlaskClient:
    return create_app(settings, now=lambda: NOON).test_client()


def sign_in(client: FlaskClient, name: str) -> FlaskClient:
    client.post("/staff/sign-in", data={"name": name, "password": PASSWORD, "csrf_token": csrf(client)})
    return client


def csrf(client: FlaskClient, path: str = "/staff/sign-in") -> str:
    return re.findall(r'name="csrf_token" value="([^"]+)"', client.get(path).text)[0]


def post(client: FlaskClient, path: str, **fields: str) -> TestResponse:
    return client.post(path, data={"csrf_token": csrf(client, "/staff/devices"), **fields})


def pair(client: FlaskClient, name: str = "QUAY-1", agency: str = "A", wave: str = "W") -> TestResponse:
    return post(client, "/staff/devices/pair", name=name, agency=agency, wave=wave)


def test_an_operator_gets_a_code_once_and_the_device_that_types_it_is_paired(
    client: FlaskClient, database: Database, keys: Keys
) -> None:
    page = pair(sign_in(client, "operator"))
    code = re.findall(r'class="offered">(\w{11})<', page.text)[0]
    assert code not in client.get("/staff/devices").text
    tablet = Tablet(b"")
    accept_pairing(database, keys, code, tablet.point, tablet.sign_pairing(code), NOON)
    assert [each.device.state for each in list_reports(database)] == ["paired"]
    assert post(client, "/staff/devices/QUAY-1/renew").status_code == 303
    assert list_reports(database)[0].device.renew_key
    assert post(client, "/staff/devices/QUAY-1/unpair").status_code == 303
    assert [each.device.state for each in list_reports(database)] == ["unpaired"]


def test_the_page_tells_queue_last_contact_to_the_hour_and_a_wrong_clock(
    client: FlaskClient, database: Database, keys: Keys
) -> None:
    code = re.findall(r'class="offered">(\w{11})<', pair(sign_in(client, "operator")).text)[0]
    tablet = Tablet(b"")
    device = accept_pairing(database, keys, code, tablet.point, tablet.sign_pairing(code), NOON)
    fast = clock_of(NOON + timedelta(hours=1))
    note_contact(database, device, Contact(fast, 1234, date(2026, 11, 21), 2), NOON - timedelta(days=2))
    text = re.sub(r"<[^>]+>|\s+", " ", client.get("/staff/devices?language=en").text)
    for told in ("22/11/2026, 12 h", "silent for more than a day", "1,234", "since 21/11/2026", "2 cannot be read"):
        assert re.sub(r"\s+", " ", told) in re.sub(r"\s+", " ", text), told
    assert " fast " in text
    assert "12:40" not in text


def test_an_operator_has_a_device_get_rid_of_what_cannot_be_read(
    client: FlaskClient, database: Database, keys: Keys
) -> None:
    code = re.findall(r'class="offered">(\w{11})<', pair(sign_in(client, "operator")).text)[0]
    tablet = Tablet(b"")
    device = accept_pairing(database, keys, code, tablet.point, tablet.sign_pairing(code), NOON)
    assert "/clear" not in client.get("/staff/devices").text
    note_contact(database, device, Contact(clock_of(NOON), unreadable=2), NOON)
    assert "/staff/devices/QUAY-1/clear" in client.get("/staff/devices").text
    assert post(client, "/staff/devices/QUAY-1/clear").status_code == 303
    page = client.get("/staff/devices?language=en").text
    assert "will be sent once more, then removed" in page
    assert "/clear" not in page


@pytest.mark.parametrize(
    ("name", "agency", "wave"),
    [
        ("Quầy 1", "A", "W"),
        ("", "A", "W"),
        ("x" * 65, "A", "W"),
        ("K", "NONE", "W"),
        ("K", "A", "NONE"),
        ("K", "A", ""),
    ],
)
def test_a_device_that_cannot_be_is_refused_with_what_was_typed(
    client: FlaskClient, database: Database, name: str, agency: str, wave: str
) -> None:
    page = pair(sign_in(client, "operator"), name, agency, wave)
    assert page.status_code == 422
    assert 'role="alert"' in page.text
    assert list_reports(database) == []


def test_a_callers_screen_is_paired_on_the_same_page(client: FlaskClient, database: Database) -> None:
    sign_in(client, "operator")
    place = {"agency": "A", "wave": "W"}
    assert post(client, "/staff/devices/pair", name="GOI-1", channel="phone", **place).status_code == 200
    assert post(client, "/staff/devices/pair", name="GOI-2", channel="pigeon", **place).status_code == 422
    assert [(each.device.name, each.device.channel) for each in list_reports(database)] == [("GOI-1", "phone")]


def test_each_role_enters_what_is_its_own(client: FlaskClient) -> None:
    allowed = {"/staff/devices": ("operator", "auditor"), "/staff/voice": ("statistician", "auditor")}
    for role in ROLES:
        sign_in(client, role)
        for path, roles in allowed.items():
            assert (client.get(path).status_code == 200) is (role in roles), (role, path)


def test_only_operators_act_and_only_in_their_area(client: FlaskClient, database: Database) -> None:
    pair(sign_in(client, "operator"))
    sign_in(client, "auditor")
    token = csrf(client, "/staff/devices")
    for path in ("pair", "QUAY-1/unpair", "QUAY-1/renew", "QUAY-1/clear"):
        assert client.post(f"/staff/devices/{path}", data={"csrf_token": token}).status_code == 403
    sign_in(client, "elsewhere")
    assert "QUAY-1" not in client.get("/staff/devices").text
    assert post(client, "/staff/devices/QUAY-1/unpair").status_code == 404
    assert pair(client, "K2").status_code == 422
    assert [each.device.state for each in list_reports(database)] == ["waiting"]


def test_a_post_without_its_token_changes_nothing(client: FlaskClient, database: Database) -> None:
    sign_in(client, "operator")
    told = client.post("/staff/devices/pair", data={"name": "K", "agency": "A", "wave": "W"})
    assert told.status_code == 400
    assert list_reports(database) == []


def test_a_poster_leads_to_open_voice_where_it_is_asked_for(client: FlaskClient, database: Database) -> None:
    sign_in(client, "operator")
    assert client.get("/staff/devices/poster/A").status_code == 404
    open_voice(database, "W")
    page = client.get("/staff/devices/poster/A")
    assert page.status_code == 200
    assert "http://localhost/v/A" in page.text
    assert "<svg" in page.text
    assert client.get("/staff/devices/poster/NONE").status_code == 404
    assert "/staff/devices/poster/A" in client.get("/staff/devices").text


def test_statisticians_read_open_voice_apart_with_levels_from_ten_on(
    client: FlaskClient, database: Database, keys: Keys, work: Fieldwork
) -> None:
    open_voice(database, "W")
    sign_in(client, "statistician")
    for count in range(1, 11):
        speak(
            database,
            keys,
            agency="A",
            key=f"{count:032d}",
            language="vi",
            answers={"G1": "2"},
            today=date(2026, 11, 24),
        )
        if count in (9, 10):
            work.seal_and_tally(date(2026, 12, 20))
            text = re.sub(r"<[^>]+>|\s+", " ", client.get("/staff/voice?language=en").text)
            shown = re.findall(r"Cơ quan A ([\d ]+|\d+ +fewer than ten)", text)[0].split()
            assert shown == (["9"] if count == 9 else ["10", "0", "10", "0", "0", "0"])
