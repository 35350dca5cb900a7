"""The command `hailong` in this process, on an installation of one test."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest
from ended import Ended, Run

from survey import cli

SECRET = "kX9-7vQ2_mT5zR8wL4pN6cJ3hD1sB0yG"


@pytest.fixture
def run(home: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    """`run("waves", "--open")`, in an environment where only the home and a secret are set."""
    for name in [name for name in os.environ if name.startswith("HAILONG_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HAILONG_HOME", str(home))
    monkeypatch.setenv("HAILONG_SECRET_KEY", SECRET)

    def run(*arguments: str) -> Ended:
        monkeypatch.setattr(sys, "argv", ["hailong", *arguments])
        capfd.readouterr()
        try:
            cli.main()
            status = 0
        except SystemExit as ended:
            status = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
        printed = capfd.readouterr()
        return Ended(status, printed.out, printed.err)

    return run


@pytest.fixture
def installed(run: Run, home: Path, migrated_file: Path) -> Run:
    """`run` on an installation that has been made, with the mandate in it."""
    shutil.copy(migrated_file, home / "hailong.sqlite")
    return run
