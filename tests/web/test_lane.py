"""The ordinary visit is answered before Flask, with the same bytes; whatever is unusual goes on to the app."""

from __future__ import annotations

import gzip
import io
import re
import shutil
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from fieldwork import Fieldwork, begin_fieldwork
from flask import Flask
from prometheus_client import generate_latest
from werkzeug.test import EnvironBuilder

from survey.app import CITIZENS, create_app
from survey.keys import Keys, new_token
from survey.proof import Signer
from survey.settings import Settings
from survey.store.arrivals import count_views
from survey.store.database import Database, DatabaseUnreachable
from survey.web import lane as fast
from survey.web.access import access_of
from survey.web.lane import Lane
from survey.web.services import METRICS
from tests.posting import RECEIPT

NOON = datetime(2026, 11, 24, 5, tzinfo=UTC)
NONCE = re.compile(r"nonce-([\w-]+)")
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
VISITORS: list[dict[str, str]] = [
    {"Accept-Language": "vi", "Accept-Encoding": "gzip"},
    {"Accept-Language": "km,vi;q=0.5"},
    {"Accept-Language": "de, en;q=0.1", "Accept-Encoding": "br, gzip"},
    {"Accept-Language": "vi", "Accept-Encoding": "gzip", "Sec-Fetch-Site": "none"},
]


@dataclass
class Doors:
    """The lane, the app behind it, and how often the lane let something through."""

    lane: Lane
    app: Any
    passed: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        def behind(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
            self.passed.append(environ["PATH_INFO"])
            inner: Iterable[bytes] = self.app(environ, start)
            return inner

        self.lane._app = behind

    def by_both(self, *request: Any, **more: Any) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        return said(self.lane, *request, **more), said(self.app, *request, **more)


@pytest.fixture
def database_url(migrated_file: Path, home: Path) -> str:
    """SQLite alone: what differs by database lies below both."""
    shutil.copy(migrated_file, home / "hailong.sqlite")
    return f"sqlite:///{home / 'hailong.sqlite'}"


@pytest.fixture
def work(database: Database, keys: Keys, signer: Signer) -> Fieldwork:
    return begin_fieldwork(
        database, keys, signer, {("A", "certification"): 50}, invited=5, questionnaire="procedures@1"
    )


@pytest.fixture
def doors(settings: Settings, work: Fieldwork) -> Doors:
    app: Flask = create_app(settings, (CITIZENS,), now=lambda: NOON)
    gates: Any = app.wsgi_app
    lane = gates._app
    assert isinstance(lane, Lane)
    return Doors(lane, lane._app)


@pytest.fixture
def token(work: Fieldwork) -> str:
    return work.tokens["A.certification"][0]


def said(
    door: Any, method: str, path: str, headers: dict[str, str], body: bytes = b"", base: str = "http://localhost"
) -> tuple[Any, ...]:
    """Status, headers and page of an answer, without what is by chance."""
    environ = EnvironBuilder(path, base, method=method, headers=headers, input_stream=io.BytesIO(body)).get_environ()
    environ["CONTENT_LENGTH"] = str(len(body)) if body else environ.get("CONTENT_LENGTH", "")
    begun: list[tuple[str, list[tuple[str, str]]]] = []
    content = b"".join(door(environ, lambda status, given, _=None: begun.append((status, given))))
    [(status, given)] = begun
    plain = gzip.decompress(content) if ("Content-Encoding", "gzip") in given else content
    names = {name for name, _ in given}
    assert dict(given)["Content-Length"] == str(len(content)) or method == "HEAD"
    text = "\n".join(sorted(f"{name}: {value}" for name, value in given if name != "Content-Length"))
    [nonce] = NONCE.findall(text) or ["(none)"]
    return status, text.replace(nonce, "NONCE"), plain.decode().replace(nonce, "NONCE"), len(names)


def fields_of(page: str) -> dict[str, str]:
    return dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page))


def without_key(answer: tuple[Any, ...]) -> tuple[Any, ...]:
    return answer[0], answer[1], answer[2].replace(fields_of(answer[2])["key"], "KEY"), answer[3]


@pytest.mark.parametrize("base", ["http://localhost", "https://localhost"])
@pytest.mark.parametrize("visitor", VISITORS)
def test_an_ordinary_visit_gets_the_same_bytes_as_from_the_app(
    doors: Doors, token: str, visitor: dict[str, str], base: str
) -> None:
    """All but the redirect's body, which nobody sees; a nonce and the form's key are by chance."""
    ours, apps = doors.by_both("GET", f"/t/{token}", visitor, base=base)
    assert (ours[0], ours[1], ours[2]) == (apps[0], apps[1], "")
    cookie = re.findall(r"Set-Cookie: ([^;]+);", ours[1])[0]
    for cookies in (cookie, f"{cookie}; language=en; font=1"):
        ours, apps = doors.by_both("GET", "/answer", {**visitor, "Cookie": cookies}, base=base)
        assert without_key(ours) == without_key(apps)
    sent = urlencode({**fields_of(ours[2]), "G1": "5", "A1": "4", "K1": "rất tốt & nhanh"}).encode()
    ours, apps = doors.by_both("POST", "/answer", {**visitor, **FORM, "Origin": base, "Cookie": cookie}, sent, base)
    assert ours == apps
    assert ours[0] == "200 OK"
    assert RECEIPT.search(ours[2])
    assert doors.passed == []


def test_whoever_declines_a_receipt_gets_none(doors: Doors, token: str) -> None:
    form = said(doors.lane, "GET", "/answer", {"Cookie": f"token={token}"})
    sent = urlencode({**fields_of(form[2]), "G1": "5", "receipt": "no"}).encode()
    ours, apps = doors.by_both("POST", "/answer", FORM, sent)
    assert ours == apps
    assert not RECEIPT.search(ours[2])


@pytest.mark.parametrize(
    ("method", "path", "headers"),
    [
        ("HEAD", "/answer", {}),
        ("GET", "/answer", {"Cookie": "token=X; token=Y"}),
        ("GET", "/answer", {"Cookie": 'token="{token}"'}),
        ("GET", "/answer?language=en", {"Cookie": "token={token}"}),
        ("GET", "/t/{token}?language=en", {}),
        ("GET", "/t/shorter", {}),
        ("POST", "/t/{token}", {}),
        ("GET", "/answer", {"Cookie": "token={unknown}"}),
        ("GET", "/answer", {}),
        ("GET", "/", {}),
        ("PUT", "/answer", {}),
    ],
)
def test_what_is_unusual_goes_on_to_the_app(
    doors: Doors, token: str, method: str, path: str, headers: dict[str, str]
) -> None:
    words = {"token": token, "unknown": new_token()}
    given = {name: value.format(**words) for name, value in headers.items()}
    ours, apps = doors.by_both(method, path.format(**words), given)
    assert len(doors.passed) == 1
    assert ours[:2] == apps[:2]


@pytest.mark.parametrize(
    "changed",
    [
        {"Content-Type": "text/plain"},
        {"Content-Type": "multipart/form-data; boundary=x"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Origin": "https://elsewhere.example"},
    ],
)
def test_a_strange_post_goes_on_to_the_app_and_stores_nothing(
    doors: Doors, work: Fieldwork, token: str, changed: dict[str, str]
) -> None:
    form = said(doors.lane, "GET", "/answer", {"Cookie": f"token={token}"})
    sent = urlencode({**fields_of(form[2]), "G1": "5"}).encode()
    ours, apps = doors.by_both("POST", "/answer", {**FORM, **changed}, sent)
    assert doors.passed == ["/answer"]
    assert ours == apps
    assert int(ours[0][:3]) >= 400


@pytest.mark.parametrize(
    "body",
    ["G1=5&G1=4", "G1=9", "G1=5&step=0&go=next", "A1=4", "K1=%ff", "K1=Ông", "Q9=1", "", "K1=" + "x" * 70_000, "&=&"],
)
def test_a_body_that_is_not_plain_is_read_whole_by_the_app(doors: Doors, token: str, body: str) -> None:
    form = said(doors.lane, "GET", "/answer", {"Cookie": f"token={token}"})
    own = urlencode(fields_of(form[2])) if body else ""
    ours, apps = doors.by_both("POST", "/answer", FORM, f"{own}&{body}".encode())
    assert doors.passed == ["/answer"]
    assert ours[0] == apps[0]


def test_an_answer_that_the_database_did_not_confirm_is_tried_once_and_kept_on_the_page(
    doors: Doors, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    form = said(doors.lane, "GET", "/answer", {"Cookie": f"token={token}"})
    tries = []

    def away(*_: object, **__: object) -> str:
        tries.append(1)
        raise DatabaseUnreachable("away")

    monkeypatch.setattr(fast.answering, "answer", away)
    sent = urlencode({**fields_of(form[2]), "G1": "5", "K1": "xin giữ lại"}).encode()
    page = said(doors.lane, "POST", "/answer", FORM, sent)
    assert page[0].startswith("503")
    assert "Retry-After" in page[1]
    assert "xin giữ lại" in page[2]
    assert tries == [1]


def test_what_the_lane_answers_is_declared_open_to_everybody(settings: Settings, work: Fieldwork) -> None:
    app = create_app(settings, (CITIZENS,))
    for endpoint in ("citizen.open_link", "citizen.show_form", "citizen.take_answer"):
        assert access_of(app.view_functions[endpoint]).public


def test_what_the_lane_answers_is_counted_as_well(settings: Settings, work: Fieldwork, token: str) -> None:
    app = create_app(replace(settings, metrics_token="a token of the metrics, long enough"), (CITIZENS,))
    assert app.test_client().get(f"/t/{token}").status_code == 303
    written = generate_latest(app.extensions[METRICS].registry)
    assert b'hailong_request_seconds_count{part="t",status="3xx"} 1.0' in written


def test_a_host_that_is_not_served_is_refused_by_the_app(doors: Doors, token: str) -> None:
    known = doors.lane._known
    object.__setattr__(known.settings, "hosts", ("survey.example",))
    page = said(doors.lane, "GET", f"/t/{token}", {}, base="http://other.example")
    assert page[0].startswith("421")
    assert said(doors.lane, "GET", f"/t/{token}", {}, base="http://survey.example")[0].startswith("303")
    assert doors.passed == [f"/t/{token}"]


def test_an_opened_form_is_counted_by_the_lane_as_by_the_app(doors: Doors, work: Fieldwork, token: str) -> None:
    cookie = {"Cookie": f"token={token}"}
    doors.by_both("GET", "/answer", cookie)
    assert doors.passed == []
    doors.lane._known.arrivals.write()
    said(doors.lane, "GET", "/answer", cookie)
    doors.lane._known.arrivals.write()
    with work.database.reading() as connection:
        assert count_views(connection, work.wave) == {"A.certification": 3}


@pytest.mark.parametrize("what", ["form_page", "as_answer"])
def test_a_defect_of_the_lane_is_answered_by_the_app_and_shows_in_log_and_metrics(
    settings: Settings,
    work: Fieldwork,
    token: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    what: str,
) -> None:
    def defect(*_: object, **__: object) -> str:
        raise AssertionError("as the test wants it")

    app = create_app(replace(settings, metrics_token="a token of the metrics, long enough"), (CITIZENS,), lambda: NOON)
    monkeypatch.setattr(fast, what, defect)
    client = app.test_client()
    client.set_cookie("token", token)
    assert client.get("/answer").status_code == 200
    written = generate_latest(app.extensions[METRICS].registry)
    assert b"hailong_lane_defects_total 1.0" in written
    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == [
        "unhandled AssertionError in the lane"
    ]
    assert token not in caplog.text


def test_a_refusal_or_an_absent_database_is_no_defect_of_the_lane(
    settings: Settings, work: Fieldwork, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object, **__: object) -> str:
        raise DatabaseUnreachable("away")

    app = create_app(replace(settings, metrics_token="a token of the metrics, long enough"), (CITIZENS,), lambda: NOON)
    client = app.test_client()
    assert client.get("/answer").status_code == 404
    client.set_cookie("token", token)
    monkeypatch.setattr(fast.answering, "open_form", away)
    assert client.get("/answer").status_code == 503
    assert b"hailong_lane_defects_total 0.0" in generate_latest(app.extensions[METRICS].registry)
