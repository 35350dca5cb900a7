"""What moves with overall satisfaction in a sector, and what happened to those who are satisfied and those who are not.

Computed once with each release, from the persons under its checkpoint, and frozen: pages read what was kept. It is
told of a sector that the release shows, of at least `FEWEST` people, and again only after `LEAST_NEW` more; parts,
shares and rates are whole per cent and come without counts, so that two of them tell of no single answer.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time
from typing import Any

import numpy as np
import pandas as pd

from analysis import Design, drivers, mean, rate_by
from analysis.errors import AnalysisError
from survey.actions.adequacy import Frozen, NotFrozen, read_frozen
from survey.actions.disclosing import choices_to_tell
from survey.actions.estimating import WaveData
from survey.actions.reading_persons import Persons, code_choices, read_persons
from survey.documents.microdata import NOT_APPLICABLE
from survey.mandate.questionnaires import Item, Questionnaire
from survey.mandate.sectors import descendants
from survey.store import drivers as kept
from survey.store import ledger, releases, waves
from survey.store.audits import By
from survey.store.database import Connection, Database
from survey.store.drivers import KeptDrivers
from survey.store.questionnaires import load_version
from survey.store.releases import Release
from survey.store.waves import Wave

FEWEST, LEAST_NEW, FEWEST_TO_A_FACT = 100, 30, 30
LEAST_ANSWERED = 0.8  # of the people, for a section to be one of the parts
SATISFIED = 4
LEVELS = range(1, 6)
WHAT_HAPPENED = ("F", "R")  # sections of facts, in every questionnaire that comes with the program


@dataclass(frozen=True, slots=True)
class Part:
    """One section: its part of the explained differences with limits, how many of its points satisfied."""

    section: str
    part: float
    low: float
    high: float
    satisfied: float


@dataclass(frozen=True, slots=True)
class Fact:
    """Among those to whom this happened, how many are satisfied overall; None where it is not told."""

    item: str
    choice: str
    rate: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Drivers:
    """A sector's in one release; `n` people answered every part, and parts explain this share of their differences."""

    n: int
    explained: float
    parts: tuple[Part, ...]
    facts: tuple[Fact, ...]


def compute_due(database: Database, today: date) -> int:
    """Compute the drivers of every newest release whose adequacy is frozen and that has none yet; how many."""
    with database.reading() as connection:
        done = kept.list_computed(connection)
        shown = _last_of_series(waves.list_waves(connection), today)
        newest = [releases.find_newest_release(connection, wave.code, published=False) for wave in shown]
    due = [each for each in newest if each is not None and each.inputs and each.code not in done]
    return sum(_compute(database, each, today) for each in due)


def read_drivers(database: Database, release_code: str, sector: str) -> Drivers | None:
    """What was kept of a sector with a release; None where nothing is told."""
    with database.reading() as connection:
        found = kept.find_drivers(connection, release_code, sector)
    if found is None or not found.n:
        return None
    told = json.loads(found.told)
    parts = tuple(Part(**each) for each in told["parts"])
    return Drivers(found.n, told["explained"], parts, tuple(Fact(**each) for each in told["facts"]))


def find_first(found: Drivers) -> set[str]:
    """Sections whose whole interval lies above the mean of the parts, and whose points satisfy fewer than the mean."""
    count = len(found.parts)
    middle = sum(each.part for each in found.parts) / count
    usual = sum(each.satisfied for each in found.parts) / count
    return {each.section for each in found.parts if each.low > middle and each.satisfied < usual}


def _last_of_series(known: Sequence[Wave], today: date) -> list[Wave]:
    """Sampled waves of which a board can tell: those that are not over, and the last of each series that is."""
    sampled = [wave for wave in known if wave.questionnaire_code]
    over = {wave.series_code or wave.code: wave for wave in sorted(sampled, key=_end) if wave.is_over(today)}
    return [*(wave for wave in sampled if not wave.is_over(today)), *over.values()]


def _end(wave: Wave) -> tuple[date, str]:
    return wave.closes_on, wave.code


def _compute(database: Database, release: Release, today: date) -> bool:
    try:
        frozen = read_frozen(database, release.wave_code)
    except NotFrozen:
        return False
    shown = [sector for level, sector, _ in frozen.shown if level == "sector"]
    if frozen.release.code != release.code or not shown:
        return False
    with database.reading() as connection:
        before = kept.count_told(connection, release.wave_code)
        questionnaire, persons = _read(connection, release, frozen.data)
    found = [_find(frozen, questionnaire, persons, sector, before.get(sector, 0)) for sector in sorted(shown)]
    with database.writing("drivers") as connection:
        kept.add_drivers(connection, found)
        by = By("work", datetime.combine(today, time(), UTC))
        by.record(connection, "drivers-computed", release.code, sectors=sum(each.n > 0 for each in found))
    return True


def _read(connection: Connection, release: Release, data: WaveData) -> tuple[Questionnaire, Persons]:
    questionnaire = load_version(connection, data.wave.questionnaire)
    size = json.loads(release.header)["checkpoint"]["size"]
    leaves = ledger.iterate_codes(connection, data.wave.code, size)
    gone = ledger.list_excluded_positions(connection, data.wave.code)
    return questionnaire, read_persons(leaves, questionnaire, gone, lambda done: None)


def _find(frozen: Frozen, questionnaire: Questionnaire, persons: Persons, sector: str, before: int) -> KeptDrivers:
    nothing = KeptDrivers(frozen.release.code, sector, 0, "{}")
    people = lay_out(persons, questionnaire, frozen.data, sector)
    found = find_drivers(people, questionnaire) if people is not None else None
    if found is None or found.n < before + LEAST_NEW * bool(before):
        return nothing
    told = {name: value for name, value in asdict(found).items() if name != "n"}
    return KeptDrivers(frozen.release.code, sector, found.n, json.dumps(told, sort_keys=True))


def lay_out(persons: Persons, questionnaire: Questionnaire, data: WaveData, sector: str) -> pd.DataFrame | None:
    """The people of a sector with an overall level: stratum, PSU, agency, weight, level, a mean and a share of
    satisfied points for each section, and facts by choice; None where there is nobody."""
    inside = set(descendants(sector))
    strata = {each.code: each for each in data.strata}
    names = persons.texts["stratum"]
    wanted = np.array([name in strata and strata[name].sector_code in inside for name in names], dtype=bool)
    if not wanted.any():
        return None
    codes, level = persons.columns["stratum"], persons.columns[questionnaire.overall_item.code]
    rows = wanted[codes] & np.isin(level, LEVELS)
    totals = np.array([data.weighed.totals.get(name, 0.0) for name in names])
    weights = totals / np.maximum(np.bincount(codes, minlength=len(names)), 1)
    columns: dict[str, Any] = {
        "stratum": codes[rows],
        "agency": np.array([strata[name].agency_code if name in strata else "" for name in names])[codes[rows]],
        "psu": persons.columns["psu"][rows],
        "weight": weights[codes[rows]],
        "overall": level[rows].astype(float),
        "satisfied": (level[rows] >= SATISFIED).astype(int),
    }
    for section, items in _sections(questionnaire).items():
        columns |= _score(section, np.stack([persons.columns[each.code][rows] for each in items]))
    columns |= {f"fact {each.code}": persons.columns[each.code][rows] for each in _fact_items(questionnaire)}
    return pd.DataFrame(columns)


def find_drivers(people: pd.DataFrame, questionnaire: Questionnaire) -> Drivers | None:
    """Parts by relative weights and facts by rates, both weighted as the figures are; None where nothing is told."""
    sections = [
        section
        for section in _sections(questionnaire)
        if people[f"mean {section}"].notna().mean() >= LEAST_ANSWERED and people[f"mean {section}"].nunique() > 1
    ]
    means = [f"mean {section}" for section in sections]
    complete = people.dropna(subset=means)
    if len(sections) < 2 or len(complete) < FEWEST or complete["overall"].nunique() < 2:
        return None
    design = _design(people)
    try:
        found = {each.item: each for each in drivers(complete, design, "overall", means)}
    except AnalysisError:
        return None
    parts = []
    for section in sections:
        one, satisfied = found[f"mean {section}"], mean(complete, design, f"share {section}").rate
        parts.append(Part(section, _whole(one.part), _whole(one.low), _whole(one.high), _whole(satisfied)))
    explained = _whole(sum(each.part for each in found.values()))
    ordered = sorted(parts, key=lambda each: (-each.part, each.section))
    return Drivers(len(complete), explained, tuple(ordered), tuple(_find_facts(people, questionnaire, design)))


def _find_facts(people: pd.DataFrame, questionnaire: Questionnaire, design: Design) -> Iterator[Fact]:
    for item in _fact_items(questionnaire):
        names = {number: code for code, number in code_choices(item).items() if number != NOT_APPLICABLE}
        column = f"fact {item.code}"
        known = people[people[column].isin(list(names))]
        counts = known.groupby(column)["satisfied"].agg(["size", "sum"]).astype(int)
        told = choices_to_tell(
            {choice: (n, satisfied) for choice, n, satisfied in counts.itertuples()}, FEWEST_TO_A_FACT
        )
        rates: Mapping[Any, Any] = rate_by(known, design, "satisfied", column).to_dict("index") if told else {}
        for number, choice in names.items():
            if number in told:
                row = rates[number]
                yield Fact(item.code, choice, _whole(row["rate"]), _whole(row["low"]), _whole(row["high"]))
            elif number in set(known[column]):
                yield Fact(item.code, choice, None, None, None)


def _score(section: str, levels: Any) -> dict[str, Any]:
    answered = np.isin(levels, LEVELS)
    count = answered.sum(axis=0)
    some = np.where(count > 0, count, np.nan)
    return {
        f"mean {section}": np.where(answered, levels, 0).sum(axis=0) / some,
        f"share {section}": (answered & (levels >= SATISFIED)).sum(axis=0) / some,
    }


def _sections(questionnaire: Questionnaire) -> Mapping[str, Sequence[Item]]:
    """The scales of each section that enter its index."""
    found: dict[str, list[Item]] = {}
    for item in questionnaire.items:
        if item.kind == "scale" and item.indexed and not item.overall:
            found.setdefault(item.section, []).append(item)
    return found


def _fact_items(questionnaire: Questionnaire) -> list[Item]:
    """What happened, asked of everybody."""
    return [
        each
        for each in questionnaire.items
        if each.kind == "choice" and each.section in WHAT_HAPPENED and each.show_if is None
    ]


def _design(people: pd.DataFrame) -> Design:
    clustered = people["psu"].nunique() > 1
    return Design(
        weight="weight", stratum="stratum", psu="psu" if clustered else None, nest=clustered, collapse_within="agency"
    )


def _whole(share: float) -> float:
    return round(float(share), 2)
