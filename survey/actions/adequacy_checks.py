"""The checks of one cell: what its sample can carry, from the tally, the frame and what became of the invitations."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from analysis import (
    Certificate,
    Check,
    Dispositions,
    Estimate,
    Evidence,
    Plan,
    StratumSpread,
    certify_rate,
    check_adequacy,
    check_weights,
    representativity,
)
from analysis.errors import AnalysisError
from survey.actions.estimating import WaveData, make_design, score_answers
from survey.mandate.indicators import Indicator
from survey.store.frames import Stratum

DECIDING = {"undecided", "answers_needed", "power_for_three_points", "silent_rate_to_flip", "correlation_to_flip"}
DECIMALS = 3
REFUSED, UNREACHED = "opted_out", ("undeliverable", "capped")


@dataclass(frozen=True, slots=True)
class Fielded:
    """What became of a wave's invitations by stratum: drawn, answered under the checkpoint, and by disposition; and how
    many went out by each channel."""

    invited: Mapping[str, int]
    answered: Mapping[str, int]
    dispositions: Mapping[str, Mapping[str, int]]
    channels: Mapping[str, int] = field(default_factory=dict)


def check_cell(
    data: WaveData,
    indicator: Indicator,
    answers: pd.DataFrame,
    estimate: Estimate,
    strata: Sequence[Stratum],
    fielded: Fielded,
    *,
    target: float | None,
    draws: int,
) -> list[Check]:
    """Every check of a cell whose strata are these; without a target, those that need none."""
    scored = score_answers(data, indicator, answers)
    evidence = Evidence(
        strata=spread_strata(estimate.rate, strata, data, fielded),
        outcome=dispose(answers, strata, fielded),
        representativity=_represent(data, strata, fielded),
        weights=check_weights(scored["weight"], scored["n"], _untrimmed(data, scored)),
        certificate=_certify(scored, data, target, draws) if target else None,
    )
    invited = sum(fielded.invited.get(each.code, 0) for each in strata)
    left = max(0, sum(each.population for each in strata) - invited)
    plan = Plan(
        half_width=float(data.rule.planned_margin),
        response_rate=float(data.rule.planned_response),
        answers_left=left,
        n_effective=data.rule.minimum_effective,
        df=data.rule.minimum_df,
        coverage=float(data.rule.minimum_coverage),
    )
    checks = check_adequacy(estimate, target or 0.5, plan, evidence)
    return [_round(each) for each in checks if target or each.name not in DECIDING]


def describe(checks: Sequence[Check]) -> list[list[Any]]:
    """Checks as JSON keeps them: name, value, limit, warning; an endless value is nothing."""
    return [[each.name, _finite(each.value), each.limit, each.warning] for each in checks]


def spread_strata(rate: float, strata: Sequence[Stratum], data: WaveData, fielded: Fielded) -> dict[str, StratumSpread]:
    """Every stratum with the variance of the whole cell: a stratum's own would tell what its few said."""
    variance = rate * (1 - rate)
    answered = data.answered
    return {
        each.code: StratumSpread(
            float(each.population),
            answered.get(each.code, 0),
            variance,
            min(1.0, fielded.answered.get(each.code, 0) / max(1, fielded.invited.get(each.code, 0))),
            planned=math.floor(fielded.invited.get(each.code, 0) * float(data.rule.planned_response)),
        )
        for each in strata
    }


def dispose(answers: pd.DataFrame, strata: Sequence[Stratum], fielded: Fielded) -> Dispositions | None:
    """The final outcomes of the invited of these strata in AAPOR's words; None where nobody was invited."""
    codes = [each.code for each in strata]
    invited = sum(fielded.invited.get(code, 0) for code in codes)
    if not invited:
        return None
    complete = int(answers.loc[answers["level"].notna(), "n"].sum())
    partial = int(answers.loc[answers["level"].isna(), "n"].sum())
    rest = max(0, invited - complete - partial)
    other = min(rest, max(0, sum(fielded.answered.get(code, 0) for code in codes) - complete - partial))
    refusal = min(rest - other, _count(codes, fielded, (REFUSED,)))
    unknown = min(rest - other - refusal, _count(codes, fielded, UNREACHED))
    return Dispositions(
        complete, partial, refusal, rest - other - refusal - unknown, other, unknown_other=unknown, eligible_share=1.0
    )


def _count(codes: Sequence[str], fielded: Fielded, dispositions: Sequence[str]) -> int:
    return sum(fielded.dispositions.get(code, {}).get(name, 0) for code in codes for name in dispositions)


def _represent(data: WaveData, strata: Sequence[Stratum], fielded: Fielded) -> Any:
    known = [each for each in strata if fielded.invited.get(each.code)]
    if len(known) < 2:
        return None
    invited = [fielded.invited[each.code] for each in known]
    answered = [min(count, fielded.answered.get(each.code, 0)) for each, count in zip(known, invited, strict=True)]
    labels = {
        "agency": [each.agency_code for each in known],
        "sector": [each.sector_code or "" for each in known],
        "procedure": [each.procedure_code or "" for each in known],
    }
    varying = {name: values for name, values in labels.items() if len(set(values)) > 1}
    try:
        return representativity(invited, answered, varying)
    except AnalysisError:
        return None


def _untrimmed(data: WaveData, scored: pd.DataFrame) -> pd.Series | None:
    """The weights before the recipe's trimming; None where nothing was trimmed."""
    before, after = data.weighed.untrimmed, data.weighed.totals
    if not before:
        return None
    return scored["weight"] * scored["stratum"].map({code: total / after[code] for code, total in before.items()})


def _certify(scored: pd.DataFrame, data: WaveData, target: float, draws: int) -> Certificate | None:
    design = make_design(data, scored)
    level = float(data.rule.confidence_level)
    try:
        return certify_rate(scored, design, "y", target, draws=draws, confidence_level=level)
    except AnalysisError:
        return None


def _round(check: Check) -> Check:
    """As exactly as a page prints: more digits of a weighted rate would tell each stratum's count."""
    if not math.isfinite(check.value):
        return check
    return Check(check.name, round(check.value, DECIMALS), check.limit, check.warning)


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
