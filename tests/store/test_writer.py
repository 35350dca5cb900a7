"""A submission is stored once, with its token spent, before anybody is thanked; whoever races."""

from __future__ import annotations

import secrets
import shutil
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from fieldwork import Fieldwork
from sqlalchemy import Connection, func, select

from survey.store import writer
from survey.store.database import Database
from survey.store.responses import Response
from survey.store.tables import inbox, spent
from survey.store.writer import (
    DirectWriter,
    GroupCommitWriter,
    Outcome,
    Submission,
    Writer,
    WriterBusy,
    open_writer,
)

MANY = 200
THREADS = 16


def submission(token: bytes, receipt: bytes) -> Submission:
    return Submission(
        token,
        Response(
            id=secrets.token_bytes(16),
            wave_code="W",
            stratum_code="A.land",
            receipt_hash=receipt,
            nonce1=secrets.token_bytes(32),
            codes=b"{}",
            nonce2=secrets.token_bytes(32),
            text=b"{}",
        ),
    )


def anybody() -> Submission:
    """An answer that nobody sent before."""
    return submission(secrets.token_bytes(32), secrets.token_bytes(32))


def fail(*_: object) -> bool:
    raise OSError("the disk is gone")


def submit_together(opened: Writer, submissions: list[Submission]) -> Counter[Outcome]:
    """Sixteen threads at a time, as many as the server has; all of them start at once."""
    barrier = threading.Barrier(THREADS)

    def submit(number: int) -> Outcome:
        if number < THREADS:
            barrier.wait()
        return opened.submit(submissions[number])

    with ThreadPoolExecutor(THREADS) as pool:
        return Counter(pool.map(submit, range(len(submissions))))


def count(database: Database) -> tuple[int, int]:
    """Responses in the inbox, and spent tokens."""
    with database.reading() as connection:
        return (
            connection.scalar(select(func.count()).select_from(inbox)) or 0,
            connection.scalar(select(func.count()).select_from(spent)) or 0,
        )


def test_each_database_has_its_writer(database: Database) -> None:
    assert isinstance(open_writer(database), GroupCommitWriter if database.is_sqlite else DirectWriter)


def test_200_posts_of_one_token_with_one_key_are_stored_once(database: Database) -> None:
    token, receipt = secrets.token_bytes(32), secrets.token_bytes(32)
    outcomes = submit_together(open_writer(database), [submission(token, receipt) for _ in range(MANY)])
    assert outcomes == {Outcome.STORED: 1, Outcome.TOKEN_SPENT: MANY - 1}
    assert count(database) == (1, 1)


def test_200_posts_of_one_token_with_different_keys_are_stored_once(database: Database) -> None:
    token = secrets.token_bytes(32)
    outcomes = submit_together(open_writer(database), [submission(token, secrets.token_bytes(32)) for _ in range(MANY)])
    assert outcomes == {Outcome.STORED: 1, Outcome.TOKEN_SPENT: MANY - 1}
    assert count(database) == (1, 1)


def test_200_posts_of_different_tokens_are_all_stored(database: Database) -> None:
    sent = [anybody() for _ in range(MANY)]
    assert submit_together(open_writer(database), sent) == {Outcome.STORED: MANY}
    assert count(database) == (MANY, MANY)


def test_one_key_with_two_tokens_is_refused_and_the_second_token_stays_unspent(database: Database) -> None:
    opened, receipt = open_writer(database), secrets.token_bytes(32)
    first, second = secrets.token_bytes(32), secrets.token_bytes(32)
    assert opened.submit(submission(first, receipt)) is Outcome.STORED
    assert opened.submit(submission(second, receipt)) is Outcome.KEY_IN_USE
    assert count(database) == (1, 1)
    assert opened.submit(submission(second, secrets.token_bytes(32))) is Outcome.STORED


def test_a_key_of_a_sealed_answer_cannot_be_used_again(work: Fieldwork) -> None:
    work.answer_all({"A.land": "5"})
    opened = open_writer(work.database)
    with work.database.reading() as connection:
        receipt = connection.scalars(select(inbox.c.receipt_hash)).one()
        token = connection.scalars(select(spent.c.token_hash)).one()
    work.seal_and_tally()
    assert opened.submit(submission(token, receipt)) is Outcome.TOKEN_SPENT
    assert opened.submit(submission(secrets.token_bytes(32), receipt)) is Outcome.KEY_IN_USE
    assert count(work.database) == (0, 1)


def test_nothing_is_spent_when_the_answer_cannot_be_stored(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "_response_row", fail)
    with pytest.raises((WriterBusy, OSError)):
        open_writer(database).submit(anybody())
    assert count(database) == (0, 0)


@pytest.fixture
def one_file(migrated_file: Path, home: Path) -> Iterator[Database]:
    """SQLite, where one thread writes for all."""
    shutil.copy(migrated_file, home / "hailong.sqlite")
    opened = Database(f"sqlite:///{home / 'hailong.sqlite'}", home / "write.lock")
    yield opened
    opened.close()


@dataclass
class HeldCommits:
    """Commits that wait until they are let go; `sizes` is the inbox after each."""

    reached: threading.Event = field(default_factory=threading.Event)
    go_on: threading.Event = field(default_factory=threading.Event)
    sizes: list[int] = field(default_factory=list)


@pytest.fixture
def held(one_file: Database, monkeypatch: pytest.MonkeyPatch) -> HeldCommits:
    commits, writing = HeldCommits(), one_file.writing

    @contextmanager
    def write_slowly(step: str) -> Iterator[Connection]:
        with writing(step) as connection:
            yield connection
            commits.reached.set()
            commits.go_on.wait(10)
        commits.sizes.append(count(one_file)[0])

    monkeypatch.setattr(one_file, "writing", write_slowly)
    return commits


def test_a_commit_carries_all_who_came_meanwhile_and_none_is_thanked_before_it_returned(
    one_file: Database, held: HeldCommits
) -> None:
    opened = GroupCommitWriter(one_file)
    with ThreadPoolExecutor(40) as pool:
        first = pool.submit(opened.submit, anybody())
        assert held.reached.wait(10)
        others = [pool.submit(opened.submit, anybody()) for _ in range(39)]
        wait_until(lambda: opened._queue.qsize() == 39)
        assert not first.done()
        held.go_on.set()
        assert {each.result() for each in (first, *others)} == {Outcome.STORED}
    wait_until(lambda: held.sizes == [1, 40])


def test_a_full_queue_says_busy_at_once_and_stores_nothing(
    one_file: Database, held: HeldCommits, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "MOST_WAITING", 1)
    opened = GroupCommitWriter(one_file)
    with ThreadPoolExecutor(2) as pool:
        running = pool.submit(opened.submit, anybody())
        assert held.reached.wait(10)
        waiting = pool.submit(opened.submit, anybody())
        wait_until(lambda: opened._queue.qsize() == 1)
        with pytest.raises(WriterBusy):
            opened.submit(anybody())
        held.go_on.set()
        assert (running.result(), waiting.result()) == (Outcome.STORED, Outcome.STORED)
    assert count(one_file) == (2, 2)


def test_a_key_in_use_is_refused_and_all_others_of_its_commit_are_stored(one_file: Database, held: HeldCommits) -> None:
    opened, first = GroupCommitWriter(one_file), anybody()
    together = [anybody(), submission(secrets.token_bytes(32), first.response.receipt_hash), anybody()]
    with ThreadPoolExecutor(4) as pool:
        stored = pool.submit(opened.submit, first)
        assert held.reached.wait(10)
        others = [pool.submit(opened.submit, each) for each in together]
        wait_until(lambda: opened._queue.qsize() == len(together))
        held.go_on.set()
        assert stored.result() is Outcome.STORED
        assert [each.result() for each in others] == [Outcome.STORED, Outcome.KEY_IN_USE, Outcome.STORED]
    assert count(one_file) == (3, 3)


def test_who_waited_in_vain_is_told_busy_and_may_send_the_same_again(
    one_file: Database, held: HeldCommits, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not confirmed is not lost: the same key finds what the late commit stored."""
    monkeypatch.setattr(writer, "PATIENCE_SECONDS", 0.05)
    opened, sent = GroupCommitWriter(one_file), anybody()
    with pytest.raises(WriterBusy):
        opened.submit(sent)
    held.go_on.set()
    wait_until(lambda: held.sizes == [1])
    monkeypatch.setattr(writer, "PATIENCE_SECONDS", 10.0)
    again = submission(sent.token_hash, sent.response.receipt_hash)
    assert opened.submit(again) is Outcome.TOKEN_SPENT
    assert count(one_file) == (1, 1)


def test_a_commit_that_fails_is_busy_for_all_in_it_and_the_next_one_works(
    one_file: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = GroupCommitWriter(one_file)
    with monkeypatch.context() as patch:
        patch.setattr(writer, "store_submissions", fail)
        for _ in range(3):
            with pytest.raises(WriterBusy, match="the disk is gone"):
                opened.submit(anybody())
    assert opened.submit(anybody()) is Outcome.STORED
    assert count(one_file) == (1, 1)


def wait_until(holds: Callable[[], bool]) -> None:
    pause = threading.Event()
    for _ in range(2000):
        if holds():
            return
        pause.wait(0.005)
    raise AssertionError("what was waited for did not happen")
