"""Guessing codes: a million tries against live ones, nightly; some thousands on each run.

A typed code has 50 random bits. With L live codes, g guesses hit one with a chance of at most g L / 2^50: for a million
guesses against 400 live codes 4 in 10 million, so one hit would be a defect of the codes and not bad luck.
"""

from __future__ import annotations

import os
import random
from datetime import UTC, datetime

import pytest
from fieldwork import TODAY, begin_fieldwork

from survey.actions.answering import UnknownToken, open_form
from survey.app import create_app
from survey.keys import CROCKFORD, Keys, _check_letter, canonical_token
from survey.proof import Signer
from survey.settings import Settings
from survey.store.database import Database
from survey.web import citizen_pages
from survey.web.limits import FailureBrake

GUESSES = 1_000_000 if os.environ.get("HAILONG_FULL_COUNTS") else 4_000
LIVE = 400
NOON = datetime(2026, 11, 24, 5, tzinfo=UTC)
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def guess(chance: random.Random) -> str:
    """What a guesser who knows the form would type: a code whose check letter is right."""
    letters = "".join(chance.choice(CROCKFORD) for _ in range(10))
    return letters + _check_letter(letters)


def test_guesses_find_no_live_code(database: Database, keys: Keys, signer: Signer) -> None:
    work = begin_fieldwork(database, keys, signer, {("A", "land"): 1000}, invited=LIVE)
    chance, hits = random.Random(1), 0
    for _ in range(GUESSES):
        typed = guess(chance)
        assert canonical_token(typed) == typed
        try:
            open_form(database, keys, typed, TODAY)
        except UnknownToken:
            continue
        hits += 1
    assert hits == 0
    for token in work.tokens["A.land"]:
        assert open_form(database, keys, token, TODAY), "the control: each live one opens"


def test_a_guesser_is_told_to_wait_and_whoever_has_a_code_is_not(
    settings: Settings, database: Database, keys: Keys, signer: Signer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(citizen_pages, "brake", FailureBrake(most=50, per_second=0))
    work = begin_fieldwork(database, keys, signer, {("A", "land"): 100}, invited=5)
    client, chance = create_app(settings, now=lambda: NOON).test_client(), random.Random(2)
    statuses = [client.get(f"/t/{guess(chance)}", follow_redirects=True).status_code for _ in range(80)]
    assert (statuses.count(404), statuses.count(429)) == (50, 30)
    assert client.get(f"/t/{work.tokens['A.land'][0]}", follow_redirects=True).status_code == 200
