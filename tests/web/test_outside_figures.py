"""Figures of others: entered with what they count, printed as they were printed, taken back without a trace lost."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from fieldwork import TODAY
from sqlalchemy import text

from survey.actions.entering_outside import BadField, UnknownEntry, enter_outside, list_outside, take_back_outside
from survey.actions.waves import load_mandate
from survey.store.audits import By
from survey.store.database import Database
from survey.web.outside_lines import write_outside

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
BY = By("lan", datetime(2026, 11, 24, 5, tzinfo=UTC))
SIPAS = {
    "publisher": "Bộ Nội vụ",
    "name": "SIPAS",
    "definition": "Mức độ hài lòng chung, điều tra xã hội học.",
    "sector": "procedures",
    "year": "2024",
    "value": "83,94",
    "scale": "100",
    "n": "36.525",
    "rank": "12",
    "ranked": "63",
    "method_year": "2021",
    "source": "Báo cáo SIPAS 2024",
}


@pytest.fixture
def known(database: Database) -> Database:
    load_mandate(database, TODAY)
    return database


def enter(database: Database, **changes: str) -> Any:
    return enter_outside(database, SIPAS | changes, by=BY, on=TODAY)


def test_a_figure_is_kept_as_printed_with_what_it_counts(known: Database) -> None:
    entered = enter(known)
    [kept] = list_outside(known, "procedures")
    assert kept == entered
    assert (kept.value, kept.n, kept.rank, kept.ranked, kept.method_year) == ("83.94", 36525, 12, 63, 2021)
    assert list_outside(known, "land") == []
    assert (write_outside(kept, "vi").value, write_outside(kept, "en").value) == ("83,94", "83.94")
    assert write_outside(kept, "vi").scale == "100"


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("publisher", ""),
        ("name", "x" * 201),
        ("value", "tám mươi"),
        ("value", "100,01"),
        ("value", "-1"),
        ("year", "2027"),
        ("year", "24"),
        ("sector", "nowhere"),
        ("rank", "64"),
        ("n", "nhiều"),
        ("source", " "),
    ],
)
def test_what_cannot_be_read_is_named_and_nothing_is_kept(known: Database, field: str, typed: str) -> None:
    with pytest.raises(BadField) as refused:
        enter(known, **{field: typed})
    assert refused.value.field == field
    assert list_outside(known) == []


def test_a_rank_says_out_of_how_many(known: Database) -> None:
    with pytest.raises(BadField, match="rank"):
        enter(known, ranked="")
    assert enter(known, rank="", ranked="").rank is None


def test_a_wrong_entry_is_taken_back_and_its_record_stays(known: Database) -> None:
    first, second = enter(known), enter(known, year="2023", value="82")
    take_back_outside(known, first.number, by=BY, on=date(2026, 11, 25))
    assert list_outside(known) == [second]
    with pytest.raises(UnknownEntry):
        take_back_outside(known, first.number, by=BY, on=TODAY)
    with known.reading() as connection:
        rows = connection.execute(text("SELECT number, replaces, value FROM outside_figure ORDER BY number")).all()
    assert [tuple(row) for row in rows] == [(1, None, "83.94"), (2, None, "82"), (3, 1, "")]
