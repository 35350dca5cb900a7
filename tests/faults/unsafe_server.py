"""Servers that must not be trusted, by UNSAFE: the suite fails unless each of them loses answers.

`thanks-first` thanks and commits later; `normal` and `off` are what SQLite may wait for instead of its disk.
"""

from __future__ import annotations

import os
import threading
import time
from concurrent.futures import Future

from survey.cli import main
from survey.store import database
from survey.store.writer import DirectWriter, GroupCommitWriter, Outcome, Submission

SECONDS_LATE = 0.2


def submit_without_waiting(self: GroupCommitWriter, submission: Submission) -> Outcome:
    self._queue.put((submission, Future()))
    return Outcome.STORED


def commit_late(self: GroupCommitWriter) -> list[tuple[Submission, Future[Outcome]]]:
    time.sleep(SECONDS_LATE)
    return take_what_has_queued(self)


def submit_behind(self: DirectWriter, submission: Submission) -> Outcome:
    threading.Thread(target=submit_late, args=(self, submission), daemon=True).start()
    return Outcome.STORED


def submit_late(self: DirectWriter, submission: Submission) -> None:
    time.sleep(SECONDS_LATE)
    submit_directly(self, submission)


submit_directly = DirectWriter.submit
take_what_has_queued = GroupCommitWriter._next_batch

if __name__ == "__main__":
    unsafe = os.environ["UNSAFE"]
    if unsafe == "thanks-first":
        GroupCommitWriter.submit = submit_without_waiting  # type: ignore[method-assign]
        GroupCommitWriter._next_batch = commit_late  # type: ignore[method-assign]
        DirectWriter.submit = submit_behind  # type: ignore[method-assign]
    else:
        assert "synchronous=FULL" in database.PRAGMAS
        database.PRAGMAS = (*database.PRAGMAS, f"synchronous={unsafe}")
    main()
