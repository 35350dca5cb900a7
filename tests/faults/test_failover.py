"""Nothing acknowledged is lost when the primary database dies and its synchronous standby takes over."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from broken_homes import make_home
from campaign import find_false_proofs
from failover import Failover, postgresql_to_fail_over
from rounds import SEED, count, play
from serving import Home

pytestmark = [pytest.mark.faults, pytest.mark.postgresql, pytest.mark.thorough]

ROUNDS = min(50, count(full=50, quick=1))
ROUNDS_OF_CONTROLS = 10


@pytest.fixture(scope="module")
def two_servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Home, Failover]]:
    with postgresql_to_fail_over() as fault:
        home = make_home(tmp_path_factory.mktemp("failing") / "home", fault.url)
        fault.follow()
        yield home, fault


def test_whoever_was_thanked_is_stored_once_after_every_failover(two_servers: tuple[Home, Failover]) -> None:
    home, fault = two_servers
    crowd, broken = play(home, ROUNDS, SEED, fault)
    assert broken == []
    assert fault.promoted == ROUNDS
    assert len(crowd.acknowledged) > ROUNDS * 4
    assert find_false_proofs(home) == []


def test_a_standby_that_nobody_waits_for_is_found_out(two_servers: tuple[Home, Failover]) -> None:
    """The control: a primary that thanks before its standby has the answer loses it."""
    home, fault = two_servers
    fault.let_go()
    _, broken = play(home, ROUNDS_OF_CONTROLS, SEED + 1, fault, until_broken=True)
    assert any("acknowledged answers are lost" in promise for promise in broken)
