"""Options of the whole test suite, and the fixtures that many rooms share."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from survey.actions.waves import load_mandate
from survey.keys import Keys, derive_keys
from survey.proof import Signer
from survey.store.database import Database
from survey.store.migrating import migrate

TODAY = date(2026, 11, 24)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--reference",
        action="store",
        default=None,
        metavar="DIR",
        help="check the statistics against the reference numbers of this folder instead of the repository's own",
    )


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with the newest schema and the mandate, to be copied and never opened."""
    folder = tmp_path_factory.mktemp("migrated")
    database = Database(f"sqlite:///{folder / 'hailong.sqlite'}", folder / "write.lock")
    migrate(database)
    load_mandate(database, TODAY)
    with database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    return folder / "hailong.sqlite"


@pytest.fixture
def database(migrated_file: Path, tmp_path: Path) -> Iterator[Database]:
    """A migrated SQLite database of this test alone, with the mandate in it."""
    home = tmp_path / "home"
    home.mkdir()
    shutil.copy(migrated_file, home / "hailong.sqlite")
    opened = Database(f"sqlite:///{home / 'hailong.sqlite'}", home / "write.lock")
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def today() -> date:
    """The day on which the tests take place, whatever the machine's clock says."""
    return TODAY


@pytest.fixture(scope="session")
def keys() -> Keys:
    return derive_keys(b"a secret of the tests, long enough to pass")


@pytest.fixture(scope="session")
def signer() -> Signer:
    return Signer("hailong-tests", bytes(range(32)))
