"""Nothing acknowledged is lost, whenever and whatever the server is killed."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from broken_homes import invite, make_home
from campaign import Crowd, find_broken_promises, find_false_proofs, find_leaks, read_stored
from postgresql_server import Server as PostgresqlServer
from rounds import SEED, Kill, Stop, count, find_promises, play
from serving import Home, serving

pytestmark = pytest.mark.faults

ROUNDS = count(full=50, quick=2)
POSTGRESQL_ROUNDS = count(full=50, quick=1)
STOPS = count(full=50, quick=1)
UNSAFE_SERVER = Path(__file__).with_name("unsafe_server.py")


def test_whoever_was_thanked_is_stored_once_after_every_kill(installation: Home) -> None:
    crowd, broken = play(installation, ROUNDS, SEED, Kill())
    assert broken == []
    assert len(crowd.acknowledged) > ROUNDS * 4
    assert find_false_proofs(installation) == []


@pytest.mark.postgresql
@pytest.mark.thorough
def test_whoever_was_thanked_is_stored_once_on_postgresql_too(
    tmp_path: Path, postgresql_server: PostgresqlServer
) -> None:
    home = make_home(tmp_path / "home", postgresql_server.create("killed"))
    crowd, broken = play(home, POSTGRESQL_ROUNDS, SEED, Kill())
    assert broken == []
    assert len(crowd.acknowledged) > POSTGRESQL_ROUNDS * 4
    assert find_false_proofs(home) == []


def test_a_server_that_thanks_before_it_commits_is_found_out(installation: Home) -> None:
    """The control: were the suite blind, it would not see what this server loses."""
    unsafe = Kill({"UNSAFE": "thanks-first"})
    _, broken = play(installation, 20, SEED, unsafe, program=UNSAFE_SERVER, until_broken=True)
    assert any("acknowledged answers are lost" in promise for promise in broken)


@pytest.mark.thorough
def test_whoever_was_thanked_is_stored_once_when_the_server_is_reloaded_and_stopped(installation: Home) -> None:
    crowd, broken = play(installation, STOPS, SEED, Stop())
    assert broken == []
    assert len(crowd.acknowledged) > STOPS * 4


@pytest.mark.thorough
def test_a_server_that_thanks_before_it_commits_is_found_out_when_it_is_stopped(installation: Home) -> None:
    """The control."""
    unsafe = Stop({"UNSAFE": "thanks-first"})
    _, broken = play(installation, 20, SEED, unsafe, program=UNSAFE_SERVER, until_broken=True)
    assert any("acknowledged answers are lost" in promise for promise in broken)


@pytest.mark.thorough
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
        "that nobody was given": replace(stored, strays=1),
        "the database is damaged": replace(stored, damage=["row 1 missing from index"]),
    }
    for sentence, fault in planted.items():
        assert any(sentence in promise for promise in find_broken_promises(crowd, fault)), sentence
    crowd.heads = [(1, 1, bytes(32), "a note that is not there")]
    assert find_broken_promises(crowd, stored) == ["a checkpoint that was there is gone or changed"]
    with (installation.path / "serve.log").open("a") as log:
        log.write(f"GET /t/{next(iter(crowd.used))}\n")
    assert len(find_leaks(crowd, installation)) == 1


@pytest.mark.parametrize("page", [b"not a database", b"SQLite format 3\0"])
def test_a_file_that_cannot_be_read_any_more_is_damage(installation: Home, page: bytes) -> None:
    """The first page, which holds the schema, is overwritten: all of it, or all but the name of the format."""
    (installation.path / "hailong.sqlite-wal").unlink(missing_ok=True)
    with (installation.path / "hailong.sqlite").open("r+b") as file:
        file.write(page.ljust(100, b"\1") + bytes(3996))
    (installation.path / "serve.log").touch()
    [promise] = find_promises(Crowd(iter(())), installation)
    assert promise.startswith("the database is damaged: ")
