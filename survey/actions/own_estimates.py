"""Estimates of a statistician's own file as adequacy shows them: rate, error, and what a verdict still needs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from analysis import Design, Target, judge
from analysis.adequacy import answers_needed
from survey.actions.adequacy_checks import describe
from survey.actions.coding_outcomes import Coding
from survey.actions.estimating import CannotEstimate
from survey.actions.estimating_file import FileQuestion, code_file, estimate_coded
from survey.actions.own_adequacy import check_domains

WHOLE = "—"


def estimate_own_file(path: Path, asked: Mapping[str, str], today: date) -> tuple[list[dict[str, Any]], list[str]]:
    """A row for each domain, and what became of the file's rows. Raises CannotEstimate, CannotRead, AnalysisError."""
    target = _read_target(asked["target"])
    if not asked["outcome"]:
        raise CannotEstimate("Name the column of the answer.")
    question = _read_question(path, asked)
    coded = code_file(question)
    found = estimate_coded(coded, question)
    checked = check_domains(coded, question, found.domains, target)
    rows = []
    for domain in found.domains:
        estimate = domain.estimate
        row: dict[str, Any] = {name: getattr(estimate, name) for name in ("rate", "low", "high", "n", "df", "deff")}
        row |= {"name": " · ".join(domain.keys.values()) or WHOLE, "n_effective": estimate.n_effective}
        row |= {"margin": estimate.half_width, "verdict": None, "reason": None}
        if target is not None:
            verdict = judge(estimate, Target(target), today)
            row |= {"verdict": verdict.code, "reason": verdict.reason, "numbers": verdict.numbers}
            row |= {"needed": answers_needed(estimate, target)}
        if (told := next(checked, None)) is not None:
            row |= {"checks": describe(told.checks), "where": told.where}
        rows.append(row)
    return rows, found.rows.explain()


def _read_question(path: Path, asked: Mapping[str, str]) -> FileQuestion:
    return FileQuestion(
        path=path,
        outcome=asked["outcome"],
        design=Design(
            weight=asked["weight"] or None,
            stratum=asked["stratum"] or None,
            psu=asked["psu"] or None,
            population=asked["population"] or None,
            count=asked["count"] or None,
        ),
        coding=Coding(_split(asked["satisfied"]), _split(asked["missing"])),
        by=(asked["by"],) if asked["by"] else (),
        drop_incomplete=bool(asked["drop_incomplete"]),
    )


def _read_target(text: str) -> float | None:
    """A share such as 0.9, or per cent such as 90."""
    if not text:
        return None
    try:
        value = float(text.replace(",", ".").rstrip("% "))
    except ValueError:
        raise CannotEstimate(f"The target {text!r} is no number: write 90, or 0.9.") from None
    share = value / 100 if value > 1 else value
    if not 0 < share < 1:
        raise CannotEstimate(f"The target {text!r} must lie between 0 and 100 per cent.")
    return share


def _split(names: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in names.split(",") if name.strip())
