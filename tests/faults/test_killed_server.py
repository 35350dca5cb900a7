"""Nothing acknowledged is lost, whenever and whatever the server is killed."""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from broken_homes import invite, make_home
from campaign import Crowd, choose_victim, find_broken_promises, find_false_proofs, read_stored
from postgresql_server import Server as PostgresqlServer
from serving import Home, serving

pytestmark = pytest.mark.faults

ROUNDS = 20
POSTGRESQL_ROUNDS = 5
CAMPAIGNS = 25 if os.environ.get("HAILONG_FULL_COUNTS") == "1" else 1
SEED = int(os.environ.get("HAILONG_FAULT_SEED", "20261124"))
LONGEST_ROUND = 0.9
UNSAFE_SERVER = Path(__file__).with_name("unsafe_server.py")


def play(home: Home, rounds: int, seed: int, program: Path | None = None) -> tuple[Crowd, list[str]]:
    """Load a server and kill it, again and again; what the crowd was told, and the promises broken in any round."""
    dice = random.Random(seed)
    crowd = Crowd(iter(invite(home, rounds * 1000, seed)))
    broken: list[str] = []
    for number in range(rounds):
        if program is not None and broken:
            break
        with serving(home, program=program) as server:
            crowd.send_again(server.address)
            with crowd.answering(server.address):
                time.sleep(dice.uniform(0.02, LONGEST_ROUND))
                victim = choose_victim(server, dice)
                if victim is not None:
                    os.kill(victim, signal.SIGKILL)
                    time.sleep(dice.uniform(0, 0.3))
                server.kill()
        promises = find_broken_promises(crowd, read_stored(home))
        broken += [f"round {number} of seed {seed}: {promise}" for promise in promises]
    return crowd, broken


@pytest.mark.parametrize("campaign", range(CAMPAIGNS))
def test_whoever_was_thanked_is_stored_once_after_every_kill(installation: Home, campaign: int) -> None:
    """Twenty rounds on one database; a round's seed is printed with whatever it breaks."""
    crowd, broken = play(installation, ROUNDS, SEED + campaign)
    assert broken == []
    assert len(crowd.acknowledged) > ROUNDS * 10
    assert find_false_proofs(installation) == []


@pytest.mark.postgresql
@pytest.mark.parametrize("campaign", range(CAMPAIGNS))
def test_whoever_was_thanked_is_stored_once_on_postgresql_too(
    tmp_path: Path, postgresql_server: PostgresqlServer, campaign: int
) -> None:
    home = make_home(tmp_path / "home", postgresql_server.create(f"killed_{campaign}"))
    crowd, broken = play(home, POSTGRESQL_ROUNDS, SEED + campaign)
    assert broken == []
    assert len(crowd.acknowledged) > POSTGRESQL_ROUNDS * 10
    assert find_false_proofs(home) == []


def test_a_server_that_thanks_before_it_commits_is_found_out(installation: Home) -> None:
    """The control: were the suite blind, it would not see what this server loses."""
    _, broken = play(installation, ROUNDS, SEED, UNSAFE_SERVER)
    assert any("acknowledged answers are lost" in promise for promise in broken)


def test_every_promise_is_seen_to_be_broken(installation: Home) -> None:
    """The control of the checks: each planted fault is named."""
    crowd = Crowd(iter(invite(installation, 1000, SEED)))
    with serving(installation) as server, crowd.answering(server.address):
        time.sleep(0.3)
    stored = read_stored(installation)
    assert find_broken_promises(crowd, stored) == []
    some_receipt, some_comment = next(iter(stored.receipts)), next(iter(stored.comments))
    planted = {
        "acknowledged answers are lost": replace(stored, receipts=stored.receipts - Counter([some_receipt])),
        "not stored once with their content": replace(stored, comments=stored.comments + Counter([some_comment])),
        "receipts are stored twice": replace(stored, receipts=stored.receipts + Counter([some_receipt])),
        "tokens are spent for": replace(stored, tokens=stored.tokens + 1),
        "the ledger holds": replace(stored, sealed=stored.sealed + 1),
        "the database is damaged": replace(stored, damage=["row 1 missing from index"]),
    }
    for sentence, fault in planted.items():
        assert any(sentence in promise for promise in find_broken_promises(crowd, fault)), sentence
