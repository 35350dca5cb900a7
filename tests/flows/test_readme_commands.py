"""The README's commands, run in their order as a newcomer would."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import pytest
from serving import Home

pytestmark = pytest.mark.thorough

README = Path(__file__).parents[2] / "README.md"
BLOCKS = re.findall(r"^```sh\n(.*?)^```", README.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
RUN_ELSEWHERE = ("make", "hailong serve")  # make runs these very tests; serving is tested by tests/browser


def read_commands(block: str) -> list[list[str]]:
    """The arguments of each `hailong` line, without the settings before it."""
    lines = [line for line in block.splitlines() if line.strip() and not line.startswith(RUN_ELSEWHERE)]
    found = []
    for line in lines:
        words = shlex.split(line)
        program = next(number for number, word in enumerate(words) if word.endswith("hailong"))
        found.append(words[program + 1 :])
    return found


@pytest.mark.parametrize("number", range(len(BLOCKS)))
def test_every_command_of_the_readme_does_what_it_says(
    tmp_path: Path, number: int, demonstration: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(README.parent)
    commands = read_commands(BLOCKS[number])
    home = Home(tmp_path / "home")
    if commands and commands[0][0] != "init":
        shutil.copytree(demonstration / "home", home.path)
    for command in commands:
        typed = "một mật khẩu đủ dài\n" if command[:2] == ["staff", "add"] else ""
        home.run(*command, *(["--password-stdin"] if typed else []), typed=typed)
    assert BLOCKS[number].startswith("make") == (not commands)
