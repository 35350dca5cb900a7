"""The commands of docs/api.md and docs/frame.md, run as they stand there: by a shell, with openssl and curl."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from serving import ROOT, Home, serving

pytestmark = pytest.mark.thorough

EXAMPLES = ROOT / "docs" / "examples"


@pytest.fixture
def home(tmp_path: Path, migrated_file: Path) -> Home:
    folder = tmp_path / "home"
    folder.mkdir()
    shutil.copy(migrated_file, folder / "hailong.sqlite")
    home = Home(folder)
    home.run("init")
    home.run("import", "agencies", str(EXAMPLES / "agencies.csv"))
    home.run("import", "procedures", str(EXAMPLES / "procedures.csv"))
    for code, year, last in (("TTHC", "2020", "2099"), ("TTHC-2030-01", "2030", "2030")):
        days = ("--from", f"{year}-01-01", "--to", f"{last}-02-15")
        home.run("wave", "open", code, "--questionnaire", "procedures@1", "--name", code, *days)
    return home


def test_the_calls_of_the_page_are_answered(home: Home) -> None:
    adding, calling = blocks("api.md")
    secret = home.run(*shlex.split(adding)[1:]).strip()
    with serving(home, "--no-work") as server:
        environment = {**home.environment, "SECRET": secret, "URL": server.url}
        ended = subprocess.run(["bash", "-euc", calling], env=environment, capture_output=True, text=True)
    decoder, answers, text = json.JSONDecoder(), [], ended.stdout.strip()
    while text:
        answer, end = decoder.raw_decode(text)
        answers.append(answer)
        text = text[end:].strip()
    received, waves, status = answers
    assert received == {"wave": "TTHC", "accepted": 1, "already": 0, "rejected": []}
    assert [(each["wave"], each["waiting"]) for each in waves["waves"]] == [("TTHC", 1)]
    assert status == {"state": "unknown"}


def test_the_commands_of_the_frame_page_say_what_they_do(home: Home) -> None:
    tried, loaded = blocks("frame.md")[0].strip().splitlines()
    assert "Nothing was loaded" in home.run(*shlex.split(tried)[1:])
    assert "version 1: 10" in home.run(*shlex.split(loaded)[1:])


def blocks(page: str) -> list[str]:
    return re.findall(
        r"^```sh\n(.*?)^```", (ROOT / "docs" / page).read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )
