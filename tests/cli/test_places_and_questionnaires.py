"""The commands of docs/areas.md and docs/questionnaires.md, run in their order; and nobody publishes alone."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from ended import Run

ROOT = Path(__file__).parents[2]


def run_page(run: Run, page: str, folder: Path) -> dict[str, str]:
    """What each command of a page printed; files go to a folder of the test."""
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    blocks = re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    printed = {}
    for line in (line for block in blocks for line in block.splitlines()):
        words = [str(ROOT / word) if word.startswith("docs/") else word for word in shlex.split(line)[1:]]
        words = [str(folder / word) if re.fullmatch(r"[a-z-]+\.(json|xlsx)", word) else word for word in words]
        ended = run(*words)
        assert ended.status == 0, (line, ended.err)
        printed[line] = ended.out
    return printed


def test_every_command_about_places_does_what_it_says(run: Run, tmp_path: Path) -> None:
    assert run("init").status == 0
    printed = run_page(run, "areas.md", tmp_path)
    assert "VD-1\tdistrict" in printed["hailong areas --on 2025-06-30"]
    assert "VD-11\tward\tPhường Mười Một\tfrom VD-1:0.4 VD-2:1" in printed["hailong areas --on 2025-07-01"]
    assert "vd-river\tXã ven sông\tVD-11 VD-12" in printed["hailong areas --groups"]


def test_every_command_about_questionnaires_does_what_it_says(run: Run, tmp_path: Path) -> None:
    assert run("init").status == 0
    printed = run_page(run, "questionnaires.md", tmp_path)
    assert "F1 removed" in printed["hailong questionnaire diff health@1 health-inpatient@1"]
    assert "ddi:codebook:2_5" in printed["hailong questionnaire export procedures@1 --to ddi"]
    signed = 'hailong questionnaire sign onequestion@1 --language km --reviewer "Thạch Thị A, Ban Dân tộc"'
    assert "signed by Thạch Thị A" in printed[signed]
    refused = run("questionnaire", "publish", "st-procedures")
    assert refused.status == 1
    assert "Somebody else must read it and publish it" in refused.err
