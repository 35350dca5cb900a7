"""The migrations make exactly the tables that the code speaks of, on SQLite and on PostgreSQL."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import CheckConstraint, inspect, text

from survey.store import migrating
from survey.store.database import Database
from survey.store.migrating import (
    SchemaOutdated,
    SchemaTooNew,
    check_schema,
    current_revision,
    migrate,
    migrations_folder,
    newest_revision,
)
from survey.store.roles_sqlite import LEAVES
from survey.store.tables import metadata

TAKES_AWAY = re.compile(
    r"DROP (TABLE|COLUMN|INDEX|VIEW)|RENAME|ALTER COLUMN|drop_(table|column|index)|alter_column", re.I
)
# SQLite widens a constraint by making the table again under its own name: the version before sees no difference.
MADE_AGAIN = re.compile(r'op\.drop_table\("(\w+)"\)\s+op\.rename_table\("\w+", "\1"\)')
BARE_COLUMN = re.compile(r"ADD COLUMN (?![^\"]*DEFAULT)[^\"]*NOT NULL", re.IGNORECASE)
WITHOUT_ROWID = {
    "api_batch",
    "incoming_transaction",
    "arrival",
    "arrival_device",
    "auditor_contact",
    "contact_file",
    "frame_applicant",
    "comment",
    "contact",
    "inbox",
    "invitation",
    "message",
    "opt_out",
    "page_view",
    "paper_keying",
    "paper_settlement",
    "paper_sheet",
    "receipt",
    "refused_replay",
    "spent",
    "staff_invitation",
    "staff_recovery",
    "staff_session",
    "withdrawal",
}
NEVER_CHANGED = {
    "batch",
    "receipt",
    "checkpoint",
    "exclusion",
    "spent",
    "questionnaire",
    "questionnaire_origin",
    "questionnaire_signature",
    "frame",
    "frame_stratum",
    "published_figure",
    "audit",
    "key_statement",
    "refused_replay",
    "screening",
    "callback_draw",
    "callback_place",
    "callback_result",
    "recipe",
    "recipe_weights",
    "recipe_adoption",
    "planned_sample",
    "report_text",
    "release_step",
    "release_plan",
    "agency_statement",
    "outside_figure",
    "household_call",
    "paper_batch",
    "paper_place",
    "paper_settlement",
}
GUARDS = {
    *((table, event) for table in ("api_batch", "frame_fact", "independent_total") for event in ("update", "delete")),
    *((table, event) for table in NEVER_CHANGED for event in ("update", "delete")),
    ("page_view", "update"),
    ("page_view", "delete"),
    ("draw_order", "delete"),
    ("arrival", "update"),
    ("arrival_device", "update"),
    ("paper_keying", "update"),
    ("paper_keying", "delete"),
    ("paper_sheet", "update"),
    ("paper_sheet", "delete"),
    ("inbox", "update"),
    ("inbox", "insert"),
    ("withdrawal", "update"),
    ("release_figure", "update"),
    ("release_figure", "insert"),
    ("release_figure", "delete"),
    ("release", "update"),
    ("release", "delete"),
    ("ledger", "update"),
    ("ledger", "delete"),
    ("wave", "update"),
    ("staff", "delete"),
}
BY_ROLE = {("staff", "insert"), ("staff", "update")}  # on SQLite by triggers of the web's own connections


def test_the_migrated_schema_equals_the_tables_in_code(database: Database) -> None:
    with database.reading() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True, "target_metadata": metadata}
        )
        assert compare_metadata(context, metadata) == []
        assert set(inspect(connection).get_table_names()) == {*metadata.tables, "alembic_version"}


def test_check_constraints_are_those_in_code(database: Database) -> None:
    """Alembic does not compare them."""
    with database.reading() as connection:
        inspector = inspect(connection)
        for name, table in metadata.tables.items():
            checks = [each for each in table.constraints if isinstance(each, CheckConstraint)]
            expected = {f"ck_{name}_{str(each.name).removeprefix(f'ck_{name}_')}" for each in checks}
            assert {each["name"] for each in inspector.get_check_constraints(name)} == expected, name


def test_rows_whose_order_would_tell_who_came_when_have_no_rowid(database: Database) -> None:
    if not database.is_sqlite:
        with database.reading() as connection:
            sequences = inspect(connection).get_sequence_names()
        assert sequences == [], "a sequence would number rows in the order of their arrival"
        return
    with database.reading() as connection:
        rows = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'table'")).all()
    assert {name for name, sql in rows if "WITHOUT ROWID" in sql} == WITHOUT_ROWID


def test_every_table_that_must_not_change_has_its_triggers(database: Database) -> None:
    sqlite = "SELECT tbl_name, name FROM sqlite_master WHERE type = 'trigger'"
    postgresql = "SELECT tgrelid::regclass::text, tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled = 'O'"
    with database.reading() as connection:
        rows = connection.execute(text(sqlite if database.is_sqlite else postgresql)).all()
    guards = [(table, name) for table, name in rows if not name.endswith(LEAVES)]
    found = {(table, re.sub(rf"^{table}_no_([a-z]+).*", r"\1", name)) for table, name in guards}
    truncate = {(table, "truncate") for table, event in GUARDS if event == "delete"}
    assert found == GUARDS | (set() if database.is_sqlite else truncate | BY_ROLE)


def test_migrating_again_changes_nothing(database: Database) -> None:
    assert migrate(database) == (newest_revision(), newest_revision())


def test_an_empty_database_is_told_to_migrate(tmp_path: Path) -> None:
    empty = Database(f"sqlite:///{tmp_path / 'empty.sqlite'}", tmp_path / "write.lock")
    assert current_revision(empty) is None
    with pytest.raises(SchemaOutdated, match=r"has schema none, .* Run `hailong migrate`"):
        check_schema(empty)


def test_a_newer_schema_is_refused_and_left_alone(database: Database) -> None:
    with database.writing("test") as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(SchemaTooNew, match=r"schema 9999, .* Install the newer version"):
        migrate(database)
    assert current_revision(database) == "9999"


def test_a_migration_keeps_every_row(filled: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A migration that rebuilds a parent table, the riskiest kind on SQLite, run over a database with rows."""
    folder = _add_migration(
        tmp_path,
        "    with op.batch_alter_table('sector') as batch:\n"
        "        batch.alter_column('name', type_=sa.String(4000), existing_type=sa.Text(), existing_nullable=False)\n",
    )
    before = _read_rows(filled)
    assert all(before[table] for table in ("ledger", "inbox", "receipt", "release_figure", "stratum", "sector"))
    monkeypatch.setattr(migrating, "migrations_folder", lambda: folder)
    old = current_revision(filled)
    assert migrate(filled) == (old, "9999")
    assert _read_rows(filled) == before
    with filled.reading() as connection:
        if filled.is_sqlite:
            assert connection.execute(text("PRAGMA foreign_keys")).scalar() == 1


def test_a_migration_that_fails_leaves_nothing_behind(
    filled: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder = _add_migration(
        tmp_path,
        "    op.add_column('series', sa.Column('half', sa.Text()))\n    raise RuntimeError('the disk is full')\n",
    )
    before, old = _read_rows(filled), current_revision(filled)
    with monkeypatch.context() as patch:
        patch.setattr(migrating, "migrations_folder", lambda: folder)
        with pytest.raises(RuntimeError, match="the disk is full"):
            migrate(filled)
    assert current_revision(filled) == old
    assert _read_rows(filled) == before
    with filled.reading() as connection:
        assert "half" not in {column["name"] for column in inspect(connection).get_columns("series")}


def _read_rows(database: Database) -> dict[str, list[str]]:
    with database.reading() as connection:
        return {name: sorted(map(repr, connection.execute(table.select()))) for name, table in metadata.tables.items()}


def _add_migration(tmp_path: Path, body: str) -> Path:
    """A folder with this program's migrations and one more, 9999."""
    folder = tmp_path / "migrations"
    shutil.copytree(migrations_folder(), folder, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "versions" / "9999_trial.py").write_text(
        "from alembic import op\nimport sqlalchemy as sa\n"
        f"revision, down_revision = '9999', '{newest_revision()}'\n"
        f"def upgrade():\n{body}"
    )
    return folder


def test_a_migration_only_adds_so_that_the_version_before_goes_on_serving() -> None:
    """Doors are restarted one by one after `hailong migrate`: until then the old ones write into the new schema."""
    files = sorted((migrations_folder() / "versions").glob("0*.py"))
    assert len(files) > 10
    for path in files:
        source = MADE_AGAIN.sub("", path.read_text(encoding="utf-8"))
        assert not TAKES_AWAY.search(source), f"{path.name} takes away what the version before uses"
        assert not BARE_COLUMN.search(source), f"{path.name} asks the version before for a column it does not know"


def test_a_migration_that_takes_away_would_be_seen() -> None:
    """The control."""
    assert TAKES_AWAY.search('op.execute("ALTER TABLE wave DROP COLUMN name")')
    assert TAKES_AWAY.search('op.alter_column("wave", "name", new_column_name="title")')
    assert TAKES_AWAY.search(MADE_AGAIN.sub("", 'op.drop_table("wave")\n    op.rename_table("other", "round")'))
    assert BARE_COLUMN.search('"ALTER TABLE wave ADD COLUMN grace_days INTEGER NOT NULL"')
    assert not BARE_COLUMN.search('"ALTER TABLE wave ADD COLUMN grace_days INTEGER DEFAULT 7 NOT NULL "')
