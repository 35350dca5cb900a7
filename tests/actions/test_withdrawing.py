"""Whoever holds the receipt takes an answer back until it is sealed; nothing leads to the token, before or after."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from fieldwork import TODAY, Fieldwork, begin_fieldwork
from sqlalchemy import select, text

from survey.actions.answering import AlreadyAnswered, find_receipt
from survey.actions.sealing import seal
from survey.actions.tallying import tally
from survey.actions.verifying import verify_installation
from survey.actions.withdrawing import withdraw
from survey.keys import Keys
from survey.proof import Signer, receipt_hash
from survey.store import ledger, tallies
from survey.store.database import Database
from survey.store.tables import inbox, spent, withdrawal

Begin = Callable[..., Fieldwork]


@pytest.fixture
def work(database: Database, keys: Keys, signer: Signer) -> Fieldwork:
    return begin_fieldwork(database, keys, signer, {("A", "land"): 100}, invited=30)


def rows_of(work: Fieldwork) -> list[ledger.LedgerRow]:
    with work.database.reading() as connection:
        return list(ledger.iterate_rows(connection))


def test_a_withdrawn_answer_is_sealed_with_its_withdrawal_right_behind_and_without_its_text(work: Fieldwork) -> None:
    kept = work.answer(work.tokens["A.land"].pop(), "5", K1="Cảm ơn")
    taken = work.answer(work.tokens["A.land"].pop(), "1", K1="Tôi không nên viết tên mình")
    assert withdraw(work.database, taken) == "withdrawn"
    work.seal_and_tally()
    rows = rows_of(work)
    (back,) = [row for row in rows if row.kind == "withdrawal"]
    response = rows[back.position - 1]
    assert json.loads(back.codes) == {
        "kind": "withdrawal",
        "stratum": "A.land",
        "wave": "W",
        "withdrawn": response.position,
    }
    assert json.loads(response.codes)["answers"] == {"G1": "1"}
    assert (response.text, response.nonce2) == (None, None)
    assert [row.text is not None for row in rows if row.kind == "response"].count(True) == 1
    assert find_receipt(work.database, kept).code == "included"
    assert verify_installation(work.database, work.signer.verifier).is_clean


def test_it_is_counted_beside_and_in_the_accounting_and_no_figure_holds_it(work: Fieldwork) -> None:
    receipts = work.answer_all({"A.land": "55541"})
    assert withdraw(work.database, receipts[-1]) == "withdrawn"
    work.seal_and_tally()
    with work.database.reading() as connection:
        cells = tallies.list_cells(connection, "W", ("response",))
        checkpoint = ledger.find_latest_checkpoint(connection)
        (batch,) = ledger.list_batches(connection)
        receipts_of_batch = ledger.list_batch_receipts(connection, batch.number)
        assert tallies.count_counted(connection, "W") == {"A.land": 4}
    assert checkpoint is not None
    assert {cell["disposition"]: cell["n"] for cell in cells} == {"counted": 4, "withdrawn": 1}
    accounted = json.loads(checkpoint.accounting)["W"]["A.land"]
    assert accounted == {"transactions": 100, "invited": 30, "answered": 5, "sealed": 5, "withdrawn": 1}
    assert len(receipts_of_batch) == 5, "as many receipts as responses, though the batch has six leaves"
    assert batch.size == 6


def test_after_the_seal_it_is_too_late_and_nothing_changes(work: Fieldwork) -> None:
    (receipt,) = work.answer_all({"A.land": "5"})
    work.seal_and_tally()
    before = rows_of(work)
    assert withdraw(work.database, receipt) == "included"
    assert seal(work.database, work.signer, TODAY) == 0
    tally(work.database)
    assert rows_of(work) == before


@pytest.mark.parametrize("typed", ["", "ABC", "UUUUUUUUUU", "0000000000", "' OR 1=1 --"])
def test_a_receipt_that_nobody_has_withdraws_nothing(work: Fieldwork, typed: str) -> None:
    work.answer_all({"A.land": "5"})
    assert withdraw(work.database, typed) == "unknown"
    with work.database.reading() as connection:
        assert connection.execute(select(withdrawal)).all() == []


def test_taken_back_twice_is_taken_back_once_and_the_token_stays_spent(work: Fieldwork) -> None:
    token = work.tokens["A.land"].pop()
    receipt = work.answer(token, "2")
    assert [withdraw(work.database, receipt) for _ in range(2)] == ["withdrawn", "withdrawn"]
    assert find_receipt(work.database, receipt).code == "withdrawn"
    with pytest.raises(AlreadyAnswered):
        work.answer(token, "5")
    work.seal_and_tally()
    assert [row.kind for row in rows_of(work)] == ["response", "withdrawal"]


def test_when_it_is_sealed_no_row_says_which_receipt_was_withdrawn(work: Fieldwork) -> None:
    """Whoever gets hold of the receipt later learns that it was sealed, as of any other."""
    receipts = work.answer_all({"A.land": "5432"})
    withdraw(work.database, receipts[2])
    work.seal_and_tally()
    states = {find_receipt(work.database, receipt).code for receipt in receipts}
    with work.database.reading() as connection:
        assert connection.execute(select(withdrawal)).all() == []
        tables = connection.execute(select(spent)).all()
    hashes = [receipt_hash(receipt) for receipt in receipts]
    assert states == {"included"}
    assert not any(value in hashes for row in tables for value in row)
    assert all(hashed not in b"".join([row.codes, row.nonce1]) for hashed in hashes for row in rows_of(work))


def test_a_withdrawal_names_no_invitation(work: Fieldwork) -> None:
    token = work.tokens["A.land"].pop()
    receipt = work.answer(token, "5")
    withdraw(work.database, receipt)
    with work.database.reading() as connection:
        (row,) = connection.execute(select(withdrawal)).all()
        (waiting,) = connection.execute(select(inbox)).all()
    assert work.keys.token_hash(token) not in (*row, *waiting)


def test_a_killed_seal_makes_the_same_leaves_again(work: Fieldwork) -> None:
    receipts = work.answer_all({"A.land": "54321"})
    withdraw(work.database, receipts[1])

    class Killed(Exception):
        pass

    class Dying:
        separated, verifier = False, work.signer.verifier

        def sign(self, text: str, now: int = 0) -> str:
            raise Killed

    with pytest.raises(Killed):
        seal(work.database, Dying(), TODAY)
    with work.database.reading() as connection:
        expected = connection.scalar(select(withdrawal.c.nonce1))
    assert rows_of(work) == []
    work.seal_and_tally()
    assert [row.nonce1 for row in rows_of(work) if row.kind == "withdrawal"] == [expected]


def test_the_database_refuses_a_changed_withdrawal(work: Fieldwork) -> None:
    (receipt,) = work.answer_all({"A.land": "5"})
    withdraw(work.database, receipt)
    with pytest.raises(Exception, match="append-only"), work.database.writing("test") as connection:
        connection.execute(text("UPDATE withdrawal SET nonce1 = nonce2"))
