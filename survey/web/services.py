"""What every request may use: the open database, the keys, the writer, the clock. Made once a process."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from flask import Flask, current_app

from survey.actions.signalling import Arrivals
from survey.keys import Keys
from survey.settings import Settings
from survey.store.database import Database
from survey.store.writer import Writer

EXTENSION = "hailong"
METRICS = "hailong-metrics"  # set where metrics are kept
LOCAL_TIME = ZoneInfo("Asia/Ho_Chi_Minh")


def clock() -> datetime:
    """The present moment in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Services:
    settings: Settings
    database: Database
    keys: Keys
    writer: Writer
    arrivals: Arrivals
    now: Callable[[], datetime] = clock

    def today(self) -> date:
        """The date where the province is."""
        return self.now().astimezone(LOCAL_TIME).date()


def install_services(app: Flask, services: Services) -> None:
    app.extensions[EXTENSION] = services


def services() -> Services:
    """The services of the app that answers this request."""
    found: Services = current_app.extensions[EXTENSION]
    return found
