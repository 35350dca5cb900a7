"""What the staff's pages show: plain, frozen values in, HTML out.

Rates, intervals and targets are shares in 0..1; only templates print per cent. Names (areas, agencies, sectors,
indicators, waves) arrive in the reader's language; verdicts,
reasons, flags and states are codes that get their words here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from survey.documents.boards import MixTable
from survey.documents.drawings import draw_agencies, draw_sectors, draw_series
from survey.documents.drawn_once import render_once
from survey.documents.environment import render
from survey.documents.figures import (
    AgencyRow,
    Basis,
    Figure,
    IndicatorColumn,
    Judgement,
    Number,
    PeriodRow,
    SectorRow,
    WithExcluded,
)
from survey.documents.shell import LanguageLink, Link, NavigationItem, Shell

__all__ = [
    "AdequacyPage",
    "AdequacyRow",
    "AgencyRow",
    "Basis",
    "Figure",
    "Flag",
    "IndicatorColumn",
    "Judgement",
    "LanguageLink",
    "Link",
    "LoginPage",
    "NavigationItem",
    "PeriodRow",
    "Pin",
    "ReleasePage",
    "ReleaseRow",
    "ReleasesPage",
    "ScoreboardPage",
    "SectorPage",
    "SectorRow",
    "SeriesPage",
    "Shell",
    "StaffErrorPage",
    "Tipping",
    "WaveRow",
    "WavesPage",
    "render_adequacy",
    "render_login",
    "render_release",
    "render_releases",
    "render_scoreboard",
    "render_sector",
    "render_series",
    "render_staff_error",
    "render_waves",
]


@dataclass(frozen=True, slots=True)
class ScoreboardPage:
    """Sectors against targets; `elsewhere` links what is shown apart, such as self-selected series."""

    area_name: str
    as_of: date
    rows: tuple[SectorRow, ...]
    basis: Basis
    elsewhere: tuple[Link, ...] = ()
    minimum_cell: int = 10
    mix: MixTable | None = None


@dataclass(frozen=True, slots=True)
class SectorPage:
    """One sector in full, with its agencies in the order to be shown; `parts` is "sector" where those are sectors."""

    area_name: str
    row: SectorRow
    basis: Basis
    agencies: tuple[AgencyRow, ...]
    back: Link
    minimum_cell: int = 10
    parts: str = "agency"
    tabs: tuple[tuple[str, str], ...] = ()
    mix: MixTable | None = None


@dataclass(frozen=True, slots=True)
class Tipping:
    """How strongly answering would have to go with satisfaction (a correlation) to put the rate across the target.
    `equivalent_n` is the size of a random sample that would be as exact if the correlation were 0.05; both rest on
    `assumed_share`, the share of users who answered."""

    target: float
    correlation: float
    equivalent_n: float | None = None
    assumed_share: float | None = None


@dataclass(frozen=True, slots=True)
class SeriesPage:
    """Counts collected by somebody else, period by period: estimated, never official when self-selected."""

    name: str
    source: str
    licence: str
    collected: str
    indicators: tuple[IndicatorColumn, ...]
    periods: tuple[PeriodRow, ...]
    n_total: int
    confidence_level: float = 0.95
    targets: tuple[float, ...] = ()
    tipping: tuple[Tipping, ...] = ()
    siblings: tuple[Link, ...] = ()
    official: bool = False


@dataclass(frozen=True, slots=True)
class Flag:
    """One thing to look at: a code of `verdicts.FLAGS` with the numbers that its advice mentions."""

    code: str
    numbers: Mapping[str, Number] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AdequacyRow:
    """One cell of the adequacy page. `margin` is half the interval's width as a share. `answers_needed` None means that
    none is needed, or that no number would decide: the verdict tells which."""

    name: str
    n: int
    n_effective: float | None
    design_effect: float | None
    margin: float | None
    response_rate: float | None
    coverage: float | None
    judgement: Judgement | None = None
    answers_needed: int | None = None
    strata_empty: tuple[str, ...] = ()
    flags: tuple[Flag, ...] = ()
    suppressed: bool = False
    with_excluded: WithExcluded | None = None


@dataclass(frozen=True, slots=True)
class AdequacyPage:
    """Whether the sample carries the verdicts: sectors, then agencies within them, worst first; `hidden` cells are too
    small to show."""

    basis: Basis
    as_of: date
    rows: tuple[AdequacyRow, ...]
    agencies: tuple[AdequacyRow, ...] = ()
    hidden: int = 0
    minimum_cell: int = 10
    invited: int | None = None
    responses: int = 0
    waves: tuple[Link, ...] = ()
    tabs: tuple[tuple[Link, bool], ...] = ()


@dataclass(frozen=True, slots=True)
class WaveRow:
    """One wave in the list; `state` is planned, open or closed."""

    code: str
    name: str
    state: str
    opens: date
    closes: date
    responses: int
    url: str | None = None
    invited: int | None = None
    collected: str = "sample"


@dataclass(frozen=True, slots=True)
class WavesPage:
    """Every wave that the reader may see."""

    rows: tuple[WaveRow, ...]


@dataclass(frozen=True, slots=True)
class ReleaseRow:
    """One release; `state` is draft, published or superseded."""

    code: str
    wave_name: str
    state: str
    computed_on: date
    computed_by: str
    url: str
    checkpoint: int | None = None
    published_on: date | None = None
    published_by: str | None = None


@dataclass(frozen=True, slots=True)
class ReleasesPage:
    """Releases, newest first."""

    rows: tuple[ReleaseRow, ...]


@dataclass(frozen=True, slots=True)
class Pin:
    """One input that the release is a pure function of: a code of `verdicts.PINS` and its value (a version, a hash)."""

    code: str
    value: str


@dataclass(frozen=True, slots=True)
class ReleasePage:
    """One release, before or after publication. Where there is no `publish_url`, `refusal` says why: a code of
    `verdicts.PUBLISH_REFUSALS`."""

    row: ReleaseRow
    basis: Basis
    sectors: tuple[SectorRow, ...]
    pins: tuple[Pin, ...] = ()
    publish_url: str | None = None
    refusal: str | None = None
    way: Link | None = None
    export: Link | None = None
    back: Link | None = None
    minimum_cell: int = 10


@dataclass(frozen=True, slots=True)
class LoginPage:
    """Sign in. `error` is a code of `verdicts.LOGIN_ERRORS`; the typed name is kept, the password never."""

    action: str
    next_url: str = ""
    name: str = ""
    error: str | None = None
    sign_on: Link | None = None


@dataclass(frozen=True, slots=True)
class StaffErrorPage:
    """A refusal on the staff's side: `code` is forbidden, not_found, expired_form or server_error; `number` is that
    of the request in the log, where there is a line about it."""

    code: str
    number: str = ""


def render_scoreboard(page: ScoreboardPage, shell: Shell, language: str) -> str:
    """The official's one page."""
    return render_once(
        "official/scoreboard.html", language, page, shell, lambda: {"drawn": draw_sectors(page.rows, language)}
    )


def render_sector(page: SectorPage, shell: Shell, language: str) -> str:
    """A sector, its targets and its agencies."""
    return render_once(
        "official/sector.html",
        language,
        page,
        shell,
        lambda: {"drawn": draw_agencies(page.row, page.agencies, language)},
    )


def render_series(page: SeriesPage, shell: Shell, language: str) -> str:
    """An imported series, period by period."""
    drawn = draw_series(page.name, page.periods, page.targets, language)
    matched = {column.code: sum(column.code in row.matches for row in page.periods) for column in page.indicators}
    return render("official/series.html", language, page=page, shell=shell, drawn=drawn, matched=matched)


def render_adequacy(page: AdequacyPage, shell: Shell, language: str) -> str:
    """The statistician's page on the sample."""
    return render("statistician/adequacy.html", language, page=page, shell=shell)


def render_waves(page: WavesPage, shell: Shell, language: str) -> str:
    """The list of waves."""
    return render("statistician/waves.html", language, page=page, shell=shell)


def render_releases(page: ReleasesPage, shell: Shell, language: str) -> str:
    """The list of releases."""
    return render("statistician/releases.html", language, page=page, shell=shell)


def render_release(page: ReleasePage, shell: Shell, language: str) -> str:
    """One release, with the button that publishes it where the reader may."""
    drawn = draw_sectors(page.sectors, language)
    return render("statistician/release.html", language, page=page, shell=shell, drawn=drawn)


def render_login(page: LoginPage, shell: Shell, language: str) -> str:
    """The staff's door."""
    return render("staff/login.html", language, page=page, shell=shell)


def render_staff_error(page: StaffErrorPage, shell: Shell, language: str) -> str:
    """What went wrong and what to do next."""
    return render("staff/error.html", language, page=page, shell=shell)
