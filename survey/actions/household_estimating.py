"""Estimating from households: every stage's chance, the adults and the outcomes of the calls enter the weight.

The weight of a response is 1 / (chance of its village x chance of its household) x adults, times eligible over
answered households of its village, calibrated to area x sex x age where margins are given. The variance is that between
villages (ultimate clusters; Särndal, Swensson and Wretman 1992, 4.6).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from analysis import Design, Dispositions, Estimate, interviewers, post_stratify, response_rates
from analysis.estimation import rate
from survey.actions.estimating import CannotEstimate, read_wave
from survey.actions.interviewing import AGES, COMPLETE, NO_SERVICE, PARTIAL, SEXES
from survey.actions.reading_csv import Columns, CsvFile, read_count
from survey.store import fieldwork
from survey.store.database import Connection, Database
from survey.store.fieldwork import Call, HouseholdList, Psu

SATISFIED = (4, 5)
NOT_ELIGIBLE = ("4.5", "4.6", "4.7")
UNKNOWN = ("3.1", "3.2", NO_SERVICE)  # a dead number says nothing of a household that somebody saw and listed
MARGINS = Columns(("stratum", "sex", "age", "population"))
MOST_ROWS, MOST_PEOPLE = 10_000, 100_000_000
Margins = Mapping[tuple[str, str, str], float]


@dataclass(frozen=True, slots=True)
class HouseholdFigures:
    """`everybody`, `contacted` (an agency contact in 12 months; None where nobody had one), the effect of interviewers
    where there are two, and AAPOR's outcome rates (RR1...); `frame` has the design weight of each row."""

    everybody: Estimate
    contacted: Estimate | None
    effect: interviewers.InterviewerEffect | None
    outcome_rates: Mapping[str, float]
    frame: pd.DataFrame


def estimate_households(
    database: Database, wave_code: str, *, margins: Margins | None = None, method: str = "guarded"
) -> HouseholdFigures:
    """The rates of a household wave from its tally; calibrated when the adults by stratum, sex and age are given.

    Raises CannotEstimate, and BadMargin when the margins do not fit the answers.
    """
    with database.reading() as connection:
        data = read_wave(connection, wave_code)
        psus = {each.code: each for each in fieldwork.list_psus(connection, wave_code)}
        lists = fieldwork.list_lists(connection, wave_code)
        outcomes = {code: _final_outcomes(connection, wave_code, code, psus[code]) for code in lists}
    answers = data.answers[data.answers["psu"].isin(set(psus))]
    if answers.empty:
        raise CannotEstimate(f"Wave {wave_code} has no answers from households.")
    frame = _weigh(answers, psus, lists, outcomes)
    design = Design(weight="weight", stratum="stratum", psu="psu", count="n")
    if margins is not None:
        design = post_stratify(frame, design, {("stratum", "sex", "age"): dict(margins)})
    level = float(data.rule.confidence_level)
    return HouseholdFigures(
        rate(frame, design, "y", method=method, confidence_level=level),
        _rate_of_contacted(frame, design, method, level),
        _find_effect(frame, psus),
        response_rates(_dispositions(outcomes)),
        frame,
    )


def read_margins(path: Path) -> dict[tuple[str, str, str], float]:
    """Adults by stratum, sex (f, m) and age group, from a CSV file. Raises ImportRefused."""
    file, margins = CsvFile(path), {}
    for line, row in file.read(MARGINS, MOST_ROWS):
        cell, people = (row["stratum"], row["sex"], row["age"]), read_count(row["population"], MOST_PEOPLE)
        if row["sex"] not in SEXES or row["age"] not in AGES:
            file.refuse(line, f"sex is one of {', '.join(SEXES)}, age one of {', '.join(AGES)}")
        elif people is None or cell in margins:
            file.refuse(line, "population is a whole number, and each cell stands there once")
        else:
            margins[cell] = float(people)
    file.finish()
    return margins


def _weigh(
    answers: pd.DataFrame,
    psus: Mapping[str, Psu],
    lists: Mapping[str, HouseholdList],
    outcomes: Mapping[str, Mapping[str, int]],
) -> pd.DataFrame:
    """The answers with y, sex, age, contact and the design weight adjusted for the households that did not answer."""
    parts = answers["calibration_class"].str.split(".", expand=True)
    frame = answers.assign(
        adults=parts[0].astype(float),
        sex=parts[1],
        age=parts[2],
        contact=parts[3].astype(int),
        y=answers["level"].isin(SATISFIED).astype(float).where(answers["level"].notna()),
    )
    answered = frame.groupby("psu")["n"].sum()
    factor = {
        str(psu): _eligible(outcomes[str(psu)])
        / float(n)
        / (_chance(psus[str(psu)].probability) * _chance(lists[str(psu)].probability))
        for psu, n in answered.items()
    }
    return frame.assign(weight=frame["adults"] * frame["psu"].map(factor))


def _chance(probability: float | None) -> float:
    if probability is None:
        raise CannotEstimate("A village answered that was not drawn: its weight is unknown.")
    return probability


def _eligible(outcomes: Mapping[str, int]) -> float:
    """Households of a village that could have answered; those of unknown eligibility in proportion (AAPOR's e)."""
    known = sum(n for outcome, n in outcomes.items() if outcome[0] in "12")
    out = sum(n for outcome, n in outcomes.items() if outcome in NOT_ELIGIBLE)
    unknown = sum(n for outcome, n in outcomes.items() if outcome in UNKNOWN)
    share = known / (known + out) if known + out else 1.0
    return known + share * unknown


def _final_outcomes(connection: Connection, wave_code: str, psu_code: str, psu: Psu) -> dict[str, int]:
    """Drawn households by their last outcome; one where nobody called is of unknown eligibility."""
    calls: Mapping[int, list[Call]] = fieldwork.list_calls(connection, wave_code, psu_code)
    counted: dict[str, int] = {}
    for home in fieldwork.list_households(connection, wave_code, psu.code):
        made = calls.get(home.number)
        outcome = made[-1].outcome if made else "3.1"
        counted[outcome] = counted.get(outcome, 0) + 1
    return counted


def _dispositions(outcomes: Mapping[str, Mapping[str, int]]) -> Dispositions:
    def count(*codes: str) -> int:
        return sum(n for each in outcomes.values() for outcome, n in each.items() if outcome in codes)

    known, out = count(COMPLETE, PARTIAL, "2.1", "2.2", "2.3"), count(*NOT_ELIGIBLE)
    return Dispositions(
        complete=count(COMPLETE),
        partial=count(PARTIAL),
        refusal=count("2.1"),
        noncontact=count("2.2"),
        other=count("2.3"),
        unknown_household=count("3.1"),
        unknown_other=count("3.2", NO_SERVICE),
        eligible_share=known / (known + out) if known + out else 1.0,
    )


def _rate_of_contacted(frame: pd.DataFrame, design: Design, method: str, level: float) -> Estimate | None:
    if not frame["contact"].any():
        return None
    return rate(frame, design, "y", within="contact == 1", method=method, confidence_level=level)


def _find_effect(frame: pd.DataFrame, psus: Mapping[str, Psu]) -> interviewers.InterviewerEffect | None:
    known = frame[frame["y"].notna()]
    asked = known["psu"].map(lambda code: psus[code].interviewer or "")
    totals = known.assign(hits=known["y"] * known["n"]).groupby(asked)[["n", "hits"]].sum()
    try:
        return interviewers.interviewer_effect(totals["n"], totals["hits"])
    except interviewers.BadWorkloads:
        return None
