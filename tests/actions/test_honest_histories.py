"""Honest histories raise no alarm: random acts in random order, with crashes and restores between them.

A few run with every test; HAILONG_FULL_COUNTS=1 runs a thousand. After each history the installation, both bundles, the
witness and every head that an auditor kept must agree.
"""

from __future__ import annotations

import os
import shutil
from datetime import UTC, datetime
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest
from fieldwork import TODAY, Fieldwork, begin_fieldwork, publish
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from survey.actions.bundling import write_bundle
from survey.actions.rekeying import rotate_key
from survey.actions.releasing import release_wave
from survey.actions.sealing import append_leaves, new_leaf, seal, sign_due
from survey.actions.tallying import tally
from survey.actions.verifying import verify_folder, verify_installation
from survey.actions.withdrawing import withdraw
from survey.actions.witnessing import Witness, cosign_bundle
from survey.keys import SIGNING_KEY_FILE, Keys
from survey.proof import RESPONSE, WITHDRAWAL, Checkpoint, Signer, bundle_keys, parse_note
from survey.store import ledger
from survey.store.audits import By
from survey.store.database import Database

NOW = datetime(2026, 11, 24, 5, tzinfo=UTC)
HISTORIES = 1000 if os.environ.get("HAILONG_FULL_COUNTS") else 8
STRATA = {("A", "land"): 100, ("B", "land"): 100}


class Crash(Exception):
    """The process died in the middle of a transaction."""


class Dying:
    """A signer whose process dies when it is to sign: nothing of the transaction may remain."""

    separated = False

    def __init__(self, signer: Signer) -> None:
        self.verifier = signer.verifier

    def sign(self, text: str, now: int = 0) -> str:
        raise Crash


class History(RuleBasedStateMachine):
    """One installation from its first answer on."""

    template: Path
    keys: Keys

    def __init__(self) -> None:
        super().__init__()
        self.home = Path(mkdtemp())
        shutil.copy(self.template, self.home / "hailong.sqlite")
        (self.home / "keys").mkdir()
        first = Signer("hailong-histories", os.urandom(32))
        (self.home / "keys" / SIGNING_KEY_FILE).write_text(first.skey)
        self.given = first.verifier
        self.open()
        self.work: Fieldwork = begin_fieldwork(self.database, self.keys, first, STRATA, invited=60)
        self.receipts: list[str] = []
        self.kept: list[Checkpoint] = []
        self.backup: dict[str, bytes] | None = None

    def open(self) -> None:
        self.database = Database(f"sqlite:///{self.home / 'hailong.sqlite'}", self.home / "write.lock")

    @property
    def signer(self) -> Signer:
        return Signer.parse((self.home / "keys" / SIGNING_KEY_FILE).read_text())

    @rule(levels=st.text("12345", min_size=1, max_size=8), stratum=st.sampled_from(["A.land", "B.land"]))
    def answer(self, levels: str, stratum: str) -> None:
        free = self.work.tokens[stratum]
        self.receipts += self.work.answer_all({stratum: levels[: len(free)]})

    @precondition(lambda self: self.receipts)
    @rule(chosen=st.integers(0, 1000))
    def take_back(self, chosen: int) -> None:
        withdraw(self.database, self.receipts[chosen % len(self.receipts)])

    @rule()
    def seal(self) -> None:
        seal(self.database, self.signer, TODAY)

    @rule()
    def tally(self) -> None:
        tally(self.database)

    @rule()
    def crash_while_sealing(self) -> None:
        try:
            seal(self.database, Dying(self.signer), TODAY)
        except Crash:
            self.database.close()
            self.open()
            self.work.database = self.database
            self.work.writer = type(self.work.writer)(self.database)  # type: ignore[call-arg]

    @rule(chosen=st.integers(0, 1000))
    def exclude(self, chosen: int) -> None:
        with self.database.reading() as connection:
            rows = list(ledger.iterate_rows(connection))
            gone = ledger.list_excluded_positions(connection, "W")
        kinds = [row.kind for row in rows] + [""]
        free = [at for at in range(len(rows)) if kinds[at : at + 2] == [RESPONSE, RESPONSE] and at not in gone]
        assert WITHDRAWAL not in {rows[at].kind for at in free}
        if free:
            codes: dict[str, Any] = {"kind": "exclusion", "reason": "thử", "rule": "try@1", "wave": "W"}
            at = free[chosen % len(free)]
            codes |= {"excluded": at, "stratum": self.stratum_of(rows[at])}
            with self.database.writing("exclude") as connection:
                append_leaves(connection, self.signer, "W", [new_leaf("exclusion", codes)], (), TODAY)

    @staticmethod
    def stratum_of(row: ledger.LedgerRow) -> str:
        return "A.land" if b'"A.land"' in row.codes else "B.land"

    @rule()
    def release(self) -> None:
        tally(self.database)
        with self.database.reading() as connection:
            if ledger.find_last_position(connection, "W") is None:
                return
        drafted = release_wave(self.database, "W", by="lan", today=TODAY)
        if drafted is not None:
            publish(self.database, drafted.code, by="hoa", now=NOW, today=TODAY)

    @rule()
    def sign_what_is_due(self) -> None:
        sign_due(self.database, self.signer, TODAY)

    @precondition(lambda self: self.is_signed)
    @rule()
    def rotate(self) -> None:
        rotate_key(self.database, self.home / "keys", reason="thử", actor="test", now=NOW, today=TODAY)

    @precondition(lambda self: self.is_signed)
    @rule()
    def keep_a_head(self) -> None:
        with self.database.reading() as connection:
            newest = ledger.find_latest_checkpoint(connection)
        assert newest is not None
        self.kept.append(Checkpoint.parse(parse_note(newest.note).text))

    @rule()
    def back_up(self) -> None:
        with self.database.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        names = ["hailong.sqlite", f"keys/{SIGNING_KEY_FILE}"]
        self.backup = {name: (self.home / name).read_bytes() for name in names}
        self.backed_up_at = self.newest()

    @precondition(lambda self: self.backup is not None and self.newest() == self.backed_up_at)
    @rule()
    def restore(self) -> None:
        """A restore that loses no checkpoint; one that does is a rewritten history, and is found out as one."""
        assert self.backup is not None
        self.database.close()
        for name in ("hailong.sqlite-wal", "hailong.sqlite-shm"):
            (self.home / name).unlink(missing_ok=True)
        for name, content in self.backup.items():
            (self.home / name).write_bytes(content)
        self.open()
        self.work.database = self.database
        self.work.writer = type(self.work.writer)(self.database)  # type: ignore[call-arg]

    @property
    def is_signed(self) -> bool:
        return self.newest() > 0

    def newest(self) -> int:
        with self.database.reading() as connection:
            found = ledger.find_latest_checkpoint(connection)
        return found.number if found else 0

    def teardown(self) -> None:
        try:
            self.check()
        finally:
            self.database.close()
            shutil.rmtree(self.home)

    def check(self) -> None:
        here = verify_installation(self.database, self.given)
        assert here.is_clean, here.lines
        if not self.is_signed:
            return
        for name, reader in (("public", None), ("auditor", By("test", NOW))):
            write_bundle(self.database, self.signer.verifier, self.home / name, reader=reader)
            for key in (self.given, self.signer.verifier):
                found = verify_folder(self.home / name, [key], self.kept)
                assert found.is_clean, found.lines
        keys = bundle_keys(self.home / "public", [self.given])
        assert cosign_bundle(Witness(self.home / "witness", keys), self.home / "public", 1_800_000_000)


@pytest.fixture
def _histories(migrated_file: Path, keys: Keys) -> None:
    History.template, History.keys = migrated_file, keys


@pytest.mark.usefixtures("_histories")
def test_no_honest_history_raises_an_alarm() -> None:
    checks = list(HealthCheck)
    small = settings(max_examples=HISTORIES, stateful_step_count=14, deadline=None, suppress_health_check=checks)
    run_state_machine_as_test(History, settings=small)


@pytest.mark.usefixtures("_histories")
def test_a_restore_that_loses_a_checkpoint_is_found_out_by_who_kept_its_head() -> None:
    """The control: the same machine does raise the alarm when a history is not continued."""
    history = History()
    try:
        history.answer("55511", "A.land")
        history.seal()
        history.back_up()
        backup = history.backup
        history.answer("444", "B.land")
        history.seal()
        history.keep_a_head()
        history.backup, history.backed_up_at = backup, history.newest()
        history.restore()
        history.answer("111", "B.land")
        history.seal()
        with pytest.raises(AssertionError, match="the kept checkpoint"):
            history.check()
    finally:
        history.database.close()
        shutil.rmtree(history.home)
