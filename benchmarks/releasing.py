"""What a release of a whole province costs: figures, intervals, suppression over all margins, and its audit.

    python benchmarks/releasing.py [--agencies 2060]

2,060 agencies in 12 sectors are 24,720 cells; many have few answers. The second release of the same answers and some
more is held against the first. The floor is the same figures with their intervals, computed and not protected.
Processor seconds of one process: what a shared machine does besides does not count.
"""

from __future__ import annotations

import random
import sys
from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path
from time import process_time
from typing import TypeVar

ROOT = Path(__file__).parents[1]
sys.path.append(str(ROOT / "tests" / "attacks"))

from provinces import Cell, draw_cell, release_both  # noqa: E402 they live with the tests

from survey.actions import releasing  # noqa: E402
from survey.mandate.sectors import load_sectors  # noqa: E402

SECTORS = 12
GOAL_SECONDS = 10.0
Found = TypeVar("Found")


def main() -> None:
    """Draw a province on two days, release it twice, print what it cost."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--agencies", type=int, default=2060)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    first, second = draw(options.agencies, options.seed)
    release_both(*draw(2, options.seed))  # what is imported and read once
    spent = watch()
    one, two = release_both(first, second)
    print(f"{len(first):,} cells; {len(one):,} figures, {hidden(one):,} hidden, then {hidden(two):,}")
    for name, (floor, whole) in zip(("first", "second"), zip(spent["floor"], spent["whole"], strict=True), strict=True):
        print(f"{name:6} release {whole:7.2f} s   figures alone {floor:6.2f} s   ratio {whole / floor:.2f}")
    print(f"goal: {GOAL_SECONDS:.0f} s a release")


def draw(agencies: int, seed: int) -> tuple[list[Cell], list[Cell]]:
    chance = random.Random(seed)
    parents = {each.parent for each in load_sectors().values()}
    sectors = [code for code in load_sectors() if code not in parents][:SECTORS]
    pairs = [draw_cell(chance, f"A{number:04}", sector) for number in range(agencies) for sector in sectors]
    return [one for one, _ in pairs], [other for _, other in pairs]


def watch() -> dict[str, list[float]]:
    """Seconds of each release, and of its figures before anything is hidden."""
    spent: dict[str, list[float]] = {"floor": [], "whole": []}

    def timed(name: str, act: Callable[..., Found]) -> Callable[..., Found]:
        def run(*arguments: object) -> Found:
            start = process_time()
            found = act(*arguments)
            spent[name].append(process_time() - start)
            return found

        return run

    releasing.compute_lattice = timed("floor", releasing.compute_lattice)
    import provinces

    provinces.recompute = timed("whole", releasing.recompute)
    return spent


def hidden(figures: list[releasing.StoredFigure]) -> int:
    return sum(each.suppressed for each in figures)


if __name__ == "__main__":
    main()
