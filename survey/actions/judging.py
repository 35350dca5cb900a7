"""Judging a sector: the level in force today, the milestone that has passed, and the one that lies ahead."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from analysis import Estimate, Verdict
from survey.actions.estimating import judge_by_rule
from survey.mandate.rules import Rule
from survey.mandate.targets import Target, targets_for
from survey.store.waves import Wave

IN_FORCE, MILESTONE, AHEAD = "in_force", "milestone", "due"
DAYS_A_YEAR = 365.25
DOUBTED = {"met": "not_shown", "above": "cannot_tell", "on_track": "cannot_tell"}


def judge_sector(
    estimate: Estimate,
    sector: str,
    wave: Wave,
    rule: Rule,
    as_of: date,
    gap: Mapping[str, float | int] | None = None,
) -> list[dict[str, Any]]:
    """Every target of the sector with its verdict; none for what citizens selected themselves.

    The last level that fell due stays the bar in force. A milestone is judged only on a window that ended by its due
    date. Before a due date nothing is "not met". Where the frame lacks more than the rule allows (`gap`), those who
    were left out may think otherwise: nothing is said to be met.
    """
    judged = _judge_all(estimate, sector, wave, rule, as_of)
    return [_doubt(each, gap) for each in judged] if gap else judged


def _judge_all(estimate: Estimate, sector: str, wave: Wave, rule: Rule, as_of: date) -> list[dict[str, Any]]:
    if wave.collected == "self-selected":
        return []
    targets = targets_for(sector, rule.territory, as_of)
    passed = [target for target in targets if target.due <= as_of]
    ahead = [target for target in targets if target.due > as_of]
    judged = []
    if passed:
        bar = passed[-1]
        judged.append(_describe(IN_FORCE, bar, judge_by_rule(estimate, bar.rate, rule, on=as_of)))
    judged += [_judge_milestone(estimate, target, wave, rule) for target in passed]
    for target in ahead:
        verdict = judge_by_rule(estimate, target.rate, rule, on=as_of, due=target.due)
        judged.append(_describe(AHEAD, target, verdict) | {"points_a_year": _points_a_year(estimate, target, as_of)})
    return judged


def judge_nobody(sector: str, wave: Wave, rule: Rule, as_of: date) -> list[dict[str, Any]]:
    """The bar in force where nobody has answered yet: too few."""
    passed = [target for target in targets_for(sector, rule.territory, as_of) if target.due <= as_of]
    if not passed or wave.collected == "self-selected":
        return []
    return [_base(IN_FORCE, passed[-1]) | {"verdict": "too_few", "reason": "no_answers", "numbers": {}}]


def _judge_milestone(estimate: Estimate, target: Target, wave: Wave, rule: Rule) -> dict[str, Any]:
    if wave.closes_on <= target.due:
        return _describe(MILESTONE, target, judge_by_rule(estimate, target.rate, rule, on=target.due))
    return _base(MILESTONE, target) | {"verdict": "not_measured", "reason": "window_after_due", "numbers": {}}


def _doubt(judged: dict[str, Any], gap: Mapping[str, float | int]) -> dict[str, Any]:
    if judged["verdict"] not in DOUBTED:
        return judged
    return judged | {"verdict": DOUBTED[judged["verdict"]], "reason": "incomplete_frame", "numbers": dict(gap)}


def _describe(kind: str, target: Target, verdict: Verdict) -> dict[str, Any]:
    numbers = {name: value for name, value in verdict.numbers.items() if value != float("inf")}
    return _base(kind, target) | {
        "verdict": verdict.code,
        "reason": verdict.reason,
        "numbers": numbers,
        "p_met": verdict.p_met,
        "p_not": verdict.p_not,
    }


def _base(kind: str, target: Target) -> dict[str, Any]:
    return {
        "kind": kind,
        "target_code": target.code,
        "target": target.rate,
        "due": target.due.isoformat(),
        "status": target.status,
    }


def _points_a_year(estimate: Estimate, target: Target, as_of: date) -> float | None:
    """Share of people to gain each year until the due date; None when the rate is there already."""
    missing = target.rate - estimate.rate
    years = (target.due - as_of).days / DAYS_A_YEAR
    return missing / years if missing > 0 and years > 0 else None
