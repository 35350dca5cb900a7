"""A sample rolled up to pairs of a stratum (or PSU) and a domain: all that uncalibrated domain means need.

There are far fewer pairs than cells, so that after six sums over the cells everything else is almost free.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from analysis.arrays import Codes, Flags, Vector, add_up
from analysis.coding import number
from analysis.sample import Sample

OUTCOME = 2  # place of the first outcome among a sample's sums


@dataclass(frozen=True)
class Pairs:
    """Sums over the cells of each pair that occurs; `domain` is -1 outside all domains.

    With A, B the sums of d v and d v y: `weights` A, `outcomes` B; `c`, `d`, `e` the sums of d^2 v, d^2 v y, d^2 v y^2
    and `squares` of d v y^2; `n`, `successes` the plain counts. `unit` is None when the responses are the PSUs.
    """

    stratum: Codes
    unit: Codes | None
    domain: Codes
    n: Vector
    successes: Vector
    weights: Vector
    outcomes: Vector
    c: Vector
    d: Vector
    e: Vector
    squares: Vector

    @cached_property
    def answered(self) -> Flags:
        return (self.n > 0) & (self.domain >= 0)

    @cached_property
    def inside(self) -> Flags | None:
        """Which pairs are in a domain; None when all are."""
        inside = self.domain >= 0
        return None if inside.all() else inside

    def total(self, values: Vector | Flags, size: int) -> Vector:
        """Sum of the pairs' values in each of `size` domains."""
        if self.inside is None:
            return add_up(self.domain, values, size)
        return add_up(self.domain[self.inside], values[self.inside], size)


def pair_up(sample: Sample, code: Codes) -> Pairs:
    """Roll a sample up to the pairs of its first stage with the domains `code` of its cells; kept with the cells."""
    kept = sample.cells.kept.get(("pairs", id(code)))
    if kept is None or kept[0] is not code:
        kept = code, _pair_up(sample, code)
        sample.cells.kept["pairs", id(code)] = kept
    pairs: Pairs = kept[1]
    return pairs


def make_ready(sample: Sample, codes: list[Codes]) -> None:
    """Sum the first stage's strata (or PSUs), and pair them up with domains `codes` that hold each of them whole.

    Other pairs cost six sums over the cells, and wait until they are asked for.
    """
    sum_members(sample)
    for code in codes:
        if find_nest(_list_members(sample), code) is not None:
            pair_up(sample, code)


def sum_members(sample: Sample) -> dict[str, Vector]:
    """Sums of the first stage's strata (or PSUs), whatever domains they are in; kept with the cells."""
    kept = sample.cells.kept
    if "members" not in kept:
        member = _list_members(sample)
        kept["members"] = _sum_groups(sample, member, int(member.max(initial=-1)) + 1)
    sums: dict[str, Vector] = kept["members"]
    return sums


def _pair_up(sample: Sample, code: Codes) -> Pairs:
    stage = sample.stages[0]
    member = _list_members(sample)
    domain = find_nest(member, code)
    if domain is not None:
        held, sums = np.arange(len(domain)), sum_members(sample)
    else:
        pair, held, domain = number_pairs(member, code)
        sums = _sum_groups(sample, pair, len(held))
    stratum = held
    if stage.unit is not None:
        of_unit = np.zeros(int(stage.unit.max(initial=-1)) + 1, dtype=np.intp)
        of_unit[stage.unit] = stage.stratum
        stratum = of_unit[held]
    return Pairs(stratum, None if stage.unit is None else held, domain, **sums)


def _list_members(sample: Sample) -> Codes:
    stage = sample.stages[0]
    return stage.stratum if stage.unit is None else stage.unit


def _sum_groups(sample: Sample, group: Codes, size: int) -> dict[str, Vector]:
    binary = sample.cells.binary
    columns = {
        "n": sample.counts[:, 1],
        "successes": sample.counts[:, OUTCOME],
        "weights": sample.first[:, 1],
        "outcomes": sample.first[:, OUTCOME],
        "c": sample.second[:, 1, 1],
        "d": sample.second[:, 1, OUTCOME],
    }
    if not binary:
        columns |= {"e": sample.second[:, OUTCOME, OUTCOME], "squares": sample.squares[:, 0, 0]}
    sums = {name: add_up(group, values, size) for name, values in columns.items()}
    return sums | {"e": sums["d"], "squares": sums["outcomes"]} if binary else sums


def find_nest(member: Codes, code: Codes) -> Codes | None:
    """The domain of each member where every member lies in one domain as a whole; else None."""
    domain = np.full(int(member.max(initial=-1)) + 1, -2, dtype=np.intp)
    domain[member] = code
    return domain if (domain > -2).all() and (domain[member] == code).all() else None


def number_pairs(member: Codes, code: Codes) -> tuple[Codes, Codes, Codes]:
    """Number the pairs that occur: the pair of each cell, and the member and the domain of each pair, in order."""
    size = int(code.max(initial=-1)) + 2
    found, pair = number(member * size + (code + 1), (int(member.max(initial=-1)) + 1) * size)
    return pair, found // size, found % size - 1
