"""At the counter: drawn or not, one slip for one dossier, replaced at most twice, every one in the audit trail."""

from __future__ import annotations

import json
import secrets
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from posting import frame_file, keep_contacts, kept, make_post, send

from survey.actions import counter
from survey.actions.answering import AlreadyAnswered, UnknownToken, answer, open_form
from survey.actions.counter import Issued, NoSlip, NotReplaced
from survey.actions.importing_frame import import_frame
from survey.actions.inviting import Invited, draw_places
from survey.keys import Keys
from survey.store.database import Database
from survey.store.places import Scope
from survey.store.tables import audit
from survey.store.tables import wave as wave_table
from survey.store.writer import open_writer

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
TODAY = NOW.date()


@pytest.fixture
def file(database: Database, keys: Keys, wave: str, tmp_path: Path) -> Path:
    """Ten dossiers, HS.000001 to HS.000010, of which four are drawn and have no token yet."""
    path = frame_file(tmp_path / "f.csv", [f"091234500{number}" for number in range(10)])
    import_frame(database, keys, path, wave_code=wave, today=TODAY)
    draw_places(database, wave, 4, seed=1, today=TODAY)
    return path


@pytest.fixture
def drawn(database: Database, keys: Keys, file: Path) -> list[str]:
    """The dossiers that were drawn."""
    del file
    return [name for name in dossiers() if look(database, keys, name) == "drawn"]


def dossiers() -> list[str]:
    return [f"HS.{number:06}" for number in range(1, 11)]


def look(database: Database, keys: Keys, dossier: str, scope: Scope | None = None) -> str:
    return counter.look_up(database, keys, dossier, today=TODAY, scope=scope or counter.EVERYTHING).state


def issue(database: Database, keys: Keys, dossier: str, *, again: bool = False) -> Issued:
    return counter.issue(database, keys, dossier, today=TODAY, now=NOW, actor="quay-1", again=again)


def opens(database: Database, keys: Keys, invited: Invited) -> bool:
    try:
        return [open_form(database, keys, typed, TODAY).channel for typed in (invited.token, invited.code)] == [
            "counter",
            "counter",
        ]
    except (UnknownToken, AlreadyAnswered):
        return False


def test_the_counter_sees_what_the_draw_decided_and_cannot_draw(
    database: Database, keys: Keys, drawn: list[str]
) -> None:
    states = [look(database, keys, name) for name in dossiers()]
    assert (states.count("drawn"), states.count("not_drawn")) == (4, 6)
    assert look(database, keys, f"  {drawn[0]} ") == "drawn"
    assert [look(database, keys, name) for name in ("HS.000099", "", " ", "x" * 5000, "'; --")] == ["unknown"] * 5
    not_drawn = next(name for name in dossiers() if name not in drawn)
    with pytest.raises(NoSlip, match="not drawn"):
        issue(database, keys, not_drawn)
    with pytest.raises(NoSlip):
        issue(database, keys, not_drawn, again=True)


def test_a_slip_is_made_when_it_is_given_and_given_once(database: Database, keys: Keys, drawn: list[str]) -> None:
    issued = issue(database, keys, drawn[0])
    assert opens(database, keys, issued.invited)
    assert issued.closes_on == date(2026, 11, 30)
    assert look(database, keys, drawn[0]) == "given"
    with pytest.raises(NoSlip, match="already"):
        issue(database, keys, drawn[0])


def test_a_replaced_slip_is_void_and_the_audit_trail_tells_who_replaced_it(
    database: Database, keys: Keys, drawn: list[str]
) -> None:
    first = issue(database, keys, drawn[0])
    second = issue(database, keys, drawn[0], again=True)
    assert not opens(database, keys, first.invited)
    assert opens(database, keys, second.invited)
    with database.reading() as connection:
        rows = [row for row in connection.execute(audit.select()).mappings() if row["event"].startswith("slip-")]
    assert [(row["actor"], row["event"]) for row in rows] == [("quay-1", "slip-given"), ("quay-1", "slip-replaced")]
    assert all(drawn[0] not in row["detail"] and json.loads(row["detail"]).keys() == {"stratum"} for row in rows)


def test_a_counter_is_not_told_whether_a_slip_was_used(database: Database, keys: Keys, drawn: list[str]) -> None:
    """A used slip and one that was replaced often enough are refused by the same words."""
    used, spoilt = drawn[:2]
    first = issue(database, keys, used)
    answer(
        database,
        open_writer(database),
        keys,
        token=first.invited.token,
        key=secrets.token_hex(16),
        language="vi",
        answers={"G1": "1"},
        today=TODAY,
    )
    assert look(database, keys, used) == "given"
    with pytest.raises(NotReplaced) as of_used:
        issue(database, keys, used, again=True)
    for again in (False, True, True):
        last = issue(database, keys, spoilt, again=again)
    with pytest.raises(NotReplaced) as of_spoilt:
        issue(database, keys, spoilt, again=True)
    assert str(of_used.value) == str(of_spoilt.value)
    assert opens(database, keys, last.invited)


def test_a_counter_serves_the_agencies_of_its_area(database: Database, keys: Keys, drawn: list[str]) -> None:
    assert look(database, keys, drawn[0], Scope("31507", None)) == "drawn"
    assert look(database, keys, drawn[0], Scope("31528", None)) == "unknown"


def test_whoever_got_a_slip_gets_no_message(
    database: Database, keys: Keys, wave: str, file: Path, drawn: list[str]
) -> None:
    from outside import text_provider

    with text_provider() as provider:
        post = make_post(database, keys, provider)
        keep_contacts(post, file, wave)
        given = issue(database, keys, drawn[0])
        assert send(post) == 3
        assert len(kept(database)) == 3
    assert opens(database, keys, given.invited)


def test_a_slip_that_cannot_be_written_leaves_the_dossier_as_it_was(
    database: Database, keys: Keys, drawn: list[str]
) -> None:
    def fail(_invited: object) -> None:
        raise OSError("no paper")

    with pytest.raises(OSError, match="no paper"):
        counter.issue(database, keys, drawn[0], today=TODAY, now=NOW, actor="quay-1", write=fail)
    assert look(database, keys, drawn[0]) == "drawn"


def test_when_the_wave_is_over_the_counter_knows_nothing_of_it(
    database: Database, keys: Keys, drawn: list[str]
) -> None:
    assert counter.look_up(database, keys, drawn[0], today=date(2026, 12, 1)).state == "unknown"


def test_a_wave_that_does_not_invite_at_counters_is_not_known_there(
    database: Database, keys: Keys, drawn: list[str]
) -> None:
    with database.writing("channels") as connection:
        connection.execute(wave_table.update().values(channels="sms,slip"))
    assert look(database, keys, drawn[0]) == "unknown"
    with database.writing("channels") as connection:
        connection.execute(wave_table.update().values(channels="sms,counter"))
    assert look(database, keys, drawn[0]) == "drawn"
