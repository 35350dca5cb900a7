"""A statistician's own file in the browser: the figures of the command line, faults by name, nothing left behind."""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from statistics_wave import NOON, OFFICIAL, PASSWORD, STATISTICIAN, statistics_wave

from survey.actions import own_files
from survey.app import create_app
from survey.keys import Keys
from survey.proof import Signer

CSAT = Path(__file__).parents[1] / "analysis" / "reference" / "csat.csv"
ADDRESS = "/staff/own-file"


@pytest.fixture(scope="module")
def door(
    migrated_file: Path, tmp_path_factory: pytest.TempPathFactory, keys: Keys, signer: Signer
) -> Iterator[tuple[Flask, Path]]:
    with statistics_wave(migrated_file, tmp_path_factory.mktemp("own"), keys, signer) as (settings, _):
        yield create_app(settings, now=lambda: NOON), settings.home


def sign_in(app: Flask, name: str) -> FlaskClient:
    client = app.test_client()
    form = {"name": name, "password": PASSWORD, "csrf_token": token(client, "/staff/sign-in")}
    assert client.post("/staff/sign-in", data=form).status_code == 303
    return client


def token(client: FlaskClient, path: str) -> str:
    return re.findall(r'name="csrf_token" value="([^"]*)"', client.get(path).text)[0]


def bring(client: FlaskClient, content: bytes, name: str) -> tuple[int, str]:
    form = {"csrf_token": token(client, ADDRESS), "file": (BytesIO(content), name)}
    sent = client.post(ADDRESS, data=form, content_type="multipart/form-data")
    return sent.status_code, sent.text


def ask(client: FlaskClient, **asked: str) -> tuple[int, str]:
    sent = client.post(f"{ADDRESS}/estimate?language=en", data={"csrf_token": token(client, ADDRESS), **asked})
    return sent.status_code, sent.text


def held(home: Path) -> list[Path]:
    return list((home / own_files.FOLDER).glob("*"))


def test_a_file_gives_the_figures_of_the_command_line(door: tuple[Flask, Path]) -> None:
    """R: svymean of csat is .8418 with 1,088 answers in 60 strata; 19 rows have no answer."""
    app, home = door
    client = sign_in(app, STATISTICIAN)
    assert bring(client, CSAT.read_bytes(), "csat.csv")[0] == 303
    assert '<option value="stratum"' in client.get(ADDRESS).text
    asked = {"outcome": "answer", "satisfied": "4,5", "stratum": "stratum", "weight": "w0", "population": "N_h"}
    status, page = ask(client, **asked, target="90")
    assert status == 200, page
    assert "1,107 read, 0 dropped, 1,107 kept, 1,088 counted" in page
    for figure in ("84.2", "1,088", "1,028"):
        assert figure in page
    assert page.count("Certified coverage") == page.count("Strata with one answer") == 1, "every check, as for a wave"
    assert len(held(home)) == 1
    assert client.post(f"{ADDRESS}/forget", data={"csrf_token": token(client, ADDRESS)}).status_code == 303
    assert held(home) == []


def test_a_fault_is_named_and_the_form_is_kept(door: tuple[Flask, Path]) -> None:
    client = sign_in(door[0], STATISTICIAN)
    assert bring(client, b"h;a\nx;1\ny;\xff\n", "a.csv")[0] == 400
    assert bring(client, b"\x00\x01", "a.exe")[0] == 400
    assert bring(client, CSAT.read_bytes(), "csat.csv")[0] == 303
    status, page = ask(client, outcome="answer", stratum="stratum")
    assert status == 400
    assert "is not 0 and 1 but holds: 1, 2, 3, 4, 5" in page
    assert '<option value="answer" selected>' in page
    status, page = ask(client, outcome="answer", satisfied="4,5", target="150")
    assert (status, "a number from 0 to 100" in page) == (400, True)


def test_nobody_else_opens_it_and_it_ends_with_the_session(door: tuple[Flask, Path]) -> None:
    app, home = door
    one, other = sign_in(app, STATISTICIAN), sign_in(app, STATISTICIAN)
    bring(one, CSAT.read_bytes(), "csat.csv")
    assert "<option" not in other.get(ADDRESS).text, "another session of the same person holds nothing"
    assert sign_in(app, OFFICIAL).get(ADDRESS).status_code == 403
    before = len(held(home))
    one.post("/staff/sign-out", data={"csrf_token": token(one, ADDRESS)})
    assert len(held(home)) == before - 1


def test_a_file_that_nobody_uses_is_gone_after_an_hour(door: tuple[Flask, Path]) -> None:
    app, home = door
    client = sign_in(app, STATISTICIAN)
    bring(client, CSAT.read_bytes(), "csat.csv")
    (path,) = held(home) if len(held(home)) == 1 else held(home)[-1:]
    used = path.stat().st_mtime
    assert own_files.forget_old_files(home, used + own_files.LONGEST - 1) == 0 or path.exists()
    assert own_files.forget_old_files(home, used + own_files.LONGEST + 1) >= 1
    assert not path.exists()


def test_a_large_body_is_refused_elsewhere_and_taken_here(door: tuple[Flask, Path]) -> None:
    client = sign_in(door[0], STATISTICIAN)
    rows = b"a,h\n" + b"1,x\n0,y\n" * 40_000
    assert len(rows) > 64 * 1024
    assert bring(client, rows, "large.csv")[0] == 303
    assert client.post(f"{ADDRESS}/forget", data={"csrf_token": "x" * 100_000}).status_code in (400, 413)
