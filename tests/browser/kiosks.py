"""A kiosk as it stands in an office: an installation, slips with codes, a browser whose profile outlives its death."""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from fieldwork import begin_fieldwork
from playwright.sync_api import Browser, BrowserContext, Page
from serving import Home
from sqlalchemy import text

from survey.actions.kiosks import pair_device
from survey.actions.open_voice import open_voice
from survey.keys import new_code
from survey.store import invitations

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM_SWITCHES = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--font-render-hinting=none"]
WAVE, AGENCY, STRATUM = "W", "A", "A.land"
QUESTIONNAIRE = "procedures@1"
SECONDS = 180.0


@dataclass
class Office:
    """An installation with a demo wave (which seals at once) and slips that nobody has used."""

    home: Home
    codes: list[str] = field(default_factory=list)

    def pairing_code(self, name: str = "QUAY-1") -> str:
        with self.home.database() as database:
            keys = self.home.keys
            return pair_device(database, keys, name, agency=AGENCY, wave=WAVE, now=datetime.now(UTC), actor="test")

    def count(self, query: str) -> int:
        with self.home.database() as database, database.reading() as connection:
            return int(connection.scalar(text(query)) or 0)

    def responses(self) -> int:
        """Answers in the inbox and in the ledger."""
        waiting = "SELECT (SELECT count(*) FROM inbox) + (SELECT count(*) FROM ledger WHERE kind = 'response')"
        return self.count(waiting)


def set_up_office(bare_home: Home, folder: Path, slips: int) -> Office:
    home = Home(Path(shutil.copytree(bare_home.path, folder)))
    today = datetime.now(UTC).date()
    with home.database() as database:
        begin_fieldwork(
            database,
            home.keys,
            home.signer,
            {(AGENCY, "land"): 10 * slips},
            code=WAVE,
            purpose="demo",
            questionnaire=QUESTIONNAIRE,
            opens_on=today - timedelta(days=20),
            closes_on=today + timedelta(days=20),
        )
        open_voice(database, WAVE)
        office = Office(home, [new_code() for _ in range(slips)])
        with database.writing("slips") as connection:
            invitations.add_invitations(connection, [_row(home, office, place, today) for place in range(slips)])
    return office


def _row(home: Home, office: Office, place: int, today: date) -> dict[str, object]:
    code = office.codes[place]
    return {
        "token_hash": home.keys.token_hash(f"TOKEN{place:021d}"),
        "code_hash": home.keys.token_hash(code),
        "wave_code": WAVE,
        "stratum_code": STRATUM,
        "position": place + 1,
        "probability": 0.1,
        "frame_version": 1,
        "drawn_on": today,
        "channel": "slip",
    }


@contextmanager
def kiosk_browser(browser: Browser, profile: Path) -> Iterator[BrowserContext]:
    """Chromium with a profile of its own, as on a device; it may be killed before the end."""
    program = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, CHROMIUM_NAMES)))
    context = browser.browser_type.launch_persistent_context(
        profile, executable_path=program, args=CHROMIUM_SWITCHES, viewport={"width": 800, "height": 1100}
    )
    context.set_default_timeout(1000 * SECONDS)
    try:
        yield context
    finally:
        with suppress(Exception):
            context.close()


def kill_browser(profile: Path) -> int:
    """SIGKILL for every process of the browser that has this profile open; how many there were."""
    killed = 0
    for command in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            if f"--user-data-dir={profile}".encode() in command.read_bytes():
                os.kill(int(command.parent.name), signal.SIGKILL)
                killed += 1
    return killed


def open_kiosk(context: BrowserContext, url: str, language: str = "vi") -> Page:
    page = context.pages[0] if context.pages else context.new_page()
    page.goto(f"{url}/kiosk/?language={language}")
    page.wait_for_selector("[data-version] #screen [data-do], #screen form")
    return page


def pair_by_hand(page: Page, code: str) -> None:
    page.fill("#pairing", f"{code[:4]} {code[4:8].lower()}-{code[8:]}")
    page.press("#pairing", "Enter")
    page.wait_for_selector(".starts")
    page.wait_for_function("navigator.serviceWorker.ready.then(() => true)")
    wait_until(lambda: page.evaluate("caches.keys().then((names) => names.length)") > 0)


def answer_by_hand(page: Page, code: str, language: str = "vi", level: str = "4") -> None:
    """Touch the language, type the code on the screen's keys, choose a level, send."""
    page.click(f'[data-do="begin"][data-language="{language}"]')
    for letter in code:
        page.click(f'[data-letter="{letter}"]')
    page.click('form[data-form="code"] > button')
    page.wait_for_selector("section.step")
    while True:
        overall = page.locator(f'section.step:not([hidden]) label:has(input[name="G1"][value="{level}"])')
        if overall.count():
            overall.click()
        last = page.locator("section.step:not([hidden]) button:not([type])")
        if last.count():
            last.click()
            break
        page.click("section.step:not([hidden]) [data-do='next']")
    page.wait_for_selector('[data-part="saved"]', state="attached")


def keep_directly(page: Page, codes: list[str]) -> None:
    """The page's own queue, without the touches."""
    page.evaluate(
        """async (codes) => {
          const { keep } = await import("/static/kiosk/queue.js");
          for (const code of codes) await keep({ code, language: "vi", answers: { G1: "5" } });
        }""",
        codes,
    )


def count_kept(page: Page) -> dict[str, int]:
    """Answers on the device by state."""
    counted: dict[str, int] = page.evaluate("import('/static/kiosk/store.js').then((store) => store.count())")
    return counted


def send_now(page: Page) -> None:
    """A round of contact, which the page makes each minute; what fails is tried again by the next."""
    page.evaluate("import('/static/kiosk/contact.js').then((it) => it.contact()).catch(() => {})")


def wait_until(holds: Callable[[], bool], seconds: float = SECONDS) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)
