"""What the tests of the doors share: passwords that are cheap to hash, since none of them guards anything."""

from __future__ import annotations

import pytest
from argon2 import PasswordHasher

from survey.actions import passwords


@pytest.fixture(autouse=True)
def cheap_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """The default cost is tried where accounts are tested; here it would be most of the time."""
    cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(passwords, "hasher", lambda: cheap)
    passwords._nobodys_hash.cache_clear()
