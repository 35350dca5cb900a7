"""Behind PgBouncer in transaction mode, where each transaction may get another connection: nothing changes."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from fieldwork import TODAY, Fieldwork, begin_fieldwork
from postgresql_server import SUPERUSER, Server, _unprivileged_user
from requirements import skip_or_fail
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from survey.actions.answering import AlreadyAnswered
from survey.actions.releasing import release_wave
from survey.keys import Keys
from survey.proof import Signer
from survey.store.database import Database, DatabaseUnreachable
from survey.store.places import Scope
from survey.store.scoping import read_as

SETTINGS = """[databases]
* = host={server}
[pgbouncer]
listen_addr =
listen_port = 6432
unix_socket_dir = {folder}
auth_type = trust
auth_file = {folder}/users
pool_mode = transaction
default_pool_size = 2
max_client_conn = 200
ignore_startup_parameters = extra_float_digits
"""
pytestmark = [
    pytest.mark.postgresql,
    pytest.mark.parametrize("database_url", [pytest.param("postgresql", marks=pytest.mark.postgresql)], indirect=True),
]


@pytest.fixture(scope="module")
def pooler(postgresql_server: Server) -> Iterator[Path]:
    """The folder of the socket of a PgBouncer with two connections."""
    program = shutil.which("pgbouncer", path="/usr/local/bin:/usr/bin:/usr/sbin:/bin")
    if program is None:
        skip_or_fail("No PgBouncer: install the package pgbouncer")
    folder, owner = postgresql_server.folder / "pooler", _unprivileged_user()
    folder.mkdir()
    (folder / "users").write_text(f'"{SUPERUSER}" ""\n')
    (folder / "ini").write_text(SETTINGS.format(server=postgresql_server.folder, folder=folder))
    if owner is not None:
        for each in (folder, *folder.iterdir()):
            shutil.chown(each, owner)
    process = subprocess.Popen([program, "-q", str(folder / "ini")], user=owner, cwd=folder)
    try:
        _wait_for(folder / ".s.PGSQL.6432", process)
        yield folder
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture
def pooled(database: Database, pooler: Path, home: Path) -> Iterator[Database]:
    url = database.engine.url.set(query={"host": str(pooler), "port": "6432", "pooled": "yes"})
    opened = Database(url.render_as_string(hide_password=False), home / "write.lock")
    yield opened
    opened.close()


def test_citizens_answer_once_and_their_answers_become_a_release(pooled: Database, keys: Keys, signer: Signer) -> None:
    work = begin_fieldwork(pooled, keys, signer, {("A", "land"): 400}, invited=60)
    tokens = work.tokens["A.land"]
    with ThreadPoolExecutor(12) as pool:
        outcomes = Counter(
            pool.map(lambda token: answer_once(work, token), [each for each in tokens for _ in range(3)])
        )
    assert outcomes == {"stored": 60, "already": 120}
    assert work.seal_and_tally() == 60
    assert release_wave(pooled, "W", by="test", today=TODAY)


def answer_once(work: Fieldwork, token: str) -> str:
    try:
        work.answer(token, "5")
    except AlreadyAnswered:
        return "already"
    return "stored"


def test_what_one_reader_may_see_is_not_what_the_next_one_sees(pooled: Database) -> None:
    """The scope ends with its transaction, on a connection that others use next."""
    try:
        seen = []
        for scope in (Scope("31507", None), None) * 6:
            read_as(scope)
            with pooled.reading() as connection:
                seen.append(connection.scalar(text("SELECT coalesce(current_setting('hailong.areas', true), '')")))
        assert [bool(each) for each in seen] == [True, False] * 6
    finally:
        read_as(None)


def test_without_saying_so_prepared_statements_break(database: Database, pooler: Path, home: Path) -> None:
    """The control. A PgBouncer that prepares by itself (1.21 and later, where it is told to) would pass."""
    url = database.engine.url.set(query={"host": str(pooler), "port": "6432"})
    plain = Database(url.render_as_string(hide_password=False), home / "write.lock")

    def ask(number: int) -> None:
        for _ in range(12):
            with plain.reading() as connection:
                connection.execute(text("SELECT count(*) FROM wave WHERE code = :code"), {"code": str(number)})

    try:
        with pytest.raises((DBAPIError, DatabaseUnreachable)), ThreadPoolExecutor(8) as pool:
            list(pool.map(ask, range(8)))
    finally:
        plain.close()


def _wait_for(socket: Path, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 20
    while not socket.exists():
        assert process.poll() is None, "PgBouncer ended"
        assert time.monotonic() < deadline, "PgBouncer did not start"
        time.sleep(0.05)
