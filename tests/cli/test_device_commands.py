"""The commands of docs/kiosk.md, run as they stand there."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from ended import Run

ROOT = Path(__file__).parents[2]
COMMANDS = re.findall(r"^hailong (.+)$", (ROOT / "docs" / "kiosk.md").read_text(encoding="utf-8"), re.MULTILINE)
EXAMPLES = ROOT / "docs" / "examples"
WAVE = "TTHC-2030-01"
AGENCY = "TTPVHCC-31507"


@pytest.fixture
def wave(installed: Run) -> Run:
    """An installation with the wave of the documentation, open already, and no frame yet."""
    installed("import", "agencies", str(EXAMPLES / "agencies.csv"))
    days = ("--from", "2026-01-01", "--to", "2030-02-15")
    assert installed("wave", "open", WAVE, "--questionnaire", "procedures@1", "--name", "Thử", *days).status == 0
    return installed


def test_the_commands_of_the_documentation_run_in_their_order(wave: Run) -> None:
    assert "import frame" in wave("voice", "open", WAVE).err
    wave("import", "frame", str(EXAMPLES / "frame-totals.csv"), "--wave", WAVE)
    ended = {command: wave(*shlex.split(command)) for command in COMMANDS}
    assert {command: each.err for command, each in ended.items() if each.status} == {}
    assert len(ended) == 6
    pairing = ended[f"kiosk pair QUAY-1 --agency {AGENCY} --wave {WAVE}"]
    assert re.fullmatch(r"[0-9A-Z]{11}", pairing.lines[-1])
    assert re.search(rf"QUAY-1 +kiosk +{AGENCY} +{WAVE} +waiting +never", ended["kiosk list"].out)
    assert wave("voice", "open", WAVE).out == ended[f"voice open {WAVE}"].out


@pytest.mark.parametrize(
    "arguments",
    [
        ("kiosk", "pair", "Quầy", "--agency", AGENCY, "--wave", WAVE),
        ("kiosk", "pair", "K", "--agency", "NONE", "--wave", WAVE),
        ("kiosk", "pair", "K", "--agency", AGENCY, "--wave", "NONE"),
        ("kiosk", "unpair", "NONE"),
        ("kiosk", "renew-key", "NONE"),
        ("voice", "open", "NONE"),
    ],
)
def test_what_cannot_be_done_is_told_in_one_sentence(wave: Run, arguments: tuple[str, ...]) -> None:
    ended = wave(*arguments)
    assert ended.status == 1
    assert ended.err.startswith("hailong: ")
    assert len(ended.err.splitlines()) == 1
