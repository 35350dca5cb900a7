"""Whatever a form may bring: refused or put in order, never a server error, never half stored. On both databases."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from fieldwork import AFTER, OPENS, Fieldwork, begin_fieldwork
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from survey.actions.answering import AlreadyAnswered, MistypedToken, NoToken, UnknownToken, WaveClosed, WaveNotOpen
from survey.app import CITIZENS, create_app
from survey.documents.citizen import REFUSALS
from survey.keys import Keys, new_code, new_token
from survey.proof import Signer
from survey.settings import Settings
from survey.store.database import Database
from survey.store.tables import inbox, spent
from survey.web import citizen_pages
from survey.web.limits import FailureBrake

NOON = datetime(2026, 11, 24, 5, tzinfo=UTC)
LANGUAGES = ("vi", "en", "km")
HALF = "\ud83d".encode("utf-8", "surrogatepass")
NFD = "To\u0302\u0301t qua\u0301"
FLOOD = "ệ" + "\u0323\u0302" * 900


@dataclass
class Booth:
    """A served installation with a wave of each kind."""

    client: FlaskClient
    database: Database
    works: dict[str, Fieldwork]

    def token(self, wave: str) -> str:
        return next(iter(self.works[wave].tokens.values())).pop()

    def fields(self, token: str) -> dict[str, str]:
        self.client.set_cookie("token", token)
        page = self.client.get("/answer").text
        return dict(re.findall(r'type="hidden" name="(token|key|language|asked|step|carried)" value="([^"]*)"', page))

    def stored(self) -> tuple[int, int]:
        with self.database.reading() as connection:
            return len(connection.execute(select(inbox.c.id)).all()), len(connection.execute(select(spent)).all())

    def comments(self) -> list[str]:
        with self.database.reading() as connection:
            return [json.loads(text).get("K1", "") for text in connection.scalars(select(inbox.c.text))]


@pytest.fixture
def booth(settings: Settings, database: Database, keys: Keys, signer: Signer, monkeypatch: pytest.MonkeyPatch) -> Booth:
    monkeypatch.setattr(citizen_pages, "brake", FailureBrake(10_000, 1))
    made: Callable[..., Fieldwork] = lambda code, asked, **dates: begin_fieldwork(  # noqa: E731
        database,
        keys,
        signer,
        {(f"A{code}", "land"): 100},
        code=code,
        invited=30,
        questionnaire=asked,
        **dates,
    )
    works = {
        "open": made("P", "procedures@1"),
        "steps": made("H", "household@1"),
        "quick": made("Q", "quick@1"),
        "over": made("O", "procedures@1", opens_on=OPENS, closes_on=OPENS),
        "early": made("E", "procedures@1", opens_on=AFTER, closes_on=AFTER),
    }
    app: Flask = create_app(settings, (CITIZENS,), now=lambda: NOON)
    return Booth(app.test_client(), database, works)


BODIES: dict[str, tuple[dict[str, object], int]] = {
    "a body over 64 kB": ({"G1": "5", "K1": "a" * 66_000}, 413),
    "a thousand fields": ({"G1": "5"} | {f"x{number}": "1" for number in range(1000)}, 400),
    "a thousand times one field": ({"G1": ["5"] * 1000}, 400),
    "an unknown item": ({"G1": "5", "Z9": "1"}, 400),
    "a field of the table": ({"G1": "5", "wave_code": "P"}, 400),
    "an unknown choice": ({"G1": "6"}, 422),
    "a choice that is a sentence": ({"G1": "Hài lòng"}, 422),
    "a choice with NUL": ({"G1": "5\0"}, 422),
    "half a character as a choice": ({"G1": HALF}, 422),
    "half a character as a key": ({"G1": "5", "key": HALF}, 400),
    "half a character as a name": ({"G1": "5", "\udc80": "1"}, 400),
    "half a character as a token": ({"G1": "5", "token": HALF}, 404),
    "no answer at all": ({}, 422),
    "no key": ({"G1": "5", "key": ""}, 400),
    "a step that is no number": ({"G1": "5", "step": "²"}, 400),
    "a step beyond the last": ({"G1": "5", "step": "1"}, 400),
    "carried from nowhere": ({"G1": "5", "step": "0", "carried": "AAAA"}, 400),
    "a comment of 5,000 letters": ({"G1": "5", "K1": "a" * 5000}, 422),
}


def test_what_the_form_does_not_ask_is_refused_and_nothing_is_half_stored(booth: Booth) -> None:
    for wave in ("open", "steps", "quick"):
        fields = booth.fields(booth.token(wave))
        for name, (body, status) in BODIES.items():
            if wave == "steps" and name == "a step beyond the last":
                continue  # there it is the second step, and G1 is not asked on it
            elsewhere = wave == "steps" and "K1" in body and status == 422
            answer = booth.client.post("/answer", data=encode({**fields, **body}), content_type=FORM)
            assert answer.status_code == (400 if elsewhere else status), (wave, name)
            assert "<h1>" in answer.text, (wave, name)
            assert booth.stored() == (0, 0), (wave, name)


@pytest.mark.parametrize("wave", ["open", "quick"])
def test_letters_are_put_in_order_and_stored_once(booth: Booth, wave: str) -> None:
    cases = {
        NFD.encode(): "Tốt quá",
        FLOOD.encode(): "ệ" + "\u0323\u0302" * 2,
        b"m\xe1\xbb\x99t" + HALF + b"hai": "một%ED%A0%BDhai",
        b"\x00\x07ok\xe2\x80\xae": "ok",
        b"\xff\xfe": "%FF%FE",
        "ស្រុកកំណើត".encode(): "ស្រុកកំណើត",
    }
    for typed in cases:
        fields = {**booth.fields(booth.token(wave)), "G1": "5", "K1": typed}
        assert booth.client.post("/answer", data=encode(fields), content_type=FORM).status_code == 200, typed
    kept = booth.comments()
    assert booth.stored() == (len(cases), len(cases))
    assert {text for text in kept if "ệ" not in text} == {text for text in cases.values() if "ệ" not in text}
    assert [len(text) for text in kept if "ệ" in text] == [5]


def test_the_token_of_another_wave_stores_nothing_in_either(booth: Booth) -> None:
    """A page of one questionnaire with the token of another: what is not asked there is refused."""
    fields = booth.fields(booth.token("open")) | {"G1": "5", "A1": "5", "B4": "1"}
    for wave in ("quick", "steps"):
        answer = booth.client.post("/answer", data={**fields, "token": booth.token(wave)})
        assert answer.status_code == 400, wave
    carried = booth.client.post("/answer", data={**booth.fields(booth.token("steps")), "G1": "4"}).text
    step = dict(re.findall(r'type="hidden" name="(key|asked|step|carried)" value="([^"]*)"', carried))
    assert step["carried"]
    answer = booth.client.post("/answer", data={**step, "token": booth.token("steps"), "language": "vi"})
    assert answer.status_code == 400
    for wave, status in (("over", 410), ("early", 403)):
        assert booth.client.post("/answer", data={**fields, "token": booth.token(wave)}).status_code == status
    assert booth.stored() == (0, 0)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_wrong_token_has_its_own_sentence_and_says_what_to_do(booth: Booth, language: str) -> None:
    used = booth.token("open")
    booth.client.post("/answer", data={**booth.fields(used), "G1": "5"})
    wrong_letter = new_code()
    wrong_letter = ("0" if wrong_letter[0] != "0" else "1") + wrong_letter[1:]
    states = {
        UnknownToken: (new_token(), 404),
        MistypedToken: (wrong_letter, 404),
        NoToken: ("", 404),
        AlreadyAnswered: (used, 409),
        WaveClosed: (booth.token("over"), 410),
        WaveNotOpen: (booth.token("early"), 403),
    }
    said = {}
    for state, (token, status) in states.items():
        if token:
            page = booth.client.post(f"/code?language={language}", data={"code": token}, follow_redirects=True)
        else:
            booth.client.delete_cookie("token")
            page = booth.client.get(f"/answer?language={language}")
        assert page.status_code == status, state
        assert f'<html lang="{language}">' in page.text
        assert page.text.count("<p>") >= 2, state
        said[state] = re.sub(r'nonce="[^"]*"', "", page.text)
    assert len(set(said.values())) == len(states)


def test_no_refusal_has_no_page() -> None:
    assert {code for code, _ in citizen_pages.REFUSALS.values()} <= set(REFUSALS)


FORM = "application/x-www-form-urlencoded"


def encode(fields: dict[str, object]) -> bytes:
    """A form's body, in which a value may be bytes that are no UTF-8."""
    from urllib.parse import urlencode

    pairs = [(name, each) for name, value in fields.items() for each in (value if isinstance(value, list) else [value])]
    return urlencode(pairs, errors="surrogateescape").encode()
