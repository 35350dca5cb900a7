"""Fieldwork that a module's tests share: made once for each kind of database, copied for each test.

A module overrides the fixture `preparation` with a function that makes its fieldwork; `prepared` is each test's own.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field, replace
from pathlib import Path

from fieldwork import Fieldwork
from postgresql_server import Server

from survey.keys import Keys
from survey.proof import Signer
from survey.store.database import Database
from survey.store.writer import open_writer

Prepare = Callable[[Database, Keys, Signer], Fieldwork]


@dataclass
class Shelf:
    """Prepared databases by how they were made; `server` and `template` are PostgreSQL's, and None for SQLite."""

    folder: Path
    migrated: Path | str
    server: Server | None
    made: dict[Prepare, tuple[str, Fieldwork]] = field(default_factory=dict)

    def make(self, preparation: Prepare, keys: Keys, signer: Signer) -> None:
        """Prepare a database, once."""
        if preparation in self.made:
            return
        name = f"prepared_{len(self.made)}"
        database = Database(self._begin(name), self.folder / "write.lock")
        work = preparation(database, keys, signer)
        if database.is_sqlite:
            with database.engine.connect() as connection:
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        database.close()
        self.made[preparation] = name, work

    @contextmanager
    def copy(self, preparation: Prepare | None, home: Path) -> Iterator[str]:
        """The URL of a copy for one test; of what is only migrated, where nothing is prepared."""
        name = self.made[preparation][0] if preparation else None
        if self.server is None:
            shutil.copy(self._file(name) if name else self.migrated, home / "hailong.sqlite")
            yield f"sqlite:///{home / 'hailong.sqlite'}"
            return
        with self.server.clone(name or str(self.migrated)) as url:
            yield url

    def work(self, preparation: Prepare, database: Database) -> Fieldwork:
        """The prepared fieldwork, in a test's own copy."""
        work = self.made[preparation][1]
        return replace(work, database=database, writer=open_writer(database), tokens=deepcopy(work.tokens))

    def _begin(self, name: str) -> str:
        if self.server is None:
            shutil.copy(self.migrated, self._file(name))
            return f"sqlite:///{self._file(name)}"
        self.server.execute(f"CREATE DATABASE {name} TEMPLATE {self.migrated}")
        return self.server.url(name)

    def _file(self, name: str) -> Path:
        return self.folder / f"{name}.sqlite"
