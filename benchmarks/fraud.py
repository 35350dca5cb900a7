"""What the fraud screen accuses and what it misses: a synthetic country of 150 agencies, quarter by quarter.

    python benchmarks/fraud.py            # small: a few seconds; what the tests compare docs/fraud.md with
    python benchmarks/fraud.py --full     # 1,000 honest quarters, 100 quarters for each fraud: some minutes

Honest quarters first: whom does the screen list although nobody cheated? Then eight agencies of 150 stuff a share of
their answers, ordinarily (`CLERK`) or carefully (`CAREFUL`); then each of the twelve scripts. A figure is the share of
dishonest agencies that are listed for a call-back. The full run fails if a promise of docs/fraud.md is not kept.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from analysis.screening import Screening, screen
from analysis.screening_country import simulate_evidence
from analysis.screening_evidence import stack
from analysis.screening_frauds import CAREFUL, CLERK, SCRIPTS, Fraud, at_rate
from analysis.screening_people import Country
from analysis.screening_tests import TESTS

SEED = 20260401
CHEATS, EVERY, FIRST = 8, 18, 3
AT_ONCE = 100  # quarters in memory
RATES = (0.05, 0.1, 0.2, 0.4)
DETECTABLE, SELDOM = 0.5, 0.05
MOST_LISTED, LEAST_AT_20, LEAST_AT_40 = 0.05, 0.8, 0.95

DEFAULT = Country()
COUNTRIES: Mapping[str, Country] = {
    "as everywhere": DEFAULT,
    "half as many answers": replace(DEFAULT, answers=110.0),
    "agencies differ half as much again": replace(
        DEFAULT,
        **{
            name: 1.5 * getattr(DEFAULT, name)
            for name in Country.__slots__
            if name.endswith("_spread") and name != "size_spread"
        },
    ),
    "heavier tails (t with 4 degrees of freedom)": replace(DEFAULT, tail=4.0),
}


@dataclass(frozen=True)
class Honest:
    """Agencies listed a quarter where nobody cheats, and agencies with a test that stands out alone."""

    quarters: int
    listed: float
    alone: float


@dataclass(frozen=True)
class Caught:
    """Of the dishonest: share listed, the test that most often stands out alone with its share, median place in the
    list; and honest agencies listed a quarter beside them."""

    listed: float
    test: str
    alone: float
    place: float
    honest: float


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--full", action="store_true")
    options.add_argument("--seed", type=int, default=SEED)
    chosen = options.parse_args()
    began = time.perf_counter()
    quarters, others, dishonest = (1000, 300, 100) if chosen.full else (6, 1, 1)
    honest = {
        name: try_honest(country, quarters if country is DEFAULT else others, chosen.seed)
        for name, country in COUNTRIES.items()
    }
    print(honest_table(honest))
    power = {
        (name, rate): try_fraud(at_rate(fraud, rate), dishonest, chosen.seed)
        for name, fraud in (("ordinary", CLERK), ("careful", CAREFUL))
        for rate in RATES
    }
    print(power_table(power))
    scripts = {name: try_fraud(fraud, dishonest, chosen.seed) for name, fraud in SCRIPTS.items()}
    print(scripts_table(scripts))
    print(f"\nseed {chosen.seed}, {time.perf_counter() - began:.0f} s", file=sys.stderr)
    if chosen.full and not keeps_promises(honest, power):
        sys.exit("the screen does not keep the promises of docs/fraud.md")


def try_honest(country: Country, quarters: int, seed: int) -> Honest:
    listed = alone = 0
    for found in _screen_quarters(country, {}, quarters, seed):
        listed += int(found.listed.sum())
        alone += int(found.single.any(axis=(0, -1)).sum())
    return Honest(quarters, listed / quarters, alone / quarters)


def try_fraud(fraud: Fraud, quarters: int, seed: int) -> Caught:
    cheats = [FIRST + EVERY * number for number in range(CHEATS)]
    listed, honest, alone, places = 0, 0, np.zeros(len(TESTS)), []
    for found in _screen_quarters(DEFAULT, dict.fromkeys(cheats, fraud), quarters, seed + 1_000_000):
        listed += int(found.listed[:, cheats].sum())
        honest += int(found.listed.sum()) - int(found.listed[:, cheats].sum())
        alone += found.single.any(axis=-1)[:, :, cheats].sum(axis=(1, 2))
        ranks = 1 + np.argsort(np.argsort(-np.nan_to_num(found.z, nan=-99.0), axis=-1), axis=-1)
        places.append(ranks[:, cheats])
    tried = quarters * CHEATS
    best = int(alone.argmax())
    place = float(np.median(np.concatenate(places)))
    return Caught(listed / tried, TESTS[best].name, float(alone[best]) / tried, place, honest / quarters)


def honest_table(found: Mapping[str, Honest]) -> str:
    lines = ["| honest country | quarters | listed a quarter | a test alone, a quarter |", "| --- | --- | --- | --- |"]
    lines += [f"| {name} | {each.quarters:,} | {each.listed:.3f} | {each.alone:.2f} |" for name, each in found.items()]
    return "\n".join(lines) + "\n"


def power_table(found: Mapping[tuple[str, float], Caught]) -> str:
    lines = ["| stuffing | share of answers | listed | median place of 150 | honest listed a quarter |"]
    lines.append("| --- | --- | --- | --- | --- |")
    lines += [
        f"| {name} | {rate:.0%} | {each.listed:.2f} | {each.place:.0f} | {each.honest:.2f} |"
        for (name, rate), each in found.items()
    ]
    return "\n".join(lines) + "\n"


def scripts_table(found: Mapping[str, Caught]) -> str:
    lines = ["| script | listed | one test alone | median place of 150 | verdict |", "| --- | --- | --- | --- | --- |"]
    for name, each in found.items():
        alone = f"{each.test} {each.alone:.2f}" if each.alone >= SELDOM else "none"
        lines.append(f"| {name} | {each.listed:.2f} | {alone} | {each.place:.0f} | {verdict(each)} |")
    return "\n".join(lines) + "\n"


def verdict(caught: Caught) -> str:
    """Caught where at least half of those who did it are listed or stand out in one named test."""
    return "caught" if max(caught.listed, caught.alone) >= DETECTABLE else "undetectable"


def keeps_promises(honest: Mapping[str, Honest], power: Mapping[tuple[str, float], Caught]) -> bool:
    return (
        honest["as everywhere"].listed <= MOST_LISTED
        and power["ordinary", 0.2].listed >= LEAST_AT_20
        and power["ordinary", 0.4].listed >= LEAST_AT_40
    )


def _screen_quarters(country: Country, frauds: Mapping[int, Fraud], quarters: int, seed: int) -> Iterator[Screening]:
    for start in range(0, quarters, AT_ONCE):
        numbers = range(start, min(quarters, start + AT_ONCE))
        yield screen(stack([simulate_evidence(country, frauds, seed + number) for number in numbers]))


if __name__ == "__main__":
    main()
