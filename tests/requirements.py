"""What a test needs and may not find: it is skipped aloud, or fails where everything is required."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import NoReturn

import pytest

REQUIRE_ALL = "HAILONG_REQUIRE_ALL"


def skip_or_fail(reason: str) -> NoReturn:
    """Skip a test with a reason that says what to install; with HAILONG_REQUIRE_ALL=1 it fails instead."""
    if os.environ.get(REQUIRE_ALL) == "1":
        pytest.fail(f"{reason} ({REQUIRE_ALL}=1 forbids to skip)", pytrace=False)
    pytest.skip(reason)


def first_of(values: Sequence[object]) -> list[object]:
    """Parameters of which `make test` tries the first; the others are left to `.ci/run`."""
    return [values[0], *(pytest.param(value, marks=pytest.mark.thorough) for value in values[1:])]
