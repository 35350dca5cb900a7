"""Submissions with 40 clients of the staff's pages beside them, as a share of their idle rate in the same run.

    python benchmarks/overload.py [--seconds 6] [--pairs 2] [--lookers 40]

Lookers are signed in and ask for the scoreboard and for a sector again and again, as fast as they are answered; whoever
is told to come back comes back at once, which is worse than a browser. The goal is half of the idle rate.
"""

from __future__ import annotations

import re
import secrets
import statistics
import sys
import threading
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from load_client import Load, Visitor, complete_answer, run_clients
from submissions import (
    ANSWERS,
    CLIENTS,
    HIDING_WAVE,
    MOST_A_SECOND,
    Home,
    check,
    invite,
    make_home,
    read_stored,
    serving,
)

GOAL = 0.5
PAGES = ("/staff/scoreboard", "/staff/series", "/staff/scoreboard/land")
CSRF = re.compile(r'name="csrf_token"[^>]* value="([^"]+)"')


def main() -> None:
    options = ArgumentParser(description=__doc__)
    options.add_argument("--seconds", type=float, default=6.0)
    options.add_argument("--pairs", type=int, default=2)
    options.add_argument("--lookers", type=int, default=40)
    chosen = options.parse_args()
    with TemporaryDirectory() as place:
        home = make_home(Path(place, "home"))
        password = secrets.token_urlsafe(16)
        home.run("staff", "add", "an-official", "--role", "official", "--password-stdin", typed=f"{password}\n")
        idle: list[Load] = []
        beside: list[Load] = []
        told: Counter[int] = Counter()
        for number in range(chosen.pairs):
            idle.append(load(home, number, chosen.seconds, 0, password, told))
            beside.append(load(home, 1000 + number, chosen.seconds, chosen.lookers, password, told))
    report(idle, beside, told, chosen.lookers)


def load(home: Home, seed: int, seconds: float, lookers: int, password: str, told: Counter[int]) -> Load:
    tokens = iter(invite(home, int(MOST_A_SECOND * seconds), seed, HIDING_WAVE))
    before = read_stored(home).tokens
    with serving(home, "--no-work") as server, looking(server.address, lookers, password, told):
        answered = run_clients(CLIENTS, seconds, lambda: complete_answer(server.address, tokens, ANSWERS))
    return check(answered, read_stored(home).tokens - before)


@contextmanager
def looking(address: tuple[str, int], lookers: int, password: str, told: Counter[int]) -> Iterator[None]:
    """So many signed-in clients, for as long as the block runs."""
    over = threading.Event()
    cookies = sign_in(address, password) if lookers else {}

    def look(number: int) -> None:
        with Visitor(address, patience=60) as visitor:
            visitor._cookies = dict(cookies)
            while not over.is_set():
                number += 1
                told[visitor.get(PAGES[number % len(PAGES)]).status] += 1

    threads = [threading.Thread(target=look, args=(number,)) for number in range(lookers)]
    for thread in threads:
        thread.start()
    yield
    over.set()
    for thread in threads:
        thread.join()


def sign_in(address: tuple[str, int], password: str) -> dict[str, str]:
    with Visitor(address, patience=60) as visitor:
        page = visitor.get("/staff/sign-in")
        fields = {"csrf_token": CSRF.findall(page.body)[0], "name": "an-official", "password": password}
        answer = visitor.post("/staff/sign-in", fields)
        if answer.status not in (302, 303):
            sys.exit(f"signing in was answered {answer.status}")
        return visitor._cookies


def report(idle: list[Load], beside: list[Load], told: Counter[int], lookers: int) -> None:
    rates = [statistics.median(each.rate for each in loads) for loads in (idle, beside)]
    waits = [1000 * statistics.median(each.quantile(0.99) for each in loads) for loads in (idle, beside)]
    share = rates[1] / rates[0]
    print("| submissions | answers/s | p99 ms | of idle |")
    print("|---|---:|---:|---:|")
    print(f"| idle | {rates[0]:,.0f} | {waits[0]:.0f} | 1 |")
    print(f"| with {lookers} clients of the staff's pages | {rates[1]:,.0f} | {waits[1]:.0f} | {share:.2f} |")
    print(f"\nlookers were answered: {dict(told)}")
    if share < GOAL:
        sys.exit(f"submissions keep {share:.2f} of their idle rate; {GOAL} is wanted")


if __name__ == "__main__":
    main()
