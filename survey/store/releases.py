"""Releases: frozen figures, which pages for officials and the public read, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import date
from functools import cache, cached_property
from hashlib import sha256
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, Select, func, insert, select, tuple_, update

from survey.store.sql import from_json, insert_many
from survey.store.tables import release, release_figure


@dataclass(frozen=True)
class Release:
    """A release's own row: what it was computed from (`header` and `inputs`, JSON), and who answers for it."""

    code: str
    wave_code: str
    number: int
    header: str
    digest: bytes
    drafted_by: str
    drafted_on: date
    published_by: str | None
    published_on: date | None
    inputs: str | None = None

    @cached_property
    def told(self) -> Mapping[str, Any]:
        """The header, parsed once."""
        return from_json(self.header)


@dataclass(frozen=True)
class StoredFigure:
    """One figure of a release: its place in the lattice and its numbers as canonical JSON."""

    level: str
    sector_code: str
    place: str
    suppressed: bool
    figure: str

    @cached_property
    def numbers(self) -> dict[str, Any]:
        """Parsed once, and shared by whoever reads this figure: nobody changes them."""
        return from_json(self.figure)


def release_digest(header: str, figures: Sequence[StoredFigure]) -> bytes:
    """SHA-256 of the release's bytes."""
    return sha256(release_lines(header, figures)).digest()


def release_lines(header: str, figures: Sequence[StoredFigure]) -> bytes:
    """A release's bytes: the header and every figure, a line each, in the order of their own text."""
    lines = sorted(json.dumps(asdict(figure), sort_keys=True, ensure_ascii=False) for figure in figures)
    return "\n".join([header, *lines]).encode()


def add_release(connection: Connection, new: Release, figures: Sequence[StoredFigure]) -> None:
    """Keep a draft with all its figures; published ones take no more."""
    draft = {name: getattr(new, name) for name in _names(Release)} | {"published_by": None, "published_on": None}
    connection.execute(insert(release).values(draft))
    rows = [
        {"release_code": new.code} | {name: getattr(figure, name) for name in _names(StoredFigure)}
        for figure in figures
    ]
    insert_many(connection, release_figure, rows)


def publish_release(connection: Connection, code: str, *, by: str, on: date) -> None:
    unpublished = (release.c.code == code) & release.c.published_on.is_(None)
    connection.execute(update(release).where(unpublished).values(published_by=by, published_on=on))


def find_release(connection: Connection, code: str) -> Release | None:
    row = connection.execute(select(release).where(release.c.code == code)).mappings().one_or_none()
    return Release(**row) if row else None


def find_newest_release(connection: Connection, wave_code: str, *, published: bool) -> Release | None:
    """The newest published release of a wave, or the newest of any kind."""
    query = select(release).where(release.c.wave_code == wave_code)
    if published:
        query = query.where(release.c.published_on.is_not(None))
    row = connection.execute(query.order_by(release.c.number.desc()).limit(1)).mappings().one_or_none()
    return Release(**row) if row else None


def list_newest(connection: Connection) -> list[Release]:
    """The newest published release of every wave, by wave, without what it rests on (`inputs`)."""
    columns = [each for each in release.c if each is not release.c.inputs]
    query = select(*columns).where(_is_newest()).order_by(release.c.wave_code)
    return [Release(**row) for row in connection.execute(query).mappings()]


def list_newest_marks(connection: Connection) -> list[tuple[str, str, bytes, date]]:
    """Wave, code, digest and day of the same releases: whether what was read before still stands."""
    columns = (release.c.wave_code, release.c.code, release.c.digest, release.c.published_on)
    query = select(*columns).where(_is_newest()).order_by(release.c.wave_code)
    return [(wave, code, digest, day) for wave, code, digest, day in connection.execute(query)]


def list_releases(connection: Connection) -> list[Release]:
    """All releases, newest first within their wave."""
    query: Select[Any] = select(release).order_by(release.c.wave_code, release.c.number.desc())
    return [Release(**row) for row in connection.execute(query).mappings()]


def list_figures(
    connection: Connection, release_code: str, *, level: str | None = None, sector_code: str | None = None
) -> list[StoredFigure]:
    """Figures of a release in the order of their keys; of one level or one sector when named."""
    query = select(release_figure).where(release_figure.c.release_code == release_code)
    if level is not None:
        query = query.where(release_figure.c.level == level)
    if sector_code is not None:
        query = query.where(release_figure.c.sector_code == sector_code)
    ordered = query.order_by(release_figure.c.level, release_figure.c.sector_code, release_figure.c.place)
    return [_figure(row) for row in connection.execute(ordered).mappings()]


def list_place(connection: Connection, release_code: str, level: str, place: str) -> list[StoredFigure]:
    """The figures of one place in every sector."""
    here = (release_figure.c.release_code == release_code) & (release_figure.c.level == level)
    query = select(release_figure).where(here, release_figure.c.place == place)
    return [_figure(row) for row in connection.execute(query.order_by(release_figure.c.sector_code)).mappings()]


def list_published_digests(connection: Connection) -> list[tuple[str, bytes]]:
    """Code and digest of every published release, by code."""
    query = select(release.c.code, release.c.digest).where(release.c.published_on.is_not(None))
    return [(row.code, row.digest) for row in connection.execute(query.order_by(release.c.code))]


def next_release_number(connection: Connection, wave_code: str) -> int:
    return (connection.scalar(select(func.max(release.c.number)).where(release.c.wave_code == wave_code)) or 0) + 1


def _is_newest() -> ColumnElement[bool]:
    public = release.c.published_on.is_not(None)
    newest = select(release.c.wave_code, func.max(release.c.number)).where(public).group_by(release.c.wave_code)
    return tuple_(release.c.wave_code, release.c.number).in_(newest)


@cache
def _names(row: type) -> tuple[str, ...]:
    return tuple(each.name for each in fields(row))


def _figure(row: RowMapping) -> StoredFigure:
    return StoredFigure(**{name: row[name] for name in _names(StoredFigure)})
