"""The reference report ends the output of a run."""

from __future__ import annotations

import pytest

REPORT: pytest.StashKey[list[str]] = pytest.StashKey()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[REPORT] = []


@pytest.fixture(scope="session")
def report_last(request: pytest.FixtureRequest) -> list[str]:
    """Lines to print after everything else."""
    return request.config.stash[REPORT]


def pytest_unconfigure(config: pytest.Config) -> None:
    terminal = config.pluginmanager.get_plugin("terminalreporter")
    for line in config.stash.get(REPORT, []) if terminal else []:
        terminal.write_line(line)
