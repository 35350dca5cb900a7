"""Options of the whole test suite."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--reference",
        action="store",
        default=None,
        metavar="DIR",
        help="check the statistics against the reference numbers of this folder instead of the repository's own",
    )
