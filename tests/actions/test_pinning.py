"""A release names every file that its figures come from, so that other software is told apart from a wrong figure."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from survey.actions import pinning

ROOT = Path(__file__).parents[2]
ACTIONS = "survey.actions"
ONLY_READ = {"reading_csv", "waves"}  # how totals and waves come in, and what their failures are called


def imported(name: str) -> Iterator[str]:
    """The actions that an action's file imports."""
    for node in ast.walk(ast.parse((ROOT / "survey" / "actions" / f"{name}.py").read_text())):
        if isinstance(node, ast.ImportFrom) and node.module == ACTIONS:
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith(f"{ACTIONS}."):
            yield str(node.module).removeprefix(f"{ACTIONS}.")


def reached(*names: str) -> set[str]:
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += imported(name)
    return found


def test_the_digest_covers_every_action_that_a_figure_comes_from() -> None:
    assert reached("releasing", "tallying") - ONLY_READ == set(pinning.ACTIONS)


def test_any_byte_of_them_changes_it(monkeypatch) -> None:
    whole = pinning.figure_code_digest.__wrapped__()
    for name in ("survey.actions/defining.py", "analysis/intervals.py", "survey.mandate/data/targets.toml"):
        sources = dict(pinning._sources())
        monkeypatch.setattr(pinning, "_sources", (sources | {name: sources[name] + b"#"}).items)
        assert pinning.figure_code_digest.__wrapped__() != whole
        monkeypatch.undo()
