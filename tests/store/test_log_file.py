"""SQLite's write-ahead log: a burst does not leave a file that looks full, and is checkpointed, for ever after."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import text

from survey.store.database import COMMITS_BETWEEN_LOOKS, WAL_PAGES_BEFORE_CHECKPOINT, Database

LIMIT = WAL_PAGES_BEFORE_CHECKPOINT * 4096


def test_the_log_is_small_again_after_a_burst(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'burst.sqlite'}", tmp_path / "write.lock")
    log = tmp_path / "burst.sqlite-wal"
    with database.writing("test") as connection:
        connection.execute(text("CREATE TABLE burst (content BLOB)"))
        connection.execute(text("INSERT INTO burst VALUES (randomblob(:size))"), {"size": 2 * LIMIT})
    assert log.stat().st_size > LIMIT
    for _ in range(2 * COMMITS_BETWEEN_LOOKS):
        with database.writing("test") as connection:
            connection.execute(text("INSERT INTO burst VALUES (NULL)"))
    assert log.stat().st_size <= LIMIT
    database.close()
