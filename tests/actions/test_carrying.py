"""What a form carries opens in that form alone, for a day, and tells nothing to whoever looks at the page."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from survey.actions.answering import ExpiredForm, StaleForm
from survey.actions.carrying import LIFETIME, Carrier

NOON = datetime(2026, 11, 24, 5, tzinfo=UTC)
CARRIER = Carrier(key=bytes(range(32)), token_hash=bytes(32), form_key="0123456789abcdef", questionnaire="household@1")
ANSWERS = {"G1": "4", "N1": "some", "K1": "Chờ lâu, ខ្មែរ"}


@given(st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=8), st.text(st.characters(codec="utf-8"))))
def test_whatever_is_carried_comes_back(answers: dict[str, str]) -> None:
    assert CARRIER.open(CARRIER.seal(answers, NOON), NOON) == answers


def test_what_is_carried_can_be_neither_read_nor_compared() -> None:
    sealed = CARRIER.seal(ANSWERS, NOON)
    raw = base64.urlsafe_b64decode(sealed + "=" * (-len(sealed) % 4))
    assert not [word for word in (b"G1", b"some", "Chờ".encode()) if word in raw]
    assert CARRIER.seal(ANSWERS, NOON) != sealed


@pytest.mark.parametrize(
    "other",
    [
        replace(CARRIER, key=bytes(32)),
        replace(CARRIER, token_hash=b"\1" * 32),
        replace(CARRIER, form_key="0123456789abcdeF"),
        replace(CARRIER, questionnaire="household@2"),
    ],
    ids=["another installation", "another token", "another form", "another version"],
)
def test_no_other_form_opens_it(other: Carrier) -> None:
    sealed = CARRIER.seal(ANSWERS, NOON)
    assert CARRIER.open(sealed, NOON) == ANSWERS
    with pytest.raises(StaleForm):
        other.open(sealed, NOON)


def test_it_opens_for_a_day_and_the_day_cannot_be_moved() -> None:
    sealed = CARRIER.seal(ANSWERS, NOON)
    assert CARRIER.open(sealed, NOON + LIFETIME) == ANSWERS
    with pytest.raises(ExpiredForm):
        CARRIER.open(sealed, NOON + LIFETIME + timedelta(seconds=1))
    raw = bytearray(base64.urlsafe_b64decode(sealed + "=" * (-len(sealed) % 4)))
    raw[3] += 1
    with pytest.raises(StaleForm):
        CARRIER.open(base64.urlsafe_b64encode(bytes(raw)).decode(), NOON)


def test_every_flipped_letter_is_noticed() -> None:
    sealed = CARRIER.seal({"G1": "4"}, NOON)
    for place in range(len(sealed) - 1):  # the last letter holds bits that are not used
        flipped = sealed[:place] + ("A" if sealed[place] != "A" else "B") + sealed[place + 1 :]
        with pytest.raises(StaleForm):
            CARRIER.open(flipped, NOON)


@pytest.mark.parametrize("carried", ["x", "====", "ắ" * 40, "A" * 17, "A" * 60_000, "\x00", "../../etc"])
def test_what_was_never_sealed_is_refused(carried: str) -> None:
    with pytest.raises(StaleForm):
        CARRIER.open(carried, NOON)


def test_nothing_is_carried_as_nothing() -> None:
    assert CARRIER.seal({}, NOON) == ""
    assert CARRIER.open("", NOON) == {}
