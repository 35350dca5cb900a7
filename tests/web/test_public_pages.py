"""What everybody may read: every question before it is answered, what changed, receipts as auditors get them."""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from fieldwork import Fieldwork, begin_fieldwork
from flask.testing import FlaskClient

from survey.actions.bundling import write_bundle
from survey.actions.changes import add_change
from survey.actions.recording import add_recording
from survey.app import CITIZENS, create_app
from survey.keys import Keys
from survey.mandate.questionnaires import load_questionnaire
from survey.mandate.text import Text
from survey.proof import Signer, receipt_hash
from survey.settings import Settings
from survey.store.database import Database

NOON = datetime(2026, 11, 24, 5, tzinfo=UTC)
LANGUAGES = ("vi", "en", "km")
PAGES = ("/questions", "/questions/household@1", "/anonymity", "/changes", "/receipts")
SOUND = b"ID3\x04" + bytes(range(200))


@pytest.fixture
def work(database: Database, keys: Keys, signer: Signer) -> Fieldwork:
    return begin_fieldwork(database, keys, signer, {("A", "land"): 50}, invited=12, questionnaire="procedures@1")


@pytest.fixture
def client(settings: Settings, work: Fieldwork) -> FlaskClient:
    return create_app(settings, (CITIZENS,), now=lambda: NOON).test_client()


def test_every_public_page_speaks_three_languages(client: FlaskClient) -> None:
    for path in PAGES:
        pages = [client.get(f"{path}?language={language}") for language in LANGUAGES]
        assert {page.status_code for page in pages} == {200}
        titles = [re.findall(r"<h1>(.*?)</h1>", page.text)[0] for page in pages]
        assert len(set(titles)) == 3, path


def test_all_that_is_asked_can_be_read_before_answering(client: FlaskClient) -> None:
    listed = client.get("/questions").text
    assert listed.index("procedures@1") < listed.index("household@1")
    for name in re.findall(r'href="/questions/([\w@]+)"', listed):
        page, questionnaire = client.get(f"/questions/{name}").text, load_questionnaire(name)
        assert [item.code for item in questionnaire.items if str(item.text) not in page] == []
        assert [item.code for item in questionnaire.items if item.why and str(item.why) not in page] == []
        assert page.count("Chỉ hỏi khi") >= sum(item.show_if is not None for item in questionnaire.items)
        assert questionnaire.digest in page
    assert client.get("/questions/weather").status_code == 404


def test_what_changed_is_listed_and_an_empty_list_says_so(client: FlaskClient, settings: Settings) -> None:
    assert "Chưa có thay đổi nào" in client.get("/changes").text
    add_change(settings.home, date(2026, 10, 1), Text({"vi": "Mở sáng <thứ Bảy>", "en": "Open on Saturdays"}), "land")
    page = client.get("/changes").text
    assert "Mở sáng &lt;thứ Bảy&gt;" in page
    assert "Đất đai" in page
    assert "Chưa có thay đổi nào" not in page
    assert "Open on Saturdays" in client.get("/changes?language=en").text


def test_a_list_of_receipts_is_byte_for_byte_what_auditors_get(
    client: FlaskClient, work: Fieldwork, tmp_path: Path
) -> None:
    assert "Chưa có lần chốt sổ nào" in client.get("/receipts").text
    codes = [work.answer(token, level) for token, level in zip(work.tokens["A.land"][:4], "1555", strict=True)]
    work.seal_and_tally()
    work.answer(work.tokens["A.land"][5], "1")
    assert "số biên nhận: 4" in client.get("/receipts").text
    listed = client.get("/receipts/000001.txt")
    assert listed.text.split() == sorted(receipt_hash(code).hex() for code in codes)
    write_bundle(work.database, work.signer.verifier, tmp_path)
    assert listed.data == (tmp_path / "receipts" / "000001.txt").read_bytes()
    assert hashlib.sha256(listed.data).hexdigest() in (tmp_path / "manifests" / "000001.json").read_text()
    for number in ("000002", "999999999", "9" * 30):
        assert client.get(f"/receipts/{number}.txt").status_code == 404


def test_lists_are_leafed_through_and_none_is_left_out(client: FlaskClient, work: Fieldwork) -> None:
    from survey.actions import receipts

    for token in work.tokens["A.land"][:5]:
        work.answer(token)
        work.seal_and_tally()
    pages: list[list[int]] = []
    page, before = receipts.PAGE, None
    receipts.PAGE = 2
    try:
        while True:
            lists, before = receipts.list_receipt_lists(work.database, before)
            pages.append([each.number for each in lists])
            assert {each.count for each in lists} == {1}
            if before is None:
                break
    finally:
        receipts.PAGE = page
    assert pages == [[5, 4], [3, 2], [1]]


def test_a_recorded_question_can_be_heard_and_no_other_has_a_player(
    client: FlaskClient, work: Fieldwork, settings: Settings, tmp_path: Path
) -> None:
    token = work.tokens["A.land"][0]
    assert "<audio" not in client.get(f"/t/{token}", follow_redirects=True).text
    sound = tmp_path / "g1.mp3"
    sound.write_bytes(SOUND)
    add_recording(settings.home, load_questionnaire("procedures@1"), "G1", "km", sound)
    assert "<audio" not in client.get("/answer?language=vi").text
    page = client.get("/answer?language=km").text
    (player,) = re.findall(r"<audio[^>]*>", page)
    assert 'preload="none"' in player
    address = re.findall(r'src="([^"]*)"', player)[0]
    heard = client.get(address)
    assert (heard.data, heard.mimetype) == (SOUND, "audio/mpeg")
    assert "immutable" in heard.headers["Cache-Control"]
    part = client.get(address, headers={"Range": "bytes=0-3"})
    assert (part.status_code, part.data) == (206, SOUND[:4])
    assert "media-src 'self'" in client.get("/answer").headers["Content-Security-Policy"]


@pytest.mark.parametrize("name", ["../secret.key", "G1.km.mp3", "G1.km.0123456789abcdef.exe", "..%2f..%2fsecret.key"])
def test_nothing_but_recordings_is_served_from_their_folder(client: FlaskClient, name: str) -> None:
    assert client.get(f"/recordings/procedures@1/{name}").status_code == 404
    assert client.get("/recordings/..%2f..%2fkeys/G1.km.0123456789abcdef.mp3").status_code == 404
