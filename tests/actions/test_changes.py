"""What changed since people spoke is listed newest first; what was wrong is withdrawn and not rewritten."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from survey.actions.changes import FILE, UnknownChange, add_change, list_changes, withdraw_change
from survey.mandate.errors import UnknownSector
from survey.mandate.text import Text


def test_changes_stand_newest_first(home: Path) -> None:
    assert list_changes(home) == ()
    early = add_change(home, date(2026, 9, 1), Text({"vi": "Thêm ghế chờ"}))
    late = add_change(home, date(2026, 10, 1), Text({"vi": "Mở sáng thứ Bảy", "en": "Open on Saturdays"}), "land")
    assert list_changes(home) == (late, early)


def test_a_withdrawn_change_is_shown_no_more_and_its_line_stays(home: Path) -> None:
    wrong = add_change(home, date(2026, 9, 1), Text({"vi": "Nhầm"}))
    right = add_change(home, date(2026, 9, 2), Text({"vi": "Đúng"}))
    withdraw_change(home, wrong.number)
    assert list_changes(home) == (right,)
    assert "Nhầm" in (home / FILE).read_text(encoding="utf-8")
    with pytest.raises(UnknownChange):
        withdraw_change(home, wrong.number)
    assert add_change(home, date(2026, 9, 3), Text({"vi": "Nữa"})).number == 4


def test_a_change_belongs_to_a_sector_that_exists(home: Path) -> None:
    with pytest.raises(UnknownSector):
        add_change(home, date(2026, 9, 1), Text({"vi": "Gì đó"}), "weather")
    assert not (home / FILE).exists()
