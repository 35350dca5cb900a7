"""The adequacy page: each cell with what its sample can carry, worst first."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from survey.actions.reading import OpenRelease
from survey.actions.telling_figures import agency_name, response_rate, to_basis, to_judgement, to_with_excluded
from survey.documents.pages import AdequacyPage, AdequacyRow, Flag, Judgement, Link
from survey.mandate.sectors import load_sectors
from survey.store.places import Agency
from survey.store.releases import StoredFigure

LOW_RESPONSE = 0.3
MINIMUM_EFFECTIVE = 30
LARGE_DESIGN_EFFECT = 2.0
WORST = ("too_few", "not_shown", "cannot_tell", "off_track", "not_met", "on_track", "met", "above")


def adequacy_page(
    opened: OpenRelease,
    agencies: Mapping[str, Agency],
    waves: tuple[Link, ...],
    tabs: tuple[tuple[Link, bool], ...],
    language: str,
) -> AdequacyPage:
    """Sectors and agencies of a release as rows: flagged ones first, verdicts that cannot be carried before others."""
    shown = [figure for figure in opened.figures if not figure.suppressed]
    whole = next((figure.numbers for figure in shown if figure.level == "wave"), {})
    return AdequacyPage(
        basis=to_basis(opened, language),
        as_of=date.fromisoformat(opened.header["as_of"]),
        rows=_rows(shown, "sector", agencies, language),
        agencies=_rows(shown, "agency", agencies, language),
        hidden=len(opened.figures) - len(shown),
        minimum_cell=opened.rule.minimum_cell,
        invited=whole.get("invited"),
        responses=whole.get("n", 0),
        waves=waves,
        tabs=tabs,
    )


def _rows(
    shown: Sequence[StoredFigure], level: str, agencies: Mapping[str, Agency], language: str
) -> tuple[AdequacyRow, ...]:
    rows = [_row(figure, _name(figure, agencies, language)) for figure in shown if figure.level == level]
    return tuple(sorted(rows, key=_badness))


def _row(figure: StoredFigure, name: str) -> AdequacyRow:
    numbers = figure.numbers
    judgement = _judgement_in_force(numbers)
    return AdequacyRow(
        name=name,
        n=numbers["n"],
        n_effective=numbers["n_effective"],
        design_effect=numbers["deff"],
        margin=_half_width(numbers),
        response_rate=response_rate(numbers),
        coverage=numbers["coverage"],
        judgement=judgement,
        answers_needed=_answers_needed(numbers, judgement),
        strata_empty=tuple(numbers["strata_empty"]),
        flags=_flags(numbers, judgement),
        with_excluded=to_with_excluded(numbers),
    )


def _half_width(numbers: Mapping[str, Any]) -> float | None:
    return (numbers["high"] - numbers["low"]) / 2 if numbers["n"] else None


def _answers_needed(numbers: Mapping[str, Any], judgement: Judgement | None) -> int | None:
    """How many more would decide or, where too few answered, would reach the least for a verdict; else None."""
    if judgement is None:
        return None
    if judgement.reason in ("few_effective_answers", "no_answers"):
        minimum = float(judgement.numbers.get("minimum", MINIMUM_EFFECTIVE))
        missing = (minimum - float(numbers["n_effective"])) * float(numbers["deff"] or 1.0)
        return max(0, math.ceil(missing))
    needed = judgement.numbers.get("answers_needed")
    return int(needed) if needed is not None else None


def _judgement_in_force(numbers: Mapping[str, Any]) -> Judgement | None:
    judged = [to_judgement(each) for each in numbers.get("judgements", ()) if each["kind"] == "in_force"]
    return judged[0] if judged else None


def _flags(numbers: Mapping[str, Any], judgement: Judgement | None) -> tuple[Flag, ...]:
    flags = []
    rate = response_rate(numbers)
    if judgement and judgement.verdict == "not_shown" and not judgement.numbers.get("answers_needed"):
        flags.append(Flag("undecidable"))
    if numbers["coverage"] < 0.95:
        flags.append(Flag("low_coverage", {"coverage": numbers["coverage"]}))
    if numbers["strata_empty"]:
        flags.append(Flag("empty_strata", {"strata": len(numbers["strata_empty"])}))
    if numbers.get("lone_strata"):
        flags.append(Flag("lone_strata", {"strata": numbers["lone_strata"]}))
    if rate is not None and rate < LOW_RESPONSE:
        flags.append(Flag("low_response", {"response_rate": rate}))
    if numbers["n"] and numbers["deff"] > LARGE_DESIGN_EFFECT:
        flags.append(Flag("large_design_effect", {"design_effect": numbers["deff"]}))
    return tuple(flags)


def _badness(row: AdequacyRow) -> tuple[int, int, float]:
    """Verdicts that cannot be carried first, then more flags, then wider margins."""
    verdict = WORST.index(row.judgement.verdict) if row.judgement and row.judgement.verdict in WORST else len(WORST)
    return verdict, -len(row.flags), -(row.margin or 0.0)


def _name(figure: StoredFigure, agencies: Mapping[str, Agency], language: str) -> str:
    sector = load_sectors()[figure.sector_code].name.in_language(language)
    return sector if figure.level == "sector" else f"{agency_name(agencies, figure.place, language)} · {sector}"
