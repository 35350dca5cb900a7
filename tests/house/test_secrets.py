"""No secret is in the repository: keys, tokens and passwords with enough chance in them to be real."""

from __future__ import annotations

import math
import re
from collections import Counter
from pathlib import Path

import pytest
from house_tree import ROOT, tracked_files

SHAPES = {
    "private key": re.compile(r"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----\s+[A-Za-z0-9+/=]{40}"),
    "cloud key": re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    "token of a forge": re.compile(r"\b(?:gh[pousr]_[A-Za-z0-9]{36}|glpat-[A-Za-z0-9_-]{20})\b"),
    "signing key": re.compile(r"PRIVATE\+KEY\+[\w.-]+\+[0-9a-f]{8}\+[A-Za-z0-9+/=]{40,}"),
    "web token": re.compile(r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{20,}\b"),
    "address with a password": re.compile(r"\b[a-z+]+://[^\s/:@'\"{}<$]+:[^\s/:@'\"{}<$]{8,}@[a-z0-9.-]+\.[a-z]{2,}\b"),
}
ASSIGNED = re.compile(r"""(?i)(?:secret|password|token|api_?key)\w*["']?\s*[:=]\s*["']([A-Za-z0-9+/=_-]{24,})["']""")
BITS_A_LETTER = 4.2
KNOWN = {  # made up for a test, and good for nothing
    "tests/house/test_secrets.py",
    "tests/cli/conftest.py",
    "tests/cli/test_commands.py",
    "tests/documents/test_answer_form.py",
    "tests/test_proof.py",
}
TEXT = {".py", ".md", ".toml", ".txt", ".html", ".js", ".css", ".cfg", ".yml", ".yaml", ".sh", ".json", ".ini", ""}


def find_secrets(text: str) -> list[str]:
    found = [name for name, shape in SHAPES.items() if shape.search(text)]
    return found + [f"assigned {value[:6]}..." for value in ASSIGNED.findall(text) if chance(value) > BITS_A_LETTER]


def chance(text: str) -> float:
    """Bits of Shannon entropy a letter."""
    counts = Counter(text)
    return -sum(each / len(text) * math.log2(each / len(text)) for each in counts.values())


def test_no_file_holds_a_secret() -> None:
    files = [path for path in tracked_files() if path.suffix in TEXT and path.as_posix() not in KNOWN]
    assert len(files) > 500
    found = {path.as_posix(): find_secrets(read(path)) for path in files}
    assert {path: secrets for path, secrets in found.items() if secrets} == {}


@pytest.mark.parametrize(
    "planted",
    [
        "-----BEGIN " + "PRIVATE KEY-----\n" + "MC4CAQAwBQYDK2VwBCIEIKD" * 2,
        "AKIA" + "IOSFODNN7EXAMPLE",
        "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8",
        'client_secret = "' + "q8Zt5vXw2Lr9Kd7Ps4Nf6Bj3Hm1Gc0Ya" + '"',
        "postgresql://hailong:" + "Vq93kdLw02@db.example.vn/hailong",
        "eyJhbGciOiJIUzI1" + "NiJ9.eyJzdWIiOiIxMjM0NTY3" + "ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P",
    ],
)
def test_a_planted_secret_is_found(planted: str) -> None:
    """The control."""
    assert find_secrets(f"before\n{planted}\nafter") != []


def test_words_and_names_are_no_secrets() -> None:
    for text in ('password = "correct horse battery"', "token_hash = sa.Column", "https://khaosat.example.gov.vn/t/x"):
        assert find_secrets(text) == []


def read(path: Path) -> str:
    return (ROOT / path).read_text(encoding="utf-8", errors="replace")
