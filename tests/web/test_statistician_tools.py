"""The statisticians' tools: what each page shows, who may enter, what is refused, what enters the trail."""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from openpyxl import load_workbook
from statistics_wave import NOON, OFFICIAL, PASSWORD, STATISTICIAN, statistics_wave

from survey.actions.adequacy import read_frozen
from survey.app import create_app
from survey.keys import Keys
from survey.proof import Signer
from survey.store import audits
from survey.store.database import Database

TOOLS = ("cells?wave_code=W", "progress/W", "nonresponse/W", "compare/W", "small-areas/W", "workshop/W")


@pytest.fixture(scope="module")
def door(
    migrated_file: Path, tmp_path_factory: pytest.TempPathFactory, keys: Keys, signer: Signer
) -> Iterator[tuple[Flask, Database]]:
    with statistics_wave(migrated_file, tmp_path_factory.mktemp("tools"), keys, signer) as (settings, work):
        yield create_app(settings, now=lambda: NOON), work.database


def sign_in(app: Flask, name: str) -> FlaskClient:
    client = app.test_client()
    form = {"name": name, "password": PASSWORD, "csrf_token": token(client, "/staff/sign-in")}
    assert client.post("/staff/sign-in", data=form).status_code == 303
    return client


def token(client: FlaskClient, path: str) -> str:
    return re.findall(r'name="csrf_token" value="([^"]*)"', client.get(path).text)[0]


@pytest.fixture
def statistician(door: tuple[Flask, Database]) -> FlaskClient:
    return sign_in(door[0], STATISTICIAN)


@pytest.mark.parametrize("tool", TOOLS)
def test_try(statistician: FlaskClient, tool: str) -> None:
    page = statistician.get(f"/staff/{tool}")
    assert page.status_code == 200, page.text[:2000]
    print(re.sub(r"<[^>]+>", " ", page.text)[:200])
