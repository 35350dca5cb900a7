"""A draw that an operator ordered on a page is made by the work process, once, and says what came of it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from fieldwork import TODAY, begin_fieldwork

from survey.actions.inviting import NoFrame, TooMany
from survey.actions.ordering import BadOrder, carry_out_orders, list_orders, order_draw
from survey.actions.waves import open_wave
from survey.keys import Keys
from survey.mandate.rules import Rule
from survey.proof import Signer
from survey.store import invitations
from survey.store.audits import By
from survey.store.database import Database

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
NOON = datetime(2026, 11, 24, 5, tzinfo=UTC)
BY = By("an-operator", NOON)


def drawn(database: Database) -> dict[str, list[int]]:
    with database.reading() as connection:
        return invitations.list_drawn_positions(connection, "W")


def test_an_order_is_carried_out_once_and_its_seed_draws_the_same_again(
    database: Database, keys: Keys, signer: Signer
) -> None:
    begin_fieldwork(database, keys, signer, {("A", "land"): 500, ("B", "land"): 500})
    order_draw(database, "W", seed="4711", by=BY, today=TODAY, count=100)
    assert drawn(database) == {}, "whoever serves pages draws nobody"
    assert carry_out_orders(database, NOON, TODAY) == 1
    first = drawn(database)
    assert [len(places) for places in first.values()] == [50, 50]
    assert carry_out_orders(database, NOON, TODAY) == 0
    assert drawn(database) == first
    [order] = list_orders(database, "W")
    assert (order.state, order.told, order.seed) == ("done", "100", "4711")


def test_the_strata_of_a_plan_are_drawn_as_planned(database: Database, keys: Keys, signer: Signer) -> None:
    begin_fieldwork(database, keys, signer, {("A", "land"): 500, ("B", "land"): 500})
    order_draw(database, "W", seed="1", by=BY, today=TODAY, strata={"A.land": 7, "B.land": 13})
    carry_out_orders(database, NOON, TODAY)
    assert {code: len(places) for code, places in drawn(database).items()} == {"A.land": 7, "B.land": 13}


def test_a_continuous_order_draws_a_frame_once_and_waits_for_the_next(
    database: Database, keys: Keys, signer: Signer
) -> None:
    begin_fieldwork(database, keys, signer, {("A", "land"): 1000})
    order_draw(database, "W", seed="nightly", by=BY, today=TODAY, rate=0.2)
    assert carry_out_orders(database, NOON, TODAY) == 1
    first = drawn(database)
    assert 150 < len(first["A.land"]) < 250  # 200 expected, standard deviation 12.6
    assert carry_out_orders(database, NOON, TODAY) == 0
    [order] = list_orders(database, "W")
    assert (order.state, drawn(database)) == ("waiting", first)


def test_what_cannot_be_drawn_is_refused_at_once(database: Database, keys: Keys, signer: Signer) -> None:
    begin_fieldwork(database, keys, signer, {("A", "land"): 5})
    with pytest.raises(TooMany):
        order_draw(database, "W", seed="1", by=BY, today=TODAY, count=6)
    with pytest.raises(TooMany):
        order_draw(database, "W", seed="1", by=BY, today=TODAY, strata={"A.land": 6})
    with pytest.raises(BadOrder):
        order_draw(database, "W", seed="", by=BY, today=TODAY, count=5)
    with pytest.raises(BadOrder):
        order_draw(database, "W", seed="1", by=BY, today=TODAY, rate=1.5)
    open_wave(
        database,
        code="EMPTY",
        name={"vi": "Đợt"},
        questionnaire="onequestion@1",
        opens_on=TODAY,
        closes_on=TODAY,
        rule=Rule(),
    )
    with pytest.raises(NoFrame):
        order_draw(database, "EMPTY", seed="1", by=BY, today=TODAY, count=1)
    assert list_orders(database, "W") == []
