"""How far a hidden count may vary, against the enumeration of every table that an attacker holds possible."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from analysis.disclosure import can_vary, feasible_widths


def enumerate_widths(sizes: list[int], weights: list[float], counts: list[int], tolerance: float) -> list[int]:
    """The attacker's own way: every combination of counts whose weighted sum is the published one."""
    known = sum(w * c / n for w, c, n in zip(weights, counts, sizes, strict=True))
    possible = [
        table
        for table in product(*(range(n + 1) for n in sizes))
        if abs(sum(w * c / n for w, c, n in zip(weights, table, sizes, strict=True)) - known) <= tolerance
    ]
    return [max(column) - min(column) for column in zip(*possible, strict=True)]


@pytest.mark.parametrize(
    ("sizes", "weights", "counts", "tolerance"),
    [
        ([4, 4], [0.5, 0.5], [2, 3], 0.001),
        ([5, 10], [0.25, 0.75], [4, 7], 0.01),
        ([3, 4, 6], [0.2, 0.3, 0.5], [3, 2, 5], 0.02),
        ([6, 6], [0.5, 0.5], [6, 6], 0.001),
    ],
)
def test_the_width_is_that_of_all_possible_tables(
    sizes: list[int], weights: list[float], counts: list[int], tolerance: float
) -> None:
    rates = [count / n for count, n in zip(counts, sizes, strict=True)]
    found = feasible_widths(sizes, weights, rates, tolerance)
    exact = enumerate_widths(sizes, weights, counts, tolerance)
    wider = enumerate_widths(sizes, weights, counts, tolerance * 2)
    assert all(low <= width <= high for low, width, high in zip(exact, found, wider, strict=True))


def test_a_single_hidden_part_is_known() -> None:
    """One part alone is the difference of what is published: its count cannot move at all."""
    assert feasible_widths([8], [0.4], [0.75], 0.001) == [0]


def test_a_pair_of_equal_parts_hides_what_their_sum_allows() -> None:
    """2 + 3 = 5 satisfied among 4 and 4: each may hold 1, 2, 3 or 4, a width of 3."""
    assert feasible_widths([4, 4], [0.5, 0.5], [0.5, 0.75], 0.001) == [3, 3]


def test_an_impossible_sum_hides_nothing() -> None:
    """A rate of 5/8 among one answer is no count: no table is possible, so nothing is protected."""
    assert feasible_widths([1], [1.0], [0.625], 0.001) == [0]


def test_whether_parts_vary_enough_is_what_their_widths_say() -> None:
    chance = np.random.default_rng(5)
    answers = []
    for parts in [1, 2, 3, 4, 5, 6] * 8:
        sizes = [int(n) for n in chance.integers(1, 13, parts)]
        weights = chance.dirichlet(np.ones(parts + 1))[:parts].tolist()
        rates = [int(chance.integers(0, n + 1)) / n for n in sizes]
        wanted = [int(each) for each in chance.integers(0, 3, parts)]
        widths = feasible_widths(sizes, weights, rates, 0.001)
        answers.append(can_vary(sizes, weights, rates, 0.001, wanted))
        assert answers[-1] == all(width >= least for width, least in zip(widths, wanted, strict=True))
    assert {*answers} == {True, False}
    assert can_vary([8], [0.4], [0.75], 0.001, [0])
