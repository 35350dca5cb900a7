"""A citizen's answer: what is refused spends nothing, what is taken is stored once, text is put in order."""

from __future__ import annotations

import json
import unicodedata
from datetime import date

import pytest
from fieldwork import AFTER, OPENS, TODAY, Fieldwork, begin_fieldwork
from hypothesis import given
from hypothesis import strategies as st

from survey.actions import answering
from survey.actions.answering import (
    AlreadyAnswered,
    BadAnswers,
    StaleForm,
    UnknownItem,
    UnknownToken,
    WaveClosed,
    WaveNotOpen,
    answer,
    check_answers,
    clean_text,
    find_receipt,
    open_form,
)
from survey.actions.waves import close_wave
from survey.keys import Keys, new_token
from survey.mandate.questionnaires import load_questionnaire
from survey.proof import Signer
from survey.store.database import Database
from survey.store.tables import inbox, spent

PROCEDURES = load_questionnaire("procedures@1")
KEY = "0123456789abcdef"


@pytest.fixture
def work(database: Database, keys: Keys, signer: Signer) -> Fieldwork:
    return begin_fieldwork(
        database, keys, signer, {("A", "land"): 100}, invited=5, questionnaire="procedures@1", seal_minimum=10
    )


@pytest.fixture
def token(work: Fieldwork) -> str:
    return work.tokens["A.land"][0]


def stored(work: Fieldwork) -> tuple[int, int]:
    """Rows in the inbox, spent tokens."""
    with work.database.reading() as connection:
        return len(connection.execute(inbox.select()).all()), len(connection.execute(spent.select()).all())


def send(work: Fieldwork, token: str, *, on: date = TODAY, key: str = KEY, **answers: str) -> str:
    given = {"G1": "5", **answers}
    return answer(work.database, work.writer, work.keys, token=token, key=key, language="km", answers=given, today=on)


def test_looking_spends_nothing(work: Fieldwork, token: str) -> None:
    for _ in range(3):
        form = open_form(work.database, work.keys, token, TODAY)
    assert (form.questionnaire.key, form.stratum_code, form.channel) == ("procedures@1", "A.land", "link")
    assert stored(work) == (0, 0)


def test_an_answer_is_stored_with_codes_and_never_with_sentences(work: Fieldwork, token: str) -> None:
    send(work, token, A1="na", K1="Tốt")
    with work.database.reading() as connection:
        (row,) = connection.execute(inbox.select()).mappings()
    assert json.loads(row["codes"]) == {
        "answers": {"A1": "na", "G1": "5"},
        "assisted": 0,
        "channel": "link",
        "class": "",
        "kind": "response",
        "language": "km",
        "period": "2026-11b",
        "psu": "",
        "questionnaire": "procedures@1",
        "stratum": "A.land",
        "wave": "W",
    }
    assert json.loads(row["text"]) == {"K1": "Tốt"}
    assert row["codes"] == json.dumps(json.loads(row["codes"]), sort_keys=True, separators=(",", ":")).encode()


def test_the_same_key_gives_the_same_receipt_and_another_key_nothing(work: Fieldwork, token: str) -> None:
    receipt = send(work, token)
    assert send(work, token) == receipt
    with pytest.raises(AlreadyAnswered):
        send(work, token, key="f" * 16)
    assert stored(work) == (1, 1)


def test_the_same_key_gives_the_same_receipt_after_sealing_and_after_the_wave(work: Fieldwork, token: str) -> None:
    receipt = send(work, token)
    assert find_receipt(work.database, receipt).code == "not_yet"
    assert work.seal_and_tally(AFTER) == 1
    assert send(work, token, on=AFTER) == receipt
    state = find_receipt(work.database, receipt.lower())
    assert (state.code, state.checkpoint) == ("included", 1)
    assert stored(work) == (0, 1)


def test_a_key_that_another_token_used_is_a_stale_form(work: Fieldwork, token: str) -> None:
    send(work, token)
    other = work.tokens["A.land"][1]
    with pytest.raises(StaleForm):
        send(work, other)
    assert stored(work) == (1, 1)
    assert send(work, other, key="f" * 16)


@pytest.mark.parametrize("key", ["", "short", "g" * 65, "0123456789abcde-", "0123456789abcdé6"])
def test_a_key_that_no_form_made_is_refused(work: Fieldwork, token: str, key: str) -> None:
    with pytest.raises(StaleForm):
        send(work, token, key=key)
    assert stored(work) == (0, 0)


def test_the_first_and_the_last_day_take_answers_and_no_other(work: Fieldwork) -> None:
    first, last, late = work.tokens["A.land"][:3]
    with pytest.raises(WaveNotOpen) as early:
        send(work, first, on=date(2026, 10, 31))
    assert early.value.opens_on == OPENS
    send(work, first, on=OPENS)
    send(work, last, on=date(2026, 11, 30), key="b" * 16)
    with pytest.raises(WaveClosed) as over:
        send(work, late, on=AFTER, key="c" * 16)
    assert over.value.closes_on == date(2026, 11, 30)
    assert stored(work) == (2, 2)


def test_a_closed_wave_takes_nothing_and_says_already_answered_to_who_did(work: Fieldwork, token: str) -> None:
    send(work, token)
    close_wave(work.database, "W")
    with pytest.raises(WaveClosed):
        open_form(work.database, work.keys, work.tokens["A.land"][1], TODAY)
    with pytest.raises(AlreadyAnswered):
        open_form(work.database, work.keys, token, TODAY)


@pytest.mark.parametrize("token", ["", "x", "A" * 25, "A" * 10_000, "\x00", "Ⅷ" * 26, "ß" * 26])
def test_what_cannot_be_a_token_is_unknown(work: Fieldwork, token: str) -> None:
    for strange in (token, new_token()):
        with pytest.raises(UnknownToken):
            send(work, strange)


def test_a_token_may_be_typed_in_small_letters_with_spaces(work: Fieldwork, token: str) -> None:
    typed = " ".join(token[i : i + 4] for i in range(0, 26, 4)).lower().replace("0", "o").replace("1", "l")
    assert open_form(work.database, work.keys, typed, TODAY).stratum_code == "A.land"


def test_problems_are_named_by_item_and_in_page_order() -> None:
    with pytest.raises(BadAnswers) as bad:
        check_answers(PROCEDURES, {"A1": "6", "K1": "a" * 4001, "I2": "maybe"})
    assert list(bad.value.problems.items()) == [
        ("G1", "missing"),
        ("A1", "unknown_choice"),
        ("I2", "unknown_choice"),
        ("K1", "too_long"),
    ]


def test_an_item_that_the_questionnaire_lacks_refuses_the_whole() -> None:
    with pytest.raises(UnknownItem):
        check_answers(PROCEDURES, {"G1": "5", "Z9": "5"})


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (unicodedata.normalize("NFD", "Cảm ơn cán bộ Thị trấn Kế Sách"), "Cảm ơn cán bộ Thị trấn Kế Sách"),
        ("a\u0301" + "\u0316" * 200, "á" + "\u0316" * 4),
        ("một\x00hai\x1b[31m\u202eba\ud800", "mộthai[31mba?"),
        ("  dòng một\r\ndòng hai  ", "dòng một\ndòng hai"),
        ("ស្រុកកំណើត", "ស្រុកកំណើត"),
        ("x" * 3000, "x" * 2000),
    ],
    ids=["NFD", "combining flood", "control and half characters", "lines", "Khmer", "long"],
)
def test_text_is_put_in_order(typed: str, kept: str) -> None:
    assert clean_text(typed) == kept


@given(st.text(alphabet=st.characters(), max_size=300))
def test_any_text_is_cleaned_to_storable_text_and_stays_so(typed: str) -> None:
    kept = clean_text(typed)
    kept.encode()
    assert len(kept) <= answering.LONGEST_COMMENT
    assert not any(unicodedata.category(letter)[0] == "C" and letter != "\n" for letter in kept)
