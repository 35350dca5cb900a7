"""The clock leaps by a year, forth and back: no page breaks, the thanked are stored, nothing is sealed too early."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from broken_homes import HIDING_WAVE, invite, local_today
from campaign import COMMENT, OVERALL, Crowd, find_broken_promises, find_false_proofs, read_stored
from load_client import HIDDEN, RECEIPT
from rounds import SEED
from serving import Home
from sqlalchemy import func, select

from survey.actions.working import run_due_jobs
from survey.app import create_app
from survey.store.tables import ledger
from survey.web.services import clock

pytestmark = [pytest.mark.faults, pytest.mark.thorough]

VISITS = 40
YEAR = timedelta(days=366)
HIDES = 10


def leaping(dice: random.Random) -> Iterator[datetime]:
    """The time as a clock tells it that nobody may trust."""
    while True:
        yield clock() + dice.choice((-YEAR, timedelta(0), timedelta(0), YEAR))


def test_pages_hold_and_answers_are_kept_while_the_clock_leaps(installation: Home) -> None:
    print(f"HAILONG_FAULT_SEED={SEED} repeats these leaps")
    dice, times = random.Random(SEED), leaping(random.Random(SEED))
    app = create_app(installation.settings, now=lambda: next(times))
    crowd, statuses = Crowd(iter(invite(installation, VISITS, SEED))), set()
    for number, token in enumerate(list(crowd.tokens)):
        visitor = app.test_client()
        page = visitor.get(f"/t/{token}", follow_redirects=True)
        fields = dict(HIDDEN.findall(page.text)) | {OVERALL: dice.choice("12345"), COMMENT: f"lần {number}"}
        thanks = visitor.post("/answer", data=fields)
        statuses |= {page.status_code, thanks.status_code, visitor.get("/").status_code}
        if receipt := RECEIPT.search(thanks.text):
            crowd.acknowledged[fields[COMMENT]] = receipt.group(1)
    assert not {status for status in statuses if status >= 500}
    assert 0 < len(crowd.acknowledged) < VISITS, "the clock never mattered"
    assert find_broken_promises(crowd, read_stored(installation)) == []


def test_a_clock_that_is_a_year_behind_seals_nothing_early(installation: Home) -> None:
    """The control: a clock that is a year ahead ends the wave, and its last answers are sealed as at its close."""
    add_few_answers(installation)
    for leap in (timedelta(0), -YEAR, timedelta(0)):
        assert sealed_after(installation, leap) == 0
    assert sealed_after(installation, YEAR) == HIDES - 1
    assert find_false_proofs(installation) == []


def add_few_answers(home: Home) -> None:
    """One fewer than what hides them, in the wave that is not a trial."""
    visitor_of = create_app(home.settings).test_client
    for token in invite(home, HIDES - 1, SEED, HIDING_WAVE):
        visitor = visitor_of()
        page = visitor.get(f"/t/{token}", follow_redirects=True)
        assert RECEIPT.search(visitor.post("/answer", data=dict(HIDDEN.findall(page.text)) | {OVERALL: "4"}).text)


def sealed_after(home: Home, leap: timedelta) -> int:
    """Answers of that wave in the ledger after the jobs ran by a clock that is so far from the truth."""
    with home.database() as database:
        said = list(run_due_jobs(database, home.signer, clock() + leap, local_today() + leap))
        assert not [line for line in said if "failed" in line]
        with database.reading() as connection:
            rows = select(func.count()).where(ledger.c.wave_code == HIDING_WAVE, ledger.c.kind == "response")
            return connection.scalar(rows) or 0
