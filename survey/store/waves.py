"""Waves, their locked rules, their questionnaires and series."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, insert, select, update

from survey.store.sql import insert_or_skip, read_names, to_json
from survey.store.tables import questionnaire, series, wave


@dataclass(frozen=True, slots=True)
class Wave:
    """One round of asking. `rule` is the canonical JSON that is locked with the first invitation."""

    code: str
    series_code: str | None
    name: Mapping[str, str]
    questionnaire_code: str | None
    questionnaire_version: int | None
    population: str
    collected: str
    purpose: str
    opens_on: date
    closes_on: date
    closed: bool
    seal_minimum: int
    rule: str
    rule_digest: bytes
    source: str | None = None
    grace_days: int = 7
    voice_of: str | None = None
    channels: str | None = None
    sectors: str | None = None
    areas: str | None = None

    @property
    def questionnaire(self) -> str:
        """Code and version in one word, as leaves and pages name it."""
        return f"{self.questionnaire_code}@{self.questionnaire_version}"

    @property
    def is_judged(self) -> bool:
        """Whether its figures enter a scoreboard: a probability sample or a census, official or for demonstration."""
        return self.collected != "self-selected" and self.purpose in ("official", "demo")

    @property
    def is_official(self) -> bool:
        """Whether its figures may be quoted: a probability sample or a census of an official wave."""
        return self.is_judged and self.purpose == "official"

    def uses(self, channel: str) -> bool:
        """Whether this wave invites and asks by a channel; none named means every one."""
        return self.channels is None or channel in self.channels.split(",")

    def takes_answers(self, on: date) -> bool:
        return not self.closed and self.opens_on <= on <= self.closes_on

    def is_over(self, on: date) -> bool:
        return self.closed or on > self.closes_on

    def takes_what_devices_hold(self, on: date) -> bool:
        """Whether answers that were given in time and still wait on a device are taken."""
        return self.opens_on <= on <= self.closes_on + timedelta(days=self.grace_days)


def add_wave(connection: Connection, new: Wave) -> None:
    row = {name: getattr(new, name) for name in Wave.__slots__} | {"name": to_json(new.name)}
    connection.execute(insert(wave).values(**row))


def change_wave(connection: Connection, new: Wave) -> None:
    """Let a wave be another under its code; a trigger refuses another rule once somebody was invited."""
    row = {name: getattr(new, name) for name in Wave.__slots__ if name != "code"} | {"name": to_json(new.name)}
    connection.execute(update(wave).where(wave.c.code == new.code).values(**row))


def find_wave(connection: Connection, code: str) -> Wave | None:
    return _one(connection, select(wave).where(wave.c.code == code))


def find_voice_wave(connection: Connection, of: str) -> Wave | None:
    """The wave of open voice beside a wave."""
    return _one(connection, select(wave).where(wave.c.voice_of == of))


def list_waves(connection: Connection, *, open_on: date | None = None) -> list[Wave]:
    """Waves by code; with a date, those that take answers on it."""
    rows = connection.execute(select(wave).order_by(wave.c.code)).mappings()
    waves = [_wave(row) for row in rows]
    return waves if open_on is None else [each for each in waves if each.takes_answers(open_on)]


def close_wave(connection: Connection, code: str) -> None:
    connection.execute(update(wave).where(wave.c.code == code).values(closed=True))


def add_series(connection: Connection, code: str, name: Mapping[str, str]) -> None:
    connection.execute(insert_or_skip(connection, series).values(code=code, name=to_json(name)))


def add_questionnaire(
    connection: Connection, code: str, version: int, body: str, digest: bytes, published_on: date
) -> None:
    """Publish a version once; the same version again is left as it is."""
    values = {"code": code, "version": version, "body": body, "digest": digest, "published_on": published_on}
    connection.execute(insert_or_skip(connection, questionnaire).values(**values))


def _one(connection: Connection, query: Select[Any]) -> Wave | None:
    row = connection.execute(query).mappings().one_or_none()
    return _wave(row) if row else None


def _wave(row: RowMapping) -> Wave:
    return Wave(**{**dict(row), "name": read_names(row["name"])})
