"""Interviewers' pages: the doors of their villages, and one door with its call, its roster and its form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from survey.documents.environment import render
from survey.documents.paper_form import PrintedItem
from survey.documents.shell import Shell
from survey.documents.verdicts import N_

OUTCOMES = {
    "1.1": N_("Đã phỏng vấn xong"),
    "1.2": N_("Phỏng vấn dở dang"),
    "2.1": N_("Từ chối"),
    "2.2": N_("Người được chọn vắng nhà"),
    "2.3": N_("Không thể trả lời (ốm, ngôn ngữ)"),
    "3.1": N_("Không rõ có ai ở không"),
    "3.2": N_("Không vào được"),
    "4.3": N_("Số điện thoại không dùng được"),
    "4.5": N_("Không phải nhà ở"),
    "4.6": N_("Nhà bỏ trống"),
    "4.7": N_("Không có người từ 18 tuổi"),
}
BY_PHONE_ALONE = ("4.3",)


@dataclass(frozen=True, slots=True)
class DoorRow:
    """A drawn household: `outcome` is that of the last call, None before the first."""

    number: int
    address: str
    calls: int
    outcome: str | None
    is_done: bool
    url: str


@dataclass(frozen=True, slots=True)
class VillageRows:
    """A village with its doors."""

    name: str
    wave: str
    doors: tuple[DoorRow, ...]

    @property
    def left(self) -> int:
        """Doors where a call is still due."""
        return sum(not door.is_done for door in self.doors)


@dataclass(frozen=True, slots=True)
class DoorPage:
    """One door. `adults` and `drawn` are None before the roster; `problem` says why nothing was kept."""

    number: int
    address: str
    village: str
    back: str
    call_url: str
    roster_url: str
    answer_url: str
    is_done: bool
    outcomes: tuple[str, ...]
    ages: tuple[str, ...]
    asked_by: tuple[str, ...]
    key: str
    items: tuple[PrintedItem, ...] = ()
    adults: int | None = None
    drawn: int | None = None
    answers: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    problem: str | None = None


def render_work(villages: tuple[VillageRows, ...], state: str | None, shell: Shell, language: str) -> str:
    return render("field/work.html", language, villages=villages, state=state, outcomes=OUTCOMES, shell=shell)


def render_door(page: DoorPage, shell: Shell, language: str) -> str:
    return render("field/door.html", language, page=page, outcomes=OUTCOMES, shell=shell)
