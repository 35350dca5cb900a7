"""The stages of a sample read from its cells: which unit and stratum a cell belongs to, n_h and f_h of each stratum."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from analysis.arrays import Codes, Flags, Vector, add_up, count_up, spell
from analysis.coding import number, order_by_appearance
from analysis.errors import BadPopulation, LonelyPSU, PSUInTwoStrata
from analysis.reduction import Cells

_CENSUS = 1e-7  # R's rule: a stratum observed to this share of its size adds no variance


@dataclass(frozen=True)
class Stage:
    """One stage of sampling.

    `unit`: code of the sampled unit of each cell, or None when the units are the responses themselves. `stratum`: code
    of its stratum at this stage; `sampled`, `population`, `parent`: n_h, N_h (infinite without one) and the product of
    the sampling fractions of the stages above, for each stratum. `group`: the PSU of each stratum, at later stages.
    """

    unit: Codes | None
    stratum: Codes
    sampled: Vector
    population: Vector
    parent: Vector
    group: Codes
    notes: tuple[str, ...] = ()

    @cached_property
    def fraction(self) -> Vector:
        return np.where(np.isinf(self.population), 0.0, self.sampled / self.population)

    @cached_property
    def census(self) -> Flags:
        return np.asarray(1 - self.fraction < _CENSUS)

    @cached_property
    def lonely(self) -> Flags:
        return np.asarray((self.sampled == 1) & ~self.census)

    @cached_property
    def scale(self) -> Vector:
        """(1 - f) n / (n - 1), times the fractions above; zero for strata that have one unit or were observed whole."""
        spread = self.sampled / np.maximum(self.sampled - 1, 1)
        return np.where(self.census | (self.sampled < 2), 0.0, self.parent * (1 - self.fraction) * spread)


def read_stages(cells: Cells) -> tuple[Stage, ...]:
    """Codes and sizes of every stage that adds variance. Raises BadPopulation, LonelyPSU, PSUInTwoStrata."""
    design = cells.design
    units = _list_units(cells)
    stages: list[Stage] = []
    for place, unit in enumerate(units):
        stratum, group = _code_strata(cells, units, place)
        parent = _find_parent(stages, stratum) if stages else np.ones(stratum.max(initial=-1) + 1)
        stage = _size_stage(cells, place, unit, stratum, group, parent)
        stages.append(stage)
        if not design.populations:
            break
    _refuse_lonely(stages, cells)
    return tuple(_collapse(stage, cells) if place == 0 else stage for place, stage in enumerate(stages))


def weigh_by_population(cells: Cells) -> Vector:
    """Weight of a response of each cell when the design names none: the product of N / n over the stages, or 1."""
    if cells.design.weight or not cells.design.populations:
        return np.ones(len(cells))
    weights = np.ones(len(cells))
    for place, unit in enumerate(_list_units(cells)):
        stratum, group = _code_strata(cells, _list_units(cells), place)
        stage = _size_stage(cells, place, unit, stratum, group, np.ones(stratum.max(initial=-1) + 1))
        ratio = np.divide(stage.population, stage.sampled, out=np.zeros_like(stage.sampled), where=stage.sampled > 0)
        weights *= np.where(np.isinf(ratio), 1.0, ratio)[stratum]
    return weights


def _list_units(cells: Cells) -> list[Codes | None]:
    """Unit codes of each stage; later units are told apart within earlier ones, all within strata if `nest`."""
    design = cells.design
    if not design.psus:
        return [None]
    units: list[Codes | None] = []
    for place, name in enumerate(design.psus):
        if name is None:
            units.append(None)
            continue
        strata = design.strata[: place + 1] if design.nest else ()
        columns = [*strata, *(psu for psu in design.psus[: place + 1] if psu)]
        units.append(cells.codes(tuple(dict.fromkeys(columns))))
    if design.strata and not design.nest and units[0] is not None:
        _refuse_straddling(cells, units[0])
    return units


def _refuse_straddling(cells: Cells, unit: Codes) -> None:
    first = cells.design.strata[0]
    both = cells.codes((first,)), unit
    pairs = pd.DataFrame({"stratum": both[0], "unit": both[1]}).drop_duplicates()
    twice = pairs["unit"][pairs["unit"].duplicated()]
    if len(twice):
        label = cells.keys[cells.design.psus[0]].iloc[int(np.argmax(unit == twice.iloc[0]))]
        raise PSUInTwoStrata(
            f"PSU {spell(label)} is in two strata of {first!r}; say nest=True if its label is only unique inside a "
            "stratum, else correct the frame"
        )


def _code_strata(cells: Cells, units: list[Codes | None], place: int) -> tuple[Codes, Codes]:
    """Stratum of each cell at a stage, and the PSU (0 at the first stage) of each of those strata."""
    strata = cells.design.strata
    own = (strata[min(place, len(strata) - 1)],) if strata else ()
    if place == 0:
        stratum = cells.codes(own)
        return stratum, np.zeros(stratum.max(initial=-1) + 1, dtype=np.intp)
    above = units[place - 1]
    assert above is not None, "only the last stage's units can be the responses"
    inner = cells.codes(own)
    size = int(inner.max(initial=-1)) + 1
    _, both = number(above * size + inner, (int(above.max(initial=-1)) + 1) * size)
    stratum = order_by_appearance(both)
    group = np.zeros(stratum.max(initial=-1) + 1, dtype=np.intp)
    group[stratum] = above
    return stratum, group


def _find_parent(stages: list[Stage], stratum: Codes) -> Vector:
    above = stages[-1]
    parent = np.ones(stratum.max(initial=-1) + 1)
    parent[stratum] = (above.parent * above.fraction)[above.stratum]
    return parent


def _size_stage(cells: Cells, place: int, unit: Codes | None, stratum: Codes, group: Codes, parent: Vector) -> Stage:
    size = len(group)
    if unit is None:
        sampled = add_up(stratum, cells.rows, size)
    else:
        present = cells.rows > 0
        pairs = np.unique(np.stack([stratum[present], unit[present]]), axis=1)
        sampled = count_up(pairs[0], size)
    population = _size_population(cells, place, stratum, sampled)
    return Stage(unit, stratum, sampled, population, parent, group)


def _size_population(cells: Cells, place: int, stratum: Codes, sampled: Vector) -> Vector:
    design = cells.design
    if not design.populations:
        return np.full(len(sampled), np.inf)
    if place >= len(design.populations):
        return sampled  # R's rule: a later stage without a population was observed whole
    low, high = cells.population[:, place, 0], cells.population[:, place, 1]
    population = np.zeros(len(sampled))
    population[stratum] = high
    varies = (low != population[stratum]) | (high != population[stratum])
    if varies.any():
        where = name_stratum(cells, stratum, int(stratum[np.argmax(varies)]))
        raise BadPopulation(f"{design.populations[place]!r} differs within {where}; a stratum has one population")
    if _is_fraction(population):
        population = np.divide(sampled, population, out=np.full(len(sampled), np.inf), where=population > 0)
    short = population < sampled - 1e-9 * sampled
    if short.any():
        worst = int(np.argmax(short))
        raise BadPopulation(
            f"{name_stratum(cells, stratum, worst)} has {sampled[worst]:g} sampled units but a population "
            f"({design.populations[place]!r}) of {population[worst]:g}; correct the frame or leave the population out"
        )
    return population


def _is_fraction(population: Vector) -> bool:
    return bool((population <= 1).all() and (population < 1).any())


def name_stratum(cells: Cells, stratum: Codes, code: int, place: int = 0) -> str:
    """A stratum for a message: its values, and at a later stage the PSU that it is in."""
    row = int(np.argmax(stratum == code))
    design = cells.design
    named = [f"PSU {spell(cells.keys[name].iloc[row])}" for name in design.psus[:place]]
    if design.strata:
        values = (spell(cells.keys[name].iloc[row]) for name in design.strata)
        named.append(f"stratum {' / '.join(values)}")
    return " of ".join(named) or "the sample"


def _refuse_lonely(stages: list[Stage], cells: Cells) -> None:
    if cells.design.lonely_psu != "fail":
        return
    for place, stage in enumerate(stages):
        if stage.lonely.any():
            unit = "response" if stage.unit is None else "PSU" if place == 0 else "unit"
            name = name_stratum(cells, stage.stratum, int(np.argmax(stage.lonely)), place)
            raise LonelyPSU(
                f"{name} has one {unit} at stage {place + 1}; "
                'choose lonely_psu="collapse", "adjust", "average", "certainty" or "remove"'
            )


def _collapse(stage: Stage, cells: Cells) -> Stage:
    """Join each lonely stratum with the smallest other one of its group; a stratum alone in its group stays lonely."""
    design = cells.design
    if design.lonely_psu != "collapse" or not stage.lonely.any() or design.collapse_within is None:
        return stage
    group = np.zeros(len(stage.sampled), dtype=np.intp)
    group[stage.stratum] = cells.codes((design.collapse_within,))
    target = np.arange(len(stage.sampled))
    notes: list[str] = []
    for lonely in np.flatnonzero(stage.lonely):
        if target[lonely] != lonely or (target == lonely).sum() > 1:
            continue
        others = np.flatnonzero((group == group[lonely]) & (stage.sampled > 0) & (np.arange(len(group)) != lonely))
        if len(others):
            partner = target[others[np.argmin(stage.sampled[others])]]
            target[lonely] = partner
            pair = (name_stratum(cells, stage.stratum, int(code)) for code in (lonely, partner))
            notes.append("collapsed {} with {}".format(*pair))
    return _merge(stage, target, tuple(notes))


def _merge(stage: Stage, target: Codes, notes: tuple[str, ...]) -> Stage:
    kept, code = np.unique(target, return_inverse=True)
    sampled = add_up(code, stage.sampled, len(kept))
    population = add_up(code, stage.population, len(kept))
    return replace(
        stage,
        stratum=code[stage.stratum],
        sampled=sampled,
        population=population,
        parent=np.ones(len(kept)),
        group=np.zeros(len(kept), dtype=np.intp),
        notes=notes,
    )
