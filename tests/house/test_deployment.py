"""The files for a server name real commands, options and settings."""

import re
import shlex
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner
from house_tree import ROOT
from test_readme import command_path

from survey.cli import hailong

FOLDER = ROOT / "docs" / "deployment"
FILES = sorted(path for path in FOLDER.iterdir() if path.is_file())
SETTING = re.compile(r"\bHAILONG_[A-Z_]+")
METRICS = ("web/metrics.py", "actions/gauging.py")
STARTED = re.compile(r"^ExecStart=/opt/hailong/bin/(.+)$", re.MULTILINE)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_setting_stands_in_the_readme(path: Path) -> None:
    known = set(SETTING.findall((ROOT / "README.md").read_text(encoding="utf-8")))
    assert set(SETTING.findall(path.read_text(encoding="utf-8"))) - known == set()


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.service")), ids=lambda path: path.name)
def test_a_unit_starts_a_command_that_exists_and_shuts_it_in(path: Path) -> None:
    unit = path.read_text(encoding="utf-8")
    (words,) = [shlex.split(line)[1:] for line in STARTED.findall(unit)]
    told = CliRunner().invoke(hailong, [*command_path(words), "--help"])
    assert told.exit_code == 0, told.output
    assert {word for word in words if word.startswith("--") and word not in told.output} == set()
    assert {"NoNewPrivileges=yes", "ProtectSystem=strict", "CapabilityBoundingSet="} <= set(unit.splitlines())


def test_the_pages_link_every_file() -> None:
    pages = "".join((ROOT / "docs" / name).read_text(encoding="utf-8") for name in ("install.md", "monitoring.md"))
    assert {path.name for path in FILES} == set(re.findall(r"\]\(deployment/([\w.-]+)\)", pages))


def test_the_alerts_and_the_page_name_only_metrics_that_there_are() -> None:
    program = "".join((ROOT / "survey" / name).read_text(encoding="utf-8") for name in METRICS)
    for text in (FOLDER / "alerts.yaml", ROOT / "docs" / "monitoring.md"):
        named = set(re.findall(r"\bhailong_([a-z_]+?)(?:_count|_bucket|_total)?\b", text.read_text(encoding="utf-8")))
        assert len(named) > 4
        assert {name for name in named if f'{name}"' not in program} == set()


def test_the_image_has_a_python_that_the_project_takes() -> None:
    (version,) = set(re.findall(r"python:(\d+\.\d+)-slim", (FOLDER / "Containerfile").read_text(encoding="utf-8")))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert f"Programming Language :: Python :: {version}" in project["classifiers"]
