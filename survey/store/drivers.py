"""What moves with overall satisfaction in the sectors of a release, kept when it was computed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import Connection, func, select

from survey.store.sql import insert_many
from survey.store.tables import driver, release


@dataclass(frozen=True, slots=True)
class KeptDrivers:
    """One sector's in one release; `n` is 0 and `told` empty where too few answered, or too few since."""

    release_code: str
    sector_code: str
    n: int
    told: str


def list_computed(connection: Connection) -> set[str]:
    """Releases whose drivers are kept."""
    return set(connection.scalars(select(driver.c.release_code).distinct()))


def count_told(connection: Connection, wave_code: str) -> dict[str, int]:
    """By sector, how many people stood behind what was told last of this wave."""
    query = select(driver.c.sector_code, func.max(driver.c.n)).join(release).where(release.c.wave_code == wave_code)
    return {sector: n for sector, n in connection.execute(query.group_by(driver.c.sector_code))}


def add_drivers(connection: Connection, found: Sequence[KeptDrivers]) -> None:
    insert_many(connection, driver, [asdict(each) for each in found])


def find_drivers(connection: Connection, release_code: str, sector_code: str) -> KeptDrivers | None:
    mine = (driver.c.release_code == release_code) & (driver.c.sector_code == sector_code)
    row = connection.execute(select(driver).where(mine)).mappings().one_or_none()
    return KeptDrivers(**row) if row else None
