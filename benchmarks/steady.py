"""So many completed answers a second, kept up: nothing that was thanked for is lost, and nobody waits long.

    python benchmarks/steady.py [--rate 200] [--seconds 60]

Citizens come at a fixed pace, whether those before them are done or not; each one's time counts from the moment at
which they came, so that a server that falls behind shows. Goals: 50 a second for ten minutes and 200 a second for one.
"""

from __future__ import annotations

import sys
import time
from argparse import ArgumentParser
from collections.abc import Callable
from itertools import count

from load_client import Load, complete_answer, run_comers
from submissions import ANSWERS, HIDING_WAVE, WARM_UP, Home, check, homes, invite, read_stored, serving

CLIENTS = 64
MOST_WAIT = 1.0  # seconds, for 99 of 100
KEPT_UP = 0.98


def main() -> None:
    options = ArgumentParser(description=__doc__)
    options.add_argument("--rate", type=float, default=200.0)
    options.add_argument("--seconds", type=float, default=60.0)
    chosen = options.parse_args()
    print("| database | came/s | for s | answered/s | p50 ms | p99 ms | lost |\n|---|---:|---:|---:|---:|---:|---:|")
    reached = [keep_up(name, home, chosen.rate, chosen.seconds) for name, home in homes()]
    if not all(reached):
        sys.exit(f"{chosen.rate:g} answers a second were not kept up, or 1 of 100 waited more than {MOST_WAIT:g} s")


def keep_up(name: str, home: Home, rate: float, seconds: float) -> bool:
    """Print one database's row; whether it kept up. Stops when anything thanked for is missing."""
    tokens = iter(invite(home, int(rate * seconds) + WARM_UP, 1, HIDING_WAVE))
    before = read_stored(home).tokens
    with serving(home, "--no-work") as server:
        first = {complete_answer(server.address, tokens, ANSWERS) for _ in range(WARM_UP)}
        load = run_paced(rate, seconds, lambda: complete_answer(server.address, tokens, ANSWERS))
    load.receipts |= first
    check(load, read_stored(home).tokens - before)
    middle, late = load.quantile(0.5), load.quantile(0.99)
    waits = f"{1000 * middle:.1f} | {1000 * late:.1f}"
    print(f"| {name} | {rate:g} | {seconds:g} | {load.rate:,.0f} | {waits} | 0 |", flush=True)
    return load.rate >= KEPT_UP * rate and late <= MOST_WAIT


def run_paced(rate: float, seconds: float, complete: Callable[[], str]) -> Load:
    """Let citizens come at a pace, in the order of their numbers; seconds of each since it came."""
    began, numbers = time.perf_counter(), count()

    def come() -> float | None:
        number = next(numbers)
        if number >= rate * seconds:
            return None
        came = began + number / rate
        time.sleep(max(0.0, came - time.perf_counter()))
        return came

    return run_comers(CLIENTS, come, complete)


if __name__ == "__main__":
    main()
