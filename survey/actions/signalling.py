"""Signals for the fraud screen: one coarse bit in the response, and counts that lie apart from it.

The response says `fast` or not, nothing else. Counts of half-days and devices are gathered in this process's memory and
written some minutes later, so that no row comes with an answer; a kill loses some minutes of counts and no answer. What
a device is told by (browser, languages, network) is hashed with a key that is random, in memory only, and replaced
every day; two bytes of the hash are kept, too few to find a device again.
"""

from __future__ import annotations

import atexit
import hmac
import logging
import secrets
import threading
import time
import weakref
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256

from survey.mandate.periods import half_month
from survey.store import frames
from survey.store.arrivals import Arrival, Device, add_arrivals, add_views
from survey.store.database import Database

logger = logging.getLogger(__name__)

SECONDS_AN_ITEM = 1
OVERDUE_AFTER = timedelta(days=21)
OFFICE_OPENS, NOON, OFFICE_CLOSES = 7, 12, 17
SECONDS_BETWEEN_WRITES = 600.0
MOST_KEPT = 2000
RANDOM, STAMP, TAG = 24, 8, 8  # hexadecimal digits of a form's key
MARK_BYTES = 2
FAST = "fast"

_Key = tuple[str, str, str, date, str, bool]


def new_form_key(secret: bytes, at: datetime) -> str:
    """A form's own key: 96 random bits and when the form was opened, under a tag that only this installation can make.

    It goes to the citizen's page and comes back; nothing keeps it.
    """
    text = secrets.token_hex(RANDOM // 2) + f"{int(at.timestamp()):08x}"
    return text + _tag(secret, text)


def seconds_open(secret: bytes, key: str, at: datetime) -> int | None:
    """How long ago the form with this key was opened; None when its key does not tell."""
    text = key[: RANDOM + STAMP]
    if len(key) != RANDOM + STAMP + TAG or not hmac.compare_digest(key[-TAG:], _tag(secret, text)):
        return None
    return int(at.timestamp()) - int(text[RANDOM:], 16)


def part_of_day(at: datetime) -> str:
    """morning, afternoon, or late: outside office hours, by the local clock."""
    if not OFFICE_OPENS <= at.hour < OFFICE_CLOSES:
        return "late"
    return "morning" if at.hour < NOON else "afternoon"


class Arrivals:
    """Counts of this process that wait to be written."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._answers: Counter[_Key] = Counter()
        self._devices: Counter[tuple[str, str, str, str, bytes]] = Counter()
        self._views: Counter[tuple[str, str, date]] = Counter()
        self._day = date.min
        self._day_key = b""
        self._written = time.monotonic()
        atexit.register(_write_last, weakref.ref(self))

    def count(
        self, wave_code: str, stratum_code: str, channel: str, *, at: datetime, overdue: bool, traits: bytes
    ) -> None:
        """Count an answer that came at a local moment, of which the half-day is kept; `traits` are hashed at once."""
        day = at.date()
        with self._lock:
            if day != self._day:
                self._day, self._day_key = day, secrets.token_bytes(32)
            mark = hmac.digest(self._day_key, traits, sha256)[:MARK_BYTES]
            self._answers[wave_code, stratum_code, channel, day, part_of_day(at), overdue] += 1
            self._devices[wave_code, stratum_code, channel, half_month(day), mark] += 1
            is_due = self._is_due()
        if is_due:
            self._write_beside()

    def count_view(self, wave_code: str, stratum_code: str, day: date) -> None:
        """Count that a form was opened; by whom is not known here."""
        with self._lock:
            self._views[wave_code, stratum_code, day] += 1
            is_due = self._is_due()
        if is_due:
            self._write_beside()

    def write(self) -> None:
        """Write what has gathered; kept for the next time when the database cannot be written."""
        with self._lock:
            answers, devices, views = self._answers, self._devices, self._views
            self._answers, self._devices, self._views = Counter(), Counter(), Counter()
        if not answers and not views:
            return
        try:
            self._add(answers, devices, views)
        except Exception as failure:
            logger.info("arrivals are written later: %s", type(failure).__name__)
            with self._lock:
                self._answers.update(answers)
                self._devices.update(devices)
                self._views.update(views)

    def _is_due(self) -> bool:
        """Whether it is time to write, which whoever asks must then do."""
        is_due = time.monotonic() - self._written > SECONDS_BETWEEN_WRITES or len(self._devices) >= MOST_KEPT
        if is_due:
            self._written = time.monotonic()
        return is_due

    def _write_beside(self) -> None:
        threading.Thread(target=self.write, name="arrivals", daemon=True).start()

    def _add(
        self,
        answers: Counter[_Key],
        devices: Counter[tuple[str, str, str, str, bytes]],
        views: Counter[tuple[str, str, date]],
    ) -> None:
        with self._database.writing("arrivals") as connection:
            agencies = {
                (wave_code, code): agency
                for wave_code in {key[0] for key in answers}
                for code, agency in frames.list_stratum_agencies(connection, wave_code).items()
            }
            arrivals: Counter[Arrival] = Counter()
            for (wave_code, stratum, channel, day, part, overdue), n in answers.items():
                key = Arrival(wave_code, agencies[wave_code, stratum], channel, half_month(day), day, part, overdue)
                arrivals[key] += n
            seen: Counter[Device] = Counter()
            for (wave_code, stratum, channel, period, mark), n in devices.items():
                seen[Device(wave_code, agencies[wave_code, stratum], channel, period, mark)] += n
            add_arrivals(connection, arrivals, seen)
            add_views(connection, views)


@dataclass(frozen=True, slots=True)
class Sighting:
    """What the door knows of a post: how long its form was open, when it came (local), coarse traits of its device."""

    seconds: int | None
    at: datetime
    traits: bytes
    arrivals: Arrivals

    def signals(self, items_answered: int) -> Sequence[str] | None:
        """The declared bits of a response; None when nothing is known of its speed."""
        if self.seconds is None:
            return None
        return [FAST] if self.seconds < SECONDS_AN_ITEM * items_answered else []

    def count(self, wave_code: str, stratum_code: str, channel: str, drawn_on: date | None) -> None:
        """Count the answer once it is stored."""
        overdue = drawn_on is not None and self.at.date() - drawn_on > OVERDUE_AFTER
        self.arrivals.count(wave_code, stratum_code, channel, at=self.at, overdue=overdue, traits=self.traits)


def _write_last(arrivals: weakref.ref[Arrivals]) -> None:
    """At the process's end, if its app still lives."""
    last = arrivals()
    if last is not None:
        last.write()


def _tag(secret: bytes, text: str) -> str:
    return hmac.digest(secret, b"opened " + text.encode(), sha256).hex()[:TAG]
