"""Design-based (co)variances of linearised variables, from the sums in cells.

A variable is given by coefficients on the sums that are kept for a response, cell by cell: u = α + β v + γ y. The
variance is R's `svyrecvar` (Särndal, Swensson and Wretman 1992, chapters 4 and 5): at each stage
(1-f) n/(n-1) [Σ z² - (Σ z)²/n] within strata, z the weighted total of a unit, times the fractions of the stages above.
"""

from __future__ import annotations

import numpy as np

from analysis.arrays import Codes, Flags, Vector, add_up
from analysis.sample import Replay, Sample
from analysis.stages import Stage
from analysis.steps import Projecting

_ROUNDING = 1e-11
ROUNDING_SQUARES = 1e-13  # of a sum of squares that is computed from moments


def covariance(sample: Sample, variables: Vector) -> Vector:
    """Covariance matrix (L x L) of the totals of L linearised variables (L x cells x K coefficients)."""
    variables = project(sample, variables)
    sums = np.einsum("lck,ck->lc", variables, sample.first)
    touched = _touch_strata(sample, variables)
    result = np.zeros((len(variables), len(variables)))
    for place, stage in enumerate(sample.stages):
        if stage.unit is None:
            weighted = sample.second * stage.scale[stage.stratum][:, None, None]
            spread = variables.reshape(len(variables), -1) @ _apply(weighted, variables).T
        else:
            units, strata = _total_units(stage, sums)
            spread = (units * stage.scale[strata]) @ units.T
        strata_sums = _total_strata(stage, sums)
        spread -= (strata_sums * _shrink(stage)) @ strata_sums.T
        result += _add_lonely(sample, stage, place, spread, strata_sums, touched)
    return result


def variances(sample: Sample, variables: Vector) -> Vector:
    """The diagonal of `covariance`, without the rest."""
    floor = _find_floor(sample, variables)
    variables = project(sample, variables)
    sums = np.einsum("lck,ck->lc", variables, sample.first)
    touched = _touch_strata(sample, variables)
    result = np.zeros(len(variables))
    for place, stage in enumerate(sample.stages):
        if stage.unit is None:
            weighted = sample.second * stage.scale[stage.stratum][:, None, None]
            spread = np.einsum("lf,lf->l", variables.reshape(len(variables), -1), _apply(weighted, variables))
        else:
            units, strata = _total_units(stage, sums)
            spread = (units * units) @ stage.scale[strata]
        strata_sums = _total_strata(stage, sums)
        spread -= (strata_sums * strata_sums) @ _shrink(stage)
        result += _add_lonely(sample, stage, place, spread, strata_sums, touched)
    return np.where(result > floor, result, 0.0)


def count_df(sample: Sample, answered: Vector) -> float:
    """PSUs with an answer less strata with one; `answered` counts the domain's responses in each cell."""
    stage, inside = sample.stages[0], answered > 0
    strata = len(np.unique(stage.stratum[inside]))
    units = answered.sum() if stage.unit is None else len(np.unique(stage.unit[inside]))
    return float(units - strata)


def project(sample: Sample, variables: Vector) -> Vector:
    """Take away what the calibrations explain (Deville and Särndal 1992): u - x'B, in the order of the steps."""
    if not sample.design.is_calibrated:
        return variables
    residual = variables.copy()
    for replay in sample.replays:
        if replay.step.projects and isinstance(replay.step, Projecting):
            residual[:, :, 0] -= _fit(sample, replay, replay.step, residual)
    return residual


def _find_floor(sample: Sample, variables: Vector) -> Vector:
    """Variances below this are rounding errors: of totals that calibration has fixed, or where nothing varies."""
    size: Vector = np.abs(np.einsum("lck,ck->lc", variables, sample.first)).sum(axis=1)
    floor: Vector = (_ROUNDING * size) ** 2
    stage = sample.stages[-1]
    if stage.unit is None:
        weighted = np.abs(sample.second) * stage.scale[stage.stratum][:, None, None]
        sizes = np.abs(variables)
        floor = floor + ROUNDING_SQUARES * np.einsum("lf,lf->l", sizes.reshape(len(sizes), -1), _apply(weighted, sizes))
    return floor


def _fit(sample: Sample, replay: Replay, step: Projecting, residual: Vector) -> Vector:
    """What a step explains, per unit of final weight; a later step may have changed the weights since."""
    after = np.where(replay.after > 0, replay.after, 1.0)
    if step.unweighted:
        sums, ratio = sample.counts, np.where(replay.after > 0, sample.factor / after, 0.0)
    else:
        sums, ratio = sample.first, np.where(replay.after > 0, replay.before / after, 0.0)
    totals = np.einsum("lck,ck->lc", residual, sums * ratio[:, None])
    weights = sample.cells.first[:, 0] * replay.before
    fitted = step.fit(sample.cells, totals, weights, sample.counts[:, 0])
    return np.where(sample.factor > 0, fitted * replay.after / np.where(sample.factor > 0, sample.factor, 1.0), 0.0)


def _apply(second: Vector, variables: Vector) -> Vector:
    """Each cell's matrix of second moments times each variable's coefficients, flattened to (L, cells x K)."""
    applied: Vector = np.einsum("ckj,lcj->lck", second, variables).reshape(len(variables), -1)
    return applied


def _total_units(stage: Stage, sums: Vector) -> tuple[Vector, Codes]:
    """Totals (L x units) of a stage's units, and the stratum of each unit."""
    assert stage.unit is not None
    size = int(stage.unit.max(initial=-1)) + 1
    units = np.stack([add_up(stage.unit, row, size) for row in sums])
    strata = np.zeros(size, dtype=np.intp)
    strata[stage.unit] = stage.stratum
    return units, strata


def _total_strata(stage: Stage, sums: Vector) -> Vector:
    return np.stack([add_up(stage.stratum, row, len(stage.sampled)) for row in sums])


def _shrink(stage: Stage) -> Vector:
    return stage.scale / np.maximum(stage.sampled, 1)


def _touch_strata(sample: Sample, variables: Vector) -> list[Flags]:
    """Strata (L x H, for each stage) where a variable's domain has responses; all of them once weights are calibrated.

    R drops the rows outside a domain unless the design is calibrated, and "adjust" and "average" look at what is left.
    """
    if sample.design.is_calibrated:
        return [np.ones((len(variables), len(stage.sampled)), dtype=bool) for stage in sample.stages]
    inside = (variables != 0).any(axis=2) & (sample.counts[:, min(1, sample.size - 1)] > 0)
    return [_total_strata(stage, inside.astype(np.float64)) > 0 for stage in sample.stages]


def _add_lonely(sample: Sample, stage: Stage, place: int, spread: Vector, sums: Vector, touched: list[Flags]) -> Vector:
    """What strata with one sampled unit add to a stage's variances (L) or covariances (L x L)."""
    rule = sample.design.lonely_psu
    if not stage.lonely.any() or rule in {"remove", "certainty"}:
        return spread
    strata = touched[place]
    if rule == "average":
        return _scale_up(spread, strata, stage)
    return spread + _deviate(spread.ndim, strata, stage, sums)


def _scale_up(spread: Vector, strata: Flags, stage: Stage) -> Vector:
    """R's "average": a lonely stratum adds what the others add on average."""
    if spread.ndim == 2:
        strata = np.atleast_2d(strata.any(axis=0))
    usable = (strata & ~stage.lonely).sum(axis=1)
    scale = np.where(usable > 0, strata.sum(axis=1) / np.maximum(usable, 1), 1.0)
    scaled: Vector = spread * scale
    return scaled


def _deviate(dimensions: int, strata: Flags, stage: Stage, sums: Vector) -> Vector:
    """R's "adjust": a lonely unit's squared distance from the mean of all units (of its PSU, at later stages)."""
    strata = np.atleast_2d(strata.any(axis=0)) if dimensions == 2 else strata
    sampled = strata * stage.sampled
    size = int(stage.group.max(initial=0)) + 1
    means = np.stack(
        [
            add_up(stage.group, row, size) / np.maximum(add_up(stage.group, units, size), 1)
            for row, units in zip(sums, np.broadcast_to(sampled, sums.shape), strict=True)
        ]
    )
    weight = np.where(stage.lonely, stage.parent * (1 - stage.fraction), 0.0)
    away = (sums - means[:, stage.group]) * strata * np.sqrt(weight)
    return away @ away.T if dimensions == 2 else (away * away).sum(axis=1)
