"""Forgetting: what remembers in which order answers came, or which came with which token, is rewritten and emptied."""

from __future__ import annotations

from survey.store import traces
from survey.store.database import Database

HOURLY, NIGHTLY = ("inbox",), ("inbox", "spent")


def forget_order(database: Database, *, thoroughly: bool = False) -> list[str]:
    """Rewrite what waits, drop the bytes of dead rows, empty the database's log; a sentence for each thing undone.

    `thoroughly` also rewrites the table of spent tokens, which takes its lock for a second in every few hundred
    thousand rows. Whoever copied the files before this has the order still: see docs/privacy.md.
    """
    with database.writing("forget") as connection:
        traces.shuffle_waiting(connection)
    traces.rewrite_tables(database, NIGHTLY if thoroughly else HOURLY)
    return traces.empty_log(database)
