"""Tallying: every sealed leaf is counted once, and the tally can be built again from the ledger."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from fieldwork import TODAY, Fieldwork, begin_fieldwork

from survey.actions import tallying
from survey.actions.sealing import append_leaves, new_leaf, seal
from survey.actions.tallying import rebuild, score_answers, tally
from survey.keys import Keys
from survey.mandate.questionnaires import load_questionnaire
from survey.proof import Signer
from survey.store import ledger, tallies
from survey.store.database import Connection, Database
from survey.store.tables import tally_cell, tally_cross, tally_item


@pytest.fixture
def work(database: Database, keys: Keys, signer: Signer) -> Fieldwork:
    populations = {("A", "land"): 40, ("B", "land"): 60}
    return begin_fieldwork(database, keys, signer, populations, invited=20, questionnaire="procedures@1")


def read_tally(work: Fieldwork) -> list[list[str]]:
    with work.database.reading() as connection:
        return [
            sorted(map(repr, connection.execute(table.select()))) for table in (tally_cell, tally_cross, tally_item)
        ]


def moments(work: Fieldwork, stratum: str) -> dict[str, tuple[int, int, int]]:
    """n, sum and sum of squares by outcome."""
    with work.database.reading() as connection:
        cells = tallies.list_cells(connection, "W", None)
    return {c["outcome"]: (c["n"], c["total"], c["total_squared"]) for c in cells if c["stratum_code"] == stratum}


def test_cells_hold_counts_sums_and_squares(work: Fieldwork) -> None:
    """Three persons answer 2, 1 and 3 of the index items, with 1, 0 and 3 of them satisfied: by hand
    sum 6, squares 4 + 1 + 9 = 14; satisfied sum 4, squares 1 + 0 + 9 = 10; products 2*1 + 1*0 + 3*3 = 11."""
    first, second, third = work.tokens["A.land"][:3]
    work.answer(first, "5", A1="4", A2="3", A3="na")
    work.answer(second, "5", A1="1")
    work.answer(third, "2", A1="4", A2="5", B1="5")
    assert work.seal_and_tally() == 3
    assert moments(work, "A.land") == {
        "response": (3, 3, 3),
        "level5": (2, 2, 2),
        "level2": (1, 1, 1),
        "items_answered": (3, 6, 14),
        "items_satisfied": (3, 4, 10),
    }
    with work.database.reading() as connection:
        (cross,) = connection.execute(tally_cross.select()).mappings()
        assert (cross["n"], cross["total_product"]) == (3, 11)
        plain = {(row["item"], row["choice"]): row["n"] for row in connection.execute(tally_item.select()).mappings()}
    assert plain[("A1", "4")] == 2
    assert plain[("A3", "na")] == 1
    assert plain[("G1", "5")] == 2


def test_not_applicable_is_no_level_and_no_answered_item() -> None:
    scores = score_answers(load_questionnaire("procedures@1"), {"G1": "4", "A1": "na", "A2": "2", "I2": "yes"})
    assert scores == {"level4": 1, "items_answered": 1, "items_satisfied": 0}


def test_tallying_twice_adds_nothing(work: Fieldwork) -> None:
    work.answer_all({"A.land": "5541", "B.land": "33"})
    assert seal(work.database, work.signer, TODAY) == 6
    assert tally(work.database) == 6
    before = read_tally(work)
    assert tally(work.database) == 0
    assert read_tally(work) == before


def test_batch_by_batch_gives_what_a_rebuild_gives(work: Fieldwork, monkeypatch: pytest.MonkeyPatch) -> None:
    for levels in ({"A.land": "554"}, {"B.land": "12345"}, {"A.land": "5", "B.land": "4"}):
        work.answer_all(levels)
        work.seal_and_tally()
    grown = read_tally(work)
    assert rebuild(work.database, "W") == 10
    assert read_tally(work) == grown
    monkeypatch.setattr(tallying, "ROWS_AT_A_TIME", 3)
    assert rebuild(work.database, "W") == 10
    assert read_tally(work) == grown


def test_a_count_that_is_cut_off_counts_nothing(work: Fieldwork, monkeypatch: pytest.MonkeyPatch) -> None:
    work.answer_all({"A.land": "554"})
    seal(work.database, work.signer, TODAY)
    with monkeypatch.context() as patch:
        patch.setattr(tallies, "_set_progress", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            tally(work.database)
    assert read_tally(work) == [[], [], []]
    assert tally(work.database) == 3


def test_several_who_tally_at_once_count_each_leaf_once(work: Fieldwork) -> None:
    work.answer_all({"A.land": "5" * 10, "B.land": "4" * 10})
    seal(work.database, work.signer, TODAY)
    with ThreadPoolExecutor(4) as pool:
        counted = list(pool.map(lambda _: tally(work.database), range(4)))
    assert sum(counted) == 20
    assert moments(work, "A.land")["response"] == (10, 10, 10)


def test_what_is_sealed_while_a_tally_reads_is_counted_next_time(
    work: Fieldwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the two questions of a tally, how far the ledger goes and which rows it has, a batch is sealed."""
    if work.database.is_sqlite:
        return  # one writer: nobody can seal in between
    work.answer_all({"A.land": "55"})
    seal(work.database, work.signer, TODAY)
    count_leaves: Callable[[Connection], int] = ledger.count_leaves

    def count_and_be_overtaken(connection: Connection) -> int:
        leaves = count_leaves(connection)
        patch.setattr(ledger, "count_leaves", count_leaves)  # sealing counts them too
        work.answer_all({"A.land": "444"})
        seal(work.database, work.signer, TODAY)
        return leaves

    with monkeypatch.context() as patch:
        patch.setattr(ledger, "count_leaves", count_and_be_overtaken)
        assert tally(work.database) == 2
    assert tally(work.database) == 3
    assert moments(work, "A.land")["response"] == (5, 5, 5)


def test_imported_counts_enter_as_many_persons(work: Fieldwork) -> None:
    codes = {
        "kind": "counts",
        "stratum": "B.land",
        "period": "2026-10",
        "counts": {"1": 7, "2": 0, "3": 1, "4": 20, "5": 30},
    }
    with work.database.writing("test") as connection:
        append_leaves(connection, work.signer, "W", [new_leaf("counts", codes)], (), TODAY)
    assert tally(work.database) == 1
    assert moments(work, "B.land") == {
        "response": (58, 58, 58),
        "level1": (7, 7, 7),
        "level3": (1, 1, 1),
        "level4": (20, 20, 20),
        "level5": (30, 30, 30),
    }
