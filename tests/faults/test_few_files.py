"""A process that may open no more files: nobody who was thanked is lost, and it serves again when it may."""

from __future__ import annotations

import os
import resource
import time
from collections import Counter
from pathlib import Path

import pytest
from broken_homes import invite
from campaign import Crowd, find_broken_promises, read_stored
from rounds import SEED, await_answers
from serving import Home, Server, serving

pytestmark = [pytest.mark.faults, pytest.mark.thorough]

UNSAFE_SERVER = Path(__file__).with_name("unsafe_server.py")
SECONDS_SHORT = 1.0
BUSY = {"503"}


def run_short(server: Server) -> None:
    """The web processes keep what they have open and get no more, for a while."""
    before = {number: resource.prlimit(number, resource.RLIMIT_NOFILE) for number in server.children()}
    for number, (_, most) in before.items():
        resource.prlimit(number, resource.RLIMIT_NOFILE, (len(os.listdir(f"/proc/{number}/fd")), most))
    time.sleep(SECONDS_SHORT)
    for number in before.keys() & server.children().keys():
        resource.prlimit(number, resource.RLIMIT_NOFILE, before[number])


def suffer(home: Home, program: Path | None = None, **more: str) -> list[str]:
    crowd = Crowd(iter(invite(home, 4000, SEED)))
    with serving(home, program=program, **more) as server:
        with crowd.answering(server.address):
            await_answers(crowd, 3)
            run_short(server)
            await_answers(crowd, len(crowd.acknowledged) + 5)
            if program is not None:
                server.kill()
        if program is None:
            crowd.send_again(server.address)
    told, crowd.refused = crowd.refused, Counter()
    strange = [f"somebody was told {status}" for status in told.keys() - BUSY]
    return find_broken_promises(crowd, read_stored(home)) + strange


def test_whoever_was_thanked_is_stored_once_when_no_file_can_be_opened(installation: Home) -> None:
    assert suffer(installation) == []


def test_a_server_that_thanks_before_it_commits_is_found_out_without_files(installation: Home) -> None:
    """The control, killed a moment after it thanked."""
    broken = suffer(installation, UNSAFE_SERVER, UNSAFE="thanks-first")
    assert any("acknowledged answers are lost" in promise for promise in broken)
