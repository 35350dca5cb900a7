"""Freezing the adequacy of a release: every check of every cell that it shows, and the tally under it.

Pages for statisticians read what was frozen, and nothing newer: two looks at a growing tally would tell what the few in
between said. A cell that the release hides is kept without a number.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import lru_cache
from typing import Any

import pandas as pd

from analysis import Estimate, where_to_ask
from analysis.adequacy import NothingToAsk
from survey.actions.adequacy_areas import AREA, group_agencies, list_area_cells, round_numbers
from survey.actions.adequacy_basis import collect_basis
from survey.actions.adequacy_checks import Fielded, check_cell, describe, spread_strata
from survey.actions.estimating import WaveData, build_wave, cover, estimate_domains
from survey.actions.release_inputs import read_inputs
from survey.actions.suppressing import Key
from survey.mandate.indicators import load_indicator
from survey.mandate.sectors import descendants
from survey.store import adequacy, area_trees, releases, waves
from survey.store.audits import By
from survey.store.database import Connection, Database
from survey.store.frames import Stratum
from survey.store.releases import Release, StoredFigure

DRAWS = {"wave": 5000, "sector": 5000, "agency": 1000, AREA: 1000}
WORST = ("too_few", "not_shown", "cannot_tell", "off_track", "not_met", "on_track", "met", "above")
A_VERDICT = 100  # more than a cell can have warnings
UNJUDGED = "none"
ASKED_FIRST = 3


class NotFrozen(LookupError):
    """The wave has no frozen release yet: `hailong work --once` freezes it."""

    def __init__(self, wave_code: str) -> None:
        super().__init__(f"The adequacy of wave {wave_code} is not computed yet: run `hailong work --once`.")


@dataclass(frozen=True, slots=True)
class Frozen:
    """What a release rests on: the wave's counts under its checkpoint, what became of its invitations, the figures it
    shows, counted responses by channel, assistance, stratum and level, and the agencies in each area or below it."""

    release: Release
    data: WaveData
    fielded: Fielded
    shown: Mapping[Key, Mapping[str, Any]]
    channels: pd.DataFrame
    batches: Sequence[Mapping[str, Any]]
    inside: Mapping[str, frozenset[str]]


def freeze_due(database: Database, today: date) -> int:
    """Freeze the newest release of every sampled wave that is not frozen yet; how many were."""
    with database.reading() as connection:
        done = adequacy.list_frozen(connection)
        sampled = [wave.code for wave in waves.list_waves(connection) if wave.questionnaire_code]
        newest = [releases.find_newest_release(connection, code, published=False) for code in sampled]
    due = [each for each in newest if each is not None and each.inputs and each.code not in done]
    for each in due:
        freeze(database, each, today)
    return len(due)


def freeze(database: Database, release: Release, today: date, draws: Mapping[str, int] = DRAWS) -> None:
    """Compute and keep the checks of every cell of a release, with the tally under it."""
    with database.reading() as connection:
        basis = collect_basis(connection, release)
        figures = releases.list_figures(connection, release.code)
        frozen = _read(connection, release, basis, figures)
    cells = [*_check_all(frozen, figures, draws)]
    with database.writing("adequacy") as connection:
        adequacy.keep(connection, release.code, release.wave_code, basis=basis, on=today, cells=cells)
        by = By("work", datetime.combine(today, time(), UTC))
        by.record(connection, "adequacy-frozen", release.code, cells=len(cells))


def read_frozen(database: Database, wave_code: str) -> Frozen:
    """The newest frozen release of a wave. Raises NotFrozen."""
    with database.reading() as connection:
        newest = releases.find_newest_release(connection, wave_code, published=False)
        basis = adequacy.find_basis(connection, newest.code) if newest else None
        if newest is None or basis is None:
            raise NotFrozen(wave_code)
    return _reopen(database, newest.code)


def answers_of(frozen: Frozen, level: str, sector: str, place: str, *, excluded: bool = False) -> pd.DataFrame:
    """The rows of a cell; with `excluded`, those that do not count beside them."""
    rows = frozen.data.answers
    if excluded:
        rows = pd.concat([rows, frozen.data.excluded], ignore_index=True)
    if sector:
        rows = rows[rows["sector"].isin(set(descendants(sector)))]
    agencies = _agencies_of(frozen, level, place)
    return rows if agencies is None else rows[rows["agency"].isin(agencies)]


def strata_of(frozen: Frozen, level: str, sector: str, place: str) -> list[Stratum]:
    """The strata of a cell."""
    inside = set(descendants(sector)) if sector else None
    agencies = _agencies_of(frozen, level, place)
    return [
        each
        for each in frozen.data.strata
        if (inside is None or each.sector_code in inside) and (agencies is None or each.agency_code in agencies)
    ]


def target_of(frozen: Frozen, sector: str) -> float | None:
    """The level in force for a cell's sector; None for all sectors together, which may have several."""
    numbers = frozen.shown.get(("sector", sector, sector), {})
    return next((float(each["target"]) for each in numbers.get("judgements", ()) if each["kind"] == "in_force"), None)


def check_areas(frozen: Frozen, figures: Sequence[StoredFigure], draws: int) -> Iterator[dict[str, Any]]:
    """The cells of areas with their checks; those that could give a hidden figure away are without a number."""
    data = frozen.data
    for key, is_open in list_area_cells(figures, data.strata, frozen.inside, data.answered):
        if is_open and not answers_of(frozen, *key)["level"].isna().all():
            estimate = _estimate(frozen, key)[key]
            codes = [each.code for each in strata_of(frozen, *key)]
            whole = cover(estimate, data, codes)
            numbers = round_numbers(whole, {"invited": _add(frozen.fielded.invited, codes)})
            numbers["answered"] = _add(frozen.fielded.answered, codes)
            yield _key(frozen, key) | _check(frozen, key, estimate, numbers, draws)
        else:
            yield _key(frozen, key) | _nothing(suppressed=not is_open)


@lru_cache(maxsize=4)
def _reopen(database: Database, release_code: str) -> Frozen:
    with database.reading() as connection:
        release = releases.find_release(connection, release_code)
        basis = adequacy.find_basis(connection, release_code)
        assert release is not None
        assert basis is not None
        return _read(connection, release, basis, releases.list_figures(connection, release_code))


def _read(connection: Connection, release: Release, text: str, figures: Sequence[StoredFigure]) -> Frozen:
    basis, inputs = json.loads(text), read_inputs(release.inputs or "{}")
    data = build_wave(
        inputs.wave,
        sorted(basis["cells"], key=lambda cell: (cell["stratum_code"], cell["psu"], cell["period"], cell["outcome"])),
        strata=inputs.strata,
        frame_version=inputs.frame_version,
        agencies=inputs.agencies,
        areas=inputs.areas,
        invited=basis["invited"],
    )
    shown = {(each.level, each.sector_code, each.place): each.numbers for each in figures if not each.suppressed}
    columns = ["channel", "assisted", "stratum", "period", "level", "n"]
    channels = pd.DataFrame(basis["channels"], columns=columns)
    fielded = Fielded(basis["invited"], basis["answered"], basis["dispositions"], basis.get("asked", {}))
    parents = {code: area.parent for code, area in area_trees.list_areas(connection).items()}
    inside = group_agencies(inputs.areas, parents)
    return Frozen(release, data, fielded, shown, channels, basis["batches"], inside)


def _check_all(frozen: Frozen, figures: Sequence[StoredFigure], draws: Mapping[str, int]) -> Iterator[dict[str, Any]]:
    estimates: dict[Key, Estimate] = {}
    for figure in figures:
        if figure.level not in draws:
            continue
        key = figure.level, figure.sector_code, figure.place
        if figure.suppressed or not figure.numbers["n"]:
            yield _key(frozen, key) | _nothing(suppressed=figure.suppressed)
            continue
        if key not in estimates:
            estimates |= _estimate(frozen, key)
        yield _key(frozen, key) | _check(frozen, key, estimates[key], figure.numbers, draws[figure.level])
    if AREA in draws:
        yield from check_areas(frozen, figures, draws[AREA])


def _add(counts: Mapping[str, int], codes: Sequence[str]) -> int:
    return sum(counts.get(code, 0) for code in codes)


def _agencies_of(frozen: Frozen, level: str, place: str) -> frozenset[str] | None:
    """The agencies of a cell; None for all."""
    if level == AREA:
        return frozen.inside[place]
    return frozenset([place]) if level == "agency" else None


def _estimate(frozen: Frozen, key: Key) -> dict[Key, Estimate]:
    """The estimate of a cell as its release made it; of an agency with all others of its sector, in one question."""
    level, sector, place = key
    data, by = frozen.data, ("agency",) if level == "agency" else ()
    found = estimate_domains(
        data,
        load_indicator(data.rule.indicator),
        by,
        answers=answers_of(frozen, "sector" if by else level, sector, place),
        method=data.rule.method,
        confidence_level=float(data.rule.confidence_level),
    )
    return {(level, sector, each.keys["agency"] if by else place): each.estimate for each in found}


def _check(frozen: Frozen, key: Key, bare: Estimate, numbers: Mapping[str, Any], draws: int) -> dict[str, Any]:
    data, answers, strata = frozen.data, answers_of(frozen, *key), strata_of(frozen, *key)
    indicator = load_indicator(data.rule.indicator)
    estimate = cover(bare, data, [each.code for each in strata])
    checks = check_cell(
        data, indicator, answers, estimate, strata, frozen.fielded, target=target_of(frozen, key[1]), draws=draws
    )
    warnings = sum(each.warning for each in checks)
    verdict = _verdict(numbers)
    found = {each.name: each.value for each in checks}
    return {
        "hidden": False,
        "badness": A_VERDICT * (len(WORST) - _rank(verdict, found)) + warnings,
        "warnings": warnings,
        "verdict": verdict,
        **{name: numbers[name] for name in ("n", "n_effective", "deff", "df", "coverage")},
        "half_width": round((numbers["high"] - numbers["low"]) / 2, 4),
        "response_rate": numbers["answered"] / numbers["invited"] if numbers.get("invited") else None,
        "answers_needed": int(found["answers_needed"]) if "answers_needed" in found else None,
        "checks": json.dumps({"checks": describe(checks), "where": _where(strata, estimate.rate, frozen)}),
    }


def _where(strata: Sequence[Stratum], rate: float, frozen: Frozen) -> list[str]:
    """The strata where one more invitation buys most."""
    with suppress(NothingToAsk):
        ordered = where_to_ask(spread_strata(rate, strata, frozen.data, frozen.fielded))
        return [name for name, gain in ordered[:ASKED_FIRST] if gain > 0]
    return []


def _nothing(*, suppressed: bool) -> dict[str, Any]:
    empty = not suppressed
    names = ("n_effective", "deff", "df", "half_width", "response_rate", "coverage", "answers_needed")
    rank = A_VERDICT * len(WORST) if empty else 0
    return {
        "hidden": suppressed,
        "badness": rank,
        "warnings": 0,
        "verdict": "too_few" if empty else "suppressed",
        "n": 0 if empty else None,
        **dict.fromkeys(names),
        "checks": json.dumps({"checks": [], "where": []}),
    }


def _key(frozen: Frozen, key: Key) -> dict[str, Any]:
    level, sector, place = key
    closes = frozen.data.wave.closes_on
    return {
        "release_code": frozen.release.code,
        "wave_code": frozen.release.wave_code,
        "level": level,
        "sector_code": sector,
        "place": place,
        "area_code": frozen.data.areas.get(place, "") if level == "agency" else place if level == AREA else "",
        "period": f"{closes.year}-{closes.month:02}",
    }


def _verdict(numbers: Mapping[str, Any]) -> str:
    judged = [each["verdict"] for each in numbers.get("judgements", ()) if each["kind"] == "in_force"]
    return str(judged[0]) if judged else UNJUDGED


def _rank(verdict: str, found: Mapping[str, float]) -> int:
    """An agency has no verdict of its own: it stands by whether its interval would decide the sector's target."""
    told = "not_shown" if verdict == UNJUDGED and found.get("undecided") else verdict
    return WORST.index(told) if told in WORST else len(WORST)
