"""The page of exports: asked for, packed by the job, fetched by whoever may take a whole wave, and all recorded."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest
from flask import Flask
from flask.testing import FlaskClient
from statistics_wave import NOON, OFFICIAL, PASSWORD, STATISTICIAN, statistics_wave
from test_statistician_tools import events, sign_in, token
from werkzeug.test import TestResponse

from survey.actions import export_jobs
from survey.actions.export_jobs import ask_export, list_exports, write_due
from survey.actions.report_jobs import NothingAsked
from survey.actions.signing_in import add_staff
from survey.app import create_app
from survey.keys import Keys
from survey.proof import Signer
from survey.store.audits import By
from survey.store.database import Database
from survey.store.places import Scope

PAGE = "/staff/packages/W.1"
AFTER = NOON + timedelta(days=10)  # the wave closes on the 30th
ONE_AREA = "binh"


@pytest.fixture(scope="module")
def doors(
    migrated_file: Path, tmp_path_factory: pytest.TempPathFactory, keys: Keys, signer: Signer
) -> Iterator[tuple[Flask, Flask, Database]]:
    """The installation while the wave is open, ten days later, and its database."""
    with statistics_wave(migrated_file, tmp_path_factory.mktemp("exports"), keys, signer) as (settings, work):
        add_staff(work.database, ONE_AREA, "statistician", PASSWORD, now=NOON, actor="test", scope=Scope("94", None))
        open_wave, ended = (create_app(settings, now=lambda now=now: now) for now in (NOON, AFTER))
        yield open_wave, ended, work.database


@pytest.fixture
def statistician(doors: tuple[Flask, Flask, Database]) -> FlaskClient:
    return sign_in(doors[1], STATISTICIAN)


def ask(client: FlaskClient, *wanted: str) -> TestResponse:
    return client.post(PAGE, data={**dict.fromkeys(wanted, "1"), "csrf_token": token(client, PAGE)})


def test_a_package_is_asked_for_packed_and_fetched_with_its_checksums(
    doors: tuple[Flask, Flask, Database], statistician: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = doors[2]
    monkeypatch.setattr(export_jobs, "PIECE", 10_000)
    assert ask(statistician, "csv", "bundle").status_code == 303
    waiting = statistician.get(PAGE)
    assert waiting.headers["Refresh"] == "3"
    assert "Đang chờ" in waiting.text
    assert write_due(database, AFTER.date()) == 1
    page = statistician.get(PAGE)
    assert "Refresh" not in page.headers
    assert f'href="{PAGE}/1.zip"' in page.text
    with statistician.get(f"{PAGE}/1.zip") as fetched:
        assert int(fetched.headers["Content-Length"]) == len(fetched.data) > export_jobs.PIECE
    with ZipFile(BytesIO(fetched.data)) as archive:
        names = archive.namelist()
        assert {"W.1/microdata.csv", "W.1/codebook.xml", "W.1/disclosure.json", "W.1/release/rebuild.R"} <= set(names)
        told = archive.read("W.1/SHA256SUMS").decode().splitlines()
        assert told
        for line in told:
            digest, name = line.split("  ")
            assert hashlib.sha256(archive.read(f"W.1/{name}")).hexdigest() == digest
    assert [each for each in events(database) if "export" in each or each == "release-reproduced"] == [
        "export-asked",
        "microdata-exported",
        "release-reproduced",
        "export-fetched",
    ]


def test_while_the_wave_is_open_only_the_rebuilding_files_are_given(doors: tuple[Flask, Flask, Database]) -> None:
    client = sign_in(doors[0], STATISTICIAN)
    assert 'name="csv"' not in client.get(PAGE).text
    refused = ask(client, "csv")
    assert refused.status_code == 409
    assert "sau khi đợt kết thúc" in refused.text
    assert ask(client, "bundle").status_code == 303


def test_nothing_asked_is_told(statistician: FlaskClient, doors: tuple[Flask, Flask, Database]) -> None:
    assert ask(statistician).status_code == 400
    with pytest.raises(NothingAsked):
        ask_export(doors[2], "W.1", ["doc"], by=By("thanh", AFTER), today=AFTER.date())


def test_nobody_else_takes_a_package(doors: tuple[Flask, Flask, Database], statistician: FlaskClient) -> None:
    assert sign_in(doors[1], OFFICIAL).get(f"{PAGE}/1.zip").status_code == 403
    one_area = sign_in(doors[1], ONE_AREA)
    assert {one_area.get(path).status_code for path in (PAGE, f"{PAGE}/1.zip")} == {404}
    assert statistician.get(f"{PAGE}/99.zip").status_code == 404
    assert statistician.get("/staff/reports/W.1/documents/1.0000").status_code == 404, "not by the door of reports"


def test_a_package_that_fails_says_so_and_one_that_is_old_is_forgotten(
    doors: tuple[Flask, Flask, Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    database, today = doors[2], AFTER.date()
    write_due(database, today)
    ask_export(database, "W.1", ["bundle"], by=By("thanh", AFTER), today=today)
    monkeypatch.setattr(export_jobs, "reproduce", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        write_due(database, today)
    assert list_exports(database, "W.1")[0][0].state == "failed"
    write_due(database, today + timedelta(days=7))
    assert list_exports(database, "W.1"), "a week is not over"
    write_due(database, today + timedelta(days=8))
    assert not list_exports(database, "W.1")
