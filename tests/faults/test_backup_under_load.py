"""A backup taken while people answer, brought back on another machine: whoever was thanked before it is in it."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import pytest
from broken_homes import invite
from campaign import Crowd, find_false_proofs, read_stored
from quick_home import QuickHome
from rounds import SEED, await_answers, count
from serving import Home, serving

from survey.proof import receipt_hash

pytestmark = [pytest.mark.faults, pytest.mark.thorough]

ROUNDS = count(full=20, quick=1)
RECEIPTS = "SELECT receipt_hash FROM inbox UNION SELECT receipt_hash FROM receipt"


def test_whoever_was_thanked_before_a_backup_is_in_it_and_a_copied_file_misses_some(
    installation: Home, tmp_path: Path
) -> None:
    """The control is `cp` of the file that is written to: its newest answers are only in the log beside it."""
    key = make_key(installation, tmp_path / "auditor.key")
    crowd = Crowd(iter(invite(installation, ROUNDS * 1000, SEED)))
    missed = 0
    for number in range(ROUNDS):
        with serving(installation) as server, crowd.answering(server.address):
            await_answers(crowd, len(crowd.acknowledged) + 10)
            thanked = set(crowd.acknowledged.values())
            shutil.copy(installation.path / "hailong.sqlite", tmp_path / f"copied-{number}")
            installation.run("backup")
            await_answers(crowd, len(crowd.acknowledged) + 1)
        restored = bring_back(installation, key, tmp_path / f"restored-{number}")
        assert missing(thanked, receipts_in(restored)) == set()
        assert find_false_proofs(restored) == []
        missed += len(missing(thanked, receipts_in_copy(tmp_path / f"copied-{number}")))
    assert missed > 0, "the control lost nothing: this test could not see a loss"


def make_key(home: Home, path: Path) -> Path:
    """The key of an auditor, whose public half the installation knows."""
    printed = home.run("auditor-key", "new", "--output", str(path))
    home.run("auditor-key", "add", "an", printed.split()[-1])
    return path


def bring_back(home: Home, key: Path, folder: Path) -> Home:
    """The newest backup in an empty folder, as on another machine; the signing key comes from where it is kept."""
    newest = max((home.path / "backups").glob("*.sealed"))
    home.run("restore", str(newest), "--key", str(key), "--home", str(folder))
    shutil.copytree(home.path / "keys", folder / "keys")
    return QuickHome(folder)


def missing(codes: set[str], stored: set[bytes]) -> set[str]:
    return {code for code in codes if receipt_hash(code.replace("-", "")) not in stored}


def receipts_in(home: Home) -> set[bytes]:
    stored = read_stored(home)
    assert stored.damage == []
    return set(stored.receipts)


def receipts_in_copy(path: Path) -> set[bytes]:
    """What can be read from a copied file; nothing where it is damaged."""
    try:
        with sqlite3.connect(path) as connection:
            rows = connection.execute(
                "SELECT receipt_hash FROM inbox UNION SELECT receipt_hash FROM receipt"
            ).fetchall()
    except sqlite3.DatabaseError:
        return set()
    return {row[0] for row in rows}
