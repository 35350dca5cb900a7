"""Evidence: the one audited door through which the fraud screen reads the ledger, and comes out with counts."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.screening_duplicates import near_pairs, permutation_moments
from analysis.screening_evidence import OFFICE, OWN, Evidence
from survey.actions.folding import find_patterns
from survey.actions.signalling import FAST
from survey.mandate.periods import days_of
from survey.mandate.questionnaires import Questionnaire
from survey.proof import RESPONSE
from survey.store import arrivals, frames, ledger, screenings
from survey.store.arrivals import Pattern
from survey.store.database import Connection
from survey.store.ledger import LedgerRow
from survey.store.questionnaires import load_version

OWN_CHANNELS = frozenset(("link", "sms", "zalo", "email"))
ONE_DEVICE_CHANNELS = frozenset(("kiosk", "interviewer", "phone", "paper"))
SATISFIED = 4
LEVELS = 5
PARTS_OF_DAY = 3

Floats = NDArray[np.float64]


@dataclass
class Answers:
    """What the screen needs of one agency's answers in one class of channels; holds no text and no position."""

    rated: Counter[str] = field(default_factory=Counter)
    satisfied: Counter[str] = field(default_factory=Counter)
    timed: int = 0
    fast: int = 0
    vectors: dict[int, list[tuple[int, ...]]] = field(default_factory=lambda: defaultdict(list))


def channel_class(channel: str) -> int:
    """OWN where the invitation went to the citizen's own telephone or mailbox, OFFICE where staff can reach it."""
    return OWN if channel in OWN_CHANNELS else OFFICE


def read_evidence(connection: Connection, wave_code: str) -> tuple[list[str], Evidence]:
    """Agencies of a wave and the evidence on them, in that order. The caller enters the reading in the audit trail."""
    agency_of = frames.list_stratum_agencies(connection, wave_code)
    agencies = sorted(set(agency_of.values()))
    excluded = {each["excluded_position"] for each in ledger.list_exclusions(connection)}
    rows = ledger.iterate_rows(connection, wave_code=wave_code)
    load = partial(load_version, connection)
    answers = count_answers((row for row in rows if row.position not in excluded), agency_of, load)
    patterns = _all_patterns(connection, wave_code)
    funnel = screenings.count_funnel(connection, wave_code)
    return agencies, _assemble(agencies, answers, patterns, funnel)


def count_answers(
    rows: Iterable[LedgerRow], agency_of: Mapping[str, str], load: Callable[[str], Questionnaire]
) -> dict[tuple[str, int], Answers]:
    """Answers by agency and class of channel."""
    found: dict[tuple[str, int], Answers] = defaultdict(Answers)
    for row in rows:
        if row.kind != RESPONSE:
            continue
        codes = json.loads(row.codes)
        if codes["stratum"] in agency_of:
            answers = found[agency_of[codes["stratum"]], channel_class(codes["channel"])]
            _add(answers, codes, load(codes["questionnaire"]))
    return found


def _add(answers: Answers, codes: Mapping[str, Any], questionnaire: Questionnaire) -> None:
    if "signals" in codes:
        answers.timed += 1
        answers.fast += FAST in codes["signals"]
    level = _level(questionnaire, questionnaire.overall_item.code, codes["answers"])
    if level == 0:
        return
    answers.rated[codes["period"]] += 1
    answers.satisfied[codes["period"]] += level >= SATISFIED
    items = [item.code for item in questionnaire.items if item.kind == "scale" and not item.overall]
    answers.vectors[level].append(tuple(_level(questionnaire, item, codes["answers"]) for item in items))


def _level(questionnaire: Questionnaire, item: str, answers: Mapping[str, str]) -> int:
    """The level from 1 to 5; 0 for skipped and "not applicable"."""
    given = answers.get(item)
    if given is None:
        return 0
    return next((each.score or 0 for each in questionnaire.item(item).choices if each.code == given), 0)


def _all_patterns(connection: Connection, wave_code: str) -> list[Pattern]:
    """Patterns of folded periods, and of those that still run."""
    running = [period for code, period in arrivals.list_open_periods(connection) if code == wave_code]
    return arrivals.list_patterns(connection, wave_code) + [
        pattern for period in running for pattern in find_patterns(connection, wave_code, period)
    ]


def _assemble(
    agencies: Sequence[str],
    answers: Mapping[tuple[str, int], Answers],
    patterns: Sequence[Pattern],
    funnel: Mapping[tuple[str, str], tuple[int, int]],
) -> Evidence:
    periods = sorted({period for each in answers.values() for period in each.rated}) or [""]
    place = {agency: number for number, agency in enumerate(agencies)}
    sums = {name: np.zeros((len(agencies), 2)) for name in SUMMED}
    by_period = {name: np.zeros((len(agencies), 2, len(periods))) for name in ("rated", "satisfied")}
    for (agency, channel), each in answers.items():
        at = place[agency], channel
        for name, counts in (("rated", each.rated), ("satisfied", each.satisfied)):
            by_period[name][at] = [counts[period] for period in periods]
        sums["timed"][at], sums["fast"][at] = each.timed, each.fast
        for name, value in _alikeness(each).items():
            sums[name][at] = value
    for (agency, channel_name), (invited, used) in funnel.items():
        at = place[agency], channel_class(channel_name)
        sums["invited"][at] += invited
        sums["answered"][at] += used
    for pattern in patterns:
        _add_pattern(sums, (place[pattern.agency_code], channel_class(pattern.channel)), pattern)
    return Evidence(**_unknown_where_nothing(sums), **by_period)


SUMMED = (
    "invited",
    "answered",
    "timed",
    "fast",
    "straight",
    "near_pairs",
    "near_mean",
    "near_variance",
    "arrivals",
    "crowded",
    "crowded_even",
    "after_hours",
    "closing",
    "overdue",
    "device_pairs",
    "same_device",
)
NEEDS = {
    "fast": "timed",
    "answered": "invited",
    "after_hours": "arrivals",
    "closing": "arrivals",
    "overdue": "arrivals",
    "crowded": "arrivals",
    "same_device": "device_pairs",
}


def _unknown_where_nothing(sums: Mapping[str, Floats]) -> dict[str, Floats]:
    """A part of nothing is not zero: it is not known."""
    return {
        name: np.where(sums[NEEDS[name]] > 0, values, np.nan) if name in NEEDS else values
        for name, values in sums.items()
    }


def _add_pattern(sums: Mapping[str, Floats], at: tuple[int, int], pattern: Pattern) -> None:
    first, last = days_of(pattern.period)
    half_days = ((last - first).days + 1) * PARTS_OF_DAY
    sums["arrivals"][at] += pattern.arrivals
    sums["crowded"][at] += pattern.crowded
    sums["crowded_even"][at] += pattern.arrivals * (pattern.arrivals - 1) / 2 / half_days
    sums["after_hours"][at] += pattern.late
    sums["closing"][at] += pattern.closing
    sums["overdue"][at] += pattern.overdue
    if pattern.channel not in ONE_DEVICE_CHANNELS:
        sums["device_pairs"][at] += pattern.device_pairs
        sums["same_device"][at] += pattern.same_device


def _alikeness(answers: Answers) -> dict[str, float]:
    """Straight forms, and near pairs among the others with the moments of their permutation distribution."""
    found = {"straight": 0.0, "near_pairs": 0.0, "near_mean": 0.0, "near_variance": 0.0}
    for vectors in answers.vectors.values():
        mixed = [vector for vector in vectors if len(set(vector)) > 1]
        found["straight"] += len(vectors) - len(mixed)
        if len(mixed) < 2:
            continue
        levels = np.array(mixed, dtype=np.int64)
        choices = np.arange(LEVELS + 1)
        counts = (levels[:, :, None] == choices).sum(axis=0)
        mean, variance = permutation_moments(counts)
        found["near_pairs"] += int(near_pairs(levels, np.zeros(len(mixed), dtype=np.int64), 1)[0])
        found["near_mean"] += float(mean)
        found["near_variance"] += float(variance)
    return found
