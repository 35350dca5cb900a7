"""An upgrade while people answer: the program that serves goes on, on the schema that the next one brings.

Migrations only add (expand); what an older program still uses is taken away one version later at the earliest. The
first tests hold every migration to that, the others run this program as the old one, under load, while a migration of
the usual kinds comes in.
"""

from __future__ import annotations

import os
import shutil
import threading
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from fieldwork import Fieldwork, begin_fieldwork
from sqlalchemy import Connection, inspect, text

from survey.app import create_app
from survey.keys import Keys
from survey.proof import Signer
from survey.settings import Settings
from survey.store import migrating
from survey.store.database import Database
from survey.store.migrating import current_revision, migrate, migrations_folder, newest_revision

FIRST_RELEASE = "0019"  # what was served before; every migration since only adds
ROWS = 1_000_000 if os.environ.get("HAILONG_FULL_COUNTS") else 3_000
ANSWERS = 60
ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
ON_POSTGRESQL = pytest.mark.parametrize(
    "database_url", [pytest.param("postgresql", marks=pytest.mark.postgresql)], indirect=True
)
EXPAND = """
    op.add_column('inbox', sa.Column('trial', sa.Text(), nullable=True))
    op.add_column('invitation', sa.Column('trial', sa.Integer(), nullable=False, server_default='0'))
    op.create_index('ix_wave_trial', 'wave', ['opens_on'])
    op.create_table('trial', sa.Column('code', sa.String(64), primary_key=True))
"""


def later_revisions() -> list[str]:
    numbers = sorted(path.name[:4] for path in (migrations_folder() / "versions").glob("[0-9]*.py"))
    return [number for number in numbers if number > FIRST_RELEASE]


def shape(connection: Connection) -> dict[str, Any]:
    """Of every table: columns with type, nullability and whether they fill themselves; what is unique, what refers."""
    seen = inspect(connection)
    return {
        table: {
            "columns": {
                each["name"]: (str(each["type"]), each["nullable"], each.get("default") is not None)
                for each in seen.get_columns(table)
            },
            "unique": sorted(str(each["column_names"]) for each in seen.get_unique_constraints(table)),
            "refers": sorted(str(each["constrained_columns"]) for each in seen.get_foreign_keys(table)),
        }
        for table in seen.get_table_names()
    }


def takes_away(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """What a program that knows the shape before would stumble over."""
    wrong = [f"table {table} is gone" for table in before if table not in after]
    for table in set(before) & set(after):
        old, new = before[table]["columns"], after[table]["columns"]
        wrong += [f"{table}.{name} is gone" for name in old if name not in new]
        wrong += [f"{table}.{name} changed" for name in old if name in new and old[name][:2] != new[name][:2]]
        wrong += [
            f"{table}.{n} must be given"
            for n, (_, null, filled) in new.items()
            if n not in old and not (null or filled)
        ]
        for kind in ("unique", "refers"):
            wrong += [
                f"{table}: {kind} {each} is new" for each in after[table][kind] if each not in before[table][kind]
            ]
    return sorted(wrong)


def step_to(database: Database, revision: str) -> dict[str, Any]:
    with database.engine.connect() as connection, database.writing_lock(), connection.begin():
        command.upgrade(migrating._config(connection), revision)
        return shape(connection)


def test_every_migration_since_the_first_release_only_adds(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'one.sqlite'}", tmp_path / "write.lock")
    before, wrong = step_to(database, FIRST_RELEASE), {}
    for revision in later_revisions():
        after = step_to(database, revision)
        wrong[revision] = takes_away(before, after)
        before = after
    database.close()
    assert {revision: each for revision, each in wrong.items() if each} == {}
    assert later_revisions()[-1] == newest_revision()


@pytest.mark.parametrize(
    ("deed", "found"),
    [
        ("op.drop_column('series', 'name')", "series.name is gone"),
        ("op.drop_table('page_view')", "table page_view is gone"),
        ("op.add_column('series', sa.Column('x', sa.Text(), nullable=False))", "series.x must be given"),
    ],
)
def test_a_migration_that_takes_away_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, migrated_file: Path, deed: str, found: str
) -> None:
    shutil.copy(migrated_file, tmp_path / "one.sqlite")
    database = Database(f"sqlite:///{tmp_path / 'one.sqlite'}", tmp_path / "write.lock")
    with database.reading() as connection:
        before = shape(connection)
    bring_in(monkeypatch, next_version(tmp_path, deed))
    assert found in takes_away(before, step_to(database, "9999"))
    database.close()


def next_version(tmp_path: Path, body: str) -> Path:
    """The migrations of this program and one more, of the next."""
    folder = tmp_path / "migrations"
    shutil.copytree(migrations_folder(), folder, ignore=shutil.ignore_patterns("__pycache__"))
    lines = "\n".join(f"    {line.strip()}" for line in body.strip().splitlines())
    (folder / "versions" / "9999_trial.py").write_text(
        "from alembic import op\nimport sqlalchemy as sa\n"
        f"revision, down_revision = '9999', '{newest_revision()}'\ndef upgrade():\n{lines}\n"
    )
    return folder


def bring_in(patch: pytest.MonkeyPatch, folder: Path) -> None:
    patch.setattr(migrating, "migrations_folder", lambda: folder)


@pytest.fixture
def work(database: Database, keys: Keys, signer: Signer) -> Fieldwork:
    return begin_fieldwork(database, keys, signer, {("A", "land"): 500}, invited=2 * ANSWERS)


def fill(database: Database, rows: int) -> None:
    """So many answers in the inbox, as a migration of a large installation meets them."""
    made = "decode(md5(n::text), 'hex')"
    twice = "decode(md5(n::text) || md5('x' || n::text), 'hex')"
    columns = "id, wave_code, stratum_code, receipt_hash, nonce1, codes, nonce2, text"
    values = f"{made}, 'W', 'A.land', {twice}, {twice}, '{{}}', {twice}, '{{}}'"
    with database.writing("test") as connection:
        connection.execute(text(f"INSERT INTO inbox ({columns}) SELECT {values} FROM generate_series(1, {rows}) n"))


@ON_POSTGRESQL
def test_nobody_is_refused_while_the_next_version_migrates(
    database: Database, work: Fieldwork, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(database, ROWS)
    folder, failed, stop = next_version(tmp_path, EXPAND), [], threading.Event()
    app, tokens = create_app(settings), list(work.tokens["A.land"])

    def answer_on() -> None:
        while tokens and not stop.is_set():
            try:
                work.answer(tokens.pop(), "5")
            except Exception as failure:
                failed.append(repr(failure))

    citizens = [threading.Thread(target=answer_on) for _ in range(3)]
    for each in citizens:
        each.start()
    upgrader = Database(settings.database_url, settings.lock_file)
    with monkeypatch.context() as patch:
        bring_in(patch, folder)
        assert migrate(upgrader) == (newest_of_this(), "9999")
    for each in citizens:
        each.join(60)
    stop.set()
    upgrader.close()
    assert failed == []
    with database.reading() as connection:
        stored = connection.scalar(text("SELECT count(*) FROM inbox")) or 0
    assert stored == ROWS + 2 * ANSWERS, "the control: all were sent, and all are there"
    assert current_revision(database) == "9999"
    assert app.test_client().get("/readyz").status_code == 200, "the old program says that it is ready"
    assert create_app(settings).test_client().get("/readyz").status_code == 200, "and starts again, should it fall"


def newest_of_this() -> str:
    return later_revisions()[-1]


@ON_POSTGRESQL
def test_a_migration_that_cannot_have_its_lock_gives_up_and_leaves_everything(
    database: Database, work: Fieldwork, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A long report holds the table: the migration goes away after two seconds, and citizens never stood behind it."""
    monkeypatch.setattr(migrating, "LONGEST_WAIT", "300ms")
    bring_in(monkeypatch, next_version(tmp_path, EXPAND))
    with database.reading() as connection:
        connection.execute(text("SELECT count(*) FROM inbox"))
        upgrader = Database(database.engine.url.render_as_string(hide_password=False), tmp_path / "lock")
        with pytest.raises(Exception, match="lock timeout"):
            migrate(upgrader)
        upgrader.close()
    assert current_revision(database) == newest_of_this()
    assert work.answer(work.tokens["A.land"][0], "5")


@ON_SQLITE
def test_on_one_file_answers_wait_for_the_migration_and_none_is_lost(
    database: Database, work: Fieldwork, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bring_in(monkeypatch, next_version(tmp_path, EXPAND))
    receipts = [work.answer(token, "5") for token in work.tokens["A.land"][:5]]
    upgrader = Database(settings.database_url, settings.lock_file)
    migrate(upgrader)
    upgrader.close()
    receipts += [work.answer(token, "5") for token in work.tokens["A.land"][5:10]]
    assert len(set(receipts)) == 10
    with database.reading() as connection:
        assert connection.scalar(text("SELECT count(*) FROM inbox")) == 10
