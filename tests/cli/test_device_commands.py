"""The commands of docs/kiosk.md, run as they stand there."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from serving import ROOT, Home

COMMANDS = re.findall(r"^hailong (.+)$", (ROOT / "docs" / "kiosk.md").read_text(encoding="utf-8"), re.MULTILINE)
EXAMPLES = ROOT / "docs" / "examples"
WAVE = "TTHC-2030-01"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "home")
    home.run("init")
    home.run("import", "agencies", str(EXAMPLES / "agencies.csv"))
    days = ("--from", "2026-01-01", "--to", "2030-02-15")
    home.run("wave", "open", WAVE, "--questionnaire", "procedures@1", "--name", "Thử", *days)
    return home


def test_the_commands_of_the_documentation_run_in_their_order(home: Home) -> None:
    told = home.run("voice", "open", WAVE, fails=True)
    assert "import frame" in told
    home.run("import", "frame", str(EXAMPLES / "frame-totals.csv"), "--wave", WAVE)
    said = {command: home.run(*shlex.split(command)) for command in COMMANDS}
    assert len(said) == 6
    assert re.search(r"^[0-9A-Z]{11}$", said[f"kiosk pair QUAY-1 --agency TTPVHCC-31507 --wave {WAVE}"], re.MULTILINE)
    assert re.search(r"QUAY-1 +kiosk +TTPVHCC-31507 +TTHC-2030-01 +waiting +never", said["kiosk list"])
    assert said[f"voice open {WAVE}"] == home.run("voice", "open", WAVE)
    refused = [
        ("kiosk", "pair", "Quầy", "--agency", "TTPVHCC-31507", "--wave", WAVE),
        ("kiosk", "pair", "K", "--agency", "NONE", "--wave", WAVE),
        ("kiosk", "pair", "K", "--agency", "TTPVHCC-31507", "--wave", f"{WAVE}.open"),
        ("kiosk", "unpair", "NONE"),
        ("voice", "open", "NONE"),
    ]
    for arguments in refused:
        told = home.run(*arguments, fails=True)
        assert told.startswith("hailong: ")
        assert "Traceback" not in told
