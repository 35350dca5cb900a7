"""The product as its users meet it: a home of its own, the command `hailong`, a server that can be killed."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from survey.keys import Keys, derive_keys, open_signer
from survey.proof import NoteSigner
from survey.settings import Settings, load_settings
from survey.store.database import Database

ROOT = Path(__file__).parents[1]
SECONDS_TO_START = 120.0  # on a machine that does ten other things; how soon is measured apart


class CommandFailed(AssertionError):
    """A command ended badly; the message holds what it said."""


@dataclass(frozen=True)
class Home:
    """One installation under test: its data folder and, unless SQLite in that folder, its database."""

    path: Path
    database_url: str | None = None
    more: Mapping[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("HAILONG_")}
        url = {"HAILONG_DATABASE_URL": self.database_url} if self.database_url else {}
        return {**kept, "HAILONG_HOME": str(self.path), "PYTHONUTF8": "1", **url, **self.more}

    @property
    def settings(self) -> Settings:
        return load_settings(self.environment)

    @property
    def keys(self) -> Keys:
        return derive_keys(self.settings.secret_key)

    @property
    def signer(self) -> NoteSigner:
        return open_signer(self.settings)

    def run(self, *arguments: str, typed: str = "", fails: bool = False, **more: str) -> str:
        """Run `hailong` with these arguments; what it printed. Raises CommandFailed when it ends otherwise."""
        ended = self.start(*arguments, typed=typed, **more)
        if (ended.returncode != 0) is not fails:
            said = f"{ended.stdout}{ended.stderr}"
            raise CommandFailed(f"hailong {' '.join(arguments)} ended with {ended.returncode}:\n{said}")
        return ended.stderr if fails else ended.stdout

    def start(self, *arguments: str, typed: str = "", **more: str) -> subprocess.CompletedProcess[str]:
        """Run `hailong` and wait for its end, whatever that is."""
        command = [sys.executable, "-m", "survey", *arguments]
        environment = {**self.environment, **more}
        return subprocess.run(command, env=environment, cwd=ROOT, input=typed, capture_output=True, text=True)

    @contextmanager
    def database(self) -> Iterator[Database]:
        """The database, opened by this process and closed afterwards."""
        settings = self.settings
        opened = Database(settings.database_url, settings.lock_file)
        try:
            yield opened
        finally:
            opened.close()


@dataclass
class Server:
    """A running `hailong serve` (or another program that serves a home) at the head of its own process group."""

    process: subprocess.Popen[bytes]
    address: tuple[str, int]
    seconds_to_ready: float = 0.0  # without those in which its processes waited for a core that others had

    @property
    def url(self) -> str:
        return f"http://{self.address[0]}:{self.address[1]}"

    def children(self) -> dict[int, str]:
        """The processes that the master started, with their command lines."""
        path = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        numbers = [int(number) for number in path.read_text().split()]
        return {number: _command_line(number) for number in numbers}

    def seconds_in_queue(self) -> float:
        """How long its processes were ready to run and no core was free for them, as Linux counts."""
        return sum(map(_seconds_in_queue, [self.process.pid, *self.children()]))

    def cpu_seconds(self) -> float:
        """User and system seconds that the master and its workers have used (proc(5), fields 14 and 15)."""
        stats = [Path(f"/proc/{pid}/stat").read_text() for pid in (self.process.pid, *self.children())]
        used = [stat.rpartition(")")[2].split()[11:13] for stat in stats]
        return sum(int(user) + int(system) for user, system in used) / os.sysconf("SC_CLK_TCK")

    def kill(self) -> None:
        """SIGKILL for the whole group, as when the machine is switched off."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        """SIGTERM, as an operator stops it."""
        self.process.terminate()
        try:
            self.process.wait(30)
        finally:
            self.kill()


@contextmanager
def serving(
    home: Home, *options: str, program: str | Path | None = None, port: int | None = None, **more: str
) -> Iterator[Server]:
    """A server that is ready to store answers; stopped at the end if nobody killed it before."""
    port = port or free_port()
    program_line = ["-m", "survey"] if program is None else [str(program)]
    log = home.path / "serve.log"
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, *program_line, "serve", "--bind", f"127.0.0.1:{port}", *options],
            env={**home.environment, **more},
            cwd=ROOT,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    server = Server(process, ("127.0.0.1", port))
    began = time.monotonic()
    try:
        _await_ready(server, log)
        server.seconds_to_ready = time.monotonic() - began - server.seconds_in_queue()
        yield server
        if process.poll() is None:
            server.stop()
    finally:
        server.kill()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _await_ready(server: Server, log: Path) -> None:
    deadline = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < deadline and server.process.poll() is None:
        try:
            with urllib.request.urlopen(f"{server.url}/readyz", timeout=5) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.01)
    raise CommandFailed(f"The server did not become ready:\n{log.read_text(errors='replace')[-2000:]}")


def _seconds_in_queue(number: int) -> float:
    try:
        return int(Path(f"/proc/{number}/schedstat").read_text().split()[1]) / 1e9
    except OSError:
        return 0.0


def _command_line(number: int) -> str:
    try:
        return Path(f"/proc/{number}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""
