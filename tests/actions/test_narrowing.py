"""Narrowing: what equations tell of what is hidden, with arithmetic that can be done by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse

from survey.actions import narrowing
from survey.actions.narrowing import find_narrowed
from survey.actions.ranging import Equations, Secret


def equations(rows: list[list[float]], sums: list[float], most: list[float], growths: int = 0) -> Equations:
    """Sums that are known exactly; the last rows, of growth, lie between nothing and their sum."""
    exact = np.arange(len(rows)) < len(rows) - growths
    high = np.array(sums, dtype=float)
    return Equations(
        sparse.csr_array(np.array(rows)), np.where(exact, high, 0), high, exact, np.zeros(len(most)), np.array(most)
    )


@pytest.mark.parametrize(("total", "narrowed"), [(15, []), (1, [0]), (20, [0]), (18, [])])
def test_two_that_cover_each_other_vary_by_what_both_leave_open(total: float, narrowed: list[int]) -> None:
    """x + y = 15 with x <= 5, y <= 15 leaves x in 0..5; x + y = 1 leaves 0..1, 20 nothing, 18 leaves 3..5."""
    known = equations([[1.0, 1.0]], [total], [5, 15])
    assert find_narrowed(known, [Secret(0, None, 2)]) == narrowed


def test_one_that_is_the_difference_of_two_sums_is_found_by_rank() -> None:
    """x + y + z and y + z are known: x follows, though it could hold 0 to 9."""
    known = equations([[1.0, 1.0, 1.0], [0.0, 1.0, 1.0]], [14, 10], [9, 9, 9])
    assert find_narrowed(known, [Secret(0, None, 0), Secret(1, None, 0)]) == [0]


def test_what_grew_by_few_is_bound_by_what_it_grew_from() -> None:
    """Nine of nine and then, of ten, all: the new one was satisfied. With 5 of 9 before, it may be either."""
    rows = [[1.0, 0.0], [0.0, 1.0], [-1.0, 1.0]]
    known = Equations(
        sparse.csr_array(np.array(rows)[2:]), np.array([0.0]), np.array([1.0]), np.array([False]),
        np.array([9.0, 10.0]), np.array([9.0, 10.0]),
    )  # fmt: skip
    assert find_narrowed(known, [Secret(1, 0, 1)]) == [0]
    open_ones = equations([[-1.0, 1.0]], [1], [9, 10], growths=1)
    assert find_narrowed(open_ones, [Secret(1, 0, 1)]) == []


def test_a_large_table_is_judged_as_a_small_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sixty pairs under one total, the odd ones with a known sum of their own; a large component's ways, and the
    whole programme of a small one, find the same."""
    chance = np.random.default_rng(7)
    most = chance.integers(1, 10, 120).astype(float)
    truth = np.floor(most * chance.random(120))
    rows = [
        np.ones(120),
        *(np.isin(np.arange(120), (2 * pair, 2 * pair + 1)).astype(float) for pair in range(0, 60, 2)),
    ]
    known = equations([list(row) for row in rows], [float(row @ truth) for row in rows], list(most))
    secrets = [Secret(number, None, min(2.0, most[number])) for number in range(120)]
    small = find_narrowed(known, secrets)
    monkeypatch.setattr(narrowing, "SOLVED_WHOLE", 0)
    assert find_narrowed(known, secrets) == small
    assert find_narrowed(replace(known, point=truth), secrets) == small, "whoever knows the truth begins there"
    assert 0 < len(small) < 60


def test_two_releases_are_judged_alike_whether_the_truth_is_known_or_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forty places in eight groups whose sums are known on both days; of those who came between, none to all
    were satisfied. The truth of the second day is known to whoever publishes, of the first nobody's."""
    chance = np.random.default_rng(3)
    before = chance.integers(1, 12, 40)
    came = chance.integers(0, 4, 40)
    truth = np.concatenate([one := chance.binomial(before, 0.8), one + chance.binomial(came, 0.8)]).astype(float)
    groups = np.arange(40) // 5
    sums = [np.kron([day == 0, day == 1], groups == group) for day in (0, 1) for group in range(8)]
    rows = [*(row.astype(float) for row in sums), *np.hstack([-np.eye(40), np.eye(40)])]
    values = [*(float(row @ truth) for row in sums), *came]
    known = equations([list(row) for row in rows], values, [*before, *(before + came)], growths=40)
    secrets = [Secret(number, None, 2.0) for number in range(80)]
    secrets += [Secret(40 + n, n, min(2.0, float(came[n]))) for n in range(40) if came[n]]
    whole = find_narrowed(known, secrets)
    point = np.where(np.arange(80) < 40, np.nan, truth)
    monkeypatch.setattr(narrowing, "SOLVED_WHOLE", 0)
    assert find_narrowed(known, secrets) == whole
    assert find_narrowed(replace(known, point=point), secrets) == whole
    assert 0 < len(whole) < len(secrets)


def test_figures_that_contradict_one_another_give_way_by_as_little_as_they_must() -> None:
    """x + y = 8 and x + y = 9 cannot both hold; with half an answer's play x may be 0 to 5 still."""
    known = equations([[1.0, 1.0], [1.0, 1.0]], [8, 9], [5, 9])
    assert find_narrowed(known, [Secret(0, None, 4)]) == []


def test_a_truth_that_the_figures_contradict_is_given_as_much_as_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    """x + y is published as 8 and is 9, by a weight that the model left out: x may be 0 to 5 with 9 as with 8."""
    monkeypatch.setattr(narrowing, "SOLVED_WHOLE", 0)
    known = replace(equations([[1.0, 1.0]], [8], [5, 9]), point=np.array([3.0, 6.0]))
    assert find_narrowed(known, [Secret(0, None, 4)]) == []
