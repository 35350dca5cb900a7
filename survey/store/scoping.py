"""The second wall: PostgreSQL is told in each transaction of a request what its reader may see, and shows no other row.

The first wall is each query's own scope. What a query forgets is then missing instead of shown; `migrations/0022` has
the policies. SQLite has no such thing. A reader's query may also not run for ever.
"""

from __future__ import annotations

from contextvars import ContextVar

from sqlalchemy import Connection, text

from survey.store.places import Scope

LONGEST_QUERY = "30s"
TELL_PLACES = text("""
    WITH RECURSIVE below AS (
        SELECT code FROM area WHERE code = :area
        UNION ALL SELECT each.code FROM area each JOIN below ON each.parent_code = below.code)
    SELECT set_config('hailong.areas', ARRAY(SELECT code FROM below)::text, true),
        set_config('hailong.agencies', ARRAY(
            SELECT code FROM agency WHERE area_code IN (SELECT code FROM below))::text, true)""")
TELL_SECTORS = text("""
    WITH RECURSIVE below AS (
        SELECT code FROM sector WHERE code = :sector
        UNION ALL SELECT each.code FROM sector each JOIN below ON each.parent_code = below.code)
    SELECT set_config('hailong.sectors', ARRAY(SELECT code FROM below)::text, true)""")
LIMIT_TIME = text("SELECT set_config('statement_timeout', :longest, true)")

_reader: ContextVar[Scope | None] = ContextVar("reader", default=None)


def read_as(scope: Scope | None) -> None:
    """Let every transaction of this thread be that of a reader with this scope; None for nobody in particular."""
    _reader.set(scope)


def tell_reader(connection: Connection, *, reads: bool) -> None:
    """Begin a transaction of PostgreSQL for the reader of this thread.

    Only what reads is limited in time: a commit that waits for the standby must not be cut short and taken for done.
    """
    scope = _reader.get()
    if scope is None:
        return
    if reads:
        connection.execute(LIMIT_TIME, {"longest": LONGEST_QUERY})
    if scope.area is not None:
        connection.execute(TELL_PLACES, {"area": scope.area})
    if scope.sector is not None:
        connection.execute(TELL_SECTORS, {"sector": scope.sector})
