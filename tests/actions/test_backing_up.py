"""A backup holds the whole installation, only an auditor's key opens it, and it counts once it was brought back."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fieldwork import Fieldwork, begin_fieldwork
from postgresql_server import Server
from sqlalchemy import text

from survey.actions.backing_up import (
    NoBackup,
    NoRecipient,
    back_up,
    check,
    is_counted,
    keep_newest,
    list_backups,
    read_about,
    restore,
)
from survey.actions.following_up import add_auditor_key, new_auditor_key, read_key
from survey.keys import Keys
from survey.proof import Checkpoint, Signer, parse_note
from survey.sealed_files import NotSealedForThisKey
from survey.settings import Settings
from survey.store import ledger
from survey.store.copying import NotEmpty
from survey.store.database import Database

NOW = datetime(2026, 11, 24, 2, tzinfo=UTC)
POPULATIONS = {("A", "land"): 100, ("B", "land"): 100}
LEVELS = {"A.land": "55543", "B.land": "5442"}


@pytest.fixture
def work(database: Database, keys: Keys, signer: Signer) -> Fieldwork:
    work = begin_fieldwork(database, keys, signer, POPULATIONS, invited=20)
    work.answer_all(LEVELS)
    work.seal_and_tally()
    return work


@pytest.fixture
def private(work: Fieldwork) -> bytes:
    secret, public = new_auditor_key()
    add_auditor_key(work.database, "an", public, now=NOW, actor="tests")
    return read_key(secret)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "backups"


@pytest.fixture
def elsewhere(database: Database, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of an empty database of the same kind, elsewhere."""
    if database.is_sqlite:
        yield f"sqlite:///{tmp_path / 'elsewhere' / 'hailong.sqlite'}"
        return
    server: Server = request.getfixturevalue("postgresql_server")
    yield server.create(f"elsewhere_{tmp_path.name[-20:].lower().replace('-', '_')}")


def save(work: Fieldwork, settings: Settings, folder: Path, now: datetime = NOW) -> Path:
    vkey = work.signer.verifier.vkey
    return back_up(work.database, settings, folder, now=now, actor="tests", vkey=vkey)


def newest_head(database: Database) -> Checkpoint:
    with database.reading() as connection:
        newest = ledger.find_latest_checkpoint(connection)
    assert newest is not None
    return Checkpoint.parse(parse_note(newest.note).text)


def test_an_installation_comes_back_whole_on_another_machine(
    work: Fieldwork, private: bytes, settings: Settings, folder: Path, tmp_path: Path, elsewhere: str
) -> None:
    (settings.home / "recordings").mkdir()
    (settings.home / "recordings" / "G1.mp3").write_bytes(b"sound")
    (settings.home / "keys").mkdir(exist_ok=True)
    (settings.home / "keys" / "checkpoint.key").write_text("the log's key")
    made = save(work, settings, folder)
    restore(made, private, tmp_path / "elsewhere", elsewhere)
    restored = Database(elsewhere, tmp_path / "elsewhere" / "write.lock")
    with restored.reading() as connection, work.database.reading() as live:
        rows, kept = (list(ledger.iterate_rows(each, wave_code="W")) for each in (connection, live))
        assert rows == kept
        assert len(rows) == 9
    assert newest_head(restored) == newest_head(work.database)
    restored.close()
    assert (tmp_path / "elsewhere" / "recordings" / "G1.mp3").read_bytes() == b"sound"
    assert not (tmp_path / "elsewhere" / "keys").exists(), "the signing key is kept apart from backups"


def test_a_backup_counts_once_it_was_brought_back_and_verified(
    work: Fieldwork, private: bytes, settings: Settings, folder: Path, elsewhere: str
) -> None:
    made = save(work, settings, folder)
    assert not is_counted(made)
    url = None if work.database.is_sqlite else elsewhere
    checked = check(made, private, url, [work.signer.verifier.vkey], newest_head(work.database), NOW)
    assert checked.findings.is_clean, checked.findings.lines
    assert checked.leaves == 9
    assert is_counted(made)
    assert [path.name for path in folder.iterdir() if path.is_dir()] == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_backup_that_misses_the_last_checkpoint_does_not_count(
    work: Fieldwork, private: bytes, settings: Settings, folder: Path, elsewhere: str
) -> None:
    made = save(work, settings, folder)
    work.answer_all({"A.land": "1" * 10})
    work.seal_and_tally()
    url = None if work.database.is_sqlite else elsewhere
    checked = check(made, private, url, [work.signer.verifier.vkey], newest_head(work.database), NOW)
    assert "does not hold the checkpoint over 19" in " ".join(checked.findings.lines)
    assert not is_counted(made)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_row_that_was_changed_before_the_backup_is_found(
    work: Fieldwork, private: bytes, settings: Settings, folder: Path, elsewhere: str
) -> None:
    """The control: bringing back alone succeeds, verifying does not."""
    with work.database.writing("attack") as connection:
        names = text("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'ledger'")
        for name in connection.scalars(names).all():
            connection.execute(text(f"DROP TRIGGER {name}"))
        row = next(iter(ledger.iterate_rows(connection, wave_code="W")))
        changed = row.codes.replace(b'"G1":"', b'"G1":"9')
        connection.execute(
            text("UPDATE ledger SET codes = :new WHERE position = :place"), {"new": changed, "place": row.position}
        )
    made = save(work, settings, folder)
    url = None if work.database.is_sqlite else elsewhere
    checked = check(made, private, url, [work.signer.verifier.vkey], None, NOW)
    assert not checked.findings.is_clean
    assert not is_counted(made)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_only_an_auditors_key_opens_it(work: Fieldwork, private: bytes, settings: Settings, folder: Path) -> None:
    made = save(work, settings, folder)
    assert b"SQLite format" not in made.read_bytes()
    with pytest.raises(NotSealedForThisKey):
        restore(made, read_key(new_auditor_key()[0]), folder / "x", "sqlite:///x")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_without_an_auditors_key_there_is_no_backup(work: Fieldwork, settings: Settings, folder: Path) -> None:
    with pytest.raises(NoRecipient, match="hailong auditor-key new"):
        save(work, settings, folder)
    assert list_backups(folder) == []


def test_nothing_that_is_there_is_overwritten(
    work: Fieldwork, private: bytes, settings: Settings, folder: Path, tmp_path: Path
) -> None:
    made = save(work, settings, folder)
    (settings.home / "secret.key").write_text("kept")
    with pytest.raises(NoBackup, match="not empty"):
        restore(made, private, settings.home, f"sqlite:///{settings.home / 'new.sqlite'}")
    if work.database.is_sqlite:
        (tmp_path / "taken.sqlite").write_text("taken")
        with pytest.raises(NotEmpty):
            restore(made, private, tmp_path / "new", f"sqlite:///{tmp_path / 'taken.sqlite'}")
    else:
        url = work.database.engine.url.render_as_string(hide_password=False)
        with pytest.raises(NotEmpty):
            restore(made, private, tmp_path / "new", url)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_it_holds_is_told_beside_it_and_what_is_old_is_removed(
    work: Fieldwork, private: bytes, settings: Settings, folder: Path
) -> None:
    made = [save(work, settings, folder, NOW + timedelta(days=day)) for day in range(4)]
    about = read_about(made[0])
    assert (about.leaves, about.waiting, about.made) == (9, 0, NOW)
    assert set(json.loads(made[0].with_suffix(".json").read_text())) >= {"sha256", "checkpoint", "schema"}
    made[0].with_suffix(".checked.json").write_text("{}")
    assert keep_newest(folder, 2) == [made[1].name]
    assert list_backups(folder) == [made[0], *made[2:]], "the newest that was checked stays"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_copying_a_live_file_loses_what_a_backup_holds(
    work: Fieldwork, private: bytes, settings: Settings, folder: Path, tmp_path: Path
) -> None:
    """The control: `cp` takes the file without what is still in its write-ahead log."""
    copied = tmp_path / "copied.sqlite"
    shutil.copy(str(work.database.engine.url.database), copied)
    with sqlite3.connect(copied) as connection:
        assert connection.execute("SELECT count(*) FROM ledger").fetchone() == (0,)
    made = save(work, settings, folder)
    restore(made, private, tmp_path / "new", f"sqlite:///{tmp_path / 'new' / 'hailong.sqlite'}")
    with sqlite3.connect(tmp_path / "new" / "hailong.sqlite") as connection:
        assert connection.execute("SELECT count(*) FROM ledger").fetchone() == (9,)
