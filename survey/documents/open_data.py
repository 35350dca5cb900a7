"""Released figures as open data: CSV with its metadata (W3C CSV on the Web), and JSON. What is hidden has no number."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

from survey.documents.harmless import harmless

LICENCE = "https://creativecommons.org/licenses/by/4.0/"
COLUMNS: Mapping[str, tuple[str, str]] = {
    "release": ("string", "code of the release that every number of this row is frozen in"),
    "sector": ("string", "code of the sector"),
    "sector_name": ("string", "name of the sector in Vietnamese"),
    "level": ("string", "sector or agency"),
    "place": ("string", "code of the sector or agency"),
    "place_name": ("string", "name of the place in Vietnamese"),
    "status": ("string", "shown, or suppressed: too few answers, or it would give away such a place"),
    "answers": ("integer", "people who answered"),
    "rate": ("decimal", "weighted share of satisfied people, 0 to 1"),
    "low": ("decimal", "lower limit of the confidence interval"),
    "high": ("decimal", "upper limit of the confidence interval"),
    "response_rate": ("decimal", "answered per invited"),
    "population": ("integer", "transactions in the frame"),
    "target": ("decimal", "the level that is in force, for sectors"),
    "verdict": ("string", "met, not_met, not_shown, too_few or not_measured, for sectors"),
}


@dataclass(frozen=True, slots=True)
class OpenRow:
    """One released figure; a suppressed one has its place and nothing else."""

    release: str
    sector: str
    sector_name: str
    level: str
    place: str
    place_name: str
    status: str
    answers: int | None = None
    rate: float | None = None
    low: float | None = None
    high: float | None = None
    response_rate: float | None = None
    population: int | None = None
    target: float | None = None
    verdict: str | None = None


def write_csv(rows: Sequence[OpenRow]) -> str:
    """RFC 4180, a header line first; an empty field is a number that is not shown."""
    written = io.StringIO()
    writer = csv.writer(written)
    writer.writerow([each.name for each in fields(OpenRow)])
    writer.writerows(["" if value is None else harmless(value) for value in asdict(row).values()] for row in rows)
    return written.getvalue()


def describe_csv(url: str, title: str, method: str, release: str) -> str:
    """The metadata of the CSV at this address: https://www.w3.org/TR/tabular-metadata/."""
    columns = [
        {
            "name": name,
            "titles": name,
            "datatype": kind,
            "dc:description": said,
            "required": name in ("release", "sector", "level", "place", "status"),
        }
        for name, (kind, said) in COLUMNS.items()
    ]
    return _json(
        {
            "@context": ["http://www.w3.org/ns/csvw", {"@language": "en"}],
            "url": url,
            "dc:title": {"@value": title, "@language": "vi"},
            "dc:description": method,
            "dc:license": {"@id": LICENCE},
            "dc:identifier": release,
            "dialect": {"header": True, "encoding": "utf-8"},
            "tableSchema": {"columns": columns, "primaryKey": ["release", "sector", "level", "place"]},
        }
    )


def write_json(rows: Sequence[OpenRow], about: Mapping[str, Any]) -> str:
    """The same rows with what they rest on."""
    return _json({**about, "licence": LICENCE, "figures": [asdict(row) for row in rows]})


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1, sort_keys=False) + "\n"
