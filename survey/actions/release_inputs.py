"""What a release rests on besides the answers: the wave with its rule, the frame's totals, who stands where.

Written as canonical JSON, kept with the release and put into the auditor's bundle, so that every figure can be computed
again far from the installation. `scores` and `indicator` say in numbers what the mandate says in words: the lone
verifier, which has no mandate, needs nothing else for the rates.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from survey.actions.suppressing import Past, Shown, shown_figures
from survey.mandate.documents import read_document, write_document
from survey.mandate.indicators import load_indicator
from survey.mandate.questionnaires import Questionnaire, find_questionnaire, load_questionnaire
from survey.mandate.rules import read_rule
from survey.mandate.sectors import ancestors
from survey.proof import canonical_json
from survey.store import frames, ledger, places, releases, tallies
from survey.store.database import Connection
from survey.store.frames import Stratum
from survey.store.questionnaires import load_version
from survey.store.releases import Release
from survey.store.sql import from_json
from survey.store.waves import Wave

WAVE_FIELDS = ("code", "questionnaire_code", "questionnaire_version", "population", "collected", "purpose", "rule")


@dataclass(frozen=True, slots=True)
class Inputs:
    """`agencies` by stratum, `areas` by agency; `published` holds what a publisher printed by (agency, period)."""

    wave: Wave
    frame_version: int | None
    frame_digest: str | None
    strata: tuple[Stratum, ...]
    agencies: Mapping[str, str]
    areas: Mapping[str, str]
    published: Mapping[tuple[str, str], str]
    earlier: tuple[Shown, ...] = ()
    least_new: int = 1
    questionnaire: Questionnaire | None = None
    independent: Mapping[str, int] = field(default_factory=dict)


def collect_inputs(connection: Connection, wave: Wave, size: int) -> str:
    """The inputs of a release of this wave at a checkpoint of this size, as they stand now: canonical JSON."""
    version = frames.find_frame_version(connection, wave.code)
    digest = frames.find_frame_digest(connection, wave.code, version) if version else None
    strata = frames.list_strata(connection, wave.code, version) if version else []
    agencies = frames.list_stratum_agencies(connection, wave.code)
    known = places.list_agencies(connection, places.EVERYTHING)
    printed = tallies.list_published_figures(connection, wave.code)
    values = {
        "wave": {name: getattr(wave, name) for name in WAVE_FIELDS}
        | {"opens_on": wave.opens_on.isoformat(), "closes_on": wave.closes_on.isoformat()},
        "frame": {"version": version, "digest": digest.hex() if digest else None},
        "strata": [[s.code, s.agency_code, s.sector_code, s.procedure_code, s.population] for s in strata],
        "agencies": agencies,
        "areas": {code: (known[code].area_code if code in known else None) or "" for code in set(agencies.values())},
        "sectors": {s.code: ancestors(s.sector_code) for s in strata if s.sector_code},
        "published": [[agency, period, printed[agency, period]] for agency, period in sorted(printed)],
        "earlier": _earlier(connection, wave, size),
        "least_new": wave.seal_minimum,
        **_describe_version(connection, wave),
        **_independent(connection, wave),
        "indicator": _indicator(wave),
    }
    return canonical_json(values).decode()


def read_inputs(text: str) -> Inputs:
    """The inputs that `collect_inputs` wrote."""
    values = from_json(text)
    wave = values["wave"]
    return Inputs(
        wave=Wave(
            **{name: wave[name] for name in WAVE_FIELDS},
            series_code=None,
            name={},
            opens_on=date.fromisoformat(wave["opens_on"]),
            closes_on=date.fromisoformat(wave["closes_on"]),
            closed=False,
            seal_minimum=1,
            rule_digest=read_rule(wave["rule"]).digest(),
        ),
        frame_version=values["frame"]["version"],
        frame_digest=values["frame"]["digest"],
        strata=tuple(Stratum(*each) for each in values["strata"]),
        agencies=values["agencies"],
        areas=values["areas"],
        published={(agency, period): printed for agency, period, printed in values["published"]},
        earlier=tuple(map(_read_earlier, values["earlier"])),
        least_new=values["least_new"],
        questionnaire=_read_version(values),
        independent=values.get("independent", {}),
    )


def _read_earlier(rows: Sequence[Sequence[Any]]) -> Shown:
    return {
        (level, sector, place): Past(n, None if rate is None else float(rate), bool(shown))
        for level, sector, place, n, rate, shown in rows
    }


def _earlier(connection: Connection, wave: Wave, size: int) -> list[list[list[Any]]]:
    """What each release of older answers showed, and how many answers stood behind what it left out.

    Rates as text, for canonical JSON has no fractions.
    """
    if wave.seal_minimum == 1:
        return []
    releases_before = [each for each in releases.list_releases(connection) if each.wave_code == wave.code]
    older = [each for each in releases_before if from_json(each.header)["checkpoint"]["size"] < size]
    return [_describe_earlier(connection, wave, each) for each in older]


def _describe_earlier(connection: Connection, wave: Wave, release: Release) -> list[list[Any]]:
    figures = releases.list_figures(connection, release.code)
    shown = shown_figures(figures)
    hidden = {(each.sector_code, each.place) for each in figures if each.suppressed and each.level == "agency"}
    checkpoint = ledger.find_checkpoint(connection, from_json(release.header)["checkpoint"]["number"])
    sealed = from_json(checkpoint.accounting).get(wave.code, {}) if checkpoint else {}
    behind: Counter[tuple[str, str]] = Counter()
    for stratum in frames.list_strata(connection, wave.code, from_json(release.header)["frame"]["version"] or 0):
        behind[stratum.sector_code or "", stratum.agency_code] += sealed.get(stratum.code, {}).get("sealed", 0)
    return [
        *([*key, n, None if rate is None else repr(rate), 1] for key, (n, rate, _) in sorted(shown.items())),
        *(["agency", *place, behind[place], None, 0] for place in sorted(hidden)),
    ]


def _describe_version(connection: Connection, wave: Wave) -> dict[str, Any]:
    """What is asked; the whole text where it was built here, so that whoever has only the inputs has it too."""
    if wave.questionnaire_code is None:
        return {"scores": None}
    version = load_version(connection, wave.questionnaire)
    asked = {"scores": _scores(version)}
    return asked if find_questionnaire(version.key) else asked | {"built": write_document(version)}


def _independent(connection: Connection, wave: Wave) -> dict[str, Any]:
    """What somebody else counted at each agency, where somebody did."""
    counted = frames.list_independent_totals(connection, wave.code)
    return {"independent": counted} if counted else {}


def _read_version(values: Mapping[str, Any]) -> Questionnaire | None:
    if "built" in values:
        return read_document(values["built"])
    wave = values["wave"]
    code = wave["questionnaire_code"]
    return load_questionnaire(f"{code}@{wave['questionnaire_version']}") if code else None


def _scores(version: Questionnaire) -> dict[str, Any]:
    """The item that the figure is about, and the level of each of its choices."""
    item = version.overall_item
    return {"item": item.code, "levels": {each.code: each.score for each in item.choices if each.score is not None}}


def _indicator(wave: Wave) -> dict[str, Any]:
    indicator = load_indicator(read_rule(wave.rule).indicator)
    return {
        "key": indicator.key,
        "scores": list(indicator.scores),
        "lowest": indicator.lowest,
        "highest": indicator.highest,
    }
