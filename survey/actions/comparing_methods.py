"""One cell under every way of computing it: intervals, lonely strata, finite population, exclusions, weights."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pandas as pd

from analysis import Estimate, rate
from analysis.errors import AnalysisError
from analysis.intervals import METHODS
from survey.actions.adequacy import Frozen, answers_of, target_of
from survey.actions.estimating import judge_by_rule, make_design, score_answers
from survey.actions.suppressing import round_printed
from survey.mandate.indicators import load_indicator

LONELY = ("fail", "remove", "certainty", "adjust", "average", "collapse")
Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Variant:
    """One way of computing: what varies (method, lonely, population, excluded, weights), its value, and what it gives;
    no `rate` where it has no answer. `differs`: its verdict is not the rule's own."""

    kind: str
    value: str
    rate: float | None = None
    low: float | None = None
    high: float | None = None
    n: int = 0
    n_effective: float | None = None
    verdict: str | None = None
    differs: bool = False
    ours: bool = False
    why: str = ""


def compare_cell(frozen: Frozen, key: Key) -> list[Variant]:
    """Every variant of a cell that the release shows, rounded as the release is; one thing varies at a time."""
    answers = answers_of(frozen, *key)
    indicator = load_indicator(frozen.data.rule.indicator)
    scored = score_answers(frozen.data, indicator, answers)
    base = _Question(frozen, scored, target_of(frozen, key[1]))
    own = base.ask()
    told = base.describe("method", frozen.data.rule.method, own)
    variants = [replace(told, ours=True)]
    variants += [base.vary("method", name, method=name) for name in METHODS if name != frozen.data.rule.method]
    variants.append(base.vary("method", "beta-r", method="beta", like_r=True))
    variants += [base.vary("lonely", name, lonely=name) for name in LONELY]
    variants += [base.vary("population", name, finite=name == "finite") for name in ("process", "finite")]
    variants.append(base.vary("weights", "none", weighted=False))
    if "with_excluded" in frozen.shown[key]:
        together = score_answers(frozen.data, indicator, answers_of(frozen, *key, excluded=True))
        variants.append(_Question(frozen, together, base.target).vary("excluded", "with"))
    return [replace(each, differs=_differs(each, told)) for each in variants]


@dataclass(frozen=True, slots=True)
class _Question:
    frozen: Frozen
    scored: pd.DataFrame
    target: float | None

    def ask(
        self,
        *,
        method: str | None = None,
        lonely: str | None = None,
        finite: bool | None = None,
        weighted: bool = True,
        like_r: bool = False,
    ) -> Estimate:
        rule = self.frozen.data.rule
        design = make_design(self.frozen.data, self.scored)
        if finite is not None:
            design = replace(design, population="population" if finite else None)
        if lonely is not None:
            within = "agency" if lonely == "collapse" else None
            design = replace(design, lonely_psu=lonely, collapse_within=within)  # type: ignore[arg-type]
        if not weighted:
            design = replace(design, weight=None, population=None)
        level = float(rule.confidence_level)
        return rate(self.scored, design, "y", method=method or rule.method, confidence_level=level, like_r=like_r)

    def vary(
        self,
        kind: str,
        value: str,
        *,
        method: str | None = None,
        lonely: str | None = None,
        finite: bool | None = None,
        weighted: bool = True,
        like_r: bool = False,
    ) -> Variant:
        try:
            found = self.ask(method=method, lonely=lonely, finite=finite, weighted=weighted, like_r=like_r)
        except AnalysisError as refused:
            return Variant(kind, value, why=str(refused))
        return self.describe(kind, value, found)

    def describe(self, kind: str, value: str, found: Estimate) -> Variant:
        verdict = None
        if self.target is not None:
            on = self.frozen.data.wave.closes_on
            verdict = judge_by_rule(found, self.target, self.frozen.data.rule, on=on).code
        return Variant(
            kind,
            value,
            rate=round_printed(found.rate),
            low=round_printed(found.low),
            high=round_printed(found.high),
            n=found.n,
            n_effective=round_printed(found.n_effective, 1),
            verdict=verdict,
            why="; ".join(found.notes),
        )


def _differs(each: Variant, own: Variant) -> bool:
    return each.rate is not None and each.verdict != own.verdict
