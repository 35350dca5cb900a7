"""Near-duplicate answers: how many pairs agree, against what permutation would make of the same answers.

A form on which most people tick "5" everywhere is full of honest twins, so no fixed share of agreement accuses anybody
(Simmons, Mercer, Schwarzer and Kennedy, Statistical Journal of the IAOS 32, 2016, on the 85 % rule). What counts is the
excess over the expectation when, among people of one agency with one overall answer, each item's answers are dealt out
anew, independently. The mean and variance of that permutation distribution are exact here, so none is drawn.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]

LARGEST_KEY = 2**62


def near_pairs(answers: Ints, groups: Ints, n_groups: int) -> Ints:
    """Pairs within each group that differ in at most one item.

    `answers` is people x items of small non-negative integers (a skipped item is a value of its own), `groups` the
    group of each person, 0..n_groups-1. Returns the count of pairs by group.
    """
    items = answers.shape[1]
    total = -(items - 1) * _pairs_of_equal(_keys(answers, groups, n_groups, None), groups, n_groups)
    for item in range(items):
        total = total + _pairs_of_equal(_keys(answers, groups, n_groups, item), groups, n_groups)
    return np.asarray(total, dtype=np.int64)


def permutation_moments(counts: NDArray[np.generic]) -> tuple[Floats, Floats]:
    """Mean and variance of the near pairs when each item's answers are permuted independently within a group.

    `counts` has the shape (..., items, choices): how many of a group's people chose what; every item has the same
    total, for a skipped item is a choice of its own.
    """
    c = np.asarray(counts, dtype=float)
    n = c[..., 0, :].sum(axis=-1)
    pair = _equal_pair(c)
    mean_pair = _at_most_one_miss(pair)
    pairs = n * (n - 1) / 2
    shared = _both_near(pair, _equal_triple(c))
    apart = _both_near(pair, _two_equal_pairs(c))
    second = pairs * mean_pair + n * (n - 1) * (n - 2) * shared + n * (n - 1) * (n - 2) * (n - 3) / 4 * apart
    mean = pairs * mean_pair
    return mean, np.maximum(second - mean**2, 0.0)


def _equal_pair(c: Floats) -> Floats:
    """Probability, item by item, that two people drawn without replacement agree."""
    n = c.sum(axis=-1)
    return _ratio((c * (c - 1)).sum(axis=-1), n * (n - 1))


def _equal_triple(c: Floats) -> Floats:
    n = c.sum(axis=-1)
    return _ratio((c * (c - 1) * (c - 2)).sum(axis=-1), n * (n - 1) * (n - 2))


def _two_equal_pairs(c: Floats) -> Floats:
    """Probability, item by item, that of four different people the first two agree and the last two agree."""
    n = c.sum(axis=-1)
    twos = c * (c - 1)
    same = (twos * (c - 2) * (c - 3)).sum(axis=-1)
    different = twos.sum(axis=-1) ** 2 - (twos**2).sum(axis=-1)
    return _ratio(same + different, n * (n - 1) * (n - 2) * (n - 3))


def _at_most_one_miss(agree: Floats) -> Floats:
    none, one = np.ones(agree.shape[:-1]), np.zeros(agree.shape[:-1])
    for item in range(agree.shape[-1]):
        p = agree[..., item]
        none, one = none * p, one * p + none * (1 - p)
    return none + one


def _both_near(agree: Floats, both: Floats) -> Floats:
    """Probability that two pairs each miss on at most one item, from each item's joint agreement."""
    shape = agree.shape[:-1]
    states = [[np.ones(shape), np.zeros(shape)], [np.zeros(shape), np.zeros(shape)]]
    for item in range(agree.shape[-1]):
        p11 = both[..., item]
        p10 = agree[..., item] - p11
        p00 = 1 - 2 * agree[..., item] + p11
        (s00, s01), (s10, s11) = states
        states = [
            [s00 * p11, s01 * p11 + s00 * p10],
            [s10 * p11 + s00 * p10, s11 * p11 + s10 * p10 + s01 * p10 + s00 * p00],
        ]
    return np.asarray(sum(sum(row) for row in states))


def _ratio(top: Floats, bottom: Floats) -> Floats:
    return np.divide(top, bottom, out=np.zeros(np.broadcast_shapes(top.shape, bottom.shape)), where=bottom > 0)


def _keys(answers: Ints, groups: Ints, n_groups: int, skip: int | None) -> Ints:
    """One number for each person, equal exactly for those of one group with equal answers (but for `skip`)."""
    base = int(answers.max(initial=0)) + 1
    keys, bound = groups.astype(np.int64), n_groups
    for item in range(answers.shape[1]):
        if item == skip:
            continue
        if bound * base > LARGEST_KEY:
            keys = np.unique(keys, return_inverse=True)[1].astype(np.int64)
            bound = keys.size
        keys = keys * base + answers[:, item]
        bound *= base
    return keys


def _pairs_of_equal(keys: Ints, groups: Ints, n_groups: int) -> Ints:
    if not keys.size:
        return np.zeros(n_groups, dtype=np.int64)
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    starts = np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1])))
    sizes = np.diff(np.append(starts, ordered.size))
    pairs = sizes * (sizes - 1) // 2
    return np.bincount(groups[order][starts], weights=pairs, minlength=n_groups).astype(np.int64)
