"""What a password must be: long, not one that many people chose, not one that was stolen elsewhere.

Nothing is asked of its letters, and nothing expires (NIST SP 800-63B). What was stolen is looked up in a file on this
machine; the password leaves it in no form.
"""

from __future__ import annotations

import re
import secrets
import unicodedata
from functools import cache
from hashlib import sha1
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from survey.mandate.common_passwords import load_common_passwords

SHORTEST, LONGEST = 15, 1024
FEWEST_LETTERS = 5
HASH_LINE = re.compile(rb"[0-9A-F]{40}(:\d+)?\r?\n?", re.IGNORECASE)
PADDING = re.compile(r"^[\W\d_]+|[\W\d_]+$")
RUNS = ("qwertyuiop", "asdfghjkl", "zxcvbnm", "abcdefghijklmnopqrstuvwxyz", "01234567890123456789")
OF_THE_PLACE = ("hailong", "hài lòng", "matkhau", "mật khẩu", "password")


SAYS = {
    "too_short": f"The password is too short. Give at least {SHORTEST} characters.",
    "too_long": f"The password is too long. Give at most {LONGEST} characters.",
    "common": "Many people use this password, and it is tried first. Choose a sentence that only you know.",
    "simple": "The password repeats or counts up a few characters. Choose a sentence that only you know.",
    "stolen": "The password is in a list of stolen passwords. Choose another one.",
}


class BadAccount(ValueError):
    """The account cannot be made; the message says why."""


class BadPassword(BadAccount):
    """The password cannot be taken. `code` is too_short, too_long, common, simple or stolen."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(SAYS[code])


def new_password() -> str:
    """A password that nobody can guess: 100 random bits in twenty letters and digits, grouped for typing."""
    letters = "".join(secrets.choice("abcdefghjkmnpqrstuvwxyz23456789") for _ in range(20))
    return "-".join(letters[start : start + 5] for start in range(0, 20, 5))


def check_password(password: str, name: str, stolen: Path | None = None) -> None:
    """Raise BadPassword unless an account of this name may have it. `stolen` is a file of stolen passwords."""
    plain = normal(password)
    if len(plain) < SHORTEST:
        raise BadPassword("too_short")
    if len(plain) > LONGEST:
        raise BadPassword("too_long")
    folded = plain.casefold()
    if _is_common(folded, name.casefold()):
        raise BadPassword("common")
    if _is_simple(folded):
        raise BadPassword("simple")
    if stolen is not None and _is_listed(stolen, plain):
        raise BadPassword("stolen")


def hash_password(password: str) -> str:
    return hasher().hash(normal(password))


def fits(password_hash: str | None, password: str) -> bool:
    """Whether a password is the one that was hashed; without a hash it takes as long and fits nothing."""
    try:
        hasher().verify(password_hash or _nobodys_hash(), normal(password))
    except (VerifyMismatchError, InvalidHashError):
        return False
    return bool(password_hash)


def normal(password: str) -> str:
    """Vietnamese keyboards write one letter in two ways: both are the same password."""
    return unicodedata.normalize("NFC", password)


@cache
def hasher() -> PasswordHasher:
    """argon2id with the costs of RFC 9106's second recommendation, as the package sets them."""
    return PasswordHasher()


@cache
def _nobodys_hash() -> str:
    return hasher().hash(secrets.token_urlsafe(16))


def _is_common(folded: str, name: str) -> bool:
    known = load_common_passwords()
    core = PADDING.sub("", folded)
    if folded in known or core in known:
        return True
    rest = core.replace(" ", "")
    for word in (name, *OF_THE_PLACE):
        if len(word) >= 4:
            rest = rest.replace(word.replace(" ", ""), "")
    return len(rest) < FEWEST_LETTERS and len(core) > len(rest)


def _is_simple(folded: str) -> bool:
    if len(set(folded)) < FEWEST_LETTERS:
        return True
    if any(folded == (folded[:size] * len(folded))[: len(folded)] for size in range(1, len(folded) // 2 + 1)):
        return True
    return _steps_along(folded) > 0.7


def _steps_along(folded: str) -> float:
    """Which part of the steps from letter to letter follows the alphabet, the digits or a row of the keyboard."""
    pairs = {run[at : at + 2] for run in RUNS for at in range(len(run) - 1)}
    pairs |= {pair[::-1] for pair in pairs}
    steps = [folded[at : at + 2] for at in range(len(folded) - 1)]
    return sum(step in pairs for step in steps) / len(steps)


def _is_listed(path: Path, plain: str) -> bool:
    """Looked up by halves in a file of sorted SHA-1 digests, or line by line in one of plain passwords."""
    with path.open("rb") as file:
        first = file.readline()
        if not HASH_LINE.fullmatch(first):
            file.seek(0)
            return any(line.rstrip(b"\r\n") == plain.encode() for line in file)
        wanted = sha1(plain.encode(), usedforsecurity=False).hexdigest().upper().encode()
        low, high = 0, path.stat().st_size
        while low < high:
            middle = (low + high) // 2
            file.seek(middle)
            if middle:
                file.readline()  # the rest of a line
            found = file.readline()[:40].upper()
            if found == wanted:
                return True
            if not found or found > wanted:
                high = middle
            else:
                low = middle + 1
        return False
