"""The auditors' page on the audit trail: values in, HTML out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from survey.documents.environment import render
from survey.documents.shell import Link, Shell
from survey.documents.verdicts import N_

KINDS: Mapping[str, tuple[str, frozenset[str]]] = {
    "taken": (
        N_("Xem hoặc xuất dữ liệu từng dòng"),
        frozenset(
            {
                "adequacy-exported",
                "export-asked",
                "export-fetched",
                "microdata-exported",
                "rows-exported",
                "screening-exported",
                "sealed-contacts-exported",
            }
        ),
    ),
    "judged": (
        N_("Loại trừ, gọi lại và phiếu thử"),
        frozenset(
            {
                "callback-recorded",
                "callbacks-drawn",
                "canaries-checked",
                "canaries-committed",
                "excluded",
                "excluded-by-rule",
                "screened",
            }
        ),
    ),
    "published": (
        N_("Bản công bố"),
        frozenset(
            {
                "adequacy-frozen",
                "drivers-computed",
                "recipe-adopted",
                "recipe-saved",
                "agency-stated",
                "outside-figure-entered",
                "release-drafted",
                "release-planned",
                "release-published",
                "release-recalled",
                "release-reproduced",
                "release-reviewed",
                "release-signed",
            }
        ),
    ),
    "people": (
        N_("Tài khoản, quyền và khóa"),
        frozenset(
            {
                "auditor-key-added",
                "auditor-key-retired",
                "client-added",
                "client-renewed",
                "client-retired",
                "key-replaced",
                "signed-in",
                "staff-added",
            }
        ),
    ),
    "asked": (
        N_("Phiếu hỏi, đợt và mẫu"),
        frozenset(
            {
                "adult-drawn",
                "area-groups-imported",
                "areas-imported",
                "contacts-handed-in",
                "contacts-kept",
                "contacts-refused",
                "draw-ordered",
                "household-called",
                "households-drawn",
                "households-listed",
                "invited",
                "invited-nightly",
                "language-signed",
                "planned-sample-drawn",
                "questionnaire-draft-removed",
                "questionnaire-drafted",
                "questionnaire-published",
                "sample-planned",
                "silent-drawn",
                "slip-replaced",
                "slips-replaced",
                "totals-imported",
                "village-assigned",
                "villages-drawn",
                "villages-loaded",
                "wave-changed",
                "wave-closed",
                "wave-opened",
            }
        ),
    ),
    "forgotten": (N_("Xóa khi hết hạn"), frozenset({"contacts-forgotten", "households-forgotten", "retention"})),
}
OTHER = "other"
WORDS = {code: word for code, (word, _) in KINDS.items()} | {OTHER: N_("Việc khác")}


def kind_of(event: str) -> str:
    """What kind of deed an event is."""
    return next((code for code, (_, events) in KINDS.items() if event in events), OTHER)


def events_of(kind: str) -> tuple[frozenset[str], bool]:
    """The events of a kind; or, with True, those that it has not: for the rest, and for all together."""
    if kind in KINDS:
        return KINDS[kind][1], False
    known = frozenset(event for _, events in KINDS.values() for event in events)
    return (known if kind == OTHER else frozenset()), True


@dataclass(frozen=True, slots=True)
class TrailRow:
    """One entry; `at` is local, `detail` what was recorded, as names with values."""

    position: int
    at: datetime
    actor: str
    event: str
    kind: str
    subject: str
    detail: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class TrailView:
    """A page of the trail. `bound`: a checkpoint, the entries under it, whether they are these. `kinds`: links, and
    whether each is the one that is shown."""

    rows: tuple[TrailRow, ...]
    total: int
    broken: int | None
    bound: tuple[int, int, bool] | None
    kinds: tuple[tuple[Link, bool], ...]
    older: str | None


def render_trail(page: TrailView, shell: Shell, language: str) -> str:
    """Who did what, the newest first."""
    return render("auditor/trail.html", language, page=page, shell=shell, words_of_kinds=WORDS)
