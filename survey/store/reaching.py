"""How much of a wave lies within a scope: all of it, a part, nothing. A stratum lies where its agency does."""

from __future__ import annotations

from sqlalchemy import Connection, select

from survey.store.places import Scope, list_area_codes, list_sectors_below
from survey.store.tables import agency, release, stratum

WHOLE, PART, NOTHING = "whole", "part", "nothing"


def measure_wave(connection: Connection, wave_code: str, scope: Scope) -> str:
    """`whole`, `part` or `nothing`; a wave that has no frame yet, or does not exist, lies in no scope."""
    areas = None if scope.area is None else set(list_area_codes(connection, scope.area))
    sectors = None if scope.sector is None else set(list_sectors_below(connection, scope.sector))
    query = (
        select(agency.c.area_code, stratum.c.sector_code)
        .join_from(stratum, agency, stratum.c.agency_code == agency.c.code)
        .where(stratum.c.wave_code == wave_code)
        .distinct()
    )
    inside = [
        (areas is None or area in areas) and (sectors is None or sector in sectors)
        for area, sector in connection.execute(query)
    ]
    if not any(inside):
        return NOTHING
    return WHOLE if all(inside) else PART


def find_wave_of_release(connection: Connection, code: str) -> str | None:
    return connection.scalar(select(release.c.wave_code).where(release.c.code == code))
