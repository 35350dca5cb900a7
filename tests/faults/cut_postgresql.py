"""A PostgreSQL server of its own whose machine loses its power, or whose processes are killed, in every round."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from postgresql_server import SUPERUSER, Cluster, NoServer, Server, make_cluster
from power_cut import Disk
from requirements import skip_or_fail
from serving import Server as WebServer

# Few buffers and early checkpoints: pages reach the disk unsynced and may be torn, as on a loaded machine.
SETTINGS = {"shared_buffers": "4MB", "checkpoint_timeout": "30s", "min_wal_size": "2MB", "max_wal_size": "8MB"}
DATABASE = "cut"


@dataclass
class PostgresqlPowerCut:
    """The database's machine goes off together with the web server's."""

    cluster: Cluster
    disk: Disk
    settings: Mapping[str, str] = field(default_factory=dict)
    lost_writes: int = 0
    environment: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.start()

    @property
    def url(self) -> str:
        return Server(self.cluster.folder).url(DATABASE)

    def start(self) -> None:
        self._process = self.cluster.start({**SETTINGS, **self.settings}, **self.disk.environment)

    def begin(self) -> None:
        """Its disk is watched from the start on."""

    def strike(self, server: WebServer, dice: random.Random) -> None:
        server.kill()
        kill_all(self._process)

    def recover(self, dice: random.Random) -> None:
        self.lost_writes += self.disk.lose_power(dice)
        self.disk.begin()
        self.start()

    def restart(self, **settings: str) -> None:
        """Begin anew with other settings."""
        self.settings = settings
        self.stop()
        self.disk.begin()
        self.start()

    def stop(self) -> None:
        kill_all(self._process)


@contextmanager
def postgresql_to_cut() -> Iterator[PostgresqlPowerCut]:
    """A cluster with an empty database, on a disk of its own; skipped aloud where there is no PostgreSQL."""
    folder = Path(tempfile.mkdtemp(prefix="hailong-cut-"))
    folder.chmod(0o755)
    try:
        try:
            cluster = make_cluster(folder, "--wal-segsize=1")
        except NoServer as missing:
            skip_or_fail(f"No PostgreSQL server: install the package postgresql. {missing}")
        fault = PostgresqlPowerCut(cluster, Disk(folder / "data", folder / "room"))
        try:
            Server(folder).execute(f"CREATE DATABASE {DATABASE}")
            install_amcheck(folder)
            yield fault
        finally:
            fault.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def install_amcheck(folder: Path) -> None:
    """The checks of indexes, where the server's contrib modules are installed."""
    with psycopg.connect(host=str(folder), user=SUPERUSER, dbname=DATABASE, autocommit=True) as connection:
        known = connection.execute("SELECT 1 FROM pg_available_extensions WHERE name = 'amcheck'").fetchone()
        if known:
            connection.execute("CREATE EXTENSION IF NOT EXISTS amcheck")


def kill_all(postmaster: subprocess.Popen[bytes]) -> None:
    """SIGKILL for the server and its children, none of which lives to clean up after another."""
    if postmaster.poll() is not None:
        return
    postmaster.send_signal(signal.SIGSTOP)
    children = Path(f"/proc/{postmaster.pid}/task/{postmaster.pid}/children").read_text().split()
    for child in map(int, children):
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
    postmaster.kill()
    postmaster.wait()
    for child in map(int, children):
        wait_until_gone(child)


def wait_until_gone(process: int) -> None:
    """A killed orphan still writes until the kernel has ended it."""
    path = Path(f"/proc/{process}/stat")
    while True:
        try:
            if path.read_text().rpartition(")")[2].split()[0] == "Z":
                return
        except OSError:
            return
