"""Answers that come in an order which the test knows, and are sealed stratum by stratum."""

from __future__ import annotations

import random
import re
from dataclasses import replace
from datetime import UTC, date, datetime, time

from fieldwork import Fieldwork, begin_fieldwork
from linkage import Truth, Window

from survey.actions.answering import answer
from survey.actions.sealing import seal
from survey.app import CITIZENS, create_app
from survey.keys import Keys
from survey.proof import Signer
from survey.settings import Settings
from survey.store.database import Database
from survey.store.writer import Outcome, Submission, Writer
from survey.web.services import EXTENSION, Services

FIRST_HALF, SECOND_HALF = date(2026, 11, 10), date(2026, 11, 20)
TOGETHER = 10


class Listening:
    """A writer that remembers which answer came with which token, as nobody else can."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self.heard: list[tuple[bytes, bytes]] = []

    def submit(self, submission: Submission) -> Outcome:
        self.heard.append((submission.token_hash, submission.response.nonce1))
        return self._writer.submit(submission)


class Pages:
    """The citizens' door of an installation, as browsers of many kinds use it."""

    def __init__(self, settings: Settings, listening: Listening) -> None:
        self._now = datetime.combine(FIRST_HALF, time(3), UTC)
        self._app = create_app(settings, (CITIZENS,), now=lambda: self._now)
        self._services: Services = self._app.extensions[EXTENSION]
        object.__setattr__(self._services, "writer", listening)  # for Flask's views and for the lane before them
        self._listening = listening

    def answer(self, token: str, chance: random.Random, today: date) -> None:
        self._now = datetime.combine(today, time(chance.randrange(24), chance.randrange(60)), UTC)
        browser = self._app.test_client()
        headers = {"User-Agent": f"Browser/{chance.randrange(9)}", "Accept-Language": chance.choice(["vi", "km"])}
        page = browser.get(f"/t/{token}", headers=headers, follow_redirects=True).text
        fields = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page))
        heard = len(self._listening.heard)
        browser.post("/answer", data={**fields, "G1": chance.choice("12345")}, headers=headers)
        assert len(self._listening.heard) == heard + 1

    def close(self) -> None:
        """As a server that stops: what it counted of browsers is written."""
        self._services.arrivals.write()
        self._services.database.close()


def answer_in_known_order(
    database: Database,
    keys: Keys,
    signer: Signer,
    *,
    strata: int,
    seals: int,
    seed: int,
    sealed: bool = True,
    door: Settings | None = None,
) -> Truth:
    """So many strata, in each ten answers before every seal, in a random order over all strata; who answered what.

    Unless `sealed`, the last ten of each still wait for more. With a `door`, they come through its pages.
    """
    places = {(f"A{number}", "land"): 10_000 for number in range(strata)}
    work = begin_fieldwork(database, keys, signer, places, invited=2 * TOGETHER * seals, seal_minimum=TOGETHER)
    listening = Listening(work.writer)
    work = replace(work, writer=listening)
    pages = None if door is None else Pages(door, listening)
    chance = random.Random(seed)
    windows: dict[bytes, Window] = {}
    for number in range(seals):
        came = [stratum for stratum in work.tokens for _ in range(TOGETHER)]
        chance.shuffle(came)
        for place, stratum in enumerate(came):
            token = work.tokens[stratum].pop(chance.randrange(len(work.tokens[stratum])))
            windows[keys.token_hash(token)] = (stratum, number)
            today = FIRST_HALF if place < len(came) / 2 else SECOND_HALF
            if pages:
                pages.answer(token, chance, today)
            else:
                _answer(work, token, chance, today)
        if sealed or number < seals - 1:
            assert seal(database, signer, SECOND_HALF) == len(came)
    if pages:
        pages.close()
    return Truth(dict(listening.heard), windows)


def _answer(work: Fieldwork, token: str, chance: random.Random, today: date) -> None:
    level = chance.choice("12345")
    key = f"{chance.getrandbits(128):032x}"
    language = chance.choice(["vi", "km"])
    answer(
        work.database,
        work.writer,
        work.keys,
        token=token,
        key=key,
        language=language,
        answers={"G1": level},
        today=today,
    )
