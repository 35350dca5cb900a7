"""A PostgreSQL server of its own that is stopped, crashes or is full while people answer, and comes back."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from cut_postgresql import DATABASE, install_amcheck, kill_all
from postgresql_server import HURRIED, SUPERUSER, Cluster, NoServer, Server, make_cluster
from requirements import skip_or_fail

SETTINGS = {**HURRIED, "max_connections": "40"}
SECONDS_AWAY, SECONDS_FULL, SECONDS_TO_STOP = 0.5, 1.0, 30
OTHERS = "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND datname = 'cut'"


@dataclass
class Restarts:
    """What may happen to the database's server, by name."""

    cluster: Cluster
    seen: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._process = self.cluster.start(SETTINGS)
        self.troubles: dict[str, Callable[[random.Random], None]] = {
            "fast restart": lambda dice: self._restart(signal.SIGINT),
            "immediate restart": lambda dice: self._restart(signal.SIGQUIT),
            "killed backend": self._kill_backend,
            "no connection left": lambda dice: self._fill(),
        }

    @property
    def url(self) -> str:
        return Server(self.cluster.folder).url(DATABASE)

    def strike(self, name: str, dice: random.Random) -> None:
        self.troubles[name](dice)
        self.seen.append(name)

    def stop(self) -> None:
        kill_all(self._process)

    def _restart(self, how: signal.Signals) -> None:
        """SIGINT ends every session and writes a checkpoint; SIGQUIT ends at once, and the start recovers."""
        self._process.send_signal(how)
        self._process.wait(SECONDS_TO_STOP)
        time.sleep(SECONDS_AWAY)
        self._process = self.cluster.start(SETTINGS)

    def _kill_backend(self, dice: random.Random) -> None:
        """SIGKILL for a process that serves the web: the server ends all others and recovers by itself."""
        with self._connect() as connection:
            known = [row[0] for row in connection.execute(OTHERS)]
        os.kill(dice.choice(known), signal.SIGKILL)

    def _fill(self) -> None:
        """Others take every connection, those of the web's too, and give them back after a while."""
        with ExitStack() as taken:
            over = time.monotonic() + SECONDS_FULL
            first = taken.enter_context(self._connect())
            while time.monotonic() < over:
                with suppress(psycopg.OperationalError):
                    while True:
                        taken.enter_context(self._connect())
                first.execute(f"SELECT pg_terminate_backend(pid) FROM ({OTHERS}) AS others")
                time.sleep(0.05)

    def _connect(self) -> psycopg.Connection[tuple[int]]:
        return psycopg.connect(host=str(self.cluster.folder), user=SUPERUSER, dbname="postgres", autocommit=True)


@contextmanager
def postgresql_to_restart() -> Iterator[Restarts]:
    """A cluster with an empty database; skipped aloud where there is no PostgreSQL."""
    folder = Path(tempfile.mkdtemp(prefix="hailong-restart-"))
    folder.chmod(0o755)
    try:
        try:
            fault = Restarts(make_cluster(folder))
        except NoServer as missing:
            skip_or_fail(f"No PostgreSQL server: install the package postgresql. {missing}")
        try:
            Server(folder).execute(f"CREATE DATABASE {DATABASE}")
            install_amcheck(folder)
            yield fault
        finally:
            with suppress(ProcessLookupError, subprocess.TimeoutExpired):
                fault.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
