"""Jackknife replicates of classes of alike responses, without the matrix of their weights (Wolter 2007, chapter 4)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.arrays import Codes, Flags, Vector, add_up, count_up
from analysis.errors import BadDesign
from analysis.reduction import Cells
from analysis.stages import Stage


@dataclass(frozen=True, slots=True)
class Jackknife:
    """Leaves out one unit at a time: a PSU, or one of the `members` alike responses of a class.

    `unit`: of each class; `stratum`, `members`: of each unit; `sampled`, `fraction`: n_h and f_h of each stratum.
    `replicated`: units that are left out in turn. `alone`: strata of one unit that a replicate leaves out whole.
    """

    unit: Codes
    stratum: Codes
    members: Vector
    sampled: Vector
    fraction: Vector
    replicated: Flags
    alone: Codes

    @property
    def times(self) -> Vector:
        return np.concatenate([self.members[self.replicated], np.ones(len(self.alone))])

    @property
    def rscales(self) -> Vector:
        n = self.sampled[self.stratum[self.replicated]]
        own = (1 - self.fraction[self.stratum[self.replicated]]) * (n - 1) / n
        return np.concatenate([own, np.full(len(self.alone), 1 - 1 / len(self.sampled))])

    def apply(self, values: Vector) -> Vector:
        """Totals (L x R) of class values (L x classes) under each replicate's weights."""
        return np.stack([self._apply_one(row) for row in values])

    def column(self, place: int) -> Vector:
        """Factor of one replicate on each class's weights."""
        left_out = np.flatnonzero(self.replicated)
        stratum = self.stratum[self.unit]
        if place >= len(left_out):
            grown = len(self.sampled) / (len(self.sampled) - 1)
            return np.where(stratum == self.alone[place - len(left_out)], 0.0, grown)
        unit = left_out[place]
        n = self.sampled[self.stratum[unit]]
        factors = np.where(stratum == self.stratum[unit], n / (n - 1), 1.0)
        factors[self.unit == unit] *= 1 - 1 / self.members[unit]
        return factors

    def spell_out(self, matrix: Vector, classes: Codes) -> Vector:
        """Weights of the single responses of some classes (rows of the matrix) in every single replicate."""
        left_out = np.append(np.flatnonzero(self.replicated), np.full(len(self.alone), -1))
        members = self.members[self.unit[classes]]
        row, column = (np.repeat(np.arange(len(n)), n.astype(np.intp)) for n in (members, self.times))
        whole = matrix[row][:, column]
        for place, unit in enumerate(left_out):
            own = np.flatnonzero(self.unit[classes[row]] == unit)
            if unit >= 0 and self.members[unit] > 1 and len(own):
                block = np.ix_(own, column == place)
                size = self.members[unit]
                whole[block] *= (1 - np.eye(len(own))) * size / (size - 1)
        return whole

    def count_df(self, answered: Vector) -> float:
        """Rank of the replicate weights of a domain, less one; `answered` counts its responses in each class.

        A stratum that is wholly in the domain adds a multiple of the vector of ones, so that all but one of such strata
        add one dimension less than they have units.
        """
        units = add_up(self.unit, answered, len(self.stratum))
        units = units if (self.members > 1).any() else np.minimum(units, 1.0)
        held = add_up(self.stratum, np.where(self.replicated, units, 0.0), len(self.sampled))
        complete = int(((held == self.sampled) & (held > 0)).sum())
        alone = count_up(self.stratum[(units > 0) & ~self.replicated], len(self.sampled)) > 0
        lone = int(alone[self.alone].sum())
        constant = int(alone.sum()) > lone
        return float(held.sum() - max(complete - 1, 0) + lone + (constant and complete == 0) - 1)

    def _apply_one(self, values: Vector) -> Vector:
        units = add_up(self.unit, values, len(self.stratum))
        strata = add_up(self.stratum, units, len(self.sampled))
        stratum, n = self.stratum[self.replicated], self.sampled[self.stratum[self.replicated]]
        one = units[self.replicated] / self.members[self.replicated]
        own = values.sum() + (strata[stratum] - n * one) / (n - 1)
        grown = len(self.sampled) / max(len(self.sampled) - 1, 1)
        return np.concatenate([own, (values.sum() - strata[self.alone]) * grown])


def read_jackknife(classes: Cells, stage: Stage, rule: str) -> tuple[Jackknife, float]:
    """The jackknife of a first stage, and the scale that R's lonely-PSU rule gives it. Raises BadDesign."""
    psu = stage.unit is not None
    unit = stage.unit if stage.unit is not None else np.arange(len(classes))
    present = classes.rows > 0
    size = int(unit.max(initial=-1)) + 1
    members = np.ones(size) if psu else np.maximum(classes.rows, 1.0)
    stratum = np.zeros(size, dtype=np.intp)
    stratum[unit] = stage.stratum
    used = add_up(unit, present, size) > 0
    replicated = used & (stage.sampled[stratum] > 1) & ~stage.census[stratum]
    alone = np.flatnonzero(stage.lonely) if rule in {"adjust", "collapse"} else np.zeros(0, dtype=np.intp)
    if not replicated.any():
        raise BadDesign("No stratum has two units to leave out in turn: a jackknife has nothing to compare")
    found = Jackknife(unit, stratum, members, stage.sampled, stage.fraction, replicated, alone)
    scale = stage.sampled.sum() / found.times.sum() if rule == "average" else 1.0
    return found, float(scale)
