"""The page on which a statistician estimates from a file of her own: plain values in, HTML out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from survey.documents.checks import write_checks
from survey.documents.environment import render
from survey.documents.own_faults import tell
from survey.documents.shell import Shell


@dataclass(frozen=True, slots=True)
class OwnRow:
    """One domain: rate, limits and margin are shares; `needed` answers more would decide."""

    name: str
    rate: float
    low: float
    high: float
    margin: float
    n: int
    n_effective: float
    deff: float
    df: float
    verdict: str | None
    reason: str | None
    numbers: Mapping[str, Any] = field(default_factory=dict)
    needed: int | None = None
    checks: Sequence[Sequence[Any]] = ()
    where: tuple[str, ...] = ()

    @property
    def warnings(self) -> int:
        return sum(bool(each[3]) for each in self.checks)


@dataclass(frozen=True, slots=True)
class OwnFilePage:
    """`columns` of the file that is held, `asked` the form as it was sent, `told` what became of the rows."""

    upload_url: str
    estimate_url: str
    forget_url: str
    name: str | None = None
    columns: tuple[str, ...] = ()
    asked: Mapping[str, str] = field(default_factory=dict)
    rows: tuple[OwnRow, ...] = ()
    told: tuple[str, ...] = ()
    error: str | None = None


def render_own_file(page: OwnFilePage, shell: Shell, language: str) -> str:
    told = [tell(each, language) for each in page.told]
    error = tell(page.error, language) if page.error else None
    lines = [write_checks(each.checks, language) for each in page.rows]
    return render("statistician/own_file.html", language, page=page, shell=shell, told=told, error=error, lines=lines)
