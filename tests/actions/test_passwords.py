"""Passwords: long, not what many people chose, not what was stolen; nothing is asked of their letters."""

from __future__ import annotations

from hashlib import sha1
from pathlib import Path

import pytest

from survey.actions.passwords import BadPassword, check_password, fits, hash_password
from survey.mandate.common_passwords import load_common_passwords

GOOD = ("một câu dài mà tôi biết", "correct horse battery", "ខ្ញុំស្រឡាញ់ទន្លេមេគង្គ", "zq7-fkw2p-xm4tr-9bdhs")


def test_sentences_of_fifteen_characters_are_taken_whatever_their_letters() -> None:
    for password in GOOD:
        check_password(password, "lan")
    check_password("x7kq mv2 p9d w4", "lan")  # fifteen


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("fourteen chars", "too_short"),
        ("đủ" * 600, "too_long"),
        ("1qaz2wsx3edc4rfv", "common"),
        ("1QAZ2WSX3EDC4RFV", "common"),
        ("qwertasdfgzxcvb", "common"),
        ("migrationschool!2026", "common"),
        ("hailonghailong1", "common"),
        ("Password-Password-1", "common"),
        ("nguyenvanlan2026", "common"),
        ("aaaaaaaaaaaaaaaa", "simple"),
        ("xyzw1xyzw1xyzw1xyzw1", "simple"),
        ("abcdefghijklmnopq", "simple"),
        ("98765432109876543", "simple"),
    ],
)
def test_what_is_tried_first_is_refused(password: str, reason: str) -> None:
    with pytest.raises(BadPassword) as refused:
        check_password(password, "nguyenvanlan")
    assert refused.value.code == reason


def test_the_shipped_list_is_of_long_passwords_and_names_its_source() -> None:
    known = load_common_passwords()
    assert len(known) > 300
    assert all(len(each) >= 12 for each in known)


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("counted", [True, False])
def test_every_stolen_password_is_found_in_a_sorted_list_of_digests(tmp_path: Path, ending: str, counted: bool) -> None:
    """As the lists that are given out: SHA-1 in hexadecimal, in order, with or without how often."""
    stolen = [f"stolen password number {number}" for number in range(257)]
    digests = sorted(sha1(each.encode()).hexdigest().upper() for each in stolen)
    lines = [f"{digest}:{number * 977}" if counted else digest for number, digest in enumerate(digests)]
    path = tmp_path / "stolen.txt"
    path.write_bytes(ending.join(lines).encode() + ending.encode())
    for each in stolen:
        with pytest.raises(BadPassword, match="stolen"):
            check_password(each, "lan", path)
    for each in GOOD:
        check_password(each, "lan", path)


def test_a_plain_list_does_as_well(tmp_path: Path) -> None:
    path = tmp_path / "stolen.txt"
    path.write_text("correct horse battery\nmột câu dài mà tôi biết\n", encoding="utf-8")
    for each in GOOD[:2]:
        with pytest.raises(BadPassword, match="stolen"):
            check_password(each, "lan", path)
    check_password(GOOD[2], "lan", path)


def test_only_the_same_password_fits_and_nothing_fits_no_hash() -> None:
    hashed = hash_password(GOOD[0])
    assert hashed.startswith("$argon2id$")
    assert fits(hashed, GOOD[0])
    assert not fits(hashed, GOOD[1])
    assert not fits("", "")
    assert not fits(None, GOOD[0])
