"""The main job, end to end, as people do it: commands, links that citizens open, pages that staff read."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from load_client import Visitor, open_form, send_form
from serving import ROOT, Home, Server, serving

from survey.store import invitations

EXAMPLES = ROOT / "docs" / "examples"
WAVE = "TTHC-THU"
LANGUAGES = ("vi", "km", "en")
INVITED = 150
PASSWORD = "bốn con trâu đi qua cầu"
Address = tuple[str, int]


def test_from_a_frame_to_a_verdict_that_an_official_reads(tmp_path: Path) -> None:
    home = install(tmp_path / "home")
    tokens = [line.rpartition("/")[2] for line in begin_fieldwork(home)]
    with serving(home, "--no-work") as server:
        levels = {token: "2" if number % 11 == 0 else "5" for number, token in enumerate(tokens)}
        receipts = answer_all(server.address, levels)
        assert len(set(receipts)) == INVITED
        home.run("wave", "close", WAVE)
        assert f"seal: {INVITED}" in home.run("work", "--once")
        [estimated] = json.loads(home.run("estimate", "--wave", WAVE, "--target", "0.9", "--format", "json"))
        assert estimated["n"] == INVITED
        assert estimated["rate"] == pytest.approx(weighted_share(home, levels), abs=1e-12)
        assert estimated["low"] < estimated["rate"] < estimated["high"]
        assert estimated["official"] is True
        assert f"Draft {WAVE}.1" in home.run("release", WAVE)
        shown = f"{estimated['rate']:.1%}"
        assert shown not in read_scoreboard(server)
        publish(server, f"{WAVE}.1")
        assert shown in read_scoreboard(server)
        for receipt in receipts[:3]:
            assert_is_counted(server.address, receipt)
    assert "WRONG" not in home.run("verify")
    assert "Nothing new" in home.run("release", WAVE)


def test_the_demonstration_is_whole_and_takes_an_answer(tmp_path: Path, demonstration: Path) -> None:
    home = Home(tmp_path / "home")
    shutil.copytree(demonstration / "home", home.path)
    said = (demonstration / "said.txt").read_text(encoding="utf-8")
    tokens = [line.rpartition("/")[2] for line in said.split() if "/t/" in line]
    published = estimate_of(home, service="use-an-lpa", month="2021-03")
    # 6,055 answers, of whom 5,710 satisfied or very satisfied, in the published counts.
    assert (published["n"], round(published["rate"], 4)) == (6055, 0.9430)
    assert (published["official"], published["verdict"]) == (False, None)
    with serving(home, "--no-work") as server, Visitor(server.address) as visitor:
        receipt = send_form(visitor, open_form(visitor, tokens[0]) | {"G1": "5"})
    home.run("invite", "TTHC-OPEN", "--count", "5")
    assert_clean_and_recomputed(home, "TTHC-OPEN.1")
    assert "seal: 1" in home.run("work", "--once")
    assert_clean_and_recomputed(home, "TTHC-OPEN.2")
    with serving(home, "--no-work") as server:
        assert_is_counted(server.address, receipt)


@pytest.fixture(scope="module")
def fieldwork(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, str]]:
    """A wave that is open, served, and a token of somebody who was invited."""
    home = install(tmp_path_factory.mktemp("fieldwork") / "home")
    token = begin_fieldwork(home)[0].rpartition("/")[2]
    with serving(home, "--no-work") as server:
        yield server, token


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_small_page_is_all_that_a_citizen_loads(fieldwork: tuple[Server, str], language: str) -> None:
    """One request of at most 6 kB for the twenty questions; 8 kB in Khmer, whose letters take three bytes each."""
    server, token = fieldwork
    with Visitor(server.address, language=language) as visitor:
        page = visitor.get(f"/t/{token}")
    assert page.headers["content-encoding"] == "gzip"
    assert page.size <= (8 if language == "km" else 6) * 1000
    inside = page.body.replace('<link rel="icon" href="data:,">', "")  # it keeps the browser from asking for an icon
    assert not any(word in inside for word in ("<script", "<img", "<link", "url(", "@import"))


def install(folder: Path) -> Home:
    home = Home(folder)
    home.run("init")
    home.run("staff", "add", "chi-thong-ke", "--role", "statistician", "--password-stdin", typed=PASSWORD + "\n")
    home.run("staff", "add", "anh-lanh-dao", "--role", "official", "--password-stdin", typed=PASSWORD + "\n")
    home.run("import", "agencies", str(EXAMPLES / "agencies.csv"))
    return home


def begin_fieldwork(home: Home) -> list[str]:
    """Open a wave, give it its frame and invite; the links."""
    today = datetime.now(UTC).astimezone(ZoneInfo("Asia/Ho_Chi_Minh")).date()
    home.run(
        *("wave", "open", WAVE, "--questionnaire", "procedures@1", "--name", "Sau giao dịch"),
        *("--from", today.isoformat(), "--to", (today + timedelta(days=20)).isoformat()),
    )
    for language in ("km", "en"):  # a draft serves only pilots
        home.run("questionnaire", "sign", "procedures@1", "--language", language, "--reviewer", "Sơn Thị Hoa")
    home.run("import", "frame", str(EXAMPLES / "frame-totals.csv"), "--wave", WAVE)
    return home.run("invite", WAVE, "--count", str(INVITED), "--seed", "1").split()


def answer_all(address: Address, levels: dict[str, str]) -> list[str]:
    """One citizen after another, each in the next language; their receipts."""
    receipts = []
    for number, (token, level) in enumerate(levels.items()):
        with Visitor(address, language=LANGUAGES[number % 3]) as visitor:
            form = open_form(visitor, token)
            assert form["language"] == LANGUAGES[number % 3]
            receipts.append(send_form(visitor, form | {"G1": level, "A1": "4", "K1": "Cảm ơn"}))
    return receipts


def weighted_share(home: Home, levels: dict[str, str]) -> float:
    """Sum over strata of N_h/N times the share satisfied among those of the stratum, by hand."""
    given: dict[str, list[bool]] = {}
    with home.database() as database, database.reading() as connection:
        for token, level in levels.items():
            invitation = invitations.find_invitation(connection, home.keys.token_hash(token))
            assert invitation is not None
            given.setdefault(invitation.stratum_code, []).append(level == "5")
    with (EXAMPLES / "frame-totals.csv").open(encoding="utf-8") as file:
        sizes = {f"{row['agency']}.{row['sector']}": int(row["population"]) for row in csv.DictReader(file)}
    shares = {stratum: sum(satisfied) / len(satisfied) for stratum, satisfied in given.items()}
    assert shares.keys() == sizes.keys()
    return sum(sizes[stratum] * share for stratum, share in shares.items()) / sum(sizes.values())


def signed_in(server: Server, name: str) -> Visitor:
    visitor = Visitor(server.address, language="en")
    form = visitor.get("/staff/sign-in").hidden
    answer = visitor.post("/staff/sign-in", form | {"name": name, "password": PASSWORD})
    assert answer.status == 303
    return visitor


def read_scoreboard(server: Server) -> str:
    with signed_in(server, "anh-lanh-dao") as visitor:
        return visitor.get("/staff/scoreboard").body


def publish(server: Server, release: str) -> None:
    """What the statistician does under Releases; the command line drafted, so this is the second person."""
    with signed_in(server, "chi-thong-ke") as visitor:
        form = visitor.get(f"/staff/releases/{release}").hidden
        assert visitor.post(f"/staff/releases/{release}/publish", form).status == 303
        assert visitor.get(f"/staff/releases/{release}").status == 200


def assert_is_counted(address: Address, receipt: str) -> None:
    """The public receipt page names the checkpoint; for a code that nobody was given it does not."""
    with Visitor(address, language="en") as visitor:
        known, unknown = visitor.get(f"/receipt?code={receipt}"), visitor.get("/receipt?code=00000-00000")
    assert "checkpoint" in known.body.lower()
    assert known.body != unknown.body


def estimate_of(home: Home, **keys: str) -> dict[str, float]:
    rows = json.loads(home.run("estimate", "--wave", "OPG", "--by", ",".join(keys), "--format", "json"))
    [found] = [row for row in rows if all(row[name] == value for name, value in keys.items())]
    return dict(found)


def assert_clean_and_recomputed(home: Home, release: str) -> None:
    """Verification recomputes the newest release to the same bytes, however many were invited or answered since."""
    said = home.run("verify")
    assert "WRONG" not in said
    assert any(f"release {release}:" in line and "recomputed" in line for line in said.splitlines())
