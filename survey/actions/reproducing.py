"""Reproducing a release: counted again from the ledger, computed again under what it names, and packed for others.

A figure is a function of its checkpoint, frame, rule, mandate and software. All but the last lie in the release; so a
release is recomputed at any later time, whatever was answered, imported or decided since.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import pandas as pd

from analysis.collapsing import variance_strata
from survey.actions.estimating import WaveData, is_share, make_design, score_answers
from survey.actions.findings import Findings
from survey.actions.recomputing import Released, compare_release, list_cells
from survey.actions.releasing import AGENCY, EVERYTHING, MONTH, SECTOR, compute_lattice
from survey.actions.tallying import count_from_scratch
from survey.documents.scripts import read_scripts
from survey.mandate.indicators import Indicator, load_indicator
from survey.mandate.sectors import descendants
from survey.store import ledger, releases
from survey.store.audits import By
from survey.store.database import Connection, Database
from survey.store.ledger import SignedCheckpoint
from survey.store.releases import Release, StoredFigure

NUMBERS = ("n", "rate", "se", "df", "survey_deff", "n_effective", "low", "high")
PRINTED = ("n", "rate", "se", "df", "n_effective", "low", "high")
PLACE = ("level", "sector", "place")
FILES: Mapping[str, Sequence[str]] = {
    "cells.csv": ("stratum", "agency", "sector", "month", "psu", "level", "n"),
    "strata.csv": ("stratum", "agency", "sector", "population", "total"),
    "designs.csv": ("design", "stratum", "variance_stratum"),
    "figures.csv": (*PLACE, "design", "agency", "month", *NUMBERS),
    "released.csv": (*PLACE, "design", "agency", "month", *PRINTED),
    "rule.csv": ("name", "value"),
}

Row = Mapping[str, object]


class UnknownRelease(LookupError):
    """No release has this code; the message names the command that lists them."""


class CannotReproduce(ValueError):
    """A release that says too little to be computed again."""


@dataclass(frozen=True, slots=True)
class Reproduction:
    """A release computed again: the wave's data, every figure with all its digits, what was released, what differs."""

    release: Release
    data: WaveData
    lattice: tuple[StoredFigure, ...]
    released: tuple[StoredFigure, ...]
    findings: Findings

    @property
    def pins(self) -> dict[str, Any]:
        """What the figures rest on, as the release says it."""
        header: dict[str, Any] = json.loads(self.release.header)
        return header


def reproduce(database: Database, code: str, *, by: By) -> Reproduction:
    """Count a release's leaves again, compute its figures again and hold every printed digit against what was released.

    The reading is recorded in the audit trail first. Raises UnknownRelease and CannotReproduce.
    """
    with database.writing("reproduce") as connection:
        release = _find(connection, code)
        by.record(connection, "release-reproduced", code, digest=release.digest.hex())
    with database.reading() as connection:
        return _reproduce(connection, release)


def write_bundle(made: Reproduction, folder: Path) -> list[str]:
    """Write what rebuilds the released table elsewhere: counts by design cell, frame, rule, figures, three scripts.

    Figures that the release hides are in none of the tables of figures; names of the files written. The counts tell
    what pages hide: the folder is for statisticians. Raises CannotReproduce.
    """
    indicator = load_indicator(made.data.rule.indicator)
    shown = {_key(each) for each in made.released if not each.suppressed}
    figures = [each for each in made.lattice if _key(each) in shown and each.numbers["n"]]
    tables: dict[str, list[Row]] = {
        "cells.csv": [*_list_cells(made.data)],
        "strata.csv": [*_list_strata(made.data)],
        "designs.csv": [*_list_designs(made.data, indicator, figures)],
        "figures.csv": [_to_row(each, NUMBERS) for each in figures],
        "released.csv": [_to_row(each, PRINTED) for each in made.released if _key(each) in shown and each.numbers["n"]],
        "rule.csv": [*_list_rule(made.data, indicator)],
    }
    contents = {name: _write_csv(FILES[name], rows) for name, rows in tables.items()}
    contents |= read_scripts()
    contents |= {"header.json": made.release.header.encode(), "inputs.json": (made.release.inputs or "").encode()}
    contents["README.txt"] = _describe(made).encode()
    contents["SHA256SUMS"] = "".join(
        f"{sha256(content).hexdigest()}  {name}\n" for name, content in sorted(contents.items())
    ).encode()
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    return sorted(contents)


def _find(connection: Connection, code: str) -> Release:
    release = releases.find_release(connection, code)
    if release is None:
        raise UnknownRelease(
            f"There is no release {code}. A release is named WAVE.NUMBER; `hailong waves` lists waves."
        )
    if release.inputs is None:
        raise CannotReproduce(
            f"Release {code} was made before releases kept what they rest on: release the wave again."
        )
    return release


def _reproduce(connection: Connection, release: Release) -> Reproduction:
    header = json.loads(release.header)
    checkpoint = ledger.find_checkpoint(connection, header["checkpoint"]["number"])
    if checkpoint is None or checkpoint.root.hex() != header["checkpoint"]["root"]:
        raise CannotReproduce(
            f"Release {release.code} names checkpoint {header['checkpoint']['number']}, which this database does not "
            "hold with the same root: restore the database that it was made from."
        )
    cells = list_cells(count_from_scratch(connection, release.wave_code, checkpoint.size))
    stored = tuple(releases.list_figures(connection, release.code))
    findings = Findings()
    compare_release(Released(release.code, release.header, stored, release.inputs or ""), cells, checkpoint, findings)
    data, lattice = compute_lattice(release.inputs or "", cells, checkpoint)
    _check_digest(release, stored, checkpoint, findings)
    return Reproduction(release, data, tuple(lattice), stored, findings)


def _check_digest(
    release: Release, stored: Sequence[StoredFigure], checkpoint: SignedCheckpoint, findings: Findings
) -> None:
    if releases.release_digest(release.header, stored) == release.digest:
        findings.good(
            f"its digest {release.digest.hex()[:16]}... is that of its bytes, under checkpoint {checkpoint.number}"
        )
    else:
        findings.bad("its stored bytes do not have the digest that was published")


def _list_cells(data: WaveData) -> Iterator[Row]:
    """Counts of the responses that count, by stratum, PSU and level; by month too where a series was imported."""
    keys = ["stratum", "agency", "sector", *([] if data.strata else ["month"]), "psu", "level"]
    counts = data.answers.groupby(keys, dropna=False)["n"].sum().reset_index()
    for row in counts.to_dict("records"):
        level = "" if pd.isna(row["level"]) else int(row["level"])
        yield {"month": ""} | {str(name): value for name, value in row.items()} | {"level": level}


def _list_strata(data: WaveData) -> Iterator[Row]:
    """The frame, also where nobody answered, and what the answers stand for: the population, or what the rule's recipe
    of weights makes of it. Imported counts have no frame, and their strata no population."""
    if not data.strata:
        for code in sorted(set(data.answers["stratum"])):
            yield {"stratum": code, "agency": code, "sector": "", "population": "", "total": ""}
    for each in data.strata:
        sector = each.sector_code or ""
        size = {"population": each.population, "total": repr(data.weighed.totals[each.code])}
        yield {"stratum": each.code, "agency": each.agency_code, "sector": sector, **size}


def _list_designs(data: WaveData, indicator: Indicator, figures: Sequence[StoredFigure]) -> Iterator[Row]:
    """For each design that a figure stands in (the wave, or a sector): the variance stratum of every stratum."""
    for name in sorted({_design_of(each) for each in figures}):
        answers = data.answers
        if name:
            answers = answers[answers["sector"].isin(set(descendants(name)))]
        scored = score_answers(data, indicator, answers)
        if not data.strata:
            found = [(code, 1) for code in sorted(set(scored["stratum"]))]
        else:
            table = variance_strata(scored, make_design(data, scored))
            found = list(zip(table["stratum"], table["variance_stratum"], strict=True))
        for code, number in found:
            yield {"design": name, "stratum": code, "variance_stratum": int(number)}


def _design_of(figure: StoredFigure) -> str:
    return figure.sector_code if figure.level in (SECTOR, AGENCY) else EVERYTHING


def _to_row(figure: StoredFigure, names: Sequence[str]) -> Row:
    numbers = figure.numbers
    agency, month = figure.place if figure.level == AGENCY else "", ""
    if figure.level == MONTH:
        agency, month = figure.place.rsplit("/", 1)
    row: dict[str, object] = {"level": figure.level, "sector": figure.sector_code, "place": figure.place}
    row |= {"design": _design_of(figure), "agency": agency, "month": month}
    if "survey_deff" in names:
        numbers = {**numbers, "survey_deff": _survey_deff(numbers)}
    return row | {name: _spell(numbers.get(name)) for name in names}


def _survey_deff(numbers: Mapping[str, Any]) -> float | None:
    """R's svymean(deff = "replace"): the variance against that of as many independent answers, v (n-1) / (p (1-p))."""
    p, n, v = numbers["rate"], numbers["n"], numbers["se"] ** 2
    return v * (n - 1) / (p * (1 - p)) if 0 < p < 1 and v > 0 else None


def _spell(value: object) -> object:
    return "" if value is None else repr(value) if isinstance(value, float) else value


def _list_rule(data: WaveData, indicator: Indicator) -> Iterator[Row]:
    span = indicator.highest - indicator.lowest
    told: dict[str, object] = {
        "indicator": indicator.key,
        "method": data.rule.method if is_share(indicator) else "mean",
        "confidence_level": data.rule.confidence_level,
        "target_population": data.rule.target_population,
        "lonely_psu": data.rule.lonely_psu,
    }
    told |= {
        f"score_{level}": repr((score - indicator.lowest) / span) for level, score in enumerate(indicator.scores, 1)
    }
    for name, value in told.items():
        yield {"name": name, "value": value}


def _write_csv(columns: Sequence[str], rows: Sequence[Row]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def _describe(made: Reproduction) -> str:
    pins = made.pins
    head, frame = pins["checkpoint"], pins["frame"]
    libraries = ", ".join(f"{name} {number}" for name, number in sorted(pins.get("libraries", {}).items()))
    return (
        f"Release {made.release.code} of wave {made.release.wave_code}\n\n"
        "rebuild.R, rebuild.do and rebuild.py compute the released figures from cells.csv, strata.csv and designs.csv\n"
        "under rule.csv, and compare them with figures.csv (all digits) and released.csv (the printed ones).\n"
        "The counts tell what the pages hide: keep this folder among statisticians.\n\n"
        f"checkpoint   {head['number']}, {head['size']} leaves, root {head['root']}\n"
        f"frame        version {frame['version']}, {frame['digest']}\n"
        f"inputs       {pins['inputs']} (inputs.json: frame totals, agencies, areas, margins of the wave)\n"
        f"rule         {pins['rule_digest']}\n"
        f"mandate      {pins['mandate']}\n"
        f"software     hailong {pins['software']}, code {pins['code']}, {libraries}\n"
        f"digest       {made.release.digest.hex()}\n"
        "seed         none: no random number enters a figure\n"
    )


def _key(figure: StoredFigure) -> tuple[str, str, str]:
    return figure.level, figure.sector_code, figure.place
