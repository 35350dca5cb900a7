"""Suppression: small figures are left out, and what is left out does not follow from what is shown."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from survey.actions.suppressing import hide_small, round_printed
from survey.mandate.sectors import load_sectors
from survey.store.releases import StoredFigure

K = 10
LEAVES = ("land", "construction", "investment", "civil_status", "health")
AGENCIES = ("A", "B", "C")

Cells = dict[tuple[str, str], int]


def figure(level: str, sector: str, place: str, n: int, successes: int | None = None) -> StoredFigure:
    satisfied = n // 2 if successes is None else successes
    numbers = {"n": n, "successes": satisfied, "rate": satisfied / n if n else None}
    return StoredFigure(level, sector, place, False, json.dumps(numbers))


def agencies(*sizes: int) -> list[StoredFigure]:
    """A sector, alone in its wave, with an agency of each size: a, b, c, ..."""
    total = sum(sizes)
    parts = [figure("agency", "land", name, n) for name, n in zip("abcdefgh", sizes, strict=False)]
    return [figure("wave", "", "W", total), figure("sector", "land", "land", total), *parts]


def hidden(figures: Sequence[StoredFigure]) -> list[str]:
    return [each.place for each in hide_small(figures, K) if each.suppressed]


@pytest.mark.parametrize(
    ("sizes", "left_out"),
    [
        ((40, 50, 60), []),
        ((10, 50, 60), []),
        ((9, 50, 60), ["a", "b"]),
        ((60, 9, 50), ["b", "c"]),
        ((9, 8, 60), ["a", "b"]),
        ((9, 0, 60), ["a", "c"]),
        ((0, 0, 60), []),
        ((9,), ["W", "land", "a"]),
    ],
)
def test_a_small_figure_takes_its_smallest_sibling_with_it(sizes: tuple[int, ...], left_out: list[str]) -> None:
    """Of 119 answers, 50 and 60 shown would leave 9. Two that are hidden cover each other; an empty one covers
    nobody, for nobody answered there."""
    assert hidden(agencies(*sizes)) == left_out


@pytest.mark.parametrize(("n", "successes", "shown"), [(29, 29, False), (29, 0, False), (29, 28, True), (30, 30, True)])
def test_nobody_learns_what_each_of_a_few_said(n: int, successes: int, shown: bool) -> None:
    """All 29 satisfied tells what each of the 29 answered."""
    (after,) = hide_small([figure("agency", "land", "a", n, successes)], K)
    assert after.suppressed is not shown


@pytest.mark.parametrize(("tie", "decimals"), [(21 / 20, 1), (73 / 80, 3), (0.0005, 3), (1234.25, 1)])
def test_a_tie_is_printed_alike_whatever_order_it_was_added_up_in(tie: float, decimals: int) -> None:
    around = [math.nextafter(tie, 0), tie, math.nextafter(tie, math.inf), tie * (1 - 4e-16), tie * (1 + 4e-16)]
    assert len({round_printed(value, decimals) for value in around}) == 1
    assert round_printed(tie, decimals) == round(tie, decimals)


def test_the_control_plain_rounding_tells_them_apart() -> None:
    assert round(math.nextafter(21 / 20, 0), 1) != round(21 / 20, 1)


def test_a_hidden_figure_holds_no_number() -> None:
    after = [each for each in hide_small(agencies(3, 50, 60), K) if each.suppressed]
    assert {each.figure for each in after} == {"{}"}


def test_a_sum_in_the_middle_does_not_give_a_sector_away() -> None:
    """Land 5, construction 40 and investment 40 make 85: hiding civil status (20) would protect nothing."""
    cells = {("land", "A"): 5, ("construction", "A"): 40, ("investment", "A"): 40, ("civil_status", "A"): 20}
    figures = lattice(cells)
    assert set(hidden(figures)) >= {"land", "construction"}
    assert find_derivable(figures) == []


def test_the_agencies_of_a_hidden_sector_do_not_add_up_to_it() -> None:
    """Civil status (5) hides health procedures' neighbour land (30); its agencies 14 and 16 would give 30 back."""
    cells = {("civil_status", "A"): 5, ("land", "A"): 14, ("land", "B"): 16, ("health", "A"): 90, ("health", "B"): 80}
    assert find_derivable(lattice(cells)) == []


def test_the_attack_finds_what_only_the_first_rule_would_show() -> None:
    """The control: with nothing hidden but the small cell itself, it is derived."""
    figures = agencies(9, 50, 60)
    assert find_derivable(figures, {2}) == [2]


CELLS = st.dictionaries(st.tuples(st.sampled_from(LEAVES), st.sampled_from(AGENCIES)), st.integers(0, 60), min_size=1)


@settings(deadline=None)
@given(cells=CELLS)
def test_no_hidden_figure_follows_from_the_shown_ones(cells: Cells) -> None:
    figures = lattice(cells)
    assert find_derivable(figures) == []
    small = [number for number, each in enumerate(figures) if 0 < each.numbers["n"] < K]
    assert all(hide_small(figures, K)[number].suppressed for number in small)


def lattice(cells: Cells) -> list[StoredFigure]:
    """Wave, sectors with all above them, agencies: as a release has them, each total the sum of its parts."""
    figures = [figure("wave", "", "W", sum(cells.values()))]
    sums: dict[str, int] = {}
    for (sector, _), n in cells.items():
        above: str | None = sector
        while above is not None:
            sums[above] = sums.get(above, 0) + n
            above = load_sectors()[above].parent
    figures += [figure("sector", sector, sector, n) for sector, n in sums.items()]
    return figures + [figure("agency", sector, agency, n) for (sector, agency), n in cells.items()]


def find_derivable(figures: Sequence[StoredFigure], left_out: set[int] | None = None) -> list[int]:
    """Hidden figures that linear algebra gets from the shown: those that no solution of all sums can vary.

    Figures of nobody count as known.
    """
    after = hide_small(figures, K)
    unknown = sorted({n for n, each in enumerate(after) if each.suppressed} if left_out is None else left_out)
    rows = [[row[number] for number in unknown] for row in _equations(figures)]
    matrix = np.array(rows, dtype=float).reshape(len(rows), len(unknown))
    rank = np.linalg.matrix_rank(matrix) if matrix.size else 0
    units = np.eye(len(unknown))
    return [
        number
        for number, unit in zip(unknown, units, strict=True)
        if np.linalg.matrix_rank(np.vstack([matrix, unit])) == rank
    ]


def _equations(figures: Sequence[StoredFigure]) -> list[list[int]]:
    """One row a total: 1 for it, -1 for each of its parts."""
    equations = []
    for number, total in enumerate(figures):
        parts = [i for i, each in enumerate(figures) if _is_part(each, total)]
        if parts:
            equations.append([1 if i == number else -1 if i in parts else 0 for i in range(len(figures))])
    return equations


def _is_part(each: StoredFigure, total: StoredFigure) -> bool:
    parent = load_sectors()[each.place].parent if each.level == "sector" else None
    if total.level == "wave":
        return each.level == "sector" and parent is None
    if total.level == "sector":
        return (
            parent == total.place
            if each.level == "sector"
            else (each.level, each.sector_code) == ("agency", total.place)
        )
    return False
