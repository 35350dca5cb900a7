"""A release's way: reviewed, signed by a second person, public at its hour; whoever saw it before is known."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from fieldwork import AFTER, TODAY, Fieldwork, begin_fieldwork

from survey.actions import publishing
from survey.actions.comparing_releases import Changed, find_changes
from survey.actions.publishing import HourPassed, NoteNeeded, ReviewNeeded
from survey.actions.reading import AlreadyPublished, SecondPersonNeeded, UnknownRelease
from survey.actions.reading_calendar import read_calendar
from survey.actions.releasing import release_due_waves, release_wave
from survey.actions.stating import NotTheirs, TooLong, may_state, read_statements, state
from survey.keys import Keys
from survey.mandate.working_days import is_working_day, next_working_day
from survey.proof import Signer
from survey.store import releases
from survey.store.audits import By
from survey.store.database import Database
from survey.store.places import EVERYTHING, Scope

NOW = datetime(2026, 11, 24, 5, tzinfo=UTC)
HOUR = datetime(2026, 11, 25, 9, tzinfo=timezone(timedelta(hours=7)))  # 02:00 UTC
LAN, HOA = By("lan", NOW), By("hoa", NOW)


@pytest.fixture
def work(database: Database, keys: Keys, signer: Signer) -> Fieldwork:
    """A draft W.1 by `drafter`: 40 answers in one stratum, 30 of them satisfied."""
    work = begin_fieldwork(database, keys, signer, {("A", "land"): 400}, invited=90)
    work.answer_all({"A.land": "5" * 30 + "1" * 10})
    work.seal_and_tally()
    release_wave(database, "W", by="drafter", today=TODAY)
    return work


def sign(work: Fieldwork, code: str = "W.1", *, by: By = HOA, due_at: datetime | None = None, note: str = "") -> None:
    publishing.sign(work.database, code, note=note, due_at=due_at, by=by, today=TODAY)


def published(work: Fieldwork, code: str = "W.1") -> date | None:
    with work.database.reading() as connection:
        found = releases.find_release(connection, code)
    assert found is not None
    return found.published_on


def draft_again(work: Fieldwork, by: str = "drafter") -> None:
    """W.2 with ten more satisfied answers."""
    work.answer_all({"A.land": "5" * 10})
    work.seal_and_tally(AFTER)
    release_wave(work.database, "W", by=by, today=AFTER)


def test_a_signed_release_waits_for_its_hour_and_is_then_public(work: Fieldwork) -> None:
    sign(work, due_at=HOUR)
    assert publishing.publish_due(work.database, HOUR - timedelta(seconds=1), TODAY) == 0
    assert published(work) is None
    assert publishing.publish_due(work.database, HOUR, date(2026, 11, 25)) == 1
    assert published(work) == date(2026, 11, 25)
    assert publishing.publish_due(work.database, HOUR, TODAY) == 0


def test_without_an_hour_it_is_public_at_once(work: Fieldwork) -> None:
    sign(work)
    assert published(work) == TODAY
    with pytest.raises(AlreadyPublished):
        sign(work)


def test_a_signature_that_was_taken_back_publishes_nothing(work: Fieldwork) -> None:
    sign(work, due_at=HOUR)
    with pytest.raises(NoteNeeded):
        publishing.recall(work.database, "W.1", note=" ", by=LAN)
    publishing.recall(work.database, "W.1", note="Còn chờ đối chiếu khung mẫu.", by=LAN)
    assert publishing.publish_due(work.database, HOUR, TODAY) == 0
    sign(work, due_at=HOUR + timedelta(days=1))
    assert publishing.publish_due(work.database, HOUR, TODAY) == 0


def test_an_hour_in_the_past_is_refused(work: Fieldwork) -> None:
    with pytest.raises(HourPassed):
        sign(work, due_at=NOW)


def test_two_people_stand_behind_a_release(work: Fieldwork) -> None:
    """Whoever computed it does not sign; where a job did, somebody else than the signer has reviewed it."""
    with pytest.raises(SecondPersonNeeded):
        sign(work, by=By("drafter", NOW))
    sign(work)
    draft_again(work, by="work")
    with pytest.raises(ReviewNeeded):
        sign(work, "W.2", note="Thêm mười câu trả lời.")
    publishing.review(work.database, "W.2", note="Đã đối chiếu.", by=HOA)
    with pytest.raises(ReviewNeeded):
        sign(work, "W.2", note="Thêm mười câu trả lời.")
    publishing.review(work.database, "W.2", note="Đã đối chiếu.", by=LAN)
    sign(work, "W.2", note="Thêm mười câu trả lời.")
    assert published(work, "W.2") == TODAY


def test_a_release_that_replaces_another_names_what_changed(work: Fieldwork) -> None:
    """30 of 40 satisfied, then 40 of 50: 75 % and 80 %."""
    sign(work)
    draft_again(work)
    with pytest.raises(NoteNeeded):
        sign(work, "W.2")
    sign(work, "W.2", note="Mười người trả lời muộn.")
    way = publishing.read_way(work.database, "W.2")
    assert way.replaces is not None
    assert (way.replaces.code, way.signature.note if way.signature else "") == ("W.1", "Mười người trả lời muộn.")
    with work.database.reading() as connection:
        found = find_changes(releases.list_figures(connection, "W.1"), releases.list_figures(connection, "W.2"))
    assert Changed("sector", "land", "land", 40, 0.75, 50, 0.8) in found
    assert find_changes([], []) == []
    [entry] = read_calendar(work.database)
    assert [(each.code, each.note) for each in entry.published] == [("W.2", "Mười người trả lời muộn."), ("W.1", "")]


def test_whoever_saw_a_draft_is_named_once_and_nobody_after_publication(work: Fieldwork) -> None:
    for by in (LAN, LAN, HOA):
        publishing.see_draft(work.database, "W.1", by=by)
    sign(work)
    publishing.see_draft(work.database, "W.1", by=By("late", NOW))
    steps = [(each.step, each.by_name) for each in publishing.read_way(work.database, "W.1").steps]
    assert steps == [("seen", "lan"), ("seen", "hoa"), ("signed", "hoa")]


def test_a_planned_day_is_moved_only_with_a_reason_and_both_stay_told(work: Fieldwork) -> None:
    plan = publishing.plan_release
    with pytest.raises(HourPassed):
        plan(work.database, "W", date(2026, 11, 23), reason="", by=LAN, today=TODAY)
    plan(work.database, "W", date(2026, 12, 10), reason="", by=LAN, today=TODAY)
    with pytest.raises(NoteNeeded):
        plan(work.database, "W", date(2026, 12, 17), reason="", by=LAN, today=TODAY)
    plan(work.database, "W", date(2026, 12, 17), reason="Khung mẫu đến muộn.", by=LAN, today=TODAY)
    [entry] = read_calendar(work.database)
    assert [(each.due_on.day, each.reason) for each in entry.plans] == [(10, ""), (17, "Khung mẫu đến muộn.")]
    assert entry.draft_on == date(2026, 12, 1)


def test_an_agency_speaks_beside_its_figure_and_changes_nothing(work: Fieldwork) -> None:
    sign(work)
    with work.database.reading() as connection:
        before = releases.list_figures(connection, "W.1")
    with pytest.raises(NotTheirs):
        state(work.database, "W.1", "A", "Chúng tôi thiếu người.", scope=EVERYTHING, by=LAN, on=TODAY)
    assert may_state(Scope("area", None), "official")
    assert not may_state(EVERYTHING, "official")
    assert not may_state(Scope("area", None), "statistician")
    with pytest.raises(TooLong):
        state(work.database, "W.1", "A", "x" * 2001, scope=EVERYTHING, by=LAN, on=TODAY)
    with work.database.reading() as connection:
        assert releases.list_figures(connection, "W.1") == before
    assert read_statements(work.database, ["W.1"], "A") == []


def test_an_official_wave_is_drafted_once_on_the_working_day_after_its_cut_off(work: Fieldwork) -> None:
    """Its last day is Monday 30 November 2026; an earlier draft does not count, later answers wait for people."""
    work.answer_all({"A.land": "5" * 10})
    work.seal_and_tally(TODAY)
    assert release_due_waves(work.database, date(2026, 11, 30)) == 0
    assert release_due_waves(work.database, date(2026, 12, 1)) == 1
    with work.database.reading() as connection:
        newest = releases.find_newest_release(connection, "W", published=False)
    assert newest is not None
    assert (newest.code, newest.drafted_by, newest.published_on) == ("W.2", "work", None)
    assert release_due_waves(work.database, date(2026, 12, 2)) == 0


@pytest.mark.parametrize(
    ("day", "following"),
    [
        (date(2026, 3, 14), date(2026, 3, 16)),  # a Saturday: the quarter's cut-off, then Monday
        (date(2026, 4, 29), date(2026, 5, 4)),  # 30 April and 1 May, then a weekend
        (date(2026, 12, 14), date(2026, 12, 15)),
    ],
)
def test_weekends_and_yearly_holidays_are_no_working_days(day: date, following: date) -> None:
    assert next_working_day(day) == following
    assert is_working_day(following)


def test_what_is_not_there_is_said(work: Fieldwork) -> None:
    with pytest.raises(UnknownRelease):
        publishing.review(work.database, "W.9", note="x", by=LAN)
    with pytest.raises(UnknownRelease):
        publishing.plan_release(work.database, "V", date(2027, 1, 1), reason="", by=LAN, today=TODAY)
