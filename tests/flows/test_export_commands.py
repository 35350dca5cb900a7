"""Every command of docs/exports.md and docs/scale.md exists with the options that they show."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest

from survey.cli import hailong

DOCS = Path(__file__).parents[2] / "docs"
LINES = [
    line
    for name in ("exports.md", "scale.md")
    for block in re.findall(r"```sh\n(.*?)```", (DOCS / name).read_text(encoding="utf-8"), re.DOTALL)
    for line in block.splitlines()
]


@pytest.mark.parametrize("line", LINES)
def test_a_command_of_the_documents_is_parsed(line: str) -> None:
    program, name, *arguments = shlex.split(line)
    if program == "python":
        assert (DOCS.parent / name).exists()
        return
    assert program == "hailong"
    command = hailong.get_command(click.Context(hailong), name)
    assert command is not None
    if name == "estimate":
        arguments = [each for each in arguments if not each.endswith((".csv", ".parquet"))]
    command.make_context(name, arguments)
