"""The pages for auditors are true: what they name exists, and nothing of the standard is left out."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib

import pytest
from house_tree import ROOT, modules, parse, read, tracked_files

EVIDENCE = re.compile(r"`((?:tests|survey|docs|templates|migrations|\.ci|Makefile|locks)[\w./-]*)(?:::(\w+))?`")
STATES = {"test", "code", "docs", "site", "none", "other", "open"}
ITEMS = {1: 70, 2: 183, 3: 92}  # of OWASP ASVS 5.0.0, by level


def evidence(text: str) -> list[tuple[str, str]]:
    return EVIDENCE.findall(text)


def is_there(path: str, name: str) -> bool:
    if not (ROOT / path).exists():
        return False
    if not name:
        return True
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return any(isinstance(node, ast.FunctionDef) and node.name == name for node in tree.body)


@pytest.mark.parametrize("page", ["attacks", "asvs", "SECURITY", "cryptography"])
def test_what_a_page_names_exists(page: str) -> None:
    named = evidence((ROOT / "docs" / f"{page}.md").read_text(encoding="utf-8"))
    assert named
    assert [each for each in named if not is_there(*each)] == []


def test_a_name_that_is_not_there_is_found() -> None:
    assert not is_there("tests/house/test_security_pages.py", "test_no_such_thing")
    assert not is_there("tests/no_such_file.py", "")


def test_all_38_attacks_have_a_test() -> None:
    rows = re.findall(r"^\| (\d+) \|(.*)$", (ROOT / "docs" / "attacks.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert [int(number) for number, _ in rows] == list(range(1, 39))
    assert [number for number, row in rows if not any(path.startswith("tests/") for path, _ in evidence(row))] == []


def test_every_item_of_the_standard_is_answered_once_and_with_evidence() -> None:
    with (ROOT / "docs" / "asvs.toml").open("rb") as file:
        items = tomllib.load(file)["items"]
    levels = [int(each.split(" | ")[0]) for each in items.values()]
    assert {level: levels.count(level) for level in ITEMS} == ITEMS
    for number, line in items.items():
        _, state, said, *named = line.split(" | ")
        assert state in STATES, number
        assert said, number
        if state in ("test", "code", "docs", "site"):
            assert evidence(" ".join(named)), number
        if state == "test":
            assert any(path.startswith("tests/") for path, _ in evidence(" ".join(named))), number


def test_the_page_of_the_standard_is_made_from_its_table() -> None:
    made = subprocess.run([sys.executable, ROOT / ".ci" / "asvs"], capture_output=True, text=True, check=True).stdout
    assert made == (ROOT / "docs" / "asvs.md").read_text(encoding="utf-8")


def test_nothing_speaks_ldap_or_runs_what_was_typed() -> None:
    named = {
        (path.as_posix(), called.id)
        for path in modules("survey", "analysis")
        for node in ast.walk(parse(path))
        if isinstance(node, ast.Call) and isinstance(called := node.func, ast.Name)
        if called.id in ("eval", "exec", "compile", "__import__")
    }
    assert named == set()
    imported = {word for path in modules("survey") for word in re.findall(r"^(?:import|from) (\w+)", read(path), re.M)}
    assert imported & {"ldap", "ldap3", "pickle", "marshal", "shelve", "yaml", "lxml"} == set()
    assert "flask" in imported, "the control"
    assert tracked_files()
