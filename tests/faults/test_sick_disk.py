"""A disk that is full, fails or is slow: who was thanked is stored, who was told busy sends again, and it recovers."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from broken_homes import invite
from campaign import Crowd, find_broken_promises, find_false_proofs, read_stored
from power_cut import Disk
from rounds import SEED, await_answers, count
from serving import Home, Server, serving

pytestmark = [pytest.mark.faults, pytest.mark.thorough]

ROUNDS = count(full=5, quick=1)
UNSAFE_SERVER = Path(__file__).with_name("unsafe_server.py")
BUSY = {"503"}
FULL_FROM_BYTES, ONE_CALL_IN = 1, 10


@dataclass
class Sickness:
    """What a disk suffers from for a while, by name."""

    name: str
    disk: Disk
    longest: float = 20.0
    environment: Mapping[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.environment = self.disk.environment

    def begin(self) -> None:
        if self.name == "full":
            self.disk.fill_up(FULL_FROM_BYTES)
        if self.name == "failing":
            self.disk.fail(ONE_CALL_IN)

    def end(self) -> None:
        self.disk.fill_up(0)
        self.disk.fail(0)


def suffer(home: Home, sickness: Sickness, rounds: int, program: Path | None = None) -> tuple[int, int, list[str]]:
    """How many were told busy and how many were thanked, and the promises that are broken when all is over."""
    crowd = Crowd(iter(invite(home, rounds * 2000, SEED)))
    print(f"{rounds} rounds of a {sickness.name} disk: HAILONG_FAULT_SEED={SEED}")
    with serving(home, program=program, **sickness.environment) as server:
        for _ in range(rounds):
            answer_through(crowd, server, sickness)
        crowd.send_again(server.address)
    told, crowd.refused = crowd.refused, Counter()
    strange = [f"somebody was told {status}" for status in told.keys() - BUSY]
    return told.total(), len(crowd.acknowledged), find_broken_promises(crowd, read_stored(home)) + strange


def answer_through(crowd: Crowd, server: Server, sickness: Sickness) -> None:
    """Answers before, during and after; the server is not restarted."""
    with crowd.answering(server.address):
        await_answers(crowd, len(crowd.acknowledged) + 1)
        sickness.begin()
        refused, deadline = crowd.refused.total(), time.monotonic() + sickness.longest
        while sickness.name != "slow" and crowd.refused.total() == refused and time.monotonic() < deadline:
            time.sleep(0.05)
        sickness.end()
        await_answers(crowd, len(crowd.acknowledged) + 5)


@pytest.mark.parametrize("name", ["full", "failing"])
def test_whoever_was_thanked_is_stored_once_and_the_others_may_send_again(
    installation: Home, tmp_path: Path, name: str
) -> None:
    sickness = Sickness(name, Disk(installation.path, tmp_path / "disk"))
    busy, _, broken = suffer(installation, sickness, ROUNDS)
    assert broken == []
    assert busy > 0, "the disk was never sick"
    assert find_false_proofs(installation) == []


def test_a_slow_disk_makes_nobody_wait_in_vain(installation: Home, tmp_path: Path) -> None:
    sickness = Sickness("slow", Disk(installation.path, tmp_path / "disk", sync_milliseconds=200))
    _, thanked, broken = suffer(installation, sickness, ROUNDS)
    assert broken == []
    assert thanked >= 10


def test_a_server_that_thanks_before_it_commits_is_found_out_on_a_full_disk(installation: Home, tmp_path: Path) -> None:
    """The control; it tells nobody that the disk is full, so that nobody need wait to be told."""
    sickness = Sickness("full", Disk(installation.path, tmp_path / "disk"), longest=1.0)
    sickness.environment = {**sickness.environment, "UNSAFE": "thanks-first"}
    _, _, broken = suffer(installation, sickness, 1, UNSAFE_SERVER)
    assert any("acknowledged answers are lost" in promise for promise in broken)
