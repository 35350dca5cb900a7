"""The key in the hands of another user: unreadable for whoever serves, and no kill makes it sign two histories."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from answered import answered_installation
from broken_homes import HIDING_WAVE, WAVE
from campaign import find_false_proofs
from requirements import skip_or_fail
from rounds import THOROUGH
from serving import ROOT, Home
from sqlalchemy import select

from survey.durable import CRASH_VARIABLE
from survey.proof import Verifier, open_note
from survey.signing import HEAD_FILE, RemoteSigner
from survey.store.tables import checkpoint

pytestmark = [pytest.mark.faults, pytest.mark.thorough]

SIGNING_USER, SERVING_USER = "nobody", "daemon"
SIGNER_STEPS = ("sign:before-head", "sign:after-head")
WORK_STEPS = (
    ("seal:after-commit", "sign:before-commit")
    if not THOROUGH
    else (
        *("seal:before-commit", "seal:after-commit"),
        *("sign:before-commit", "sign:after-commit"),
    )
)


@pytest.fixture
def post() -> Iterator[Path]:
    """A folder of the signing user, whose socket others may reach."""
    folder = Path(tempfile.mkdtemp(prefix="hailong-signer-"))
    folder.chmod(0o755)
    if signing_user() is not None:
        shutil.chown(folder, SIGNING_USER)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def answered(prepared_home: Home, post: Path, tmp_path: Path) -> Home:
    """Answers of two waves wait in the inbox; the key is not in this home."""
    home = answered_installation(prepared_home, tmp_path / "home")
    shutil.rmtree(home.path / "keys")
    return replace(home, more={"HAILONG_SIGNER": f"unix:{post / 'socket'}"})


@cache
def signing_user() -> str | None:
    """Another user, where the tests may choose one and it may run this Python."""
    if os.geteuid() != 0:
        return None
    try:
        subprocess.run([sys.executable, "-c", "import survey"], user=SIGNING_USER, cwd=ROOT, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return SIGNING_USER


@contextmanager
def signing(post: Path, *options: str, **more: str) -> Iterator[subprocess.Popen[bytes]]:
    """`hailong sign` as its own user where the tests may choose one."""
    command = [sys.executable, "-m", "survey", "sign", "--listen", str(post / "socket"), *options]
    environment = {**os.environ, "HAILONG_HOME": str(post), "PYTHONDONTWRITEBYTECODE": "1", **more}
    process = subprocess.Popen(command, env=environment, cwd=ROOT, user=signing_user(), stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        assert process.stdout.readline().startswith(b"Signing as "), "the signer did not start"
        yield process
    finally:
        process.kill()
        process.wait()


def signed_heads(home: Home, verifier: Verifier) -> list[tuple[int, bytes]]:
    """Each head that a checkpoint is over, all of them signed by this key and by another user's."""
    with home.database() as database, database.reading() as connection:
        rows = connection.execute(select(checkpoint).order_by(checkpoint.c.number)).all()
    for row in rows:
        open_note(row.note, [verifier])
        assert '"separated":true' in row.manifest
    return list(dict.fromkeys((row.size, row.root) for row in rows))


def wait_for_death(process: subprocess.Popen[bytes]) -> None:
    assert process.wait(10) == -signal.SIGKILL


def test_checkpoints_are_signed_by_another_user_and_say_so(answered: Home, post: Path) -> None:
    with signing(post):
        answered.run("work", "--once")
        remote = RemoteSigner(post / "socket")
        assert len(signed_heads(answered, remote.verifier)) == 2
        assert remote.signed_size() == signed_heads(answered, remote.verifier)[-1][0]
        assert find_false_proofs(answered) == []
    assert not (answered.path / "keys").exists()


def test_who_serves_cannot_read_the_key(post: Path) -> None:
    """The control: the signing user can."""
    if os.geteuid() != 0 or shutil.which("setpriv") is None:
        skip_or_fail("Two users are needed: run as root, with setpriv (package util-linux)")
    with signing(post):
        pass
    shutil.chown(post, SIGNING_USER)
    for path in post.rglob("*"):
        shutil.chown(path, SIGNING_USER)
    key = post / "keys" / "checkpoint.key"
    assert read_as(SIGNING_USER, key).returncode == 0
    for path in (key, post / "keys" / HEAD_FILE):
        denied = read_as(SERVING_USER, path)
        assert (denied.returncode, "Permission denied" in denied.stderr) == (1, True)


def read_as(user: str, path: Path) -> subprocess.CompletedProcess[str]:
    command = ["setpriv", "--clear-groups", "--regid", "nogroup", "--reuid", user, "cat", str(path)]
    return subprocess.run(command, capture_output=True, text=True)


@pytest.mark.parametrize("step", SIGNER_STEPS)
def test_a_signer_killed_at_any_step_signs_one_history_and_blocks_nothing(
    answered: Home, post: Path, step: str
) -> None:
    with signing(post, **{CRASH_VARIABLE: step}) as process:
        said = answered.run("work", "--once")
        wait_for_death(process)
    assert "does not answer" in said
    with signing(post):
        answered.run("work", "--once")
        heads = signed_heads(answered, RemoteSigner(post / "socket").verifier)
        assert len(heads) == 2
        assert find_false_proofs(answered) == []


@pytest.mark.parametrize("step", WORK_STEPS)
def test_a_job_killed_at_any_step_is_signed_later_and_nothing_is_stuck(answered: Home, post: Path, step: str) -> None:
    with signing(post):
        killed = answered.start("work", "--once", **{CRASH_VARIABLE: step})
        assert killed.returncode == -signal.SIGKILL
        answered.run("work", "--once")
        assert len(signed_heads(answered, RemoteSigner(post / "socket").verifier)) == 2
        assert find_false_proofs(answered) == []


def test_answers_are_taken_while_the_signer_is_away_and_signed_when_it_is_back(answered: Home, post: Path) -> None:
    assert "does not answer" in answered.run("work", "--once")
    with signing(post):
        answered.run("work", "--once")
        assert len(signed_heads(answered, RemoteSigner(post / "socket").verifier)) == 2


def test_a_database_that_was_set_back_gets_no_second_history(answered: Home, post: Path, tmp_path: Path) -> None:
    """The control: a signer that lost its memory signs it, and both histories carry its name."""
    older = Home(Path(shutil.copytree(answered.path, tmp_path / "older")), None, answered.more)
    with signing(post):
        answered.run("work", "--once")
        signed = signed_heads(answered, RemoteSigner(post / "socket").verifier)
        forge_an_answer(older)
        assert "does not extend" in older.run("work", "--once")
        assert signed_heads(older, RemoteSigner(post / "socket").verifier) == []
    (post / "keys" / HEAD_FILE).unlink()
    with signing(post, "--adopt"):
        older.run("work", "--once")
        forked = signed_heads(older, RemoteSigner(post / "socket").verifier)
    assert [size for size, _ in forked] == [size for size, _ in signed]
    assert forked != signed


def forge_an_answer(home: Home) -> None:
    """What a database administrator does: one answer in the inbox becomes another."""
    with home.database() as database, database.writing("test") as connection:
        connection.exec_driver_sql("DROP TRIGGER inbox_no_update")
        changed = connection.exec_driver_sql(
            "UPDATE inbox SET nonce1 = nonce2 WHERE id IN (SELECT min(id) FROM inbox GROUP BY wave_code)"
        )
        assert changed.rowcount == len({WAVE, HIDING_WAVE})
