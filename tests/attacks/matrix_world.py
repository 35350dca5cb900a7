"""A small province with one thing of each kind in every place: one's own, a sibling, the parent, elsewhere."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from fieldwork import TODAY, begin_fieldwork, publish
from flask import Flask
from sqlalchemy import text

from survey.actions import kiosks
from survey.actions.keying import print_batches
from survey.actions.releasing import release_wave
from survey.actions.signing_in import ROLES, start_session
from survey.app import create_app
from survey.keys import Keys
from survey.proof import Signer
from survey.settings import Settings
from survey.store import people
from survey.store.audits import By
from survey.store.database import Database
from survey.store.people import Staff
from survey.store.places import EVERYTHING, Scope

NOON = datetime(2026, 11, 24, 5, tzinfo=UTC)
SECRET = b"a secret of the tests, long enough to pass"
AREAS = {"own": "31507", "sibling": "31510", "parent": "92", "foreign": "94"}
OWN = Scope(AREAS["own"], None)


@dataclass
class World:
    """The app, its database, and the code of the paper batch of each place."""

    app: Flask
    database: Database
    keys: Keys
    batches: dict[str, str]

    def member(self, role: str, *, scoped: bool = True) -> Staff:
        return Staff(f"{role}-{'here' if scoped else 'everywhere'}", role, "", OWN if scoped else EVERYTHING, False)

    def session(self, member: Staff, began: datetime = NOON) -> str:
        return start_session(self.database, self.keys, member, began)


def build(migrated_file: Path, home: Path, keys: Keys, signer: Signer) -> World:
    shutil.copy(migrated_file, home / "hailong.sqlite")
    settings = Settings(home, f"sqlite:///{home / 'hailong.sqlite'}", SECRET, base_url="http://localhost")
    database = Database(settings.database_url, settings.lock_file)
    batches = {place: _fill(database, keys, signer, place) for place in AREAS}
    with database.writing("matrix") as connection:
        for role in ROLES:
            people.add_staff(connection, f"{role}-here", role, "", OWN)
            people.add_staff(connection, f"{role}-everywhere", role, "", EVERYTHING)
    app = create_app(settings, now=lambda: NOON)
    app.config["WTF_CSRF_METHODS"] = set()  # who posts is the question here, not from where
    return World(app, database, keys, batches)


def _fill(database: Database, keys: Keys, signer: Signer, place: str) -> str:
    """An agency, a wave that was released, a device, an account and a batch of paper in one place."""
    wave, agency, by = f"W-{place}", f"CQ-{place}", By("matrix", NOON)
    work = begin_fieldwork(database, keys, signer, {(agency, "land"): 200}, code=wave, invited=40)
    with database.writing("matrix") as connection:
        area = {"area": AREAS[place], "agency": agency}
        connection.execute(text("UPDATE agency SET area_code = :area WHERE code = :agency"), area)
        people.add_staff(connection, f"nv-{place}", "official", "", Scope(AREAS[place], None))
    work.answer_all({f"{agency}.land": "5" * 24 + "2" * 8})
    work.seal_and_tally()
    release_wave(database, wave, by="matrix", today=TODAY)
    publish(database, f"{wave}.1", by="another", now=NOON, today=date(2026, 11, 24))
    kiosks.pair_device(database, keys, f"may-{place}", agency=agency, wave=wave, now=NOON, actor="matrix")
    print_batches(database, wave, 2, "vi", seed=1, today=TODAY, by=by)
    with database.reading() as connection:
        code: str = connection.execute(
            text("SELECT code FROM paper_batch WHERE wave_code = :wave"), {"wave": wave}
        ).scalar_one()
    return code
