"""An exclusion is appended by two auditors together; the rate changes by arithmetic and nothing is removed."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from fieldwork import AFTER, TODAY, Fieldwork, begin_fieldwork
from preparing import Prepare

from survey.actions.excluding import NotExcluded, exclude
from survey.actions.releasing import release_wave
from survey.actions.signing_in import add_staff, sign_in
from survey.actions.tallying import rebuild, tally
from survey.actions.verifying import verify_installation
from survey.keys import Keys
from survey.proof import Signer
from survey.store import ledger, tallies
from survey.store.database import Database

NOW = datetime(2026, 12, 1, 8, tzinfo=UTC)
PASSWORD = "correct horse battery staple"
Totals = dict[tuple[str, str], int]


def prepare(database: Database, keys: Keys, signer: Signer) -> Fieldwork:
    """Four people satisfied and one not, sealed and tallied."""
    begun = begin_fieldwork(database, keys, signer, {("A", "land"): 40}, invited=20)
    begun.answer_all({"A.land": "55551"})
    begun.seal_and_tally()
    return begun


@pytest.fixture(scope="module")
def preparation() -> Prepare:
    return prepare


@pytest.fixture
def work(prepared: Fieldwork) -> Fieldwork:
    return prepared


def enter(work: Fieldwork, name: str, role: str = "auditor") -> str:
    add_staff(work.database, name, role, PASSWORD, now=NOW, actor="test")
    return sign_in(work.database, work.keys, name, PASSWORD, NOW)


def exclude_row(work: Fieldwork, position: int, sessions: list[str], reason: str = "A canary of the audit") -> int:
    return exclude(
        work.database, work.keys, work.signer, position=position, reason=reason, sessions=sessions, now=NOW, today=AFTER
    )


def totals(work: Fieldwork) -> Totals:
    with work.database.reading() as connection:
        cells = tallies.list_cells(connection, work.wave, None)
    return {(cell["disposition"], cell["outcome"]): cell["n"] for cell in cells if cell["n"]}


def dissatisfied_row(work: Fieldwork) -> int:
    with work.database.reading() as connection:
        return next(row.position for row in ledger.iterate_rows(connection) if b'"G1":"1"' in row.codes)


def test_two_auditors_move_a_response_beside_and_every_row_stays(work: Fieldwork) -> None:
    with work.database.reading() as connection:
        before = list(ledger.iterate_rows(connection))
    exclude_row(work, dissatisfied_row(work), [enter(work, "mot"), enter(work, "hai")])
    tally(work.database)
    with work.database.reading() as connection:
        after = list(ledger.iterate_rows(connection))
    assert after[: len(before)] == before
    assert [row.kind for row in after[len(before) :]] == ["exclusion"]
    assert totals(work)["counted", "response"] == 4
    assert totals(work)["excluded", "response"] == 1


def test_counting_again_from_the_ledger_gives_the_same_tally(work: Fieldwork) -> None:
    exclude_row(work, dissatisfied_row(work), [enter(work, "mot"), enter(work, "hai")])
    tally(work.database)
    grown = totals(work)
    rebuild(work.database, work.wave)
    assert totals(work) == grown
    release_wave(work.database, work.wave, by="test", today=TODAY)
    findings = verify_installation(work.database, work.signer.verifier)
    assert findings.is_clean, findings.lines


def test_the_newest_checkpoint_binds_the_exclusion_with_its_reason(work: Fieldwork) -> None:
    exclude_row(work, 0, [enter(work, "mot"), enter(work, "hai")])
    with work.database.reading() as connection:
        newest = ledger.find_latest_checkpoint(connection)
    assert newest is not None
    assert "A canary of the audit" in newest.exclusions


@pytest.mark.parametrize(
    ("people", "why"),
    [
        ([("mot", "auditor")], "one auditor alone"),
        ([("mot", "auditor"), ("mot", "auditor")], "the same auditor twice"),
        ([("mot", "auditor"), ("lanh-dao", "official")], "a graded official"),
        ([("mot", "auditor"), ("thong-ke", "statistician")], "a statistician"),
        ([], "nobody"),
    ],
)
def test_nobody_else_can_exclude(work: Fieldwork, people: list[tuple[str, str]], why: str) -> None:
    opened = {name: enter(work, name, role) for name, role in dict(people).items()}
    with pytest.raises(NotExcluded):
        exclude_row(work, 0, [opened[name] for name, _ in people])
    with work.database.reading() as connection:
        assert ledger.list_exclusions(connection) == [], why


def test_a_response_is_excluded_once_only(work: Fieldwork) -> None:
    sessions = [enter(work, "mot"), enter(work, "hai")]
    at = exclude_row(work, 0, sessions)
    with pytest.raises(NotExcluded, match="already"):
        exclude_row(work, 0, sessions)
    with pytest.raises(NotExcluded, match="no response"):
        exclude_row(work, at, sessions)


def test_an_exclusion_without_a_reason_is_refused(work: Fieldwork) -> None:
    with pytest.raises(NotExcluded, match="reason"):
        exclude_row(work, 0, [enter(work, "mot"), enter(work, "hai")], " ")
