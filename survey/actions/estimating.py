"""Estimating: rates with intervals for any wave, from its tally and its frame."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from analysis import Design, Estimate, Minimum, Target, Verdict, judge
from analysis.estimation import mean_by, rate_by
from survey.actions.weighing import Basis, Weighed, weigh_strata
from survey.mandate.indicators import LEVELS, Indicator, load_indicator
from survey.mandate.periods import month_of
from survey.mandate.rules import EVERYBODY, Rule, level_outcome, read_rule
from survey.store import frames, invitations, places, tallies
from survey.store.database import Connection, Database
from survey.store.frames import Stratum
from survey.store.waves import Wave, find_wave

BREAKDOWNS = ("service", "agency", "sector", "area", "stratum", "month", "period")
COUNTED, EXCLUDED = "counted", "excluded"
NOTHING_TALLIED = "Wave {} has no tallied answers yet. `hailong work --once` seals and tallies what may be sealed."
STRATUM_KEYS: Mapping[str, Callable[[Stratum], str]] = {
    "service": lambda stratum: stratum.agency_code,
    "agency": lambda stratum: stratum.agency_code,
    "sector": lambda stratum: stratum.sector_code or "",
    "stratum": lambda stratum: stratum.code,
}
LEVEL_OUTCOMES = {level_outcome(level): level for level in range(1, LEVELS + 1)}


class CannotEstimate(ValueError):
    """No figure can be computed; the message says why and what to do."""


@dataclass(frozen=True)
class WaveData:
    """A wave's answers as counts, with its frame.

    `answers` has one row per stratum, period and answer level: columns stratum, agency, service, sector, area, month,
    period, psu, calibration_class, level (1..5, missing for those who gave none), n. `excluded` has the same columns
    for the responses that do not count. `weighed` tells what the answers of each stratum stand for.
    """

    wave: Wave
    rule: Rule
    answers: pd.DataFrame
    excluded: pd.DataFrame
    strata: tuple[Stratum, ...]
    frame_version: int | None
    invited: dict[str, int]
    weighed: Weighed
    _strata_of: dict[tuple[str, ...], dict[tuple[str, ...], list[str]]] = field(
        default_factory=dict, init=False, repr=False
    )

    @cached_property
    def populations(self) -> dict[str, int]:
        """By stratum, in the frame's order."""
        return {stratum.code: stratum.population for stratum in self.strata}

    @cached_property
    def areas(self) -> dict[str, str]:
        """The area of each agency that has answers, by agency."""
        known = self.answers.drop_duplicates("agency")
        return {str(agency): str(area) for agency, area in zip(known["agency"], known["area"], strict=True)}

    @cached_property
    def answered(self) -> dict[str, int]:
        """Counted responses by stratum."""
        return {str(code): int(n) for code, n in self.answers.groupby("stratum")["n"].sum().items()}

    def strata_of(self, keys: Mapping[str, str]) -> list[str]:
        """The strata that a breakdown's values may hold; a month or an area may hold any."""
        names = tuple(sorted(name for name in keys if name in STRATUM_KEYS))
        if names not in self._strata_of:
            found = self._strata_of[names] = defaultdict(list)
            for stratum in self.strata:
                found[tuple(STRATUM_KEYS[name](stratum) for name in names)].append(stratum.code)
        return self._strata_of[names].get(tuple(keys[name] for name in names), [])


@dataclass(frozen=True, slots=True)
class DomainEstimate:
    """An estimate with the values of the breakdown that it belongs to."""

    keys: dict[str, str]
    estimate: Estimate


def read_wave(connection: Connection, wave_code: str) -> WaveData:
    """A wave's counts and frame, from the tally. Raises CannotEstimate."""
    wave = require_wave(connection, wave_code)
    cells = tallies.list_cells(connection, wave_code, (EVERYBODY, *LEVEL_OUTCOMES))
    if not cells:
        raise CannotEstimate(NOTHING_TALLIED.format(wave_code))
    version = frames.find_frame_version(connection, wave_code)
    known = places.list_agencies(connection, places.EVERYTHING)
    return build_wave(
        wave,
        cells,
        strata=frames.list_strata(connection, wave_code, version) if version else (),
        frame_version=version,
        agencies=frames.list_stratum_agencies(connection, wave_code),
        areas={code: agency.area_code or "" for code, agency in known.items()},
        invited=invitations.count_invitations(connection, wave_code),
    )


def require_wave(connection: Connection, wave_code: str) -> Wave:
    """The wave with this code. Raises CannotEstimate."""
    wave = find_wave(connection, wave_code)
    if wave is None:
        raise CannotEstimate(f"There is no wave with the code {wave_code}. `hailong waves` lists them.")
    return wave


def build_wave(
    wave: Wave,
    cells: Sequence[Mapping[str, object]],
    *,
    strata: Sequence[Stratum],
    frame_version: int | None,
    agencies: Mapping[str, str],
    areas: Mapping[str, str],
    invited: Mapping[str, int],
) -> WaveData:
    """A wave's data from its tally's cells, wherever they were counted: `agencies` by stratum, `areas` by agency."""
    rows = _spread(cells)
    sectors = {stratum.code: stratum.sector_code or "" for stratum in strata}
    rows["agency"] = rows["stratum"].map(dict(agencies))
    rows["service"] = rows["agency"]
    rows["sector"] = rows["stratum"].map(lambda code: sectors.get(code, ""))
    rows["area"] = rows["agency"].map(dict(areas)).fillna("")
    rows["month"] = rows["period"].map(_month)
    rule, answers = read_rule(wave.rule), rows[rows["disposition"] == COUNTED].reset_index(drop=True)
    basis = Basis({each.code: each.population for each in strata}, invited, rule.minimum_cell)
    return WaveData(
        wave=wave,
        rule=rule,
        answers=answers,
        excluded=rows[rows["disposition"] == EXCLUDED].reset_index(drop=True),
        strata=tuple(strata),
        frame_version=frame_version,
        invited=dict(invited),
        weighed=weigh_strata(answers, strata, basis, rule),
    )


def estimate_wave(
    database: Database,
    wave_code: str,
    *,
    by: Sequence[str] = (),
    indicator: str | None = None,
    method: str | None = None,
    confidence_level: float | None = None,
) -> tuple[WaveData, list[DomainEstimate]]:
    """Estimates of a wave by any breakdown, under its own rule where nothing else is asked. Raises CannotEstimate."""
    unknown = [name for name in by if name not in BREAKDOWNS]
    if unknown:
        raise CannotEstimate(f"Cannot break down by {unknown[0]}. Choose among: {', '.join(BREAKDOWNS)}.")
    with database.reading() as connection:
        data = read_wave(connection, wave_code)
    chosen = load_indicator(indicator or data.rule.indicator)
    level = confidence_level or float(data.rule.confidence_level)
    return data, estimate_domains(data, chosen, by, method=method or data.rule.method, confidence_level=level)


def estimate_domains(
    data: WaveData,
    indicator: Indicator,
    by: Sequence[str],
    *,
    method: str,
    confidence_level: float,
    answers: pd.DataFrame | None = None,
) -> list[DomainEstimate]:
    """One estimate a domain, in the order of the breakdown's values; with `answers`, for those rows as the domain."""
    scored = score_answers(data, indicator, data.answers if answers is None else answers)
    columns = list(by) or ["everything"]
    scored["everything"] = ""
    design = make_design(data, scored)
    if is_share(indicator):
        table = rate_by(scored, design, "y", columns, method=method, confidence_level=confidence_level)
    else:
        table = mean_by(scored, design, "y", columns, confidence_level=confidence_level)
    found = []
    for labels, row in zip(table.index, table.to_dict("records"), strict=True):
        values = labels if isinstance(labels, tuple) else (labels,)
        keys = {name: str(value) for name, value in zip(columns, values, strict=True) if name != "everything"}
        if row["n"] > 0:
            estimate = _to_estimate(row, confidence_level)
            if data.strata:
                estimate = cover(estimate, data, data.strata_of(keys))
            found.append(DomainEstimate(keys, estimate))
    return found


def judge_by_rule(estimate: Estimate, target: float, rule: Rule, *, on: date, due: date | None = None) -> Verdict:
    """The verdict of a rule on an estimate against a target."""
    minimum = Minimum(rule.minimum_effective, rule.minimum_df, float(rule.minimum_coverage))
    return judge(estimate, Target(target, due), on, minimum)


def _spread(cells: Sequence[Mapping[str, object]]) -> pd.DataFrame:
    """Cells as rows of (stratum, period, level, n); those without a level are everybody less the five."""
    frame = pd.DataFrame.from_records([dict(cell) for cell in cells])
    frame["level"] = frame["outcome"].map(LEVEL_OUTCOMES).astype("float64")
    key = ["stratum_code", "psu", "calibration_class", "period", "disposition"]
    levels = frame[frame["outcome"] != EVERYBODY][[*key, "level", "n"]]
    given = levels.groupby(key)["n"].sum().rename("given").reset_index()
    everybody = frame[frame["outcome"] == EVERYBODY][[*key, "n"]].merge(given, on=key, how="left")
    everybody["n"] -= everybody["given"].fillna(0).astype("int64")
    silent = everybody[everybody["n"] > 0][[*key, "n"]]
    rows = pd.concat([levels, silent], ignore_index=True)
    return rows[rows["n"] > 0].rename(columns={"stratum_code": "stratum"})


def _month(period: str) -> str:
    """The month of a half-month; imported counts may know only the month."""
    return period if len(period) == len("2026-11") else month_of(period)


def score_answers(data: WaveData, indicator: Indicator, answers: pd.DataFrame) -> pd.DataFrame:
    """The answers with the score y of each row, the design's weight and population."""
    span = indicator.highest - indicator.lowest
    scores = np.array(
        [(score - indicator.lowest) / span for score in indicator.scores] + [np.nan]
    )  # the last: no level
    levels = answers["level"].fillna(len(scores)).to_numpy(dtype=np.intp)
    scored = answers.assign(y=scores[levels - 1])
    if indicator.silence is None:
        return scored if "weight" in scored else weigh_answers(data, scored)
    silent = _silent(data, (indicator.silence - indicator.lowest) / span)
    return weigh_answers(data, pd.concat([scored, silent], ignore_index=True))


def weigh_answers(data: WaveData, answers: pd.DataFrame) -> pd.DataFrame:
    """The answers with the design's weight and population, for many questions about the same ones."""
    if not data.strata:
        return answers
    sampled = answers.groupby("stratum")["n"].transform("sum")
    by_frame, totals = (pd.Series(known, dtype="float64") for known in (data.populations, data.weighed.totals))
    weights = answers["stratum"].map(totals) / sampled
    return answers.assign(population=answers["stratum"].map(by_frame), weight=weights)


def _silent(data: WaveData, score: float) -> pd.DataFrame:
    """Everybody who was asked and did not answer, with the score that a definition gives to silence."""
    if not data.invited:
        raise CannotEstimate(
            f"Wave {data.wave.code} has no invitations, so nobody knows how many were silent: "
            "this indicator cannot be computed for it."
        )
    answered = data.answered
    places_of = data.answers.drop_duplicates("stratum").set_index("stratum")
    rows = [
        {"stratum": stratum, "n": invited - answered.get(stratum, 0), "y": score, "month": "", "period": ""}
        for stratum, invited in data.invited.items()
        if invited > answered.get(stratum, 0)
    ]
    silent = pd.DataFrame(rows, columns=["stratum", "n", "y", "month", "period"])
    for column in ("agency", "service", "sector", "area"):
        silent[column] = silent["stratum"].map(places_of[column])
    agencies = {each.code: each.agency_code for each in data.strata}  # where nobody answered, only the frame knows
    sectors = {each.code: each.sector_code or "" for each in data.strata}
    for column in ("agency", "service"):
        silent[column] = silent[column].fillna(silent["stratum"].map(agencies))
    silent["sector"] = silent["sector"].fillna(silent["stratum"].map(sectors))
    silent["area"] = silent["area"].fillna("")
    return silent


def make_design(data: WaveData, scored: pd.DataFrame) -> Design:
    if not data.strata:
        return Design(count="n")
    clustered = bool((scored["psu"].fillna("") != "").any()) if "psu" in scored else False
    return Design(
        weight="weight",
        stratum="stratum",
        psu="psu" if clustered else None,
        population="population" if data.rule.target_population == "finite" else None,
        count="n",
        lonely_psu=data.rule.lonely_psu,  # type: ignore[arg-type]
        collapse_within="agency" if data.rule.lonely_psu == "collapse" else None,
    )


def is_share(indicator: Indicator) -> bool:
    return set(indicator.scores) <= {0, 1} and (indicator.lowest, indicator.highest) == (0, 1)


def _to_estimate(row: Mapping[Any, Any], confidence_level: float) -> Estimate:
    successes = row.get("successes")
    return Estimate(
        rate=float(row["rate"] if "rate" in row else row["mean"]),
        se=float(row["se"]),
        low=float(row["low"]),
        high=float(row["high"]),
        df=float(row["df"]),
        n=int(row["n"]),
        n_effective=float(row["n_effective"]),
        deff=float(row["deff"]),
        method=str(row["method"]),
        confidence_level=confidence_level,
        successes=None if successes is None else int(successes),
        kish_deff=float(row.get("kish_deff", 1.0)),
        fraction=float(row.get("fraction", 0.0)),
        census=bool(row.get("census", False)),
    )


def cover(estimate: Estimate, data: WaveData, strata: Sequence[str]) -> Estimate:
    """Add which part of the population of these strata lives in those that answered, and those that did not."""
    empty = tuple(code for code in strata if not data.answered.get(code))
    total = sum(data.populations[code] for code in strata)
    covered = total - sum(data.populations[code] for code in empty)
    return replace(estimate, coverage=covered / total if total else 1.0, strata_empty=empty, population=float(total))
