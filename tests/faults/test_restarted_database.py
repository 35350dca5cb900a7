"""The database's server is restarted, crashes or takes no more connections: whoever was thanked is stored, once."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from broken_homes import invite, make_home
from campaign import Crowd, find_broken_promises, find_false_proofs, read_stored
from restarts import Restarts, postgresql_to_restart
from rounds import SEED, await_answers, count
from serving import Home, serving

pytestmark = [pytest.mark.faults, pytest.mark.postgresql, pytest.mark.thorough]

ROUNDS = count(full=50, quick=1)
UNSAFE_SERVER = Path(__file__).with_name("unsafe_server.py")
BUSY = {"503"}
SECONDS_TO_RECOVER = 30.0  # after a backend was killed PostgreSQL reads its log again


@pytest.fixture(scope="module")
def restartable(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Home, Restarts]]:
    with postgresql_to_restart() as fault:
        yield make_home(tmp_path_factory.mktemp("restarted") / "home", fault.url), fault


def suffer(home: Home, fault: Restarts, names: list[str], program: Path | None = None, **more: str) -> list[str]:
    """The promises that are broken when all of this has happened; the web server is never restarted."""
    print(f"{len(names)} troubles of PostgreSQL: HAILONG_FAULT_SEED={SEED} repeats their chance")
    dice = random.Random(SEED)
    crowd = Crowd(iter(invite(home, len(names) * 800, SEED)))
    with serving(home, "--no-work", program=program, **more) as server:
        for name in names:
            with crowd.answering(server.address):
                await_answers(crowd, len(crowd.acknowledged) + 1)
                fault.strike(name, dice)
                await_answers(crowd, len(crowd.acknowledged) + 5)
        crowd.send_again(server.address, SECONDS_TO_RECOVER)
    told, crowd.refused = crowd.refused, Counter()
    strange = [f"somebody was told {status}" for status in told.keys() - BUSY]
    return find_broken_promises(crowd, read_stored(home)) + strange


def test_whoever_was_thanked_is_stored_once_whatever_happens_to_the_database_s_server(
    restartable: tuple[Home, Restarts],
) -> None:
    home, fault = restartable
    names = [*fault.troubles] * ROUNDS
    random.Random(SEED).shuffle(names)
    assert suffer(home, fault, names) == []
    assert set(fault.seen) == set(fault.troubles)
    home.run("work", "--once")
    assert find_false_proofs(home) == []


def test_a_server_that_thanks_before_it_commits_is_found_out_by_a_restart(restartable: tuple[Home, Restarts]) -> None:
    """The control."""
    home, fault = restartable
    broken = suffer(home, fault, ["immediate restart"], UNSAFE_SERVER, UNSAFE="thanks-first")
    assert any("acknowledged answers are lost" in promise for promise in broken)
