"""Releasing: one frozen snapshot of figures, a pure function of a checkpoint, a frame and a rule.

Figures stand on a fixed lattice: the wave, its sectors with those above them, agencies within a sector, months of
imported series. What is too small is left out before anything is stored, so that no page can show it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, fields, replace
from datetime import UTC, date, datetime, time
from hashlib import sha256
from importlib.metadata import version
from typing import Any

import pandas as pd

from analysis import Estimate
from survey.actions.comparing import compare_with_published
from survey.actions.comparing_totals import FrameGaps, find_gaps
from survey.actions.defining import define
from survey.actions.estimating import (
    LEVEL_OUTCOMES,
    NOTHING_TALLIED,
    CannotEstimate,
    WaveData,
    build_wave,
    cover,
    estimate_domains,
    require_wave,
)
from survey.actions.guarding_definitions import guard_definitions
from survey.actions.judging import judge_nobody, judge_sector
from survey.actions.pinning import figure_code_digest, library_versions
from survey.actions.release_inputs import Inputs, collect_inputs, read_inputs
from survey.actions.showing_excluded import WAVE_KEY, Key, show_excluded
from survey.actions.suppressing import hide_small, round_figure
from survey.actions.weighing import Weighed
from survey.mandate.indicators import load_indicator
from survey.mandate.rules import EVERYBODY
from survey.mandate.sectors import ancestors, descendants, load_sectors
from survey.mandate.targets import load_targets
from survey.mandate.working_days import next_working_day
from survey.store import ledger, releases, tallies, waves
from survey.store.audits import By
from survey.store.database import Connection, Database
from survey.store.ledger import SignedCheckpoint
from survey.store.releases import Release, StoredFigure, release_digest
from survey.store.tallies import CellKey
from survey.store.waves import Wave

WAVE, SECTOR, AGENCY, MONTH = "wave", "sector", "agency", "month"
EVERYTHING = ""
NOBODY = {"n": 0, "successes": 0, "rate": None, "low": None, "high": None, "n_effective": 0.0, "deff": None}
NOBODY_NEEDED = "demo"


class NotTallied(RuntimeError):
    """Sealed answers wait for the tally; a release now would not be the figure of its checkpoint."""


def release_wave(
    database: Database, wave_code: str, *, by: str, today: date, recorded: By | None = None
) -> Release | None:
    """Draft a release of a wave from its tally; None when too little is new. A demo wave's is published at once.

    Two releases that differ by a few leaves would tell what those few said: as many must be new as are sealed together.
    Raises CannotEstimate and NotTallied.
    """
    with database.reading() as connection:
        wave = waves.find_wave(connection, wave_code)
        if wave is not None and 0 < _count_new(connection, wave_code) < wave.seal_minimum:
            return None
        header, figures, inputs = compute_release(connection, wave_code)
        newest = releases.find_newest_release(connection, wave_code, published=False)
        number = releases.next_release_number(connection, wave_code)
    digest = release_digest(header, figures)
    if newest is not None and newest.digest == digest:
        return None
    draft = Release(f"{wave_code}.{number}", wave_code, number, header, digest, by, today, None, None, inputs)
    with database.writing("release") as connection:
        releases.add_release(connection, draft, figures)
        if recorded is not None:
            recorded.record(connection, "release-drafted", draft.code, digest=digest.hex())
        if wave is not None and wave.purpose == "demo":
            releases.publish_release(connection, draft.code, by=NOBODY_NEEDED, on=today)
        return releases.find_release(connection, draft.code)


def release_due_waves(database: Database, today: date) -> int:
    """Release every demo wave whose tally has grown since its last release, and draft an official one once, from the
    working day after its cut-off on; the number made."""
    with database.reading() as connection:
        known = [wave for wave in waves.list_waves(connection) if wave.voice_of is None]
        due = [wave for wave in known if wave.purpose == "demo" or _lacks_draft(connection, wave, today)]
        grown = [wave for wave in due if _has_grown(connection, wave.code)]
    job = By("work", datetime.combine(today, time(), UTC))
    recorded = {wave.code: None if wave.purpose == "demo" else job for wave in grown}
    made = [release_wave(database, code, by=job.actor, today=today, recorded=by) for code, by in recorded.items()]
    return sum(each is not None for each in made)


def compute_release(connection: Connection, wave_code: str) -> tuple[str, list[StoredFigure], str]:
    """Header, figures and inputs of a release of this wave now. Raises CannotEstimate, NotTallied."""
    wave = require_wave(connection, wave_code)
    cells = tallies.list_cells(connection, wave_code, (EVERYBODY, *LEVEL_OUTCOMES))
    checkpoint = _checkpoint_of(connection, wave_code) if cells else None
    inputs = collect_inputs(connection, wave, checkpoint.size if checkpoint else 0)
    return (*recompute(inputs, cells, checkpoint), inputs)


def recompute(
    inputs: str, cells: Sequence[Mapping[str, object]], checkpoint: SignedCheckpoint | None
) -> tuple[str, list[StoredFigure]]:
    """Header and figures: the same bytes for the same answers, checkpoint, frame and rule. Raises CannotEstimate.

    `cells` are the tally of the wave's leaves under the checkpoint.
    """
    known = read_inputs(inputs)
    data, lattice = compute_lattice(inputs, cells, checkpoint)
    assert checkpoint is not None
    k = data.rule.minimum_cell
    figures = guard_definitions(hide_small(lattice, k, known.earlier, known.least_new), known.earlier)
    if not data.excluded.empty:
        figures = [round_figure(each) for each in show_excluded(figures, *_with_excluded(data), k)]
    return _header(known, inputs, checkpoint, data.weighed), figures


def compute_lattice(
    inputs: str, cells: Sequence[Mapping[str, object]], checkpoint: SignedCheckpoint | None
) -> tuple[WaveData, list[StoredFigure]]:
    """The wave's data and every figure with all its digits, before anything is hidden. Raises CannotEstimate."""
    known = read_inputs(inputs)
    if not cells or checkpoint is None:
        raise CannotEstimate(NOTHING_TALLIED.format(known.wave.code))
    # What was invited and answered by now would make another figure of the same checkpoint tomorrow.
    accounted = json.loads(checkpoint.accounting).get(known.wave.code, {})
    data = build_wave(
        known.wave,
        sorted(cells, key=_cell_order),  # a sum of floats depends on its order, which is each database's own
        strata=known.strata,
        frame_version=known.frame_version,
        agencies=known.agencies,
        areas=known.areas,
        invited={code: counts["invited"] for code, counts in accounted.items()},
    )
    answered = {code: counts["answered"] for code, counts in accounted.items()}
    return data, [*_lattice(known, data, checkpoint.signed_on, answered)]


def _cell_order(cell: Mapping[str, object]) -> tuple[str, ...]:
    return tuple(str(cell[name]) for name in (*CellKey._fields, "outcome"))


def _lattice(inputs: Inputs, data: WaveData, as_of: date, spent: dict[str, int]) -> Iterator[StoredFigure]:
    yield from _whole_wave(data, spent)
    if data.strata:
        gaps = find_gaps(data.strata, inputs.independent, data.rule)
        for sector in _sectors_of_frame(data):
            yield from _sector_figures(data, sector, as_of, spent, gaps)
    else:
        yield from _monthly_figures(inputs, data)


def _with_excluded(data: WaveData) -> tuple[dict[Key, int], dict[Key, dict[str, Any]]]:
    """How many are excluded in each cell of the lattice, and what the cell's rate would be with them."""
    together = replace(data, answers=pd.concat([data.answers, data.excluded], ignore_index=True))
    counts: dict[Key, int] = {WAVE_KEY: int(data.excluded["n"].sum())}
    others = {WAVE_KEY: _rates(_estimates(together, together.answers))}
    for sector in _sectors_of_frame(data):
        inside = set(descendants(sector))
        key = (SECTOR, sector, sector)
        counts[key] = int(data.excluded[data.excluded["sector"].isin(inside)]["n"].sum())
        answers = together.answers[together.answers["sector"].isin(inside)]
        others[key] = _rates(_estimates(together, answers))
        if inside == {sector}:
            out = data.excluded[data.excluded["sector"] == sector].groupby("agency")["n"].sum()
            for domain in estimate_domains(together, _indicator(data), ("agency",), answers=answers, **_how(data)):
                place = domain.keys["agency"]
                counts[AGENCY, sector, place] = int(out.get(place, 0))
                others[AGENCY, sector, place] = _rates([domain.estimate])
    return counts, others


def _rates(estimates: list[Estimate]) -> dict[str, Any]:
    return {name: getattr(each, name) for each in estimates for name in ("n", "rate", "low", "high")}


def _whole_wave(data: WaveData, spent: dict[str, int]) -> Iterator[StoredFigure]:
    for estimate in _estimates(data, data.answers):
        yield _figure(WAVE, EVERYTHING, data.wave.code, estimate, _counts(data, spent, list(data.populations)))


def _sector_figures(
    data: WaveData, sector: str, as_of: date, spent: dict[str, int], gaps: FrameGaps
) -> Iterator[StoredFigure]:
    """The sector with its verdicts and definitions and, where it is not a sum of others, its agencies."""
    inside = set(descendants(sector))
    answers = data.answers[data.answers["sector"].isin(inside)]
    strata = [stratum.code for stratum in data.strata if stratum.sector_code in inside]
    gap = gaps.tell({stratum.agency_code for stratum in data.strata if stratum.sector_code in inside})
    more = _counts(data, spent, strata) | _beside(gap)
    for estimate in _estimates(data, answers, strata):
        more["judgements"] = judge_sector(estimate, sector, data.wave, data.rule, as_of, gap)
        more["definitions"] = define(data, sector, answers, set(strata), as_of)
        yield _figure(SECTOR, sector, sector, estimate, more)
    if answers["level"].isna().all():
        more["judgements"] = judge_nobody(sector, data.wave, data.rule, as_of)
        yield _figure(SECTOR, sector, sector, None, {**more, "strata_empty": sorted(strata), "coverage": 0.0})
    elif inside == {sector}:
        yield from _agency_figures(data, sector, answers, spent, gaps)


def _agency_figures(
    data: WaveData, sector: str, answers: pd.DataFrame, spent: dict[str, int], gaps: FrameGaps
) -> Iterator[StoredFigure]:
    for domain in estimate_domains(data, _indicator(data), ("agency", "sector"), answers=answers, **_how(data)):
        agency = domain.keys["agency"]
        more = _counts(data, spent, data.strata_of(domain.keys)) | _beside(gaps.tell({agency}))
        yield _figure(AGENCY, sector, agency, domain.estimate, more)


def _monthly_figures(inputs: Inputs, data: WaveData) -> Iterator[StoredFigure]:
    """Imported series: each service's months under every definition, beside what the publisher printed."""
    for domain in estimate_domains(data, _indicator(data), ("service", "month"), **_how(data)):
        service, month = domain.keys["service"], domain.keys["month"]
        rows = data.answers[(data.answers["service"] == service) & (data.answers["month"] == month)]
        more = compare_with_published(rows, inputs.published.get((service, month)))
        yield _figure(MONTH, EVERYTHING, f"{service}/{month}", domain.estimate, more)


def _estimates(data: WaveData, answers: pd.DataFrame, strata: list[str] | None = None) -> list[Estimate]:
    """The estimate of all these answers as one domain; empty when nobody gave a level."""
    if answers["level"].isna().all():
        return []
    found = estimate_domains(data, _indicator(data), (), answers=answers, **_how(data))
    inside = list(data.populations) if strata is None else strata
    return [_cover(domain.estimate, data, inside) for domain in found]


def _cover(estimate: Estimate, data: WaveData, strata: list[str]) -> Estimate:
    return cover(estimate, data, strata) if data.strata else estimate


def _counts(data: WaveData, spent: dict[str, int], strata: list[str]) -> dict[str, Any]:
    recipe = data.weighed.recipe
    return {
        "population": sum(data.populations[code] for code in strata),
        "invited": sum(data.invited.get(code, 0) for code in strata),
        "answered": sum(spent.get(code, 0) for code in strata),
        **({"weight": sum(data.weighed.totals[code] for code in strata)} if recipe else {}),
        "strata": len(strata),
        "lone_strata": sum(data.answered.get(code) == 1 for code in strata),
    }


def _beside(gap: Mapping[str, float | int] | None) -> dict[str, Any]:
    return {"frame_gap": gap} if gap else {}


def _figure(level: str, sector: str, place: str, estimate: Estimate | None, more: dict[str, Any]) -> StoredFigure:
    known = {each.name: getattr(estimate, each.name) for each in fields(estimate)} if estimate else NOBODY
    numbers = {**known, **more}
    return StoredFigure(level, sector, place, False, json.dumps(numbers, sort_keys=True, ensure_ascii=False))


def _indicator(data: WaveData) -> Any:
    return load_indicator(data.rule.indicator)


def _how(data: WaveData) -> dict[str, Any]:
    return {"method": data.rule.method, "confidence_level": float(data.rule.confidence_level)}


def _sectors_of_frame(data: WaveData) -> list[str]:
    """Sectors of the frame and every sector above them, in the order of the mandate."""
    present = {above for stratum in data.strata if stratum.sector_code for above in ancestors(stratum.sector_code)}
    return [code for code in load_sectors() if code in present]


def _header(inputs: Inputs, text: str, checkpoint: SignedCheckpoint, weighed: Weighed) -> str:
    wave = inputs.wave
    told = {"weighed": asdict(weighed)} if weighed.recipe else {}
    return json.dumps(
        told
        | {
            "wave": wave.code,
            "checkpoint": {"number": checkpoint.number, "size": checkpoint.size, "root": checkpoint.root.hex()},
            "frame": {"version": inputs.frame_version, "digest": inputs.frame_digest},
            "inputs": sha256(text.encode()).hexdigest(),
            "rule": json.loads(wave.rule),
            "rule_digest": wave.rule_digest.hex(),
            "questionnaire": inputs.questionnaire.digest if inputs.questionnaire else None,
            "mandate": _mandate_digest(),
            "software": version("hailong"),
            "code": figure_code_digest(),
            "libraries": library_versions(),
            "as_of": checkpoint.signed_on.isoformat(),
        },
        sort_keys=True,
        ensure_ascii=False,
    )


def _mandate_digest() -> str:
    targets = [(t.code, t.sector, t.area, str(t.rate), t.due.isoformat(), t.status) for t in load_targets().values()]
    return sha256(json.dumps(sorted(targets)).encode()).hexdigest()


def _checkpoint_of(connection: Connection, wave_code: str) -> SignedCheckpoint:
    """The oldest checkpoint that covers every leaf of the wave, all of which must be tallied."""
    last = ledger.find_last_position(connection, wave_code)
    if last is None or tallies.find_progress(connection, wave_code) <= last:
        raise NotTallied(f"Wave {wave_code} has sealed answers that are not tallied. Run `hailong work --once` first.")
    covering = ledger.find_checkpoint_covering(connection, last)
    assert covering is not None
    return covering


def _count_new(connection: Connection, wave_code: str) -> int:
    """Leaves of the wave that its newest release does not cover; 0 before the first release."""
    newest = releases.find_newest_release(connection, wave_code, published=False)
    if newest is None:
        return 0
    covered: int = json.loads(newest.header)["checkpoint"]["size"]
    return ledger.count_leaves_from(connection, wave_code, covered)


def _lacks_draft(connection: Connection, wave: Wave, today: date) -> bool:
    """Whether an official wave is cut off and nobody has drafted it since: what comes later waits for a person."""
    draft_on = next_working_day(wave.closes_on)
    if not wave.is_official or wave.questionnaire_code is None or today < draft_on:
        return False
    newest = releases.find_newest_release(connection, wave.code, published=False)
    return newest is None or newest.drafted_on < draft_on


def _has_grown(connection: Connection, wave_code: str) -> bool:
    if releases.find_newest_release(connection, wave_code, published=False) is None:
        return ledger.find_last_position(connection, wave_code) is not None
    return _count_new(connection, wave_code) > 0
