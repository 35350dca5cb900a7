"""Rounds of one fault: load a server, strike it, let it come back, and look whether every promise holds."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from broken_homes import invite
from campaign import Crowd, Unreadable, find_broken_promises, find_leaks, read_stored
from power_cut import Disk
from serving import Home, Server, serving

FULL_COUNTS = os.environ.get("HAILONG_FULL_COUNTS") == "1"
SEED = int(os.environ.get("HAILONG_FAULT_SEED", "20261124"))
THOROUGH = FULL_COUNTS or "HAILONG_FAULT_ROUNDS" in os.environ  # else every step once, on one database or the other
LONGEST_ROUND = 0.5
READY_WITHIN = {True: 10.0, False: 30.0}
TOKENS_A_ROUND = 1000
FEWEST_IN_A_ROUND, SECONDS_TO_ANSWER = 5, 30.0


def count(full: int, quick: int) -> int:
    """How many rounds: HAILONG_FAULT_ROUNDS if set, the full count where that is asked for, else the quick one."""
    chosen = os.environ.get("HAILONG_FAULT_ROUNDS")
    return int(chosen) if chosen else (full if FULL_COUNTS else quick)


class Fault(Protocol):
    """What is done to a server in every round; `environment` is for its processes."""

    @property
    def environment(self) -> Mapping[str, str]: ...
    def begin(self) -> None: ...
    def strike(self, server: Server, dice: random.Random) -> None: ...
    def recover(self, dice: random.Random) -> None: ...


@dataclass
class Kill:
    """SIGKILL for the master, its worker or the one that works, and then for all; mostly for all at once."""

    environment: Mapping[str, str] = field(default_factory=dict)

    def begin(self) -> None:
        """Nothing to get ready."""

    def strike(self, server: Server, dice: random.Random) -> None:
        victims = [server.process.pid, *server.children()]
        if dice.random() > 0.6:
            os.kill(dice.choice(victims), signal.SIGKILL)
            time.sleep(dice.uniform(0, 0.3))
        server.kill()

    def recover(self, dice: random.Random) -> None:
        """The next start is the recovery."""


@dataclass
class Stop:
    """SIGTERM for the master, as an operator stops it; sometimes SIGHUP before, which replaces the workers."""

    environment: Mapping[str, str] = field(default_factory=dict)

    def begin(self) -> None:
        """Nothing to get ready."""

    def strike(self, server: Server, dice: random.Random) -> None:
        if dice.random() < 0.5:
            os.kill(server.process.pid, signal.SIGHUP)
            time.sleep(dice.uniform(0.1, 0.5))
        server.stop()

    def recover(self, dice: random.Random) -> None:
        """The next start is the recovery."""


@dataclass
class PowerCut:
    """The machine goes off: what was not synced may be gone. For SQLite, whose files are in the home."""

    disk: Disk
    lost_writes: int = 0
    extra: Mapping[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> Mapping[str, str]:
        return {**self.disk.environment, **self.extra}

    def begin(self) -> None:
        """What others wrote meanwhile, whom no shim watches, is durable: invitations, whoever looked at the file."""
        self.disk.begin()

    def strike(self, server: Server, dice: random.Random) -> None:
        server.kill()

    def recover(self, dice: random.Random) -> None:
        self.lost_writes += self.disk.lose_power(dice)


def play(
    home: Home, rounds: int, seed: int, fault: Fault, *, program: Path | None = None, until_broken: bool = False
) -> tuple[Crowd, list[str]]:
    """What the crowd was told in these rounds, and the promises broken in any of them; a seed repeats the chance."""
    dice = random.Random(seed)
    crowd = Crowd(iter(invite(home, rounds * TOKENS_A_ROUND, seed)))
    broken: list[str] = []
    print(f"{rounds} rounds of {type(fault).__name__}: HAILONG_FAULT_SEED={seed} repeats their chance")
    for number in range(rounds):
        fault.begin()
        with serving(home, program=program, **fault.environment) as server:
            crowd.send_again(server.address)
            with crowd.answering(server.address):
                await_answers(crowd, len(crowd.acknowledged) + FEWEST_IN_A_ROUND)
                time.sleep(dice.uniform(0.02, LONGEST_ROUND))
                fault.strike(server, dice)
            late = server.seconds_to_ready > READY_WITHIN[home.settings.is_sqlite]
        fault.recover(dice)
        promises = find_promises(crowd, home) + ["the server was late to be ready"] * (late and not until_broken)
        broken += [f"round {number} of seed {seed}: {promise}" for promise in promises]
        if broken and until_broken:
            break
    print(f"{number + 1} done: {len(crowd.acknowledged):,} acknowledged, {len(broken)} promises broken {broken[:1]}")
    return crowd, broken


def await_answers(crowd: Crowd, count: int) -> None:
    """Wait until so many were thanked: a machine that is busy with other things must not strike before."""
    deadline = time.monotonic() + SECONDS_TO_ANSWER
    while len(crowd.acknowledged) < count:
        assert time.monotonic() < deadline, f"only {len(crowd.acknowledged)} of {count} were thanked"
        time.sleep(0.01)


def find_promises(crowd: Crowd, home: Home) -> list[str]:
    """The promises that are broken now, in the database and in the log; what is sealed is remembered for later."""
    try:
        stored = read_stored(home)
    except Unreadable as damage:
        return [f"the database is damaged: {damage}"]
    broken = find_broken_promises(crowd, stored)
    crowd.heads = stored.heads
    leaks = find_leaks(crowd, home)
    return [*broken, f"the log shows {len(leaks)} tokens or comments: {leaks[:1]}"] if leaks else broken
