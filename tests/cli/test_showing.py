"""recording and change: the commands of docs/citizens.md, as they stand there, and what goes wrong with them."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "citizens.md"
COMMANDS = [
    shlex.split(line)[1:]
    for block in re.findall(r"^```sh\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    for line in block.splitlines()
]
Run = Callable[..., Any]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a recording, to work in."""
    (tmp_path / "g1-km.mp3").write_bytes(b"ID3\x04" + bytes(50))
    (tmp_path / "picture.mp3").write_bytes(b"\x89PNG\r\n\x1a\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_pages_commands_do_what_it_says(installed: Run, here: Path) -> None:
    said = []
    for command in COMMANDS:
        ended = installed(*command)
        assert ended.status == 0, ended.err
        said.append(ended.out)
    assert len(said) == 5
    assert re.fullmatch(r"procedures@1 G1 can be heard in km: G1\.km\.[0-9a-f]{16}\.mp3\n", said[0])
    assert said[1].startswith("procedures@1\tG1\tkm\tG1.km.")
    assert said[2:] == [
        "Change 1 is published.\n",
        "1\t2026-10-05\tland\tMỹ Tú mở thêm quầy sáng thứ Bảy.\n",
        "Change 1 is no longer shown.\n",
    ]
    assert installed("change", "list").out == ""


def test_a_damaged_recording_is_found(installed: Run, here: Path) -> None:
    assert installed(*COMMANDS[0]).status == 0
    (kept,) = here.rglob("recordings/*/*.mp3")
    kept.write_bytes(b"ID3\x04damaged")
    ended = installed("recording", "list")
    assert (ended.status, "damaged: add it again" in ended.out) == (1, True)


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (("recording", "add", "procedures@1", "G1", "km", "picture.mp3"), "neither MP3, Ogg nor M4A"),
        (("recording", "add", "procedures@1", "Z9", "km", "g1-km.mp3"), "no item 'Z9'"),
        (("recording", "add", "weather", "G1", "km", "g1-km.mp3"), "No questionnaire 'weather'"),
        (("change", "add", "--on", "2026-10-05", "--vi", " "), "empty"),
        (("change", "add", "--on", "2026-10-05", "--vi", "x", "--sector", "weather"), "weather"),
        (("change", "withdraw", "7"), "no change number 7"),
    ],
)
def test_what_goes_wrong_is_one_sentence(installed: Run, here: Path, command: tuple[str, ...], words: str) -> None:
    ended = installed(*command)
    assert (ended.status, ended.out) == (1, "")
    assert ended.err.startswith("hailong: ")
    assert words in ended.err
    assert "Traceback" not in ended.err
