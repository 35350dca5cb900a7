"""Attacks that others fell to, each with its refusal, on SQLite and on PostgreSQL; docs/attacks.md lists all 38.

What is tried goes over HTTP, by a citizen, a stranger or a member of staff who means harm.
"""

from __future__ import annotations

import io
import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import pytest
from fieldwork import Fieldwork, begin_fieldwork
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from survey.actions import clients, passwords
from survey.actions.clients import Request, authorize
from survey.actions.signing_in import start_session
from survey.app import create_app
from survey.keys import Keys
from survey.proof import Signer
from survey.settings import Settings
from survey.store import people
from survey.store.audits import By
from survey.store.database import Database
from survey.store.places import EVERYTHING
from survey.web import citizen_pages
from survey.web.limits import FailureBrake
from survey.web.services import EXTENSION

NOON = datetime(2026, 11, 24, 5, tzinfo=UTC)
SCRIPT = "<script>alert(1)</script>"
TEMPLATE = "{{7*7}}${7*7}<%=7*7%>#{7*7}"
INJECTIONS = (
    "' OR '1'='1",
    "1; DROP TABLE staff; --",
    "1) UNION SELECT password_hash FROM staff --",
    "x' AND 1=(SELECT pg_sleep(3)) --",
    "%27%20OR%201=1--",
    "\\'; DELETE FROM invitation; --",
)
ROLES = ("operator", "statistician", "official", "auditor")
COUNTED = ("staff", "invitation", "inbox", "spent", "agency", "wave", "release")


@dataclass
class Door:
    """The app, the wave behind it, and who is signed in."""

    app: Flask
    work: Fieldwork
    database: Database
    keys: Keys

    def client(self, role: str = "") -> FlaskClient:
        client = self.app.test_client()
        if role:
            with self.database.reading() as connection:
                member = people.find_staff(connection, role)
            assert member is not None
            client.set_cookie("staff", start_session(self.database, self.keys, member, NOON))
        return client

    def counts(self) -> dict[str, int]:
        with self.database.reading() as connection:
            return {each: connection.execute(text(f'SELECT count(*) FROM "{each}"')).scalar_one() for each in COUNTED}


@pytest.fixture
def door(
    database: Database, settings: Settings, keys: Keys, signer: Signer, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Door]:
    monkeypatch.setattr(citizen_pages, "brake", FailureBrake(10_000, 1))
    work = begin_fieldwork(database, keys, signer, {("A", "land"): 40}, invited=6)
    with database.writing("corpus") as connection:
        name = json.dumps({"vi": f"{SCRIPT}{TEMPLATE}"})
        connection.execute(text("UPDATE agency SET name = :name WHERE code = 'A'"), {"name": name})
        for role in ROLES:
            people.add_staff(connection, role, role, "", EVERYTHING)
    app = create_app(settings, now=lambda: NOON)
    app.config["WTF_CSRF_ENABLED"] = False
    app.config["WTF_CSRF_METHODS"] = set()  # who posts is the question here, not from where
    yield Door(app, work, database, keys)
    app.extensions[EXTENSION].database.close()


def read_fields(client: FlaskClient) -> dict[str, str]:
    return dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', client.get("/answer").text))


def test_sql_in_a_token_a_code_or_a_receipt_opens_nothing(door: Door) -> None:
    """1: LimeSurvey CVE-2025-41375. The control is a live token at the same addresses."""
    before, client = door.counts(), door.client()
    for attack in INJECTIONS:
        began = time.monotonic()
        assert client.get(f"/t/{quote(attack, safe='')}", follow_redirects=True).status_code == 404
        assert client.post("/answer", data={"token": attack, "key": "k" * 32, "G1": "5"}).status_code in (404, 422)
        assert client.post("/code", data={"code": attack}, follow_redirects=True).status_code == 404
        assert "điểm chốt" not in client.get("/receipt", query_string={"code": attack}).text
        assert time.monotonic() - began < 2.5, "nothing waited for pg_sleep"
    assert door.counts() == before
    assert client.get(f"/t/{door.work.tokens['A.land'][0]}", follow_redirects=True).status_code == 200


def test_sql_in_a_language_sort_group_or_filter_changes_nothing(door: Door) -> None:
    """2 and 35: LimeSurvey CVE-2024-6933, Superset CVE-2021-41971. Every address of figures with every parameter."""
    before, client = door.counts(), door.client("statistician")
    names = ("language", "sort", "order", "level", "wave_code", "sector_code", "page", "on", "published", "q", "by")
    for attack in INJECTIONS[:4]:
        query = dict.fromkeys(names, attack)
        for path in ("/staff/cells", "/staff/scoreboard", "/staff/areas", "/staff/comments", "/", "/results"):
            began = time.monotonic()
            assert client.get(path, query_string=query).status_code < 500, (path, attack)
            assert time.monotonic() - began < 2.5
    assert door.counts() == before


def test_no_page_after_an_answer_and_no_row_holds_the_token(door: Door) -> None:
    """6: LimeSurvey #14302, where a hidden field told who had answered anonymously."""
    token, client = door.work.tokens["A.land"][0], door.client()
    client.get(f"/t/{token}")
    fields = read_fields(client) | {"G1": "5"}
    thanks = client.post("/answer", data=fields)
    assert thanks.status_code == 200
    assert token not in thanks.text
    assert token not in str(thanks.headers)
    with door.database.reading() as connection:
        for table in ("inbox", "spent", "invitation"):
            rows = connection.execute(text(f'SELECT * FROM "{table}"')).all()
            assert rows
            assert token not in repr(rows)


def test_markup_and_templates_in_names_are_shown_as_they_were_typed(door: Door) -> None:
    """8, 10 and 31: LimeSurvey #20711, CVE-2026-16809, Jinja2 CVE-2025-27516."""
    shown = 0
    for role, path in (
        ("operator", "/staff/areas"),
        ("operator", "/staff/set-up/W/accounting"),
        ("operator", "/staff/devices"),
    ):
        page = door.client(role).get(path).text
        assert SCRIPT not in page, path
        shown += page.count("&lt;script&gt;alert(1)")
        assert "49${" not in page, path
    assert shown >= 2, "the control: the name is on the pages"


def test_markup_in_an_imported_file_and_in_its_faults_stays_text(door: Door) -> None:
    """8 and 9: LimeSurvey #20711 and #20697."""
    client = door.client("operator")
    rows = f'code,name_vi,kind,parent,valid_from\nT9,"{SCRIPT}",province,,2026-01-01\n'
    sent = {"file": (io.BytesIO(rows.encode()), "areas.csv"), "what": "areas", "do": "load"}
    assert client.post("/staff/areas", data=sent).status_code == 200
    page = client.get("/staff/areas").text
    assert (SCRIPT in page, "&lt;script&gt;" in page) == (False, True)
    bad = {"file": (io.BytesIO(f"code,{SCRIPT}\n".encode()), f"{SCRIPT}.csv"), "what": "areas", "do": "load"}
    assert SCRIPT not in client.post("/staff/areas", data=bad).text
    survey = {"file": (io.BytesIO(f"<document>{SCRIPT}</document>".encode()), f"{SCRIPT}.lss"), "do": "look"}
    assert SCRIPT not in client.post("/staff/questionnaires/import", data=survey).text


@pytest.mark.parametrize(
    "name", ["shell.php", "x.py", "../../../etc/cron.d/x", "plugin.zip", ".htaccess", "a.csv\0.py"]
)
def test_no_upload_keeps_or_runs_what_is_no_table(door: Door, name: str) -> None:
    """13 and 14: CVE-2018-1000658, CVE-2022-48008, CVE-2019-9960."""
    home = door.app.extensions[EXTENSION].settings.home
    client, body = door.client("statistician"), b"<?php system($_GET[0]); __import__('os')"
    before = files_of(home)
    answer = client.post("/staff/own-file", data={"file": (io.BytesIO(body), name)})
    assert answer.status_code in (400, 422)
    assert files_of(home) == before


def test_a_table_is_held_under_a_name_of_ours(door: Door) -> None:
    """The control of the above, and 13: the name that was sent is no part of a path."""
    home, client = door.app.extensions[EXTENSION].settings.home, door.client("statistician")
    before = files_of(home)
    client.post("/staff/own-file", data={"file": (io.BytesIO(b"answer\n5\n4\n"), "../../evil.csv")})
    new = files_of(home) - before
    assert [re.fullmatch(r"own-files/[0-9a-f]{32,64}\.csv", each) is not None for each in new] == [True]


def files_of(home: Path) -> set[str]:
    return {str(each.relative_to(home)) for each in home.rglob("*") if each.is_file() and "sqlite" not in each.name}


def test_sql_in_what_a_portal_sends_is_a_value(door: Door) -> None:
    """3: LimeSurvey CVE-2026-50636, statements stacked in a list of ids."""
    secret = clients.add_client(door.database, door.keys, "mot-cua", on=NOON.date(), recorded=By("tests", NOON))
    before = door.counts()
    rows = [{"dossier": attack, "agency": "A", "procedure": attack, "filed_by": "self"} for attack in INJECTIONS]
    for key, sent, statuses in (
        ("k1", {"transactions": rows, "wave": INJECTIONS[1]}, (404,)),
        ("k2", {"transactions": rows, "wave": "W"}, (200, 400, 422)),
        (INJECTIONS[1], {"transactions": rows, "wave": "W"}, (200, 400, 422)),
    ):
        body = json.dumps(sent).encode()
        signed = Request("POST", "/api/v1/transactions", key, body)
        authorization = authorize("mot-cua", secret, signed, int(NOON.timestamp()))
        headers = {"Authorization": authorization, "Idempotency-Key": key}
        answer = door.client().post(signed.target, data=body, headers=headers, content_type="application/json")
        assert answer.status_code in statuses, (key, answer.status_code)
    assert door.counts() == before


def test_nothing_of_the_setting_up_is_served(door: Door) -> None:
    """21: Metabase CVE-2023-38646, an installer that stayed open."""
    client = door.client()
    for path in (
        "/setup",
        "/install",
        "/init",
        "/admin",
        "/admin/install",
        "/api/setup",
        "/console",
        "/.env",
        "/.git/config",
    ):
        assert client.get(path).status_code == 404, path
        assert client.post(path).status_code in (404, 405), path


def test_what_a_cache_may_keep_carries_no_cookie(door: Door) -> None:
    """25: Flask CVE-2023-30861. The control is a page, which sets one and is never kept."""
    client = door.client("statistician")
    style, page = client.get("/static/staff.css?language=km"), client.get("/staff/releases?language=km")
    assert "max-age" in style.headers["Cache-Control"]
    assert "Set-Cookie" not in style.headers
    assert (page.headers["Cache-Control"], "Set-Cookie" in page.headers) == ("no-store", True)


def test_a_cookie_without_a_name_is_not_taken_for_the_session(door: Door) -> None:
    """26: Werkzeug CVE-2023-23934. The control is the same value under its name."""
    value = door.client("official").get_cookie("staff")
    assert value is not None
    secure = {"base_url": "https://localhost"}
    client = door.app.test_client(use_cookies=False)
    for cookie, status in ((f"=__Host-staff={value.value}", 302), (f"__Host-staff={value.value}", 200)):
        assert client.get("/staff/scoreboard", headers={"Cookie": cookie}, **secure).status_code == status


@pytest.mark.parametrize("path", ["/answer", "/staff/sign-in", "/staff/areas"])
def test_a_flood_of_parts_and_of_line_breaks_ends_soon(door: Door, path: str) -> None:
    """27: Werkzeug CVE-2023-25577 and CVE-2023-46136."""
    client, part = door.client("operator"), b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n'
    for body in (part * 20_000 + b"--x--", b"--x\r\n" + b"\r\n" * 500_000, b"--x\r\n" + b"\r" * 1_000_000):
        began = time.process_time()
        answer = client.post(path, data=body, content_type="multipart/form-data; boundary=x")
        assert answer.status_code in (400, 413, 422), answer.status_code
        assert time.process_time() - began < 3


def test_an_unknown_name_costs_one_hash_like_a_wrong_password(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """33: Indico CVE-2025-53640. Counted, not timed: each way verifies one argon2 hash."""
    tried: list[str] = []
    real = passwords.hasher()

    class Counting:
        def verify(self, known: str, typed: str) -> bool:
            tried.append(known)
            return bool(real.verify(known, typed))

        def hash(self, typed: str) -> str:
            return real.hash(typed)

    passwords.fits("", "warm up: nobody's hash is made once")
    monkeypatch.setattr(passwords, "hasher", Counting)
    client = door.client()
    for name in ("official", "nobody", "' OR 1=1", "cn=*)(uid=*"):
        tried.clear()
        assert client.post("/staff/sign-in", data={"name": name, "password": "x" * 20}).status_code in (401, 429)
        assert len(tried) == 1, name


@pytest.mark.parametrize(
    "field", ["stratum_code", "unit_id", "channel", "excluded", "wave", "weight", "disposition", "arrived_on", "psu"]
)
def test_a_form_sets_nothing_that_it_does_not_ask(door: Door, field: str) -> None:
    """37: mass assignment. The control is the same form without the field."""
    client, tokens = door.client(), door.work.tokens["A.land"]
    client.get(f"/t/{tokens[0]}")
    fields = read_fields(client) | {"G1": "5"}
    assert client.post("/answer", data={**fields, field: "1"}).status_code == 400
    assert door.counts()["inbox"] == 0
    assert client.post("/answer", data=fields).status_code == 200
    assert door.counts()["inbox"] == 1


def test_a_megabyte_of_marks_is_refused_and_less_is_kept_in_one_form(door: Door) -> None:
    """38: combining marks, half letters, signs that turn the line around."""
    client = door.client()
    client.get(f"/t/{door.work.tokens['A.land'][0]}")
    fields = read_fields(client) | {"G1": "5"}
    assert client.post("/answer", data={**fields, "K1": "a" + "\u0301" * 500_000}).status_code == 413
    began = time.process_time()
    answer = client.post("/answer", data={**fields, "K1": "e\u0302\u0301" * 900 + "\u202e\u200b\u2066"})
    assert answer.status_code in (200, 400, 422)
    assert time.process_time() - began < 2
