"""The commands of docs/trust.md do what the page says, in its order, on an installation and far away from it."""

from __future__ import annotations

import re
import shlex
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fieldwork import begin_fieldwork
from house_tree import ROOT
from serving import Home, serving

from survey.actions.signing_in import add_staff

pytestmark = pytest.mark.thorough

PAGE = (ROOT / "docs" / "trust.md").read_text(encoding="utf-8")
LINES = [
    shlex.split(line)[1:] for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL) for line in block.splitlines()
]
PASSWORD = "mot-mat-khau-that-dai-1"
NOW = datetime(2026, 11, 24, 5, tzinfo=UTC)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """An installation with a sealed wave and two auditors."""
    made = Home(tmp_path / "home")
    made.run("init")
    with made.database() as database:
        work = begin_fieldwork(database, made.keys, made.signer, {("A", "land"): 100}, invited=40)
        (tmp_path / "receipt").write_text(work.answer_all({"A.land": "5" * 20 + "2" * 10})[0])
        work.seal_and_tally()
        for name in ("mot", "hai"):
            add_staff(database, name, "auditor", PASSWORD, now=NOW, actor="test")
    return made


def test_every_command_of_the_page_does_what_it_says(home: Home, tmp_path: Path) -> None:
    key, folder = home.signer.verifier.vkey, tmp_path / "far"
    folder.mkdir()
    with serving(home, "--no-work") as server:
        for words in LINES:
            names = iter(("mot", "hai"))
            spelled = {"SITE": server.url, "KEY": key, "CODE": (tmp_path / "receipt").read_text()}
            places = {name: str(folder / name) for name in ("public", "auditor", "my-witness")}
            filled = [next(names) if word == "NAME" else {**spelled, **places}.get(word, word) for word in words]
            if words[:2] == ["key", "lost"]:
                (home.path / "keys" / "checkpoint.key").unlink()
            said = home.run(*filled, typed=f"{PASSWORD}\n" * 2)
            if words[0] == "verify":
                assert "ok    everything in this bundle agrees" in said
                assert "WRONG" not in said
    assert [words[0] for words in LINES].count("verify") == 4
    assert home.run("key", "list").count("\n") == 4


def test_the_page_names_no_command_that_it_does_not_run() -> None:
    inline = {shlex.split(each)[1] for each in re.findall(r"`(hailong \w[^`]*)`", PAGE)}
    assert inline <= {words[0] for words in LINES} | {"init", "audit"}
