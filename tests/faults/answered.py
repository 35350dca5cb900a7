"""An installation whose inbox holds answers to both waves, none of them sealed: stored in one commit."""

from __future__ import annotations

import random
import secrets
import shutil
from dataclasses import dataclass, field
from pathlib import Path

from broken_homes import HIDING_WAVE, WAVE, invite, local_today
from campaign import COMMENT, OVERALL
from quick_home import QuickHome
from serving import Home

from survey.actions.answering import answer
from survey.store.database import Database
from survey.store.writer import Outcome, Submission, store_submissions

ANSWERS = 120


@dataclass
class Collector:
    """A writer that only remembers, so that many answers can be stored in one commit."""

    submissions: list[Submission] = field(default_factory=list)

    def submit(self, submission: Submission) -> Outcome:
        self.submissions.append(submission)
        return Outcome.STORED


def answered_installation(prepared: Home, folder: Path, answers: int = ANSWERS) -> Home:
    """A copy of a prepared SQLite home, with so many answers to each wave waiting."""
    home = QuickHome(Path(shutil.copytree(prepared.path, folder)))
    add_answers(home, answers)
    return home


def add_answers(home: Home, answers: int = ANSWERS) -> None:
    """Answers of both waves, of fixed chance but for their keys."""
    dice, collector = random.Random(7), Collector()
    with home.database() as database:
        for wave in (WAVE, HIDING_WAVE):
            for token in invite(home, answers, 7, wave):
                given = {OVERALL: dice.choice("1234455"), COMMENT: f"ý kiến {dice.random()}"}
                _send(database, home, collector, token, given)
        with database.writing("submit") as connection:
            store_submissions(connection, collector.submissions)


def _send(database: Database, home: Home, collector: Collector, token: str, given: dict[str, str]) -> None:
    key = secrets.token_hex(16)
    answer(database, collector, home.keys, token=token, key=key, language="vi", answers=given, today=local_today())
