"""The README's tree and commands are real."""

import re
import shlex
from itertools import dropwhile
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from house_tree import ROOT, tracked_files

from survey.cli import hailong

README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
TREE = next((body for _, body in BLOCKS if re.search(r"^(?:[├└]── )?survey/", body, re.MULTILINE)), "")
SHELL = [body for language, body in BLOCKS if language in ("sh", "bash", "console", "shell")]
ENTRY = re.compile(r"^(?:[├└]── )?([\w.-]+/?)(?:\s|$)", re.MULTILINE)
SETTING = re.compile(r"[A-Z_]+=")
UNREMARKABLE = {"CONTRIBUTING.md", "LICENSE", "Makefile", "README.md", "pyproject.toml", "CHANGELOG.md"}

pytestmark = pytest.mark.skipif(not README.strip(), reason="there is no README yet")


def commands() -> list[list[str]]:
    """Command lines of the README's shell blocks, without prompts, comments, variables set before and line ends."""
    text = "\n".join(SHELL).replace("\\\n", " ")
    lines = [shlex.split(line.removeprefix("$ "), comments=True) for line in text.splitlines()]
    return [command for line in lines if (command := [*dropwhile(SETTING.match, line)])]


def test_the_tree_names_every_top_level_entry_and_only_real_ones() -> None:
    shown = {entry.rstrip("/") for entry in ENTRY.findall(TREE)}
    there = {path.parts[0] for path in tracked_files()}
    assert shown - there == set()
    assert {entry for entry in there if not entry.startswith(".")} - shown - UNREMARKABLE == set()


def test_every_make_target_exists() -> None:
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = {
        word for words in commands() if words[0] == "make" for word in words[1:] if "=" not in word and word[0] != "-"
    }
    assert named - targets == set()


def test_every_hailong_command_and_option_exists() -> None:
    for words in commands():
        if Path(words[0]).name == "hailong":
            names = command_path(words[1:])
            told = CliRunner().invoke(hailong, [*names, "--help"])
            assert told.exit_code == 0, f"{shlex.join(words)}: {told.output}"
            options = {word.split("=")[0] for word in words if word.startswith("--")}
            assert {option for option in options if option not in told.output} == set(), shlex.join(words)


def test_every_file_that_a_command_or_link_names_exists() -> None:
    linked = re.findall(r"\]\((?!https?://|#|mailto:)([^)#]+)", README)
    named = [
        word
        for words in commands()
        for word in words
        if re.fullmatch(r"(?:survey|analysis|docs|tests|benchmarks)/[\w./-]+", word)
    ]
    assert [path for path in [*linked, *named] if not (ROOT / path).exists()] == []


def command_path(words: list[str]) -> list[str]:
    """The names of a command and its subcommand, before any argument that is not one."""
    group: click.Command | None = hailong
    names: list[str] = []
    for word in words:
        if not isinstance(group, click.Group):
            break
        group = group.get_command(click.Context(group), word)
        names.append(word)
    return names
