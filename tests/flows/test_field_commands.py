"""The commands of docs/paper.md, docs/interviewing.md and docs/sampling.md, run in their order."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import pytest
from serving import ROOT, Home

pytestmark = pytest.mark.thorough

EXAMPLES = ROOT / "docs" / "examples"
NEXT = {"estimate": "no tallied answers", "forget": "still takes answers"}  # what they say while the wave goes on
WAVE = "TTHC-2030-01"
OPENED = ("--questionnaire", "procedures@1", "--name", "Đợt", "--from", "2030-01-01", "--to", "2030-02-15")


def commands(page: str) -> list[list[str]]:
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    blocks = re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    return [shlex.split(line)[1:] for block in blocks for line in block.splitlines()]


@pytest.fixture
def home(tmp_path: Path, migrated_file: Path) -> Home:
    folder = tmp_path / "home"
    folder.mkdir()
    shutil.copy(migrated_file, folder / "hailong.sqlite")
    home = Home(folder)
    home.run("init")
    home.run("import", "agencies", str(EXAMPLES / "agencies.csv"))
    return home


@pytest.mark.parametrize("page", ["paper.md", "interviewing.md", "sampling.md"])
def test_every_command_of_the_page_does_what_it_says(home: Home, tmp_path: Path, page: str) -> None:
    if page != "interviewing.md":
        home.run("wave", "open", WAVE, *OPENED)
        home.run("import", "frame", str(EXAMPLES / "frame-totals.csv"), "--wave", WAVE)
    lines = commands(page)
    for words in lines:
        words = [str(ROOT / word) if word.startswith("docs/") else word for word in words]
        words = [str(tmp_path / word) if word == "forms" else word for word in words]
        refusal = NEXT.get(words[1]) if words[0] == "household" else None
        printed = home.run(*words, fails=refusal is not None)
        assert (refusal or "") in printed
        assert printed.strip()
    assert len(lines) >= 2
    if page == "paper.md":
        sheets = "".join(path.read_text("utf-8") for path in (tmp_path / "forms").glob("*.html"))
        assert sheets.count('<article class="sheet">') == 40


def test_a_plan_is_written_as_word(home: Home, tmp_path: Path) -> None:
    home.run("wave", "open", WAVE, *OPENED)
    home.run("import", "frame", str(EXAMPLES / "frame-totals.csv"), "--wave", WAVE)
    home.run("plan", WAVE, "--word", str(tmp_path / "plan.docx"), "--language", "km")
    assert (tmp_path / "plan.docx").read_bytes().startswith(b"PK")
