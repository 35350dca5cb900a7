"""Below a path of another site: a citizen's whole visit and a member of staff's, by the links that the pages have."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from fieldwork import begin_fieldwork
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from survey.actions.signing_in import add_staff
from survey.app import create_app
from survey.keys import Keys
from survey.proof import Signer
from survey.settings import Settings
from survey.store.database import Database
from survey.web.prefixed import complete

NOON = datetime(2026, 11, 24, 5, tzinfo=UTC)
PASSWORD = "mật khẩu đủ dài để thử"
PREFIX = "/khaosat"
SENT = {"X-Forwarded-Prefix": PREFIX}
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@on_sqlite
def test_every_link_and_form_of_a_visit_stays_below_the_path(
    settings: Settings, database: Database, keys: Keys, signer: Signer
) -> None:
    work = begin_fieldwork(database, keys, signer, {("A", "land"): 100}, invited=2)
    add_staff(database, "lan", "operator", PASSWORD, now=NOON, actor="test")
    client = create_app(replace(settings, proxies=1), now=lambda: NOON).test_client()
    opened = get(client, f"/t/{work.tokens['A.land'][0]}")
    assert opened.headers["Location"] == f"{PREFIX}/answer"
    form = get(client, "/answer")
    fields = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form.text)) | {"G1": "5"}
    action = re.findall(r"<form[^>]*action=\"?([^\s\">]+)", form.text)[0]
    thanks = client.post(action.removeprefix(PREFIX), data=fields, headers=SENT)
    assert (thanks.status_code, "Cảm ơn" in thanks.text) == (200, True)
    asked = get(client, "/staff/sign-in")
    token = re.findall(r'name="csrf_token" value="([^"]*)"', asked.text)[0]
    signing = {"name": "lan", "password": PASSWORD, "csrf_token": token}
    assert client.post("/staff/sign-in", data=signing, headers=SENT).headers["Location"].startswith(f"{PREFIX}/staff")
    pages = (
        form,
        thanks,
        asked,
        *(get(client, path) for path in ("/", "/receipt", "/staff/scoreboard", "/staff/areas")),
    )
    for page in pages:
        addresses = re.findall(r"\s(?:href|src|action)=[\"']?(/[^\s\"'>]*)", page.text)
        assert [each for each in addresses if not each.startswith(f"{PREFIX}/")] == []
        assert page.status_code == 200
    assert sum(page.text.count(PREFIX) for page in pages) > 20, "the control: there are links"


def get(client: FlaskClient, path: str) -> TestResponse:
    return client.get(path, headers={**SENT, "Accept-Encoding": "gzip"})


def test_what_lies_below_the_path_already_or_elsewhere_stays() -> None:
    page = b'<a href="/khaosat/x"><a href="//evil"><a href=/y><form action="/">/plain'
    wanted = b'<a href="/khaosat/x"><a href="//evil"><a href=/khaosat/y><form action="/khaosat/">/plain'
    assert complete(page, b"/khaosat") == wanted


@on_sqlite
def test_without_a_trusted_proxy_nobody_moves_the_links(settings: Settings, database: Database) -> None:
    page = create_app(settings, now=lambda: NOON).test_client().get("/", headers=SENT)
    assert PREFIX not in page.text
