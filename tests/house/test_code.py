"""The code is pleasant to read: short files, short functions, named failures, no leftovers."""

import ast
import re
import statistics

import pytest
from house_tree import body_length, functions, modules, parse, read

LONGEST_FILE = 350
LONGER_FOR_A_REASON = {
    "survey/proof.py": "an auditor copies one file, reads it and runs it alone",
}
LEFTOVERS = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b|NotImplementedError|breakpoint\(")
NARRATION = re.compile(r"^\s*#\s*[-=*#]{4,}")
BAGS = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "managers", "processor"}
ROOMS = ("survey", "analysis")
MODULES = modules(*ROOMS)
CLOCKS = {"survey/web/services.py": "the one clock of the web process"}
READS_THE_CLOCK = {
    "date.today",
    "datetime.date.today",
    "datetime.datetime.now",
    "datetime.datetime.utcnow",
    "datetime.now",
    "datetime.today",
    "datetime.utcnow",
    "time.time",
}


def test_a_file_is_short() -> None:
    lengths = {path.as_posix(): len(read(path).splitlines()) for path in MODULES}
    long = {path: lines for path, lines in lengths.items() if lines > LONGEST_FILE}
    assert long.keys() - LONGER_FOR_A_REASON.keys() == set(), long
    assert LONGER_FOR_A_REASON.keys() - long.keys() == set(), "an exception is no longer needed"


@pytest.mark.parametrize("room", ROOMS)
def test_the_median_function_is_short(room: str) -> None:
    lengths = [body_length(function) for path in modules(room) for function in functions(path)]
    assert statistics.median(lengths) <= 11


def test_a_file_says_what_it_is_for() -> None:
    assert [path for path in MODULES if read(path).strip() and not ast.get_docstring(parse(path))] == []


def test_nothing_is_left_over() -> None:
    lines = ((f"{path}:{number}", line) for path in MODULES for number, line in enumerate(read(path).splitlines(), 1))
    assert [(place, line) for place, line in lines if LEFTOVERS.search(line) or NARRATION.match(line)] == []


def test_no_failure_is_swallowed() -> None:
    """`except:` and `except Exception: pass` hide what went wrong."""
    handlers = (
        (path, node) for path in MODULES for node in ast.walk(parse(path)) if isinstance(node, ast.ExceptHandler)
    )
    silent = [f"{path}:{handler.lineno}" for path, handler in handlers if is_silent(handler)]
    assert silent == []


def test_no_file_is_a_bag() -> None:
    assert [path for path in MODULES if path.stem in BAGS] == []


def test_time_is_an_argument() -> None:
    """Only the clocks of the web and of the command line read the machine's time; all others are told it."""
    others = [path for path in MODULES if path.as_posix() not in CLOCKS and path.parts[:2] != ("survey", "cli")]
    calls = ((path, node) for path in others for node in ast.walk(parse(path)) if isinstance(node, ast.Call))
    assert [f"{path}:{call.lineno}" for path, call in calls if ast.unparse(call.func) in READS_THE_CLOCK] == []


def is_silent(handler: ast.ExceptHandler) -> bool:
    if handler.type is None:
        return True
    return ast.unparse(handler.type) in ("Exception", "BaseException") and isinstance(handler.body[0], ast.Pass)
