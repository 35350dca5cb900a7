"""A server that must not be trusted: it thanks first and commits later. The suite fails unless it loses answers."""

from __future__ import annotations

import time
from concurrent.futures import Future

from survey.cli import main
from survey.store.writer import GroupCommitWriter, Outcome, Submission

SECONDS_LATE = 0.05


def submit_without_waiting(self: GroupCommitWriter, submission: Submission) -> Outcome:
    self._queue.put((submission, Future()))
    return Outcome.STORED


def commit_late(self: GroupCommitWriter) -> list[tuple[Submission, Future[Outcome]]]:
    time.sleep(SECONDS_LATE)
    return take_what_has_queued(self)


take_what_has_queued = GroupCommitWriter._next_batch
GroupCommitWriter.submit = submit_without_waiting  # type: ignore[method-assign]
GroupCommitWriter._next_batch = commit_late  # type: ignore[method-assign]

if __name__ == "__main__":
    main()
