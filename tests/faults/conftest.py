"""Installations to be broken: prepared once by commands, then copied for each test."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[2] / "benchmarks"))

from broken_homes import make_home
from quick_home import QuickHome
from serving import Home


@pytest.fixture(scope="session")
def prepared_home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A SQLite installation with two waves, to be copied and never opened."""
    return make_home(tmp_path_factory.mktemp("prepared") / "home")


@pytest.fixture
def installation(prepared_home: Home, tmp_path: Path) -> Home:
    """A SQLite installation of this test alone."""
    return QuickHome(Path(shutil.copytree(prepared_home.path, tmp_path / "installation")))
