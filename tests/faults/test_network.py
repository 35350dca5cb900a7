"""The network between web and database is slow, silent or cut: whoever was thanked is stored, and stored once."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from broken_homes import invite, make_home
from campaign import Crowd, find_broken_promises, find_false_proofs, read_stored
from postgresql_server import Server as PostgresqlServer
from proxy import Proxy, network_to
from rounds import SEED, await_answers, count
from serving import Home, serving

pytestmark = [pytest.mark.faults, pytest.mark.postgresql, pytest.mark.thorough]

ROUNDS = min(50, count(full=50, quick=1))
UNSAFE_SERVER = Path(__file__).with_name("unsafe_server.py")
SECONDS_ILL = 1.5
FEWEST_CUTS, LONGEST_ILLNESS = 5, 60.0
BUSY = {"503"}


@pytest.fixture(scope="module")
def near(tmp_path_factory: pytest.TempPathFactory, postgresql_server: PostgresqlServer) -> Home:
    return make_home(tmp_path_factory.mktemp("near") / "home", postgresql_server.create("near"))


@pytest.fixture
def proxy(postgresql_server: PostgresqlServer) -> Iterator[Proxy]:
    print(f"HAILONG_FAULT_SEED={SEED} repeats the chance of these cuts")
    with network_to(postgresql_server.folder / ".s.PGSQL.5432", SEED) as running:
        yield running


def suffer(near: Home, proxy: Proxy, rounds: int, program: Path | None = None, **more: str) -> list[str]:
    """The promises that are broken when the network has been ill so often and is well again."""
    far = replace(near, database_url=f"postgresql+psycopg://hailong@127.0.0.1:{proxy.port}/near")
    crowd = Crowd(iter(invite(near, rounds * 1000, SEED)))
    with serving(far, "--no-work", program=program, **more) as server:
        for _ in range(rounds):
            with crowd.answering(server.address):
                await_answers(crowd, len(crowd.acknowledged) + 1)
                be_ill(proxy)
                await_answers(crowd, len(crowd.acknowledged) + 5)
        crowd.send_again(server.address)
    told, crowd.refused = crowd.refused, Counter()
    strange = [f"somebody was told {status}" for status in told.keys() - BUSY]
    return find_broken_promises(crowd, read_stored(near)) + strange


def be_ill(proxy: Proxy) -> None:
    """For a while, and until enough was cut."""
    proxy.well, began, cuts = False, time.monotonic(), proxy.cuts
    while time.monotonic() < began + SECONDS_ILL or proxy.cuts < cuts + FEWEST_CUTS:
        assert time.monotonic() < began + LONGEST_ILLNESS, "hardly anything went through the network"
        time.sleep(0.05)
    proxy.well = True


def test_whoever_was_thanked_is_stored_once_whatever_the_network_does(near: Home, proxy: Proxy) -> None:
    assert suffer(near, proxy, ROUNDS) == []
    assert proxy.cuts >= FEWEST_CUTS
    near.run("work", "--once")
    assert find_false_proofs(near) == []


def test_a_server_that_thanks_before_it_commits_is_found_out_by_the_network(near: Home, proxy: Proxy) -> None:
    """The control."""
    broken = suffer(near, proxy, 1, UNSAFE_SERVER, UNSAFE="thanks-first")
    assert any("acknowledged answers are lost" in promise for promise in broken)
