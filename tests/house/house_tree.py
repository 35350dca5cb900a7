"""The repository as the house rules see it: its tracked files, and the Python of its rooms."""

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
NOT_OURS = {".git", ".venv", ".hailong", ".demo", "dist", "__pycache__"}


@cache
def tracked_files() -> tuple[Path, ...]:
    """Files that belong to the repository, relative to its root; in an unpacked archive, all but the work folders."""
    if (ROOT / ".git").exists():
        listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
        return tuple(path for path in map(Path, filter(None, listed.split("\0"))) if (ROOT / path).is_file())
    found = (path.relative_to(ROOT) for path in sorted(ROOT.rglob("*")) if path.is_file())
    return tuple(path for path in found if not any(part in NOT_OURS or part.endswith("_cache") for part in path.parts))


def modules(*rooms: str) -> list[Path]:
    """Python files of the rooms, relative to the root."""
    return [path for path in tracked_files() if path.suffix == ".py" and path.parts[0] in rooms]


@cache
def read(path: Path) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


@cache
def parse(path: Path) -> ast.Module:
    return ast.parse(read(path), str(path))


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Every function and method of a file."""
    yield from (node for node in ast.walk(parse(path)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def body_length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function's body without its docstring."""
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0
