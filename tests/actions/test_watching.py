"""A file in the watched folder becomes a frame only when a believed vendor signed these very bytes."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from survey.actions.watching import watch
from survey.keys import Keys
from survey.store import frames
from survey.store.database import Database

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
CONTENT = b"dossier,agency,procedure\nD1,TTPVHCC-31507,VD-CHUNG-THUC\n"


@pytest.fixture
def vendor(home: Path) -> Ed25519PrivateKey:
    key = Ed25519PrivateKey.generate()
    (home / "vendors").mkdir()
    (home / "vendors" / "one-stop.pub").write_text(key.public_key().public_bytes_raw().hex())
    return key


def test_a_signed_file_is_loaded_once_and_put_aside(
    database: Database, keys: Keys, wave: str, home: Path, today: date, vendor: Ed25519PrivateKey
) -> None:
    folder = arrive(home, wave, CONTENT)
    assert watch(database, keys, home, today) == 0, "the signature has not arrived yet"
    (folder / "night.csv.sig").write_text(vendor.sign(CONTENT).hex())
    assert [watch(database, keys, home, today) for _ in range(2)] == [1, 0]
    assert versions(database, wave) == [1]
    assert "version 1: 1 in 1 strata" in (folder / "done" / "night.csv.txt").read_text()


def test_a_file_that_was_changed_or_that_another_signed_is_refused(
    database: Database, keys: Keys, wave: str, home: Path, today: date, vendor: Ed25519PrivateKey
) -> None:
    for content, signature in (
        (CONTENT + b"D2,TTPVHCC-31507,VD-CHUNG-THUC\n", vendor.sign(CONTENT).hex()),
        (CONTENT, Ed25519PrivateKey.generate().sign(CONTENT).hex()),
        (CONTENT, "no signature"),
    ):
        folder = arrive(home, wave, content)
        (folder / "night.csv.sig").write_text(signature)
        assert watch(database, keys, home, today) == 1
        assert "sign" in (folder / "refused" / "night.csv.txt").read_text()
    assert versions(database, wave) == []


def test_without_vendors_a_wrong_file_is_refused_with_its_lines(
    database: Database, keys: Keys, wave: str, home: Path, today: date
) -> None:
    folder = arrive(home, wave, CONTENT + b"D2,NOBODY,VD-CHUNG-THUC\n")
    assert watch(database, keys, home, today) == 1
    assert "line 3: agency 'NOBODY' is not known" in (folder / "refused" / "night.csv.txt").read_text()
    assert versions(database, wave) == []


def arrive(home: Path, wave: str, content: bytes) -> Path:
    folder = home / "arriving" / wave
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "night.csv").write_bytes(content)
    return folder


def versions(database: Database, wave: str) -> list[int]:
    with database.reading() as connection:
        return [each.population for each in frames.list_frames(connection, wave)]
