"""The operators' page of areas, agencies, groups and procedures as of a day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from survey.documents.environment import render
from survey.documents.shell import Shell
from survey.documents.verdicts import N_

WHAT = {
    "areas": N_("Đơn vị hành chính (CSV hoặc GeoJSON)"),
    "groups": N_("Nhóm địa bàn (CSV)"),
    "agencies": N_("Cơ quan (CSV)"),
    "procedures": N_("Thủ tục và lĩnh vực (CSV)"),
}


@dataclass(frozen=True, slots=True)
class PlaceRow:
    """A place on the day; `depth` below the top, `came_from` its predecessors with their shares."""

    depth: int
    code: str
    name: str
    kind: str
    came_from: str


@dataclass(frozen=True, slots=True)
class PlacesPage:
    """`procedures` are (code, name, sector, who decided, since when); `problems` are a refused file's, `said` what an
    accepted one brought. `shapes` are outlines as SVG paths in `box`."""

    on: date
    areas: Sequence[PlaceRow]
    agencies: Sequence[PlaceRow]
    groups: Sequence[tuple[str, str, int]]
    procedures: Sequence[tuple[str, str, str, str, str]]
    shapes: Sequence[tuple[str, str]]
    box: str
    export_url: str
    import_url: str | None
    problems: Sequence[str] = ()
    said: str | None = None


def render_places(page: PlacesPage, shell: Shell, language: str) -> str:
    return render("operator/places.html", language, page=page, shell=shell, what=WHAT)
