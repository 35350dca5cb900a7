"""A place has one live token: whoever races, either the earlier one was used or the new one is live."""

from __future__ import annotations

import secrets
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from fieldwork import TODAY, Fieldwork
from sqlalchemy import update

from survey.actions.answering import AlreadyAnswered, Refusal, UnknownToken, open_form
from survey.actions.inviting import hand_out
from survey.store import invitations, minting
from survey.store.minting import Minted, Place, find_place
from survey.store.tables import invitation
from survey.store.writer import open_writer

STRATUM = "A.land"


def place_of(work: Fieldwork, position: int) -> Place:
    with work.database.reading() as connection:
        place = find_place(connection, work.wave, STRATUM, position)
    assert place is not None
    return place


def is_open(work: Fieldwork, token: str) -> bool:
    try:
        open_form(work.database, work.keys, token, TODAY)
    except (UnknownToken, AlreadyAnswered):
        return False
    return True


def test_a_citizen_who_answers_and_a_clerk_who_replaces_the_slip_cannot_both_win(work: Fieldwork) -> None:
    """Fifteen slips, each answered and replaced at the same moment: one answer or one live new slip, never both."""
    work.writer = open_writer(work.database)
    old = work.tokens[STRATUM][:15]
    start = Barrier(2)

    def answer_all() -> list[bool]:
        start.wait()
        return [answered(work, token) for token in old]

    def replace_all() -> list[str]:
        start.wait()
        return [next(hand_out(work.database, work.keys, [place_of(work, n)], "slip")).token for n in range(1, 16)]

    with ThreadPoolExecutor(2) as both:
        answering, replacing = both.submit(answer_all), both.submit(replace_all)
        won, new = answering.result(), replacing.result()
    assert [is_open(work, token) for token in new] == [not each for each in won]
    assert not any(is_open(work, token) for token in old)
    with work.database.reading() as connection:
        voided = minting.count_voided(connection, work.wave).get(STRATUM, 0)
        assert invitations.count_spent(connection, work.wave).get(STRATUM, 0) == sum(won)
    assert voided == 15 - sum(won)


def test_of_two_who_give_a_place_its_first_token_one_succeeds(work: Fieldwork) -> None:
    place = place_of(work, 1)
    results = []
    for _ in range(2):
        minted = Minted(place, secrets.token_bytes(32), secrets.token_bytes(32))
        with work.database.writing("mint") as connection:
            results.append(minting.mint(connection, [minted], "slip")[0])
    assert results == [True, False]


def test_a_place_without_a_token_opens_nothing(work: Fieldwork) -> None:
    """Its hash is random: nobody holds what it would be the hash of, and its code is not there at all."""
    with work.database.writing("undo") as connection:
        place = place_of(work, 1)
        connection.execute(
            update(invitation)
            .where(invitation.c.token_hash == place.token_hash)
            .values(token_hash=minting.no_token(), code_hash=None, disposition=minting.DRAWN)
        )
    assert not is_open(work, work.tokens[STRATUM][0])
    assert place_of(work, 1).disposition == "drawn"


def test_a_used_token_is_not_replaced(work: Fieldwork) -> None:
    work.answer(work.tokens[STRATUM][0])
    new = next(hand_out(work.database, work.keys, [place_of(work, 1)], "slip"))
    assert not is_open(work, new.token)
    with pytest.raises(AlreadyAnswered):
        open_form(work.database, work.keys, work.tokens[STRATUM][0], TODAY)
    with work.database.reading() as connection:
        assert minting.count_voided(connection, work.wave) == {}


def answered(work: Fieldwork, token: str) -> bool:
    try:
        work.answer(token)
    except Refusal:
        return False
    return True
