"""The auditors' pages on patterns in the answers: values in, HTML out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from survey.documents.environment import render
from survey.documents.shell import Link, Shell
from survey.documents.verdicts import N_

TESTS = {
    "funnel": N_("Tỷ lệ trả lời thư mời khác hẳn các nơi khác"),
    "contrast": N_("Người trả lời tại quầy hài lòng hơn hẳn người trả lời bằng điện thoại của mình"),
    "bursts": N_("Phiếu dồn vào một vài buổi"),
    "after_hours": N_("Nhiều phiếu ngoài giờ làm việc"),
    "deadline": N_("Nhiều phiếu vào những ngày cuối kỳ"),
    "speed": N_("Nhiều phiếu được trả lời quá nhanh"),
    "duplicates": N_("Nhiều phiếu giống nhau gần như hoàn toàn"),
    "straight": N_("Nhiều phiếu chọn cùng một mức cho mọi câu"),
    "bunching": N_("Tỷ lệ của các kỳ dừng ngay trên chỉ tiêu"),
    "dispersion": N_("Tỷ lệ của các kỳ đều nhau khác thường"),
    "devices": N_("Nhiều phiếu trong ngày từ cùng một thiết bị"),
    "overdue": N_("Nhiều phiếu từ mã đã phát từ lâu"),
}
CHANNELS = {
    "office": N_("kênh tại cơ quan"),
    "own": N_("điện thoại của người dân"),
    "all": N_("cả cơ quan"),
}


@dataclass(frozen=True, slots=True)
class ReasonLine:
    """A test that stands out; with `times` the numbers are factors of what is usual, else differences from it."""

    test: str
    channel: str
    effect: float
    low: float
    high: float
    times: bool
    alone: bool


@dataclass(frozen=True, slots=True)
class SuspectRow:
    """An agency's line, in the order of the list."""

    place: int
    code: str
    name: str
    answers: int
    z: float | None
    q: float
    listed: bool
    reasons: tuple[ReasonLine, ...]


@dataclass(frozen=True, slots=True)
class CallbackRow:
    """A sample of calls with what it says so far; shares in 0..1."""

    code: str
    scope: str | None
    places: int
    reached: int
    contradicted: int
    rate: float | None
    low: float
    high: float
    excluded_above: float


@dataclass(frozen=True, slots=True)
class CanaryRow:
    """One check of canaries."""

    on: date
    arrived: int
    changed: int
    missing: int


@dataclass(frozen=True, slots=True)
class ScreeningPage:
    """The list of a wave; `calls` is how many calls exclude a twentieth."""

    wave_code: str
    wave_name: str
    number: int
    made_on: date
    made_by: str
    leaves: int
    rows: tuple[SuspectRow, ...]
    not_told: tuple[str, ...]
    callbacks: tuple[CallbackRow, ...]
    canaries: tuple[CanaryRow, ...]
    calls: int
    export_url: str
    back: Link

    @property
    def listed(self) -> tuple[SuspectRow, ...]:
        return tuple(row for row in self.rows if row.listed)

    @property
    def others(self) -> tuple[SuspectRow, ...]:
        return tuple(row for row in self.rows if not row.listed)


@dataclass(frozen=True, slots=True)
class ScreenedRow:
    """A wave that was screened."""

    name: str
    code: str
    made_on: date
    url: str


@dataclass(frozen=True, slots=True)
class ScreenedPage:
    """Every wave that was screened, the newest first."""

    rows: tuple[ScreenedRow, ...]


def render_screening(page: ScreeningPage, shell: Shell, language: str) -> str:
    """The ranked list of a wave."""
    return render("auditor/screening.html", language, page=page, shell=shell, tests=TESTS, channels=CHANNELS)


def render_screened(page: ScreenedPage, shell: Shell, language: str) -> str:
    """Which waves were screened."""
    return render("auditor/screened.html", language, page=page, shell=shell)
