"""Every public name is documented with its source and used by a test; every error of the library is raised by one."""

from __future__ import annotations

import ast
import inspect
import re
from importlib import import_module
from pathlib import Path

import pytest

import analysis
from analysis.errors import AnalysisError

HERE = Path(__file__).parent
SOURCE = re.compile(r"\b(1[89]|20)\d\d\b|\bR's\b|\bR `|\bAAPOR\b")
TESTS = {path.name: path.read_text() for path in HERE.glob("*.py") if path.name != Path(__file__).name}
FUNCTIONS = [name for name in analysis.__all__ if inspect.isfunction(getattr(analysis, name))]
RAISED_BY_ITS_CHILDREN = {"AnalysisError"}


def list_errors() -> set[str]:
    for path in (HERE.parents[1] / "analysis").glob("*.py"):
        import_module(f"analysis.{path.stem}")
    found, waiting = set(), [AnalysisError]
    while waiting:
        found.add(waiting[-1].__name__)
        waiting += waiting.pop().__subclasses__()
    return found


def calls_in(source: str) -> set[str]:
    calls = (node.func for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call))
    return {call.id if isinstance(call, ast.Name) else getattr(call, "attr", "") for call in calls}


def names_source(name: str) -> bool:
    """A year, R or AAPOR in the docstring of the function, or of the file that holds it."""
    value = getattr(analysis, name)
    texts = (inspect.getdoc(value) or "", inspect.getmodule(value).__doc__ or "")
    return any(SOURCE.search(text) for text in texts)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_public_function_names_its_source(name: str) -> None:
    assert inspect.getdoc(getattr(analysis, name))
    assert names_source(name), f"say in the docstring of {name}() which paper, law or R function it follows"


def test_every_public_function_is_called_by_a_test() -> None:
    called = set().union(*(calls_in(source) for source in TESTS.values()))
    assert set(FUNCTIONS) - called == set()


def test_every_public_name_is_typed_for_readers_and_checkers() -> None:
    """The lazy table and the imports that type checkers see are one list."""
    tree = ast.parse(Path(analysis.__file__).read_text())
    block = next(node for node in tree.body if isinstance(node, ast.If))
    seen = {alias.asname for line in block.body if isinstance(line, ast.ImportFrom) for alias in line.names}
    assert seen == set(analysis.__all__)


def test_every_error_is_raised_in_a_test() -> None:
    written = "\n".join(TESTS.values())
    raised = set(re.findall(r"\b[A-Z]\w+\b", " ".join(re.findall(r"raises\(([^\n]*)", written))))
    listed = set(re.findall(r"\b[A-Z]\w+\b", " ".join(re.findall(r"^ +\(\{.*\}, (\w+),", written, re.M))))
    assert list_errors() - raised - listed - RAISED_BY_ITS_CHILDREN == set()


def test_the_check_itself_can_fail() -> None:
    assert not SOURCE.search("Give the rate of the sample.")
    assert calls_in("rate(frame)\nanalysis.mean(frame)") == {"rate", "mean"}
