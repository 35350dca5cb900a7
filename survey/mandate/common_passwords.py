"""Common long passwords, as data with a source."""

from __future__ import annotations

from functools import cache
from importlib.resources import files


@cache
def load_common_passwords() -> frozenset[str]:
    """Passwords of twelve characters and more that many people chose."""
    text = (files("survey.mandate") / "data" / "common_passwords.txt").read_text(encoding="utf-8")
    return frozenset(line for line in text.splitlines() if line and not line.startswith("# "))
