"""The command `hailong` in this process, on an installation of one test."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from ended import Ended, Run

from survey import cli
from survey.mandate.published import published_file

SECRET = "kX9-7vQ2_mT5zR8wL4pN6cJ3hD1sB0yG"


@pytest.fixture
def run(home: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    """`run("waves", "--open")`, in an environment where only the home, a secret and what is named are set."""
    for name in [name for name in os.environ if name.startswith("HAILONG_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HAILONG_HOME", str(home))
    monkeypatch.setenv("HAILONG_SECRET_KEY", SECRET)

    def run(*arguments: str, typed: str = "", **settings: str | None) -> Ended:
        with monkeypatch.context() as patch:
            for name, value in settings.items():
                if value is None:
                    patch.delenv(name)
                else:
                    patch.setenv(name, value)
            patch.setattr(sys, "argv", ["hailong", *arguments])
            patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(typed.encode()), encoding="utf-8"))
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


@pytest.fixture(scope="session")
def counted_file(migrated_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with the real counts, tallied; to be copied."""
    folder = tmp_path_factory.mktemp("counted")
    shutil.copy(migrated_file, folder / "hailong.sqlite")
    line = [sys.executable, "-m", "survey", "import", "counts", str(published_file("opg_satisfaction.csv"))]
    environment = {**os.environ, "HAILONG_HOME": str(folder), "HAILONG_SECRET_KEY": SECRET}
    subprocess.run([*line, "--wave", "OPG"], env=environment, capture_output=True, timeout=60, check=True)
    return folder
