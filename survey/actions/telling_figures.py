"""From released figures to what pages and reports show: names in the reader's language, verdicts as released."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

from survey.actions.deriving import Measured, change_since, describe_course, silent_range
from survey.actions.reading import OpenRelease
from survey.actions.reading_boards import Standing
from survey.documents.figures import FrameGap, Since, WithExcluded
from survey.documents.pages import Basis, Figure, Judgement, SectorRow
from survey.mandate.areas import load_area_groups
from survey.mandate.indicators import load_indicator
from survey.mandate.sectors import Sector, load_sectors
from survey.store.places import Agency
from survey.store.releases import StoredFigure

if TYPE_CHECKING:
    from analysis.combining import Change

ON_THE_BOARD = (
    "procedures",
    "land_construction_investment",
    "land",
    "construction",
    "investment",
    "agencies_service",
    "health",
    "education",
)
LEVELS = {"land_construction_investment": 1, "land": 2, "construction": 2, "investment": 2}


def to_figure(stored: StoredFigure) -> Figure:
    """A released figure; a suppressed one carries no number."""
    if stored.suppressed:
        return Figure(suppressed=True)
    numbers = stored.numbers
    return Figure(
        rate=numbers["rate"],
        low=numbers["low"],
        high=numbers["high"],
        n=numbers["n"],
        n_effective=numbers["n_effective"],
        response_rate=response_rate(numbers),
        with_excluded=to_with_excluded(numbers),
        frame_gap=to_frame_gap(numbers),
    )


def to_with_excluded(numbers: Mapping[str, Any]) -> WithExcluded | None:
    """The figure with what was excluded, where it was released."""
    other = numbers.get("with_excluded")
    return WithExcluded(numbers["excluded"], other["rate"], other["low"], other["high"]) if other else None


def to_frame_gap(numbers: Mapping[str, Any]) -> FrameGap | None:
    """What the frame lacks beyond the rule's limit, where it does."""
    gap = numbers.get("frame_gap")
    return FrameGap(gap["agencies"], gap["lacking_rate"], gap["limit_rate"]) if gap else None


def response_rate(numbers: Mapping[str, Any]) -> float | None:
    """Answered per invited; None where nobody was invited."""
    return numbers["answered"] / numbers["invited"] if numbers.get("invited") else None


def to_judgements(stored: StoredFigure) -> tuple[Judgement, ...]:
    """The verdicts of a figure, as they were released."""
    return tuple(to_judgement(each) for each in stored.numbers.get("judgements", ()))


def to_judgement(released: Mapping[str, Any]) -> Judgement:
    numbers = dict(released["numbers"])
    if released["reason"] == "low_coverage":
        numbers["minimum_share"] = numbers.pop("minimum")
    return Judgement(
        kind=released["kind"],
        target=released["target"],
        due=date.fromisoformat(released["due"]),
        verdict=released["verdict"],
        reason=released["reason"],
        numbers=numbers,
        points_a_year=released.get("points_a_year"),
    )


def to_basis(opened: OpenRelease, language: str) -> Basis:
    """What the figures of a release rest on."""
    rule, wave = opened.rule, opened.wave
    indicator = load_indicator(rule.indicator)
    return Basis(
        wave_code=wave.code,
        wave_name=wave.name.get(language, wave.name["vi"]),
        fieldwork_begins=wave.opens_on,
        fieldwork_ends=wave.closes_on,
        indicator_name=indicator.name.in_language(language),
        indicator_definition=indicator.key,
        weighting=_weighting(opened),
        method=rule.method,
        confidence_level=float(rule.confidence_level),
        collected=wave.collected,
        release_code=opened.release.code,
        checkpoint=opened.header["checkpoint"]["number"],
        released_on=opened.release.published_on,
    )


def list_pins(opened: OpenRelease) -> tuple[tuple[str, str], ...]:
    """What the figures are a pure function of, as (code of `verdicts.PINS`, value)."""
    header = opened.header
    checkpoint, frame = header["checkpoint"], header["frame"]
    libraries = ", ".join(f"{name} {version}" for name, version in sorted(header.get("libraries", {}).items()))
    found = {
        "release": f"{opened.release.code} · {opened.release.digest.hex()}",
        "checkpoint": f"{checkpoint['number']} · {checkpoint['size']}",
        "root": checkpoint["root"],
        "frame": f"{frame['version']} · {frame['digest']}" if frame["version"] else "",
        "rule": header["rule_digest"],
        "questionnaire": header["questionnaire"] or "",
        "inputs": header.get("inputs", ""),
        "mandate": header["mandate"],
        "software": f"{header['software']} · {header.get('code', '')} · {libraries}",
    }
    return tuple((code, value) for code, value in found.items() if value)


def _weighting(opened: OpenRelease) -> str:
    if not opened.header["frame"]["version"]:
        return "none"
    return "recipe_refused" if opened.header.get("weighed", {}).get("refused") else opened.rule.weighting


def to_sector_row(
    code: str, stored: StoredFigure | None, opened: OpenRelease | None, language: str, url: str | None
) -> SectorRow:
    """A row of one release; a sector that no wave measures has a row too."""
    sector: Sector = load_sectors()[code]
    return SectorRow(
        name=sector.name.in_language(language),
        goal=sector.goal_group,
        figure=to_figure(stored) if stored else Figure(n=0),
        judgements=to_judgements(stored) if stored else (),
        url=url,
        level=LEVELS.get(code, 0),
        basis=to_basis(opened, language) if opened else None,
    )


def to_board_row(code: str, standing: Standing | None, language: str, url: str | None) -> SectorRow:
    """A row of the scoreboard: the released figure, and what the waves before it add."""
    if standing is None:
        return to_sector_row(code, None, None, language, None)
    row = to_sector_row(code, standing.figure, standing.opened, language, url)
    since = change_since(standing.history)
    released = standing.numbers.get("judgements", ())
    return replace(
        row,
        judgements=tuple(to_judgement(describe_course(standing.history, each)) for each in released),
        silent=silent_range(standing.numbers),
        since=_to_since(*since, language) if since else None,
    )


def _to_since(before: Measured, changed: Change, language: str) -> Since:
    name = before.names.get(language, before.names["vi"])
    return Since(name, changed.difference, changed.low, changed.high, changed.shown)


def agency_name(agencies: Mapping[str, Agency], code: str, language: str) -> str:
    agency = agencies.get(code)
    return agency.name.get(language, agency.name["vi"]) if agency else code


def board_name(language: str) -> str:
    """The territory that the targets bind."""
    return load_area_groups()["former_soc_trang"].name.in_language(language)
