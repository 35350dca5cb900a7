"""Balanced half-samples (Wolter 2007, chapter 3): which units form pairs, and which of each pair a replicate takes."""

from __future__ import annotations

import numpy as np

from analysis.arrays import Codes, Flags, Vector
from analysis.errors import BadDesign
from analysis.hadamard import find_hadamard
from analysis.replicates import LargeRule, SmallRule


def balance(stratum: Codes, order: Codes, rho: float, small: SmallRule = "fail", large: LargeRule = "split") -> Vector:
    """Factors (units x R) of balanced half-samples; `order` is the units' order, which pairs them within strata.

    One half weighs 2 - rho, the other rho (rho = 0 is BRR, else Fay's method: Judkins, J. Official Statistics 6, 1990).
    `analysis.replicates.Replicates` says what `small` and `large` do with strata that are not pairs. Raises BadDesign.
    """
    pair, second, whole = _pair_up(stratum, order, small, large)
    signs = find_hadamard(int(pair.max(initial=-1)) + 1)[1:]
    chosen = signs[pair] ^ second[:, None]
    return np.where(whole[:, None], 1.0, np.where(chosen, 2 - rho, rho))


def _pair_up(stratum: Codes, order: Codes, small: SmallRule, large: LargeRule) -> tuple[Codes, Flags, Flags]:
    """Pair of each unit, whether it is its second half, and whether it stays whole; numbered in R's order."""
    pair = np.zeros(len(stratum), dtype=np.intp)
    second, whole = np.zeros(len(stratum), dtype=bool), np.zeros(len(stratum), dtype=bool)
    sizes = np.bincount(stratum)
    by = np.lexsort((order, stratum))
    alone = by[sizes[stratum[by]] == 1]
    count = 0
    if len(alone):
        pair[alone], second[alone], whole[alone] = _pair_lonely(len(alone), small)
        count = int(pair[alone].max()) + 1
    for label in np.flatnonzero(sizes > 2):
        members = by[stratum[by] == label]
        own, second[members] = _pair_many(len(members), large, int(label))
        pair[members] = count + own
        count = int(pair[members].max()) + 1
    twos = by[sizes[stratum[by]] == 2]
    pair[twos], second[twos] = count + np.arange(len(twos)) // 2, np.arange(len(twos)) % 2 == 1
    return pair, second, whole


def _pair_lonely(size: int, rule: SmallRule) -> tuple[Codes, Flags, Flags]:
    """The single units of so many strata: each stays whole, or neighbours form pairs, the last of them three."""
    place = np.arange(size)
    if rule == "split":
        return place, np.zeros(size, dtype=bool), np.ones(size, dtype=bool)
    if rule == "fail" or size == 1:
        raise BadDesign(
            f"Balanced replicates need pairs, but {size} strata have a single unit; "
            'choose small="split", or "merge" where there are several such strata'
        )
    return np.minimum(place // 2, size // 2 - 1), place % 2 == 1, np.zeros(size, dtype=bool)


def _pair_many(size: int, rule: LargeRule, label: int) -> tuple[Codes, Flags]:
    """The units of a stratum of more than two: pairs of neighbours, or one pair of halves."""
    place = np.arange(size)
    if rule == "merge":
        return np.zeros(size, dtype=np.intp), place >= size // 2
    if rule == "fail" or size % 2 == 1:
        raise BadDesign(
            f"Balanced replicates need pairs, but stratum number {label + 1} has {size} units; "
            'choose large="merge", which halves it'
        )
    return place // 2, place % 2 == 1
