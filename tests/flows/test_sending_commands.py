"""The commands of docs/sending.md, run in their order; and from a frame with telephones to an answer."""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from load_client import Visitor, open_form, send_form
from outside import Provider, text_provider
from posting import CODE
from serving import ROOT, Home, serving

pytestmark = pytest.mark.thorough

PAGE = (ROOT / "docs" / "sending.md").read_text(encoding="utf-8")
LINES = [
    line for block in re.findall(r"^```sh\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL) for line in block.splitlines()
]
EXAMPLES = ROOT / "docs" / "examples"
WAVE = "TTHC-2030-01"


@pytest.fixture
def provider() -> Iterator[Provider]:
    with text_provider() as running:
        yield running


@pytest.fixture
def home(tmp_path: Path, migrated_file: Path, provider: Provider) -> Home:
    """An installation with agencies, procedures and a provider of text messages."""
    folder = tmp_path / "home"
    folder.mkdir()
    shutil.copy(migrated_file, folder / "hailong.sqlite")
    home = Home(folder)
    home.run("init")
    home.run("import", "agencies", str(EXAMPLES / "agencies.csv"))
    home.run("import", "procedures", str(EXAMPLES / "procedures.csv"))
    (folder / "gateways.toml").write_text(
        f'[sms]\nurl = "{provider.url}"\nnetworks = ["127.0.0.0/8"]\nper_minute = 6000\n'
        'headers = { "Content-Type" = "application/json" }\nbody = \'{"to": "{to}", "text": "{text}"}\'\n'
        "success = '\"ok\"'\n"
    )
    return home


def test_every_command_of_the_page_does_what_it_says(home: Home, provider: Provider, tmp_path: Path) -> None:
    public = "00" * 32
    for line in LINES:
        words = shlex.split(re.sub(r'"\$\(hailong [^)]*\)"', public, line))[1:]
        words = [str(ROOT / word) if word.startswith("docs/") else word for word in words]
        words = [str(tmp_path / word) if re.fullmatch(r"[a-z]+\.(html|key)", word) else word for word in words]
        is_account = words[:2] == ["staff", "add"]
        if words[0] == "slip":
            give_or_be_told(home, words)
            continue
        printed = home.run(*words, *(["--password-stdin"] * is_account), typed="một mật khẩu đủ dài\n" * is_account)
        if words[0] == "send":
            assert printed == f"{len(provider.texts)} messages handed over.\n"
    slips = (tmp_path / "slips.html").read_text(encoding="utf-8")
    assert len(CODE.findall(slips)) == 2


def give_or_be_told(home: Home, words: list[str]) -> None:
    """Whether that dossier is drawn, and has a slip already, was decided by the draws before."""
    ended = home.start(*words)
    assert "holds the slip" in ended.stdout or "not drawn" in ended.stdout or "already" in ended.stderr


def test_who_gets_a_message_answers_with_its_code(home: Home, provider: Provider) -> None:
    today = datetime.now(UTC).date()
    home.run(
        *("wave", "open", "W", "--questionnaire", "procedures@1", "--name", "Thử", "--purpose", "demo"),
        *("--from", (today - timedelta(days=2)).isoformat(), "--to", (today + timedelta(days=9)).isoformat()),
    )
    frame = str(EXAMPLES / "frame-contacts.csv")
    home.run("import", "frame", frame, "--wave", "W")
    said = home.run("invite", "W", "--count", "8", "--seed", "1", "--contacts", frame)
    assert "6 kept" in said
    assert "2 of those drawn have none" in said
    assert home.run("work", "--once").count("send: 6") == 1
    texts = dict(provider.texts)
    assert len(texts) == 6
    assert "Mời góp ý/សូមផ្តល់មតិ" in texts["84912345005"]
    assert re.search(r"[\u1780-\u17ff]", texts["84912345006"])
    assert "Mời Ông/Bà" in texts["84912345001"]
    codes = [found[1] for text in texts.values() if (found := CODE.search(text))]
    with serving(home, "--no-work") as server:
        for code in codes:
            with Visitor(server.address) as visitor:
                send_form(visitor, open_form(visitor, code) | {"G1": "5"})
    assert "seal: 6" in home.run("work", "--once")
    links = home.run("invite", "W", "--left").split()
    assert len(links) == 2
