"""A wave for the statisticians' pages: two sectors, sixteen agencies, answered by simulation, released and frozen."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from fieldwork import TODAY, Fieldwork, begin_fieldwork

from survey.actions.adequacy import freeze_due
from survey.actions.releasing import release_wave
from survey.actions.signing_in import add_staff
from survey.actions.simulating_wave import simulate_wave
from survey.keys import Keys
from survey.proof import Signer
from survey.settings import Settings
from survey.store.database import Database

NOON = datetime(2026, 11, 24, 5, tzinfo=UTC)
PASSWORD = "correct horse battery"
SECRET = b"a secret of the tests, long enough to pass"
STATISTICIAN, OFFICIAL = "thanh", "lan"


@contextmanager
def statistics_wave(migrated: Path, home: Path, keys: Keys, signer: Signer) -> Iterator[tuple[Settings, Fieldwork]]:
    """Settings of an installation with the frozen wave W, and its fieldwork."""
    shutil.copy(migrated, home / "hailong.sqlite")
    settings = Settings(home, f"sqlite:///{home / 'hailong.sqlite'}", SECRET, base_url="http://localhost")
    database = Database(settings.database_url, settings.lock_file)
    frame = {(f"CQ-{number}", sector): 200 + 40 * number for number in range(12) for sector in ("land", "construction")}
    work = begin_fieldwork(
        database, keys, signer, frame, invited=60, questionnaire="procedures@1", purpose="demo", seal_minimum=10
    )
    simulate_wave(database, keys, "W", seed=3, stuffing={}, now=NOON, today=TODAY, actor="test")
    work.seal_and_tally()
    release_wave(database, "W", by="command line", today=TODAY)
    freeze_due(database, TODAY)
    for name, role in ((STATISTICIAN, "statistician"), (OFFICIAL, "official")):
        add_staff(database, name, role, PASSWORD, now=NOON, actor="test")
    yield settings, work
    database.close()
