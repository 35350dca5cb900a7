"""Arrows point down only, and a citizen's process carries nothing that it does not need."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest
from house_tree import ROOT, modules, parse

from survey.app import CITIZENS, STAFF

# What no citizen's worker may load: the staff's pages, and libraries that cost it memory and start-up time.
NOT_FOR_CITIZENS = ("pandas", "scipy.stats", "survey.web.official", "survey.web.statistician", "survey.web.staff")
OPEN_A_DOOR = """
import sys
from survey.app import create_app
from survey.settings import load_settings
app = create_app(load_settings(), [sys.argv[1]])
assert app.test_client().get("/healthz").status_code < 500
print(*sorted(sys.modules), sep="\\n")
"""


def test_the_import_contracts_hold() -> None:
    command = Path(sys.executable).with_name("lint-imports")
    ran = subprocess.run([command, "--no-cache"], cwd=ROOT, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout[-3000:] + ran.stderr[-2000:]


@pytest.mark.usefixtures("_home")
def test_a_citizens_worker_loads_neither_statistics_nor_the_staffs_pages() -> None:
    loaded = open_door(CITIZENS)
    assert [name for name in NOT_FOR_CITIZENS if name in loaded] == []


@pytest.mark.usefixtures("_home")
@pytest.mark.thorough
def test_a_staff_worker_does_load_the_staffs_pages() -> None:
    """The control of the test above: the same question, where the answer is yes."""
    assert "survey.web.official" in open_door(STAFF)


def test_the_verifier_needs_only_cryptography_beside_the_standard_library() -> None:
    imported = {
        name.split(".")[0] for node in ast.walk(parse(Path("survey/proof.py"))) for name in imported_names(node)
    }
    assert imported - set(sys.stdlib_module_names) == {"cryptography"}


def test_statistics_import_nothing_but_their_few_libraries() -> None:
    allowed = {"analysis", "numpy", "pandas", "scipy", "narwhals"} | set(sys.stdlib_module_names)
    imported = ((path, node) for path in modules("analysis") for node in ast.walk(parse(path)))
    found = {(path.as_posix(), name) for path, node in imported for name in imported_names(node)}
    assert {(path, name) for path, name in found if name.split(".")[0] not in allowed} == set()


@pytest.fixture
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fresh installation."""
    monkeypatch.setenv("HAILONG_HOME", str(tmp_path / "home"))
    subprocess.run([sys.executable, "-m", "survey", "init"], cwd=ROOT, check=True, capture_output=True)


def open_door(door: str) -> set[str]:
    """Names of the modules that a process with this door has loaded."""
    ran = subprocess.run([sys.executable, "-c", OPEN_A_DOOR, door], cwd=ROOT, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr[-3000:]
    return set(ran.stdout.split())


def imported_names(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [node.module] if isinstance(node, ast.ImportFrom) and node.module and not node.level else []
