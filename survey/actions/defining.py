"""The same answers under every definition of the figure: what each gives, and what it would say of each target.

Only the definition of the wave's rule counts. The others stand beside it, so that nobody has to wonder which one was
chosen; those that count silence are never held against a target.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any

import pandas as pd

from analysis import Estimate
from survey.actions.estimating import CannotEstimate, WaveData, estimate_domains, judge_by_rule, weigh_answers
from survey.actions.suppressing import GROUP_DISCLOSURE
from survey.mandate.indicators import Indicator, load_indicators
from survey.mandate.targets import targets_for


def define(data: WaveData, sector: str, answers: pd.DataFrame, strata: set[str], as_of: date) -> list[dict[str, Any]]:
    """A row for each definition: its key, figure, limits, and its verdict against each target of the sector.

    Nothing for so few answers that how they spread over five levels would tell of single persons.
    """
    if answers[answers["level"].notna()]["n"].sum() < GROUP_DISCLOSURE:
        return []
    inside = replace(
        data,
        strata=tuple(each for each in data.strata if each.code in strata),
        invited={code: n for code, n in data.invited.items() if code in strata},
    )
    weighed, indicators = weigh_answers(inside, answers), load_indicators().values()
    return [row for each in indicators for row in _row(inside, sector, weighed, as_of, each)]


def _row(
    data: WaveData, sector: str, answers: pd.DataFrame, as_of: date, indicator: Indicator
) -> Iterator[dict[str, Any]]:
    level = float(data.rule.confidence_level)
    try:
        found = estimate_domains(data, indicator, (), answers=answers, method=data.rule.method, confidence_level=level)
    except CannotEstimate:  # silence is unknown where nobody was invited
        return
    for estimate in (each.estimate for each in found):
        yield {
            "key": indicator.key,
            "rate": estimate.rate,
            "low": estimate.low,
            "high": estimate.high,
            "verdicts": [] if indicator.comparison_only else _verdicts(data, sector, estimate, as_of),
        }


def _verdicts(data: WaveData, sector: str, estimate: Estimate, as_of: date) -> list[dict[str, Any]]:
    targets = targets_for(sector, data.rule.territory, as_of)
    return [
        {
            "target": each.rate,
            "due": each.due.isoformat(),
            "verdict": judge_by_rule(
                estimate, each.rate, data.rule, on=as_of, due=each.due if each.due > as_of else None
            ).code,
        }
        for each in targets
    ]
