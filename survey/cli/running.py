"""serve and work: the two processes of an installation."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import mkdtemp
from types import FrameType

import click

from survey.cli.installation import Installation, pass_installation
from survey.durable import write_durably
from survey.logs import write_logs
from survey.settings import ADDRESS_FILE, Settings
from survey.store.roles import Role

PARENT_VARIABLE = "HAILONG_PARENT"
THREADS = 24  # of which survey.web.gates leaves four to submissions alone, whatever else is asked for
SECONDS_TO_STOP = 10
ANY_ADDRESS = ("", "0.0.0.0", "[::]")  # noqa: S104 only told apart, so that a printed link leads somewhere


@click.command()
@click.option("--bind", default="127.0.0.1:8000", show_default=True, metavar="HOST:PORT")
@click.option(
    "--door",
    type=click.Choice(["both", "citizens", "staff"]),
    default="both",
    show_default=True,
    help="Which pages this process serves.",
)
@click.option("--workers", type=click.IntRange(1, 64), help="Processes; SQLite takes one, PostgreSQL two by default.")
@click.option("--work/--no-work", "with_work", default=True, help="Also start `hailong work` as a child (default).")
@pass_installation
def serve(installation: Installation, bind: str, door: str, workers: int | None, with_work: bool) -> None:
    """Serve the pages, and start `hailong work` beside them."""
    settings = installation.settings
    if settings.is_sqlite and workers not in (None, 1):
        raise click.UsageError("SQLite is served by one process (it has one writer). Use PostgreSQL for more.")
    _refuse_taken(bind)
    installation.database_of(Role.WEB).close()
    if with_work:
        _ = installation.signer
    _share_counters(settings)
    write_logs()
    from survey.cli.server import Server

    doors = ("citizens", "staff") if door == "both" else (door,)
    count = workers or (1 if settings.is_sqlite else 2)
    child = WorkChild() if with_work else None
    Server(settings, doors, bind=bind, workers=count, threads=THREADS, beside=child).run()


def _share_counters(settings: Settings) -> None:
    """Workers count in files that they share; before the counters are imported, and afresh at each start."""
    if settings.metrics_token:
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = mkdtemp(prefix="hailong-metrics-")


@click.command()
@click.option("--once", is_flag=True, help="Run every due job, then exit.")
@click.option("--every", type=click.FloatRange(0.1, 3600), default=5.0, show_default=True, help="Seconds between.")
@pass_installation
def work(installation: Installation, once: bool, every: float) -> None:
    """Seal, tally and release what is due; send invitations and checkpoints."""
    from survey.actions.rekeying import settle_key
    from survey.actions.working import run_due_jobs
    from survey.cli.outside import outside_jobs

    stopping = StopSignal()
    if not once:
        write_logs()
    while True:
        now, today = installation.now, installation.today
        settle_key(installation.database, installation.settings.key_folder)
        installation.forget_signer()
        outside = (
            _watch_job(installation)
            | outside_jobs(installation)
            | _mirror_job(installation)
            | _report_job(installation)
        )
        for line in run_due_jobs(installation.database, installation.signer, now, today, outside):
            if once:
                click.echo(line)
                sys.stdout.flush()
        if once or not stopping.wait(every):
            return


def _watch_job(installation: Installation) -> dict[str, Callable[[], int]]:
    from survey.actions.watching import watch

    home = installation.settings.home
    return {"watch": partial(watch, installation.database, installation.keys, home, installation.today)}


def _mirror_job(installation: Installation) -> dict[str, Callable[[], int]]:
    from survey.actions.publishing_checkpoints import mirror

    folder = installation.settings.mirror
    return {"mirror": partial(mirror, installation.database, folder)} if folder else {}


def _report_job(installation: Installation) -> dict[str, Callable[[], int]]:
    from survey.actions import export_jobs, report_jobs

    database, today = installation.database, installation.today
    return {
        "reports": partial(report_jobs.write_due, database, installation.settings.home, today),
        "exports": partial(export_jobs.write_due, database, today),
    }


class StopSignal:
    """Asks for a stop by signal, or because the process that started us is gone."""

    def __init__(self) -> None:
        self._stopped = False
        self._parent = os.environ.get(PARENT_VARIABLE)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)

    def wait(self, seconds: float) -> bool:
        """Sleep; False when it is time to stop."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and not self._is_over():
            time.sleep(0.1)
        return not self._is_over()

    def _is_over(self) -> bool:
        return self._stopped or (self._parent is not None and os.getppid() != int(self._parent))

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self._stopped = True


class WorkChild:
    """`hailong work` as a child of the server, started again when it dies."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def ensure_running(self) -> None:
        if self._process is None or self._process.poll() is not None:
            command = [sys.executable, "-m", "survey", "work"]
            environment = {**os.environ, PARENT_VARIABLE: str(os.getpid())}
            self._process = subprocess.Popen(command, env=environment)  # noqa: S603 our own interpreter and module

    def stop(self) -> None:
        if self._process is None or self._process.poll() is not None:
            return
        self._process.terminate()
        try:
            self._process.wait(SECONDS_TO_STOP)
        except subprocess.TimeoutExpired:
            self._process.kill()


def _refuse_taken(bind: str) -> None:
    host, _, port = bind.rpartition(":")
    if not port.isdigit() or int(port) > 65535:
        raise click.UsageError(f"'{bind}' is not HOST:PORT. Try --bind 127.0.0.1:8000.")
    family = socket.AF_INET6 if host.startswith("[") else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host.strip("[]"), int(port)))
        except OSError as error:
            raise click.UsageError(f"Cannot serve on {bind}: {error.strerror}. Choose another with --bind.") from error


def keep_address(installation_home: os.PathLike[str], bind: str) -> None:
    """Remember where citizens' links lead, for commands that print them."""
    host, _, port = bind.rpartition(":")
    shown = "127.0.0.1" if host in ANY_ADDRESS else host
    write_durably(Path(installation_home) / ADDRESS_FILE, f"http://{shown}:{port}\n".encode())
