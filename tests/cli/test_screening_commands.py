"""The auditor's commands against made-up answers, and every command that docs/fraud.md shows."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fieldwork import begin_fieldwork

from survey.actions.signing_in import add_staff
from survey.keys import derive_keys, load_signer
from survey.settings import load_settings
from survey.store.database import Database

ROOT = Path(__file__).parents[2]
BLOCKS = re.findall(r"^```sh\n(.*?)^```", (ROOT / "docs" / "fraud.md").read_text(encoding="utf-8"), re.M | re.S)
COMMANDS = [shlex.split(line)[1:] for block in BLOCKS for line in block.splitlines()]
WAVE = "TTHC-OPEN"
PASSWORD = "mot-mat-khau-that-dai-1"
Run = Callable[..., Any]


@pytest.fixture
def country(installed: Run, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Ten agencies in a demonstration wave, one of which stuffs 40 % of its answers, and staff."""
    monkeypatch.setattr("click.prompt", lambda *_, **__: PASSWORD)
    now = datetime.now(UTC)
    settings = load_settings()
    database = Database(settings.database_url, settings.lock_file)
    begin_fieldwork(
        database,
        derive_keys(settings.secret_key),
        load_signer(settings),
        {(f"CQ-{number}", "land"): 200 for number in range(10)},
        code=WAVE,
        invited=100,
        questionnaire="procedures@1",
        purpose="demo",
        opens_on=now.date() - timedelta(days=20),
        closes_on=now.date() + timedelta(days=20),
    )
    for name, role in {"thanh": "auditor", "binh": "auditor", "lan": "official"}.items():
        add_staff(database, name, role, PASSWORD, now=now, actor="test")
    database.close()
    done = installed("simulate", WAVE, "--stuff", "CQ-3=0.4")
    assert done.status == 0, done.err
    assert "answers of CQ-3 are stuffed" in done.out
    assert installed("work", "--once").status == 0
    return installed


@pytest.mark.thorough
def test_every_command_of_the_page_does_what_it_says(
    country: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert len(COMMANDS) >= 5
    for words in COMMANDS:
        done = country(*words)
        assert done.status == 0, (words, done.err)
    assert (tmp_path / "canaries.json").stat().st_mode & 0o777 == 0o600


def test_who_stuffs_stands_first_and_only_auditors_are_told(country: Run) -> None:
    table = country("screen", WAVE, "--auditor", "thanh").out
    assert re.search(r"^   1  CQ-3 ", table, re.M)
    assert "A pattern is not its cause" in table
    refused = country("screen", WAVE, "--auditor", "lan")
    assert refused.status == 1
    assert "CQ-3" not in refused.out + refused.err
    assert country("screen", "X", "--auditor", "thanh").status == 1


def test_a_call_is_recorded_once_and_moves_the_rate(country: Run) -> None:
    drawn = country("callback", "draw", WAVE, "--exclude", "0.3", "--agency", "CQ-3", "--auditor", "thanh")
    stratum, position = next(line for line in drawn.lines if "\t" in line).split("\t")
    said = ("callback", "record", f"{WAVE}-1", stratum, position, "denied", "--auditor", "thanh")
    assert country(*said).status == 0
    assert country(*said).status == 1
    assert "1 of 1 contradicted: 100.0%" in country("callback", "show", WAVE).out


def test_canaries_that_never_arrived_end_badly(country: Run, tmp_path: Path) -> None:
    plan = str(tmp_path / "plan.json")
    committed = country("canary", "commit", WAVE, "--count", "2", "--plan", plan, "--auditor", "thanh")
    assert committed.status == 0, committed.err
    assert country("canary", "commit", WAVE, "--count", "2", "--plan", plan, "--auditor", "thanh").status == 1
    checked = country("canary", "check", plan, "--auditor", "thanh")
    assert checked.status == 1
    assert checked.out.count("missing") == 2


def test_a_share_that_is_none_is_refused(country: Run) -> None:
    assert country("simulate", WAVE, "--stuff", "CQ-3=1.5").status == 2
    assert country("simulate", WAVE, "--stuff", "CQ-9").status == 2
