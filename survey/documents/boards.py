"""The official's pages of a sector: its places, its trend, its definitions, the bridge to figures of others.

Plain, frozen values in, HTML out. Shares are in 0..1; names arrive in the reader's language.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from markupsafe import Markup

from survey.documents.board_drawings import draw_bridge, draw_funnel, draw_map, draw_outlook, draw_places
from survey.documents.drawn_once import render_once
from survey.documents.environment import render
from survey.documents.figures import Basis, Figure, Judgement
from survey.documents.shell import Link, Shell


@dataclass(frozen=True, slots=True)
class Frame:
    """Around every page of a sector: where it stands, its other pages, what its figures rest on."""

    area_name: str
    sector: str
    wave_name: str
    tabs: tuple[tuple[str, str], ...]
    current: str
    back: Link
    basis: Basis


@dataclass(frozen=True, slots=True)
class PlaceRow:
    """One place beside the others. `apart` is "above", "below" or "" where no difference from the whole is shown."""

    name: str
    figure: Figure
    adjusted: float
    difference: float
    difference_low: float
    difference_high: float
    best: int
    worst: int
    apart: str
    covered: float
    url: str | None = None


@dataclass(frozen=True, slots=True)
class FunnelCurve:
    """The funnel at one effective size."""

    size: float
    low: float
    high: float
    outer_low: float
    outer_high: float


@dataclass(frozen=True, slots=True)
class MapArea:
    """One area's outline; `rate` is None where nothing is shown."""

    name: str
    path: str
    rate: float | None


@dataclass(frozen=True, slots=True)
class PlacesPage:
    """Places of a sector compared. `kind` is "area" or "agency"; `hidden` are too small to show; `schematic` says that
    the map is no map of the land."""

    frame: Frame
    kind: str
    rows: tuple[PlaceRow, ...]
    whole: Figure
    hidden: int
    funnel: tuple[FunnelCurve, ...]
    shapes: tuple[MapArea, ...]
    box: str
    kinds: tuple[tuple[str, str, bool], ...]
    minimum_cell: int = 10


@dataclass(frozen=True, slots=True)
class PeriodLine:
    """One wave of the trend; `change` compares with the row before, None where the method changed between."""

    name: str
    begins: date
    ends: date
    figure: Figure
    change: tuple[float, float, float] | None
    breaks: str | None = None


@dataclass(frozen=True, slots=True)
class Forecast:
    """Where the trend leads by the due date."""

    verdict: str
    target: float
    due: date
    rate: float
    low: float
    high: float
    periods: int


@dataclass(frozen=True, slots=True)
class OutsideLine:
    """A figure that somebody else published, as printed: `value` of at most `scale`, by another definition."""

    name: str
    publisher: str
    definition: str
    year: int
    value: str
    scale: str
    n: int | None
    rank: int | None
    ranked: int | None
    method_year: int | None
    source: str


@dataclass(frozen=True, slots=True)
class TrendPage:
    """A sector through its waves. Without a forecast, `periods` of `needed` were measured. `counted_766` is the rate in
    the manner of Decision 766, from the same frame, beside what `others` published."""

    frame: Frame
    rows: tuple[PeriodLine, ...]
    targets: tuple[Judgement, ...]
    forecast: Forecast | None
    periods: int
    needed: int
    others: tuple[OutsideLine, ...] = ()
    counted_766: float | None = None


@dataclass(frozen=True, slots=True)
class DefinitionRow:
    """The figure under one definition; `flips` where it would say otherwise than the rule's."""

    key: str
    name: str
    rate: float
    low: float
    high: float
    verdicts: tuple[str, ...]
    flips: tuple[bool, ...]
    is_rule: bool


@dataclass(frozen=True, slots=True)
class DefinitionsPage:
    """The same answers under every definition, against the sector's targets."""

    frame: Frame
    rows: tuple[DefinitionRow, ...]
    targets: tuple[tuple[float, date], ...]


@dataclass(frozen=True, slots=True)
class BridgeStep:
    """One step of the way: a code of `BRIDGE`, what it moves (None: unknown) or the figure itself (`whole`)."""

    code: str
    value: float | None
    whole: bool = False


@dataclass(frozen=True, slots=True)
class BridgePage:
    """From a figure published so far (`published`) to ours; without steps, until one is typed. `silence`, `definition`
    and `asked` are what each step moves; `wrong` says that what was typed is no share."""

    frame: Frame
    ours: Figure
    typed: str = ""
    wrong: bool = False
    published: float | None = None
    silence: float | None = None
    definition: float | None = None
    asked: float | None = None
    steps: tuple[BridgeStep, ...] = ()


@dataclass(frozen=True, slots=True)
class MixRow:
    """One sector's part in the sector above it."""

    name: str
    share: float
    rate: float | None
    url: str | None


@dataclass(frozen=True, slots=True)
class MixTable:
    """What a sector is made of, and its rate under other weights (rate, low, high)."""

    rows: tuple[MixRow, ...]
    without: tuple[float, float, float] | None
    equal: tuple[float, float, float] | None
    covered: float


@dataclass(frozen=True, slots=True)
class AgencyLine:
    """One sector of an agency's page: what was released of it, beside the whole sector's rate."""

    sector: str
    figure: Figure
    whole: float | None
    wave_name: str
    ends: date
    url: str | None


@dataclass(frozen=True, slots=True)
class Said:
    """What the agency says beside its figures in a release."""

    release: str
    text: str
    on: date


@dataclass(frozen=True, slots=True)
class AgencyPage:
    """A centre's own page, to be read in a minute, with what it says itself (`state_url` where the reader may) and,
    for whoever reads comments, the newest that were passed on and what they are about."""

    name: str
    area_name: str | None
    lines: tuple[AgencyLine, ...]
    invited: int
    answered: int
    back: Link
    minimum_cell: int = 10
    statements: tuple[Said, ...] = ()
    state_url: str | None = None
    problem: str = ""
    typed: str | None = None
    comments: tuple[str, ...] = ()
    topics: tuple[tuple[str, int], ...] = ()
    comments_url: str | None = None


def render_places(page: PlacesPage, shell: Shell, language: str) -> str:
    """Map, funnel and table of a sector's places."""
    return render_once("official/places.html", language, page, shell, lambda: _draw_places(page, language))


def render_trend(page: TrendPage, shell: Shell, language: str) -> str:
    """A sector through time."""
    return render_once(
        "official/trend.html",
        language,
        page,
        shell,
        lambda: {"drawn": draw_outlook(page.rows, page.targets, page.forecast, page.frame.sector, language)},
    )


def render_definitions(page: DefinitionsPage, shell: Shell, language: str) -> str:
    """The definition lab."""
    return render_once("official/definitions.html", language, page, shell)


def render_bridge(page: BridgePage, shell: Shell, language: str) -> str:
    """From the published figure to ours."""
    steps = [(each.code, each.value, each.whole) for each in page.steps]
    drawn = draw_bridge(steps, language) if steps else Markup()
    return render("official/bridge.html", language, page=page, shell=shell, drawn=drawn)


def render_agency(page: AgencyPage, shell: Shell, language: str) -> str:
    """A centre's page."""
    return render_once("official/agency.html", language, page, shell)


def _draw_places(page: PlacesPage, language: str) -> dict[str, object]:
    drawn = {
        "map": draw_map(page.shapes, page.box, page.frame.sector, language),
        "funnel": draw_funnel(page.rows, page.funnel, page.whole.rate, page.frame.sector, language),
    }
    return {"drawn": drawn, "bars": draw_places(page.rows, page.whole, language)}
