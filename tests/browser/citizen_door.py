"""The citizens' door, served in this process: a wave of every kind, a clock that can be moved, faults on demand."""

from __future__ import annotations

import logging
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

import axe_playwright_python
from fieldwork import AFTER, OPENS, Fieldwork, begin_fieldwork
from flask import Flask
from playwright.sync_api import Page
from werkzeug.serving import make_server

from survey.actions import answering
from survey.actions.open_voice import open_voice
from survey.app import CITIZENS, create_app
from survey.keys import Keys
from survey.proof import Signer
from survey.settings import Settings
from survey.store.database import Database
from survey.store.writer import Outcome, Submission, Writer, WriterBusy
from survey.web import citizen_pages
from survey.web.limits import FailureBrake

NOON = datetime(2026, 11, 24, 5, tzinfo=UTC)
AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js")
RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],
}
COLOURS = {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}}
SEALED = 4


@dataclass
class Faults:
    """What goes wrong as long as it is set."""

    busy: bool = False
    broken: bool = False
    guesses: bool = False


@dataclass
class SometimesBusy:
    """A writer that refuses while the fault is set."""

    writer: Writer
    faults: Faults

    def submit(self, submission: Submission) -> Outcome:
        if self.faults.busy:
            raise WriterBusy("as the test wants it")
        return self.writer.submit(submission)


@dataclass
class Door:
    """A served installation."""

    url: str
    home: Path
    works: dict[str, Fieldwork]
    app: Flask
    receipts: list[str] = field(default_factory=list)
    now: datetime = NOON
    faults: Faults = field(default_factory=Faults)

    def token(self, wave: str) -> str:
        """One that nobody used."""
        return next(iter(self.works[wave].tokens.values())).pop()

    @contextmanager
    def at(self, moment: datetime) -> Iterator[None]:
        """Another time on the server's clock."""
        self.now = moment
        try:
            yield
        finally:
            self.now = NOON


@contextmanager
def open_door(migrated_file: Path, home: Path, secret: bytes, keys: Keys, signer: Signer) -> Iterator[Door]:
    """Serve until the end of the block: waves `short`, `steps` and `quick`, one that is over, one that is to come."""
    shutil.copy(migrated_file, home / "hailong.sqlite")
    settings = Settings(home, f"sqlite:///{home / 'hailong.sqlite'}", secret, base_url="http://localhost")
    database = Database(settings.database_url, settings.lock_file)
    waves: dict[str, tuple[str, date, date]] = {
        "short": ("procedures@1", OPENS, AFTER),
        "steps": ("household@1", OPENS, AFTER),
        "quick": ("quick@1", OPENS, AFTER),
        "over": ("procedures@1", OPENS, OPENS),
        "early": ("procedures@1", AFTER, AFTER),
    }
    works = {
        name: begin_fieldwork(
            database,
            keys,
            signer,
            {(f"A{name}", "land"): 300},
            code=name,
            invited=150,
            questionnaire=questionnaire,
            opens_on=opens_on,
            closes_on=closes_on,
        )
        for name, (questionnaire, opens_on, closes_on) in waves.items()
    }
    open_voice(database, "short")
    app = create_app(settings, (CITIZENS,), now=lambda: door.now)
    door = Door("", home, works, app)
    door.receipts = [works["short"].answer(door.token("short")) for _ in range(SEALED)]
    works["short"].seal_and_tally()
    door.receipts.append(works["short"].answer(door.token("short")))
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    known = app.extensions["hailong"]
    object.__setattr__(known, "writer", SometimesBusy(known.writer, door.faults))
    server = make_server("127.0.0.1", 0, app, threaded=True)
    door.url = f"http://127.0.0.1:{server.port}"
    with _planted_faults(door):
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield door
        server.shutdown()
    database.close()


@contextmanager
def _planted_faults(door: Door) -> Iterator[None]:
    brake, find = citizen_pages.brake, answering.find_receipt

    class Brake(FailureBrake):
        def count_failure(self) -> bool:
            return not door.faults.guesses

    def find_or_break(database: Database, typed: str) -> answering.ReceiptState:
        if door.faults.broken:
            raise RuntimeError("as the test wants it")
        return find(database, typed)

    citizen_pages.brake, answering.find_receipt = Brake(1, 1), find_or_break
    yield
    citizen_pages.brake, answering.find_receipt = brake, find


def faults_of(page: Page, rules: dict[str, object] = RULES) -> list[tuple[str, list[str]]]:
    """What axe-core, which the context loads with every page, finds wrong."""
    found = page.evaluate("rules => axe.run(document, rules).then(result => result.violations)", rules)
    return [(fault["id"], [node["html"][:120] for node in fault["nodes"][:3]]) for fault in found]


def overflow(page: Page) -> int:
    """How many px the page is wider than the window."""
    wider: int = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return wider


def choose(page: Page, **answers: str) -> None:
    """Touch the choices of some items."""
    for item, choice in answers.items():
        page.locator(f'label:has(input[name="{item}"][value="{choice}"])').click()


def press(page: Page, go: str = "") -> None:
    """Touch the form's main button, or the one that goes elsewhere."""
    page.locator(f'button[name="go"][value="{go}"]' if go else "form#response button:not([name])").click()
    page.wait_for_load_state()
