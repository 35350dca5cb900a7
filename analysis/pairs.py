"""A sample rolled up to pairs of a stratum (or PSU) and a domain: all that uncalibrated domain means need.

There are far fewer pairs than cells, so that after six sums over the cells everything else is almost free.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.arrays import Codes, Flags, Vector, add_up
from analysis.coding import number
from analysis.sample import Sample

OUTCOME = 2  # place of the first outcome among a sample's sums


@dataclass(frozen=True, slots=True)
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

    @property
    def answered(self) -> Flags:
        return (self.n > 0) & (self.domain >= 0)


def pair_up(sample: Sample, code: Codes) -> Pairs:
    """Roll a sample up to the pairs of its first stage with the domains `code` of its cells; kept with the cells."""
    kept = sample.cells.kept.get(("pairs", id(code)))
    if kept is None or kept[0] is not code:
        kept = code, _pair_up(sample, code)
        sample.cells.kept["pairs", id(code)] = kept
    pairs: Pairs = kept[1]
    return pairs


def _pair_up(sample: Sample, code: Codes) -> Pairs:
    stage = sample.stages[0]
    member = stage.stratum if stage.unit is None else stage.unit
    pair, held, domain = number_pairs(member, code)
    size, binary = len(held), sample.cells.binary

    def total(values: Vector) -> Vector:
        return add_up(pair, values, size)

    outcomes, d = total(sample.first[:, OUTCOME]), total(sample.second[:, 1, OUTCOME])
    stratum = held
    if stage.unit is not None:
        of_unit = np.zeros(int(stage.unit.max(initial=-1)) + 1, dtype=np.intp)
        of_unit[stage.unit] = stage.stratum
        stratum = of_unit[held]
    return Pairs(
        stratum=stratum,
        unit=None if stage.unit is None else held,
        domain=domain,
        n=total(sample.counts[:, 1]),
        successes=total(sample.counts[:, OUTCOME]),
        weights=total(sample.first[:, 1]),
        outcomes=outcomes,
        c=total(sample.second[:, 1, 1]),
        d=d,
        e=d if binary else total(sample.second[:, OUTCOME, OUTCOME]),
        squares=outcomes if binary else total(sample.squares[:, 0, 0]),
    )


def number_pairs(member: Codes, code: Codes) -> tuple[Codes, Codes, Codes]:
    """Number the pairs that occur: the pair of each cell, and the member and the domain of each pair, in order."""
    size = int(code.max(initial=-1)) + 2
    found, pair = number(member * size + (code + 1), (int(member.max(initial=-1)) + 1) * size)
    return pair, found // size, found % size - 1
