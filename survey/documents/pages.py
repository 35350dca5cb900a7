"""What the staff's pages show: plain, frozen values in, HTML out.

Rates, intervals and targets are shares in 0..1; only templates print per cent. Names (areas, agencies, sectors, indicators, waves)
arrive already in the reader's language; verdicts, reasons, flags and states arrive as codes and get their words here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from survey.documents.environment import render

Number = int | float


@dataclass(frozen=True, slots=True)
class Link:
    """A destination with a name in the reader's language."""

    label: str
    url: str


@dataclass(frozen=True, slots=True)
class LanguageLink:
    """The same page in another language: `vi`, `km` or `en`."""

    language: str
    url: str


@dataclass(frozen=True, slots=True)
class NavigationItem:
    """One entry of the staff's menu; `code` is one of `verdicts.NAVIGATION`."""

    code: str
    url: str
    current: bool = False


@dataclass(frozen=True, slots=True)
class Shell:
    """What surrounds every staff page. `notice` is a code of `verdicts.NOTICES`; `demo` marks synthetic figures."""

    stylesheet_url: str
    home_url: str
    languages: tuple[LanguageLink, ...] = ()
    navigation: tuple[NavigationItem, ...] = ()
    staff_name: str | None = None
    role: str | None = None
    sign_out_url: str | None = None
    csrf_token: str = ""
    notice: str | None = None
    demo: bool = False


@dataclass(frozen=True, slots=True)
class Figure:
    """A rate as printed. Suppressed figures carry no number at all; a rate of None means that nobody answered."""

    rate: float | None = None
    low: float | None = None
    high: float | None = None
    n: int | None = None
    n_effective: float | None = None
    response_rate: float | None = None
    suppressed: bool = False


@dataclass(frozen=True, slots=True)
class Judgement:
    """A figure held against one target. `kind`: in_force (the level that holds today), milestone (a due date that has passed),
    due (a due date ahead). `reason` and its `numbers` explain the verdict; `points_a_year` is a share a year."""

    kind: str
    target: float
    due: date
    verdict: str
    reason: str | None = None
    numbers: Mapping[str, Number] = field(default_factory=dict)
    points_a_year: float | None = None


@dataclass(frozen=True, slots=True)
class Basis:
    """What figures rest on. `weighting`, `method` and `collected` are codes; `fieldwork_ends` may lie ahead."""

    wave_code: str
    wave_name: str
    fieldwork_begins: date
    fieldwork_ends: date
    indicator_name: str
    indicator_definition: str
    weighting: str
    method: str
    confidence_level: float = 0.95
    collected: str = "sample"
    release_code: str | None = None
    checkpoint: int | None = None
    released_on: date | None = None


@dataclass(frozen=True, slots=True)
class SectorRow:
    """One sector of the scoreboard: level 0 is a goal group, level 1 a part of the one above it."""

    name: str
    goal: str
    figure: Figure
    judgements: tuple[Judgement, ...]
    url: str | None = None
    level: int = 0
    basis: Basis | None = None


@dataclass(frozen=True, slots=True)
class ScoreboardPage:
    """Sectors against targets; `elsewhere` links what is shown apart, such as self-selected series."""

    area_name: str
    as_of: date
    rows: tuple[SectorRow, ...]
    basis: Basis
    elsewhere: tuple[Link, ...] = ()
    minimum_cell: int = 10


@dataclass(frozen=True, slots=True)
class AgencyRow:
    """One agency inside a sector. It has no verdict: targets are set for sectors."""

    name: str
    figure: Figure
    url: str | None = None
    area_name: str | None = None


@dataclass(frozen=True, slots=True)
class SectorPage:
    """One sector in full, with its agencies in the order to be shown."""

    area_name: str
    row: SectorRow
    basis: Basis
    agencies: tuple[AgencyRow, ...]
    back: Link
    minimum_cell: int = 10


@dataclass(frozen=True, slots=True)
class IndicatorColumn:
    """One definition of the figure, tried on every period of a series."""

    code: str
    name: str
    definition: str


@dataclass(frozen=True, slots=True)
class PeriodRow:
    """One period of an imported series. `values` has one share per indicator column; `published` is the publisher's own share;
    `matches` holds the codes of the indicators that reproduce it; `breaks` marks the first period of a new definition."""

    begins: date
    n: int
    rate: float
    low: float
    high: float
    values: tuple[float | None, ...]
    published: float | None = None
    matches: tuple[str, ...] = ()
    breaks: bool = False


@dataclass(frozen=True, slots=True)
class Tipping:
    """How strongly the choice to answer would have to go with satisfaction for the target's side to change (a correlation)."""

    target: float
    correlation: float
    equivalent_n: float | None = None


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
    """One cell of the adequacy page. `margin` is half the interval's width as a share; `answers_needed` None means that no
    number of answers would decide (or none is needed: see the verdict)."""

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


@dataclass(frozen=True, slots=True)
class AdequacyPage:
    """Whether the sample carries the verdicts: rows come worst first."""

    basis: Basis
    as_of: date
    rows: tuple[AdequacyRow, ...]
    invited: int | None = None
    responses: int = 0
    waves: tuple[Link, ...] = ()


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
    """One input that the release is a pure function of: `code` of `verdicts.PINS`, and its value (a version, a hash)."""

    code: str
    value: str


@dataclass(frozen=True, slots=True)
class ReleasePage:
    """One release before or after publication. Without `publish_url`, `refusal` (a code of `verdicts.PUBLISH_REFUSALS`) says why."""

    row: ReleaseRow
    basis: Basis
    sectors: tuple[SectorRow, ...]
    pins: tuple[Pin, ...] = ()
    publish_url: str | None = None
    refusal: str | None = None
    back: Link | None = None
    minimum_cell: int = 10


@dataclass(frozen=True, slots=True)
class LoginPage:
    """Sign in. `error` is a code of `verdicts.LOGIN_ERRORS`; the typed name is kept, the password never."""

    action: str
    next_url: str = ""
    name: str = ""
    error: str | None = None


@dataclass(frozen=True, slots=True)
class StaffErrorPage:
    """A refusal on the staff's side: `code` is forbidden, not_found, expired_form or server_error."""

    code: str


def render_scoreboard(page: ScoreboardPage, shell: Shell, language: str) -> str:
    """The official's one page."""
    return render("official/scoreboard.html", language, page=page, shell=shell)


def render_sector(page: SectorPage, shell: Shell, language: str) -> str:
    """A sector, its targets and its agencies."""
    return render("official/sector.html", language, page=page, shell=shell)


def render_series(page: SeriesPage, shell: Shell, language: str) -> str:
    """An imported series, period by period."""
    return render("official/series.html", language, page=page, shell=shell)


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
    return render("statistician/release.html", language, page=page, shell=shell)


def render_login(page: LoginPage, shell: Shell, language: str) -> str:
    """The staff's door."""
    return render("staff/login.html", language, page=page, shell=shell)


def render_staff_error(page: StaffErrorPage, shell: Shell, language: str) -> str:
    """What went wrong and what to do next."""
    return render("staff/error.html", language, page=page, shell=shell)
