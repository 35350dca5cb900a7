"""Nobody, not even the administrator of the database with every file in hand, can tell whose answer is whose."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from linkage import attack
from linked_load import answer_in_known_order

from survey.actions.forgetting import forget_order
from survey.keys import Keys
from survey.proof import Signer
from survey.store.database import Database


def test_measure(database: Database, home: Path, keys: Keys, signer: Signer) -> None:
    if not database.is_sqlite:
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as c:
            c.exec_driver_sql("alter system set wal_recycle=off")
            c.exec_driver_sql("select pg_reload_conf()")
    truth = answer_in_known_order(database, keys, signer, strata=20, seals=2, seed=1, after_each_seal=lambda _: None)
    print(forget_order(database, thoroughly=True))
    folders = [home]
    if not database.is_sqlite:
        with database.engine.connect() as c:
            d = Path(c.exec_driver_sql("show data_directory").scalar())
            oid = c.exec_driver_sql("select oid from pg_database where datname=current_database()").scalar()
            c.exec_driver_sql("commit")
        folders = [home, d / "base" / str(oid), d / "pg_wal"]
    r = attack(database, folders, truth)
    print(r, r.rate, r.luck)
    assert 0
