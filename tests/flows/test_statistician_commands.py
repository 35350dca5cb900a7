"""The commands of docs/statistician.md, run in their order; what nobody planned is not drawn."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import pytest
from serving import ROOT, Home

pytestmark = pytest.mark.thorough

PAGE = (ROOT / "docs" / "statistician.md").read_text(encoding="utf-8")
EXAMPLES = ROOT / "docs" / "examples"


def test_every_command_of_the_page_does_what_it_says(tmp_path: Path, migrated_file: Path) -> None:
    shutil.copy(migrated_file, tmp_path / "hailong.sqlite")
    home = Home(tmp_path)
    home.run("init")
    home.run("import", "agencies", str(EXAMPLES / "agencies.csv"))
    lines = [line for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL) for line in block.splitlines()]
    assert len(lines) == 3
    for line in lines:
        home.run(*shlex.split(line)[1:], fails="silent" in line)
    assert "no planned sample 1" in home.run("planned", "draw", "TTHC-2030-01", "1", fails=True)
