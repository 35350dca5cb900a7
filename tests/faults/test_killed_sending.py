"""Whoever sends or prints invitations is killed at any commit: no invitation is lost, nobody holds two live codes."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import signal
import sys
import traceback
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from broken_homes import AGENCIES, EXAMPLES, local_today, open_wave
from outside import Provider, text_provider
from posting import code_in, frame_file
from quick_home import QuickHome
from serving import Home

from survey import cli
from survey.actions.answering import AlreadyAnswered, UnknownToken, answer, open_form
from survey.actions.sending import MINT, REMIND, SETTLE, Post, send_due
from survey.gateways.configuring import load_gateways
from survey.settings import load_sending
from survey.store import tables
from survey.store.database import CRASH_VARIABLE, Database
from survey.store.writer import open_writer
from survey.web.services import clock

pytestmark = [pytest.mark.faults, pytest.mark.thorough]

WAVE, PAPER = "TIN", "GIAY"
PEOPLE = 3
POINTS = ("before-commit", "after-commit")


@pytest.fixture
def provider() -> Iterator[Provider]:
    with text_provider() as running:
        yield running


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """An installation in which three people are drawn and wait for their message, and a wave without invitations."""
    folder = tmp_path_factory.mktemp("sending")
    home = QuickHome(folder / "home")
    home.run("init")
    home.run("import", "agencies", str(EXAMPLES / "agencies.csv"))
    for wave in (WAVE, PAPER):
        open_wave(home, wave, "demo")
    file = frame_file(folder / "f.csv", [f"091234500{number}" for number in range(PEOPLE)], AGENCIES[0])
    home.run("import", "frame", str(file), "--wave", WAVE)
    home.run("import", "frame", str(EXAMPLES / "frame-totals.csv"), "--wave", PAPER)
    home.run("invite", WAVE, "--count", str(PEOPLE), "--seed", "1", "--contacts", str(file))
    return home


@pytest.fixture
def waiting(prepared: Home, tmp_path: Path, provider: Provider) -> Home:
    """The same, of this test alone, with a provider to send through."""
    home = Home(Path(shutil.copytree(prepared.path, tmp_path / "home")))
    (home.path / "gateways.toml").write_text(
        f'[sms]\nurl = "{provider.url}"\nnetworks = ["127.0.0.0/8"]\nper_minute = 6000\n'
        'headers = { "Content-Type" = "application/json" }\nbody = \'{"to": "{to}", "text": "{text}"}\'\n'
        "success = '\"ok\"'\n"
    )
    return home


def post_of(home: Home, database: Database) -> Post:
    sending = load_sending(home.settings, home.environment)
    return Post(database, home.keys, load_gateways(sending.gateways, {}), sending, home.settings.base_url)


def send_later(home: Home, **later: float) -> None:
    """Rounds of sending at a later time, until nothing is due."""
    now = clock() + timedelta(**later)
    with home.database() as database:
        while send_due(post_of(home, database), now, local_today(), lambda _: None):
            pass


def run(home: Home, *arguments: str, **more: str) -> tuple[int, str]:
    """Run `hailong` in a forked child, which need not import everything anew; its status and what it printed."""
    printed = home.path / "printed"
    child = os.fork()
    if child == 0:
        with printed.open("w") as file:
            os.dup2(file.fileno(), 1)
            os.environ.clear()
            os.environ.update({**home.environment, **more})
            sys.stdout = os.fdopen(1, "w")
            try:
                cli.hailong(list(arguments), standalone_mode=False)
                sys.stdout.flush()
                os._exit(0)
            except BaseException:  # a child that fails must not go on as a second pytest
                traceback.print_exc()
                os._exit(1)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return status, printed.read_text()


def finish(home: Home, *arguments: str, **more: str) -> str:
    status, printed = run(home, *arguments, **more)
    assert status == 0
    return printed


def kill(home: Home, point: str, *arguments: str) -> str:
    """Run until the crash point; what was printed until then."""
    status, printed = run(home, *arguments, **{CRASH_VARIABLE: point})
    assert status == -signal.SIGKILL, f"{point} was never reached"
    return printed


def live(home: Home, codes: list[str]) -> list[str]:
    """Those of some codes or tokens that open a form."""
    found = []
    with home.database() as database:
        for code in codes:
            try:
                open_form(database, home.keys, code, local_today())
            except (UnknownToken, AlreadyAnswered):
                continue
            found.append(code)
    return found


def codes_by_person(provider: Provider) -> dict[str, list[str]]:
    codes: dict[str, list[str]] = {}
    for to, text in provider.texts:
        if re.search(r"[0-9A-Z]{4}-[0-9A-Z]{4}-", text):
            codes.setdefault(to, []).append(code_in(text))
    return codes


@pytest.mark.parametrize("point", [f"{step}:{when}" for step in (MINT, SETTLE) for when in POINTS])
def test_a_killed_sender_loses_nobody_and_leaves_one_live_code_for_each(
    waiting: Home, provider: Provider, point: str
) -> None:
    kill(waiting, point, "send")
    send_later(waiting, minutes=5)
    sent = codes_by_person(provider)
    assert len(sent) == PEOPLE
    assert {to: live(waiting, codes) for to, codes in sent.items()} == {to: codes[-1:] for to, codes in sent.items()}
    twice = PEOPLE + (1 if point == f"{SETTLE}:before-commit" else 0)  # only there nobody knows that the message left
    assert len(provider.texts) == twice


def test_without_voiding_two_codes_would_live(
    waiting: Home, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: a sender that adds an invitation where it should replace the token is found out by `live`."""
    kill(waiting, f"{SETTLE}:before-commit", "send")
    [code] = [code_in(text) for _, text in provider.texts]
    with waiting.database() as database, database.writing("copy") as connection:
        given = waiting.keys.token_hash(code.replace("-", ""))
        row = (
            connection.execute(tables.invitation.select().where(tables.invitation.c.code_hash == given))
            .mappings()
            .one()
        )
    send_later(waiting, minutes=5)
    with waiting.database() as database, database.writing("copy") as connection:
        connection.execute(
            tables.invitation.insert().values({**row, "position": 900_000, "token_hash": secrets.token_bytes(32)})
        )
    person = next(to for to, codes in codes_by_person(provider).items() if code in codes)
    assert len(live(waiting, codes_by_person(provider)[person])) == 2


def test_whoever_answered_before_the_sender_came_back_is_not_asked_twice(waiting: Home, provider: Provider) -> None:
    kill(waiting, f"{SETTLE}:before-commit", "send")
    [(person, text)] = provider.texts
    with waiting.database() as database:
        answer(
            database,
            open_writer(database),
            waiting.keys,
            token=code_in(text),
            key=secrets.token_hex(16),
            language="vi",
            answers={"G1": "4"},
            today=local_today(),
        )
    send_later(waiting, minutes=5)
    assert len(codes_by_person(provider)[person]) == 1
    assert len(codes_by_person(provider)) == PEOPLE


@pytest.mark.parametrize("point", [f"{step}:{when}" for step in (REMIND,) for when in POINTS])
def test_a_killed_reminder_is_never_sent_twice_and_every_contact_is_forgotten(
    waiting: Home, provider: Provider, point: str
) -> None:
    finish(waiting, "send", HAILONG_REMINDER_HOURS="1")
    make_due(waiting)
    kill(waiting, point, "send", "--until-done")
    send_later(waiting, hours=50)
    reminders = [to for to, text in provider.texts if "Nhắc" in text]
    assert len(reminders) == len(set(reminders))
    assert len(reminders) >= PEOPLE - 1
    with waiting.database() as database, database.reading() as connection:
        assert connection.execute(tables.contact.select()).all() == []


def make_due(home: Home) -> None:
    """Let every reminder be due now."""
    with home.database() as database, database.writing("due") as connection:
        connection.execute(tables.contact.update().values(next_at=clock() - timedelta(minutes=1)))


@pytest.mark.parametrize("point", [f"{step}:{when}" for step in ("invite", "mint") for when in POINTS])
def test_a_killed_invite_is_finished_by_hand_and_nothing_printed_twice_lives(waiting: Home, point: str) -> None:
    """Draw, print, make live: wherever it dies, `--left` or the same command again gives everybody one live link."""
    home = waiting
    arguments = ("invite", PAPER, "--count", "30", "--seed", "1")
    printed = links(kill(home, point, *arguments))
    alive = live(home, printed)
    assert len(alive) == (30 if point == "mint:after-commit" else 0)
    again = links(finish(home, *(arguments if point == "invite:before-commit" else ("invite", PAPER, "--left"))))
    alive += live(home, again)
    assert len(alive) == len(set(alive)) == 30
    assert finish(home, "invite", PAPER, "--left") == ""


def test_links_that_were_lost_after_printing_are_replaced_and_void(waiting: Home) -> None:
    home = waiting
    lost = links(finish(home, "invite", PAPER, "--count", "20", "--seed", "1"))
    anew = links(finish(home, "invite", PAPER, "--again", local_today().isoformat()))
    assert (len(anew), live(home, lost), live(home, anew)) == (20, [], anew)


def links(printed: str) -> list[str]:
    return [line.rpartition("/")[2] for line in printed.split()]
