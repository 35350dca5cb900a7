"""Sealing: enough answers of a stratum together, in an order that no arrival shaped, under a signed root."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from fieldwork import AFTER, TODAY, Fieldwork, begin_fieldwork
from sqlalchemy import select

from survey.actions.accounting import list_ballots
from survey.actions.sealing import append_leaves, new_leaf, seal
from survey.actions.signalling import Arrivals
from survey.actions.verifying import verify_installation
from survey.actions.waves import close_wave
from survey.keys import Keys
from survey.proof import Signer, receipt_hash
from survey.store import ledger, responses
from survey.store.database import Database
from survey.store.tables import inbox

Begin = Callable[..., Fieldwork]


@pytest.fixture
def begin(database: Database, keys: Keys, signer: Signer) -> Begin:
    def begin(**options: object) -> Fieldwork:
        populations = {("A", "land"): 100, ("B", "land"): 100}
        return begin_fieldwork(database, keys, signer, populations, invited=30, **options)  # type: ignore[arg-type]

    return begin


def sealed_strata(work: Fieldwork) -> list[str]:
    with work.database.reading() as connection:
        return [json.loads(row.codes)["stratum"] for row in ledger.iterate_rows(connection)]


def waiting(work: Fieldwork) -> dict[str, int]:
    with work.database.reading() as connection:
        return {stratum: n for (_, stratum), n in responses.count_waiting(connection).items()}


def list_wrong(work: Fieldwork) -> list[str]:
    return [line for line in verify_installation(work.database, work.signer.verifier).lines if line[:2] != "ok"]


def test_a_stratum_waits_until_it_has_its_minimum(begin: Begin) -> None:
    work = begin(seal_minimum=10)
    work.answer_all({"A.land": "5" * 9, "B.land": "5" * 10})
    assert seal(work.database, work.signer, TODAY) == 10
    assert set(sealed_strata(work)) == {"B.land"}
    assert waiting(work) == {"A.land": 9}
    work.answer_all({"A.land": "4"})
    assert seal(work.database, work.signer, TODAY) == 10
    assert waiting(work) == {}


@pytest.mark.parametrize("end", ["the last day has passed", "it was closed"])
def test_a_wave_that_is_over_seals_small_strata_together(begin: Begin, end: str) -> None:
    work = begin(seal_minimum=10)
    work.answer_all({"A.land": "55", "B.land": "444"})
    if end == "it was closed":
        close_wave(work.database, "W")
    assert seal(work.database, work.signer, TODAY if end == "it was closed" else AFTER) == 5
    with work.database.reading() as connection:
        assert [batch.size for batch in ledger.list_batches(connection)] == [5]


def test_the_order_in_the_ledger_is_that_of_random_ids_not_of_arrival(begin: Begin) -> None:
    work = begin()
    for level in "12345" * 5:
        work.answer_all({"A.land": level})
    with work.database.reading() as connection:
        by_id = list(connection.scalars(select(inbox.c.nonce1).order_by(inbox.c.id)))
    work.seal_and_tally()
    with work.database.reading() as connection:
        rows = list(ledger.iterate_rows(connection))
    assert [row.nonce1 for row in rows] == by_id
    arrived = [json.loads(row.codes)["answers"]["G1"] for row in rows]
    assert arrived != list("12345" * 5), "a shuffle of 25 gives the order of arrival once in 5!^5 = 2.5e10 times"


def test_a_batch_has_as_many_receipts_as_answers_and_they_are_sorted(begin: Begin) -> None:
    work = begin()
    codes = work.answer_all({"A.land": "55544", "B.land": "31"})
    work.seal_and_tally()
    with work.database.reading() as connection:
        (batch,) = ledger.list_batches(connection)
        hashes = ledger.list_batch_receipts(connection, batch.number)
        rows = list(ledger.iterate_rows(connection))
        manifest = json.loads(ledger.list_checkpoints(connection)[0].manifest)
    assert batch.size == len(rows) == len(hashes) == 7
    assert hashes == sorted(receipt_hash(code) for code in codes)
    assert batch.receipts_digest.hex() == manifest["receipts"]


def test_no_column_of_a_leaf_leads_to_a_token_a_receipt_or_a_time(begin: Begin) -> None:
    work = begin()
    token = work.tokens["A.land"][0]
    (receipt,) = work.answer_all({"A.land": "5"})
    work.seal_and_tally()
    with work.database.reading() as connection:
        (row,) = ledger.iterate_rows(connection)
    stored = b"|".join([row.nonce1, row.codes, row.nonce2 or b"", row.text or b"", row.leaf_hash])
    for secret in (work.keys.token_hash(token), token.encode(), receipt_hash(receipt), receipt.encode()):
        assert secret not in stored
    assert json.loads(row.codes)["period"] == "2026-11b", "the 24th lies in the half-month from the 15th on"


def test_every_batch_is_under_a_checkpoint_and_nothing_to_seal_signs_nothing(begin: Begin) -> None:
    work = begin()
    sizes = []
    for levels in ("5", "54", ""):
        work.answer_all({"A.land": levels})
        work.seal_and_tally()
        with work.database.reading() as connection:
            sizes.append([checkpoint.size for checkpoint in ledger.list_checkpoints(connection)])
    assert sizes == [[1], [1, 3], [1, 3]]
    assert list_wrong(work) == []


def test_a_leaf_is_the_hash_of_its_bytes(begin: Begin) -> None:
    """H(0x00 || H(nonce1 || codes) || H(nonce2 || text)), computed here by hashlib alone (RFC 6962 prefix)."""
    work = begin()
    work.answer(work.tokens["A.land"][0], "4", K1="Cảm ơn")
    work.seal_and_tally()
    with work.database.reading() as connection:
        (row,) = ledger.iterate_rows(connection)
    codes = hashlib.sha256(row.nonce1 + row.codes).digest()
    words = hashlib.sha256((row.nonce2 or b"") + (row.text or b"")).digest()
    assert row.text_digest == words
    assert row.leaf_hash == hashlib.sha256(b"\x00" + codes + words).digest()
    assert json.loads(row.text or b"") == {"K1": "Cảm ơn"}


def test_accounting_says_how_many_were_invited_and_answered_in_each_stratum(begin: Begin) -> None:
    work = begin()
    work.answer_all({"A.land": "555"})
    work.seal_and_tally()
    with work.database.reading() as connection:
        checkpoint = ledger.find_latest_checkpoint(connection)
    assert checkpoint is not None
    assert json.loads(checkpoint.accounting) == {
        "W": {
            "A.land": {"answered": 3, "invited": 30, "sealed": 3, "transactions": 100},
            "B.land": {"answered": 0, "invited": 30, "transactions": 100},
        }
    }


def test_accounting_counts_views_without_tokens_and_what_expired(begin: Begin) -> None:
    work = begin()
    work.answer_all({"A.land": "555"})
    arrivals = Arrivals(work.database)
    for _ in range(4):
        arrivals.count_view("W", "A.land", TODAY)
    arrivals.write()
    work.seal_and_tally(AFTER)
    [a, b] = list_ballots(work.database, "W")
    assert (a.agency_code, a.counts["views"], a.counts["expired"], b.counts["expired"]) == ("A", 4, 27, 30)
    assert [each.counts["answered"] for each in list_ballots(work.database, "W", agency="A")] == [3]


def test_two_who_append_at_once_follow_one_another(begin: Begin) -> None:
    work = begin()
    work.answer_all({"A.land": "5" * 8, "B.land": "4" * 8})

    codes = {"kind": "counts", "counts": {}, "stratum": "A.land", "period": "2026-11", "wave": "W"}

    def append(_: int) -> int:
        with work.database.writing("append") as connection:
            return append_leaves(connection, work.signer, "W", [new_leaf("counts", codes)], (), TODAY)

    with ThreadPoolExecutor(4) as pool:
        sealing = [pool.submit(seal, work.database, work.signer, TODAY) for _ in range(2)]
        positions = list(pool.map(append, range(6)))
        assert sum(each.result() for each in sealing) == 16
    assert len(set(positions)) == 6
    assert list_wrong(work) == []
