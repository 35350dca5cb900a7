"""What a kiosk and a poster meet over HTTP: signed or refused, counted, never a server error."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from fieldwork import Fieldwork, begin_fieldwork
from flask import Flask
from flask.testing import FlaskClient
from tablets import Tablet, clock_of
from werkzeug.test import TestResponse

from survey.actions import replaying
from survey.actions.kiosks import pair_device
from survey.actions.open_voice import open_voice
from survey.app import CITIZENS, create_app
from survey.envelopes import public_point, request_message, server_key
from survey.keys import Keys
from survey.proof import Signer
from survey.settings import Settings
from survey.store import responses
from survey.store.database import Database, DatabaseUnreachable
from survey.web import kiosk, voice
from survey.web.limits import FailureBrake
from tests.posting import RECEIPT

# What differs between databases is tried where replay is tested.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

NOON = datetime(2026, 11, 24, 5, tzinfo=UTC)
CLOCK = clock_of(NOON)
MALFORMED_BODIES = [b"", b"{}", b"null", b"[null]", b'[{"key": 5}]', b'[{"key": "a", "envelope": "xyz"}]', b"\xff" * 99]


@pytest.fixture
def work(database: Database, keys: Keys, signer: Signer) -> Fieldwork:
    return begin_fieldwork(database, keys, signer, {("A", "land"): 50}, invited=5)


@pytest.fixture
def client(settings: Settings, work: Fieldwork, monkeypatch: pytest.MonkeyPatch) -> FlaskClient:
    monkeypatch.setattr(kiosk, "brake", FailureBrake(most=100, per_second=0))
    monkeypatch.setattr(voice, "_brakes", type(voice._brakes)())
    app: Flask = create_app(settings, (CITIZENS,), now=lambda: NOON)
    return app.test_client()


@pytest.fixture
def tablet(client: FlaskClient, database: Database, keys: Keys, work: Fieldwork) -> Tablet:
    """A device that has just paired over HTTP."""
    tablet = Tablet(public_point(server_key(keys.device)))
    code = pair_device(database, keys, tablet.name, agency="A", wave=work.wave, now=NOON, actor="test")
    told = pair(client, tablet, code)
    assert told.status_code == 200
    assert told.json is not None
    assert told.json["server_key"] == tablet.server.hex()
    assert (told.json["device"], told.json["wave"], told.json["open"], told.json["voice"]) == (
        tablet.name,
        work.wave,
        True,
        False,
    )
    assert told.json["agency"] == {"vi": "Cơ quan A"}
    return tablet


def pair(client: FlaskClient, tablet: Tablet, code: str) -> TestResponse:
    body = {"code": code, "point": tablet.point.hex(), "signature": tablet.sign_pairing(code).hex()}
    return client.post("/kiosk/pair", json=body)


def post(client: FlaskClient, tablet: Tablet, path: str, content: object, clock: int = CLOCK) -> TestResponse:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return client.post(path, data=body, headers=tablet.headers(path, body, clock))


def count_inbox(database: Database) -> int:
    with database.reading() as connection:
        return sum(responses.count_waiting(connection).values())


def entries(tablet: Tablet, *tokens: str) -> list[dict[str, str]]:
    sent = [tablet.put(token, on=NOON.date()) for token in tokens]
    return [{"key": key, "envelope": envelope.hex()} for key, envelope in sent]


def test_a_paired_device_brings_answers_once_and_hears_when_they_are_sealed(
    client: FlaskClient, tablet: Tablet, work: Fieldwork
) -> None:
    sent = entries(tablet, *work.tokens["A.land"])
    first, again = (post(client, tablet, "/kiosk/replay", sent).json for _ in range(2))
    assert first is not None
    assert again is not None
    assert [each["outcome"] for each in first] == ["stored"] * 5
    assert [each["outcome"] for each in again] == ["replayed"] * 5
    receipts = [each["receipt"] for each in first]
    assert post(client, tablet, "/kiosk/held", receipts).json == ["not_yet"] * 5
    assert work.seal_and_tally() == 5
    assert post(client, tablet, "/kiosk/held", [*receipts, "0000000000"]).json == ["included"] * 5 + ["unknown"]


def test_whoever_does_not_sign_as_the_device_is_refused_and_nothing_is_stored(
    client: FlaskClient, tablet: Tablet, work: Fieldwork, database: Database
) -> None:
    body = json.dumps(entries(tablet, work.tokens["A.land"][0])).encode()
    right = tablet.headers("/kiosk/replay", body, CLOCK)
    forged = Tablet(tablet.server).headers("/kiosk/replay", body, CLOCK)
    wrong = [
        {},
        forged,
        {**right, "Device": "OTHER"},
        {**right, "Device": "\u00e9"},
        {**right, "Device-Clock": "1"},
        {**right, "Device-Signature": "zz"},
        {**right, "Device-Signature": "00" * 64},
        tablet.headers("/kiosk/held", body, CLOCK),
    ]
    for headers in wrong:
        assert client.post("/kiosk/replay", data=body, headers=headers).status_code == 403, headers
    assert client.post("/kiosk/replay", data=body + b" ", headers=right).status_code == 403
    assert count_inbox(database) == 0
    assert client.post("/kiosk/replay", data=body, headers=right).status_code == 200
    assert count_inbox(database) == 1


def test_a_signed_body_that_makes_no_sense_is_unreadable_and_no_server_error(
    client: FlaskClient, tablet: Tablet
) -> None:
    for path in ("/kiosk/replay", "/kiosk/held", "/kiosk/contact", "/kiosk/renew"):
        told = [post(client, tablet, path, body).status_code for body in [*MALFORMED_BODIES, b"[" * 60_000]]
        assert set(told) <= {200, 400}, path
    assert {client.post("/kiosk/pair", data=body).status_code for body in [b"", b"[]", b"[" * 60_000]} == {400}
    assert post(client, tablet, "/kiosk/replay", [{"key": "a", "envelope": ""}] * 101).status_code == 400
    assert post(client, tablet, "/kiosk/replay", b"[]", clock=-5).status_code == 400


def test_a_body_beyond_a_megabyte_is_too_large_and_one_beyond_the_citizens_limit_is_not(
    client: FlaskClient, tablet: Tablet, work: Fieldwork
) -> None:
    assert post(client, tablet, "/kiosk/replay", b"x" * (1024 * 1024 + 1)).status_code == 413
    many = [*entries(tablet, work.tokens["A.land"][0]), *({"key": "a" * 32, "envelope": "00" * 5000},) * 50]
    told = post(client, tablet, "/kiosk/replay", many)
    assert told.json is not None
    assert [each["outcome"] for each in told.json] == ["stored"] + ["malformed"] * 50


def test_a_database_that_fails_is_busy_and_the_device_comes_again(
    client: FlaskClient, tablet: Tablet, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(replaying, "replay", fail)
    assert post(client, tablet, "/kiosk/replay", []).status_code == 503


def test_guessing_pairing_codes_is_slowed_by_counting_failures(
    client: FlaskClient, tablet: Tablet, work: Fieldwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kiosk, "brake", FailureBrake(most=2, per_second=0))
    assert [pair(client, tablet, "AAAAAAAAAAA").status_code for _ in range(4)] == [404, 404, 429, 429]
    assert post(client, tablet, "/kiosk/replay", entries(tablet, work.tokens["A.land"][0])).status_code == 200


def test_a_device_makes_a_new_key_when_asked_and_the_old_one_is_worth_nothing(
    client: FlaskClient, tablet: Tablet
) -> None:
    newer = Tablet(tablet.server, tablet.name)
    signature = newer.sign(request_message("/kiosk/renew", tablet.name, "", newer.point))
    told = post(client, tablet, "/kiosk/renew", {"point": newer.point.hex(), "signature": signature.hex()})
    assert told.status_code == 200
    assert post(client, tablet, "/kiosk/replay", []).status_code == 403
    assert post(client, newer, "/kiosk/replay", []).status_code == 200


def test_the_page_its_worker_and_the_form_are_for_everybody_under_a_strict_policy(
    client: FlaskClient, work: Fieldwork
) -> None:
    pages = ["/kiosk/", "/kiosk/style.css", "/kiosk/worker.js", f"/kiosk/form/{work.wave}"]
    for path in pages:
        answer = client.get(path)
        assert answer.status_code == 200
        policy = answer.headers["Content-Security-Policy"]
        assert "script-src 'self';" in policy
        assert "unsafe" not in policy
    assert client.get("/kiosk/form/NONE").status_code == 404
    page = client.get("/kiosk/").text
    assert not re.search(r"<script(?![^>]*\ssrc=)|\sstyle=|\son\w+=", page)
    files = re.findall(r'"(/kiosk/[^"]+|/static/[^"]+)"', client.get("/kiosk/worker.js").text)
    assert [path for path in files if client.get(path).status_code != 200] == []


def test_whoever_scans_a_poster_answers_without_a_token_and_is_kept_apart(
    client: FlaskClient, work: Fieldwork, database: Database
) -> None:
    assert client.get("/v/A").status_code == 404
    open_voice(database, work.wave)
    page = client.get("/v/A?language=en")
    assert page.status_code == 200
    assert "Cơ quan A" in page.text
    key = re.findall(r'name="key" value="(\w+)"', page.text)[0]
    sent = {"token": "", "key": key, "language": "vi"}
    assert client.post("/v/A", data=sent).status_code == 422
    thanks = [client.post("/v/A", data={**sent, "G1": "2"}) for _ in range(2)]
    receipts = [RECEIPT.findall(each.text)[0] for each in thanks]
    assert receipts[0] == receipts[1]
    with database.reading() as connection:
        assert responses.count_waiting(connection) == {(f"{work.wave}.open", "A"): 1}


def test_what_was_said_at_a_poster_stands_on_the_page_when_the_database_is_away(
    client: FlaskClient, work: Fieldwork, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_voice(database, work.wave)
    sent = {"key": "f" * 32, "language": "en", "G1": "2"}

    def away(*_: object, **__: object) -> None:
        raise DatabaseUnreachable("away")

    with monkeypatch.context() as cut:
        cut.setattr("survey.web.voice.open_voice.speak", away)
        page = client.post("/v/A", data=sent)
    assert (page.status_code, page.headers["Retry-After"]) == (503, "30")
    again = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.text))
    assert again == sent
    assert 'action="/v/A"' in page.text
    assert client.post("/v/A", data=again).status_code == 200


def test_a_flood_at_one_poster_is_slowed_and_other_agencies_are_not(
    client: FlaskClient, work: Fieldwork, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("survey.web.voice.PER_SECOND", 0.0)
    begin_fieldwork(database, work.keys, work.signer, {("B", "land"): 9}, code="W2")
    open_voice(database, work.wave)
    open_voice(database, "W2")
    told = [client.post("/v/A", data={"key": f"{n:032d}", "G1": "1"}).status_code for n in range(65)]
    assert told[:60] == [200] * 60
    assert told[60:] == [429] * 5
    assert client.post("/v/B", data={"key": "b" * 32, "G1": "1"}).status_code == 200


def test_another_site_cannot_speak_for_its_visitors_and_strange_fields_are_refusals(
    client: FlaskClient, work: Fieldwork, database: Database
) -> None:
    open_voice(database, work.wave)
    elsewhere = client.post("/v/A", data={"key": "c" * 32, "G1": "1"}, headers={"Sec-Fetch-Site": "cross-site"})
    assert elsewhere.status_code == 403
    strange = [{"G1": "1"}, {"key": "short", "G1": "1"}, {"key": "d" * 32, "G1": "1", "NO": "1"}]
    assert [client.post("/v/A", data=each).status_code for each in strange] == [400, 400, 400]
    assert client.post("/v/NOWHERE", data={"key": "e" * 32, "G1": "1"}).status_code == 404
    assert count_inbox(database) == 0


def test_a_wave_that_is_over_hears_nobody(settings: Settings, work: Fieldwork, database: Database) -> None:
    open_voice(database, work.wave)
    later = create_app(settings, (CITIZENS,), now=lambda: NOON + timedelta(days=30)).test_client()
    assert later.get("/v/A").status_code == 404
