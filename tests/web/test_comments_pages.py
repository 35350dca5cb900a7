"""Comments on pages: a statistician reads first, officials read and search what was passed on, within their scope."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fieldwork import TODAY, begin_fieldwork
from flask import Flask
from flask.testing import FlaskClient

from survey.actions.searching_comments import is_about, matches
from survey.actions.signing_in import add_staff
from survey.app import STAFF, create_app
from survey.keys import Keys
from survey.mandate.topics import load_topics
from survey.proof import Signer
from survey.settings import Settings
from survey.store import comments
from survey.store.comments import Comment
from survey.store.database import Database
from survey.store.places import Scope

NOON = datetime(2026, 11, 24, 5, tzinfo=UTC)
PASSWORD, SECRET = "mật khẩu đủ dài để thử", b"a secret of the tests, long enough to pass"
NAMING = "Cô Hai ở quầy số 3 là người quen của tôi"
TEXTS = (NAMING, "Phải chờ lâu quá", "Cán bộ nhiệt tình", *(f"Lời thứ {order}" for order in range(7)))


@pytest.fixture
def app(migrated_file: Path, tmp_path: Path, keys: Keys, signer: Signer) -> Iterator[Flask]:
    shutil.copy(migrated_file, tmp_path / "hailong.sqlite")
    settings = Settings(tmp_path, f"sqlite:///{tmp_path / 'hailong.sqlite'}", SECRET, base_url="http://localhost")
    database = Database(settings.database_url, settings.lock_file)
    begin_fieldwork(database, keys, signer, {("A", "land"): 100})
    new = [Comment(bytes([order]) * 16, "W", "A", "G2", text) for order, text in enumerate(TEXTS)]
    with database.writing("comments") as connection:
        comments.add_comments(connection, "W", new, 10)
        comments.add_batch(connection, "W", "A", ["A"], TODAY)
    for name in ("statistician", "official", "auditor"):
        add_staff(database, name, name, PASSWORD, now=NOON, actor="tests")
    add_staff(database, "elsewhere", "official", PASSWORD, now=NOON, actor="tests", scope=Scope("94", None))
    yield create_app(settings, (STAFF,), now=lambda: NOON)
    database.close()


def sign_in(app: Flask, name: str) -> FlaskClient:
    client = app.test_client()
    token = csrf(client.get("/staff/sign-in").text)
    client.post("/staff/sign-in", data={"name": name, "password": PASSWORD, "csrf_token": token, "next": ""})
    return client


def csrf(page: str) -> str:
    return re.findall(r'name="csrf_token" value="([^"]*)"', page)[0]


def test_a_batch_reaches_officials_after_a_statistician_and_without_what_she_withheld(app: Flask) -> None:
    official, statistician = sign_in(app, "official"), sign_in(app, "statistician")
    assert official.get("/staff/comments/1").status_code == 404
    before = statistician.get("/staff/comments/1").text
    assert NAMING in before
    marked = {"csrf_token": csrf(before), (bytes([0]) * 16).hex(): "1"}
    assert statistician.post("/staff/comments/1", data=marked).status_code == 303
    page = official.get("/staff/comments/1").text
    assert NAMING not in page
    assert all(text in page for text in TEXTS[1:])
    assert statistician.post("/staff/comments/1", data=marked).status_code == 404
    assert "Phải chờ lâu quá" in official.get("/staff/comments?q=cho lau").text
    assert "Phải chờ lâu quá" not in official.get("/staff/comments?q=nhiet").text.split("<table")[1]
    assert NAMING not in official.get("/staff/comments?q=quay").text
    waiting = official.get("/staff/comments?topic=waiting").text
    assert "Phải chờ lâu quá" in waiting
    assert "Cán bộ nhiệt tình" not in waiting
    assert "xếp hàng" in waiting, "the words by which it was told"
    centre = official.get("/staff/scoreboard/agency/A").text
    assert "Phải chờ lâu quá" in centre
    assert NAMING not in centre
    assert "Phải chờ lâu quá" not in sign_in(app, "auditor").get("/staff/scoreboard/agency/A").text
    assert sign_in(app, "elsewhere").get("/staff/comments/1").status_code == 404
    assert sign_in(app, "auditor").get("/staff/comments").status_code == 403


@pytest.mark.parametrize(
    ("query", "found"),
    [("cho lau", True), ("chờ lâu", True), ("CHỜ", True), ("chó", False), ("cho xa", False), ("đợi", False)],
)
def test_a_word_without_diacritics_finds_those_with_and_one_with_finds_itself(query: str, found: bool) -> None:
    assert matches("Phải chờ lâu quá", query.split()) is found


def test_khmer_is_found_by_its_own_letters() -> None:
    assert matches("សេវាល្អណាស់", ["ល្អ"])
    assert not matches("សេវាល្អណាស់", ["លឿន"])


@pytest.mark.parametrize(
    ("text", "about"),
    [
        ("Phải chờ lâu quá", {"waiting"}),
        ("phai xep hang tu sang", {"waiting"}),
        ("cho con toi hoc", set()),  # "cho" may be any of several words
        ("Cán bộ cáu gắt, hồ sơ trễ hẹn", {"staff", "papers", "deadline"}),
        ("Lâu đài đẹp, chợ đông", {"waiting"}),  # a word is told by its letters alone
        ("Chocolate", set()),
        ("យូរណាស់", {"waiting"}),
        ("They asked for a bribe", {"integrity"}),
    ],
)
def test_a_comment_is_about_what_its_words_say(text: str, about: set[str]) -> None:
    assert {code for code, topic in load_topics().items() if is_about(text, topic)} == about
