"""Two PostgreSQL servers, one of which follows the other and takes over when it is killed."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import psycopg
from cut_postgresql import kill_all
from postgresql_server import SUPERUSER, Cluster, NoServer, Server, make_cluster
from requirements import skip_or_fail
from serving import Server as WebServer

DATABASE = "failing"
SETTINGS = {"wal_receiver_status_interval": "1s", "wal_retrieve_retry_interval": "100ms"}
SECONDS_TO_FOLLOW = 30.0
ATTACHED = "SELECT pid, sync_state FROM pg_stat_replication WHERE state = 'streaming'"


@dataclass
class Failover:
    """The primary stops sending to its standby, is killed with the web server, and the standby takes over.

    With `synchronous`, nobody is thanked for what the standby does not have; without, it is only a moment behind.
    """

    folder: Path
    primary: Cluster
    synchronous: bool = True
    environment: Mapping[str, str] = field(default_factory=dict)
    promoted: int = 0
    standby: Cluster = field(init=False)

    def __post_init__(self) -> None:
        self._running = [self.primary.start(SETTINGS)]
        Server(self.primary.folder).execute(f"CREATE DATABASE {DATABASE}")

    @property
    def url(self) -> str:
        """One address for whichever of the two is the primary, as a name or a virtual address is."""
        return f"postgresql+psycopg://{SUPERUSER}@/{DATABASE}?host={self.folder / 'primary'}"

    def follow(self) -> None:
        """Make a standby of the primary as it is, and wait until it follows."""
        self.point_at(self.primary.folder)
        standby = replace(self.primary, folder=self._next_folder())
        self._copy_primary_to(standby)
        self._running.append(standby.start(SETTINGS))
        self._await_standby()
        if self.synchronous:
            self._execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
            self._execute("SELECT pg_reload_conf()")
            self._await_standby("sync")
        self.standby = standby

    def begin(self) -> None:
        """Nothing to get ready."""

    def strike(self, server: WebServer, dice: random.Random) -> None:
        """What is sent to the standby no longer arrives; a little later the machine of web and primary is gone."""
        os.kill(self._await_standby(), signal.SIGSTOP)
        time.sleep(dice.uniform(0.2, 0.5))
        server.kill()
        kill_all(self._running.pop(0))

    def recover(self, dice: random.Random) -> None:
        """The standby becomes the primary and gets a standby of its own."""
        with connect(self.standby.folder) as connection:
            connection.execute("SELECT pg_promote(true, 30)")
        shutil.rmtree(self.primary.folder)
        self.primary = self.standby
        self.promoted += 1
        self.follow()

    def let_go(self) -> None:
        """The primary waits for its standby no longer."""
        self.synchronous = False
        self._execute("ALTER SYSTEM RESET synchronous_standby_names")
        self._execute("SELECT pg_reload_conf()")

    def point_at(self, folder: Path) -> None:
        link = self.folder / "primary"
        link.unlink(missing_ok=True)
        link.symlink_to(folder)

    def stop(self) -> None:
        for process in self._running:
            kill_all(process)

    def _next_folder(self) -> Path:
        folder = self.folder / f"cluster-{self.promoted + 1}"
        folder.mkdir()
        if self.primary.owner is not None:
            shutil.chown(folder, self.primary.owner)
        return folder

    def _copy_primary_to(self, standby: Cluster) -> None:
        command = [str(standby.binaries / "pg_basebackup"), "-D", str(standby.folder / "data"), "-R", "-c", "fast"]
        source = ["-h", str(self.primary.folder), "-U", SUPERUSER]
        subprocess.run([*command, *source], user=standby.owner, cwd=standby.folder, check=True)

    def _await_standby(self, state: str | None = None) -> int:
        """Process of the primary that sends to the standby."""
        deadline = time.monotonic() + SECONDS_TO_FOLLOW
        while time.monotonic() < deadline:
            with connect(self.primary.folder) as connection:
                found = connection.execute(ATTACHED).fetchone()
            if found is not None and state in (None, found[1]):
                return int(found[0])
            time.sleep(0.05)
        raise AssertionError(f"no standby follows: {(self.primary.folder / 'log').read_text()[-500:]}")

    def _execute(self, statement: str) -> None:
        Server(self.primary.folder).execute(statement)


def connect(folder: Path) -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(host=str(folder), user=SUPERUSER, dbname="postgres", autocommit=True)


@contextmanager
def postgresql_to_fail_over() -> Iterator[Failover]:
    """A primary with an empty database and no standby yet; skipped aloud where there is no PostgreSQL."""
    folder = Path(tempfile.mkdtemp(prefix="hailong-failover-"))
    folder.chmod(0o755)
    first = folder / "cluster-0"
    first.mkdir()
    try:
        try:
            fault = Failover(folder, make_cluster(first, "--wal-segsize=1"))
        except NoServer as missing:
            skip_or_fail(f"No PostgreSQL server: install the package postgresql. {missing}")
        fault.point_at(first)
        try:
            yield fault
        finally:
            with suppress(ProcessLookupError):
                fault.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
