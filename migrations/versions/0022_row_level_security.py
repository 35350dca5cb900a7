"""PostgreSQL itself holds a request of a scoped account to its area and sector, whatever the program forgot to ask.

The program names what lies inside a scope in three settings of the transaction; where none is set, every row is seen.
"""

from alembic import op

revision = "0022"
down_revision = "0021"

INSIDE = {
    "stratum": {"agencies": "agency_code", "sectors": "sector_code"},
    "device": {"agencies": "agency_code"},
    "incoming_transaction": {"agencies": "agency_code", "sectors": "sector_code"},
    "independent_total": {"agencies": "agency_code"},
    "comment": {"agencies": "agency_code"},
    "comment_batch": {"agencies": "agency_code"},
    "published_figure": {"agencies": "agency_code"},
    "callback_draw": {"agencies": "agency_code"},
    "staff": {"areas": "scope_area", "sectors": "scope_sector"},
    "release_figure": {"agencies": "CASE level WHEN 'agency' THEN place END", "sectors": "NULLIF(sector_code, '')"},
    "adequacy_cell": {"agencies": "CASE level WHEN 'agency' THEN place END", "sectors": "NULLIF(sector_code, '')"},
}
OPEN_WHERE_NULL = ("stratum", "release_figure", "adequacy_cell")  # a sector's figure lies in no one agency
BY_STRATUM = ("paper_batch", "psu", "frame_unit")


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        return
    for table, columns in INSIDE.items():
        _guard(table, " AND ".join(_inside(table, what, column) for what, column in columns.items()))
    for table in BY_STRATUM:
        of_stratum = (
            f"SELECT 1 FROM stratum s WHERE s.wave_code = {table}.wave_code AND s.code = {table}.stratum_code"
        )
        _guard(table, f"({_unset('agencies')} AND {_unset('sectors')}) OR EXISTS ({of_stratum})")


def _inside(table: str, what: str, column: str) -> str:
    nothing = f"{column} IS NULL OR " if table in OPEN_WHERE_NULL else ""
    inside = f"NULLIF(current_setting('hailong.{what}', true), '')::text[]"
    return f"({_unset(what)} OR {nothing}{column} = ANY ({inside}))"


def _unset(what: str) -> str:
    """A setting is NULL in a session that never had it, and empty after the transaction that did."""
    return f"coalesce(current_setting('hailong.{what}', true), '') = ''"


def _guard(table: str, condition: str) -> None:
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY scope ON {table} USING ({condition})")
