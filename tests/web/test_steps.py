"""A long form over HTTP, without a script: steps keep what was typed, nothing is stored before the end, then once."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from fieldwork import Fieldwork, begin_fieldwork
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from survey.app import CITIZENS, create_app
from survey.keys import Keys
from survey.proof import Signer
from survey.settings import Settings
from survey.store.database import Database
from survey.store.tables import inbox, ledger, metadata
from tests.posting import RECEIPT

NOON = datetime(2026, 11, 24, 5, tzinfo=UTC)
COMMENT = "Chờ lâu <quá> & mệt"
STRATUM = "A.certification"


class Form:
    """What a browser without scripts knows of the page that it shows."""

    def __init__(self, client: FlaskClient, page: TestResponse) -> None:
        self.client, self.page, self.html = client, page, page.text

    @property
    def fields(self) -> dict[str, list[str]]:
        """What would be sent: hidden fields and chosen answers outside of disabled parts."""
        html = re.sub(r"<fieldset[^>]* disabled>.*?</fieldset>", "", self.html, flags=re.DOTALL)
        sent: dict[str, list[str]] = {}
        for name, value in re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', html):
            sent.setdefault(name, []).append(unescape(value))
        for name, value in re.findall(r'type="radio" name="(\w+)" value="(\w+)"[^>]* checked', html):
            sent[name] = [value]
        for name, text in re.findall(r'<textarea id="\w+" name="(\w+)"[^>]*>(.*?)</textarea>', html, re.DOTALL):
            sent[name] = [unescape(text.strip("\n"))]
        return sent

    @property
    def asked(self) -> set[str]:
        html = re.sub(r"<fieldset[^>]* disabled>.*?</fieldset>", "", self.html, flags=re.DOTALL)
        return set(re.findall(r'id="i-(\w+)"', html))

    @property
    def step(self) -> str:
        return re.findall(r'<p class="s">Bước (\d/\d)', self.html)[0]

    def press(self, go: str = "", **answers: str) -> Form:
        sent = {**self.fields, **{name: [value] for name, value in answers.items()}}
        pressed = {"go": [go]} if go else {}
        return Form(self.client, self.client.post("/answer", data={**sent, **pressed}))


@pytest.fixture
def work(database: Database, keys: Keys, signer: Signer) -> Fieldwork:
    return begin_fieldwork(database, keys, signer, {("A", "certification"): 50}, invited=5, questionnaire="household@1")


@pytest.fixture
def quick(work: Fieldwork, database: Database, keys: Keys, signer: Signer) -> Fieldwork:
    return begin_fieldwork(database, keys, signer, {("B", "land"): 50}, code="Q", invited=5, questionnaire="quick@1")


@pytest.fixture
def clock() -> list[datetime]:
    """The moment; a test may move it on."""
    return [NOON]


@pytest.fixture
def app(settings: Settings, work: Fieldwork, clock: list[datetime]) -> Flask:
    return create_app(settings, (CITIZENS,), now=lambda: clock[0])


@pytest.fixture
def first(app: Flask, work: Fieldwork) -> Form:
    client = app.test_client()
    return Form(client, client.get(f"/t/{work.tokens[STRATUM][0]}", follow_redirects=True))


def rows_of_all_tables(database: Database) -> dict[str, int]:
    with database.reading() as connection:
        return {
            name: connection.scalar(select(func.count()).select_from(table)) or 0
            for name, table in metadata.tables.items()
        }


def stored(database: Database) -> list[tuple[dict[str, str], dict[str, str]]]:
    """Answers and comments in the inbox."""
    with database.reading() as connection:
        rows = connection.execute(select(inbox.c.codes, inbox.c.text)).all()
    return [(json.loads(codes)["answers"], json.loads(text)) for codes, text in rows]


def test_seven_steps_lead_to_one_response_and_leave_no_draft(first: Form, database: Database) -> None:
    before = rows_of_all_tables(database)
    assert first.step == "1/7"
    page = first.press(G1="4").press(N1="some", N6="silent").press(P1="3", P9="na").press(S1="yes", S2="yes")
    assert page.step == "5/7"
    page = page.press(A1="5", E2="na").press(R1="1", R2="no", X10="now")
    assert (page.step, rows_of_all_tables(database)) == ("7/7", before)
    thanks = page.press(Q3="km", K1=COMMENT)
    receipt = RECEIPT.findall(thanks.html)
    assert stored(database) == [
        (
            {
                "G1": "4",
                "N1": "some",
                "N6": "silent",
                "P1": "3",
                "P9": "na",
                "S1": "yes",
                "S2": "yes",
                "A1": "5",
                "E2": "na",
                "R1": "1",
                "R2": "no",
                "X10": "now",
                "Q3": "km",
            },
            {"K1": COMMENT},
        )
    ]
    again = page.press(Q3="km", K1=COMMENT)
    assert RECEIPT.findall(again.html) == receipt
    assert page.press("back").page.status_code == 200  # sent already: the receipt again, not an empty page
    assert len(stored(database)) == 1


def test_back_and_forward_keep_everything(first: Form) -> None:
    third = first.press(G1="4").press(N1="some").press("back", P1="3")
    assert third.fields["N1"] == ["some"]
    start = third.press("back", N2="online")
    assert (start.step, start.fields["G1"]) == ("1/7", ["4"])
    again = start.press(G1="2").press()
    assert (again.step, again.fields["P1"]) == ("3/7", ["3"])
    assert again.press("back").fields["N2"] == ["online"]


def test_services_that_were_not_used_are_passed_by_and_not_counted(first: Form, database: Database) -> None:
    services = first.press(G1="4").press().press().press(S1="yes", S2="yes")
    assert {"A1", "E2"} <= services.asked
    changed = services.press(A1="1", B1="1").press("back").press("back").press(S1="no")
    assert (changed.step, changed.asked & {"R1", "R2", "X1"}) == ("5/6", {"X1"})
    changed.press().press()
    assert stored(database) == [({"G1": "4", "S1": "no", "S2": "yes"}, {})]


def test_another_language_keeps_what_was_typed_and_is_recorded(first: Form, database: Database) -> None:
    khmer = first.press(G1="4").press("km", N1="some")
    assert khmer.page.status_code == 200
    assert '<html lang="km">' in khmer.html
    assert (khmer.fields["N1"], khmer.fields["language"]) == (["some"], ["km"])
    assert "language=km" in khmer.page.headers["Set-Cookie"]
    thanks = khmer.press().press().press().press().press()
    assert '<html lang="km">' in thanks.html
    with database.reading() as connection:
        assert json.loads(connection.scalar(select(inbox.c.codes)) or "")["language"] == "km"


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("km", "km"),
        ("en-GB,en;q=0.9,vi;q=0.5", "en"),
        ("fr, km;q=0.3", "km"),
        ("fr", "vi"),
        ("", "vi"),
        ("\x01;q=x", "vi"),
    ],
)
def test_without_a_choice_the_browsers_language_is_spoken(
    app: Flask, work: Fieldwork, accepted: str, language: str
) -> None:
    headers = {"Accept-Language": accepted}
    page = app.test_client().get(f"/t/{work.tokens[STRATUM][0]}", headers=headers, follow_redirects=True)
    assert f'<html lang="{language}">' in page.text
    assert f'name="language" value="{language}"' in page.text


def test_a_long_form_is_sealed_and_tallied_like_any_other(first: Form, work: Fieldwork) -> None:
    first.press(G1="4").press().press().press(S1="no").press().press(Q1="female", K1="Tốt")
    assert work.seal_and_tally() == 1
    with work.database.reading() as connection:
        ((codes, text),) = connection.execute(select(ledger.c.codes, ledger.c.text)).all()
    assert json.loads(codes)["answers"] == {"G1": "4", "S1": "no", "Q1": "female"}
    assert json.loads(text) == {"K1": "Tốt"}


def test_a_missing_answer_holds_the_step_and_keeps_what_was_typed(first: Form, database: Database) -> None:
    held = first.press()
    assert held.page.status_code == 422
    assert re.search(r'name="G1" value="1" required[^>]* autofocus', held.html)
    assert held.press(G1="5").step == "2/7"
    assert stored(database) == []


def test_no_step_can_be_jumped_over(first: Form, database: Database) -> None:
    held = first.press(step="6", K1="Tới cuối")
    assert (held.page.status_code, held.step) == (422, "1/7")
    assert held.press(G1="4").press().press().press().press().fields["K1"] == ["Tới cuối"]
    assert stored(database) == []


@pytest.mark.parametrize(
    ("field", "value"), [("carried", "x"), ("key", "f" * 32), ("key", "k" * 60_000), ("step", "9"), ("step", "-1")]
)
def test_what_is_carried_opens_in_no_other_form(first: Form, database: Database, field: str, value: str) -> None:
    second = first.press(G1="4")
    assert second.press(**{field: value}).page.status_code == 400
    assert stored(database) == []


def test_another_persons_page_does_not_open_with_ones_own_token(first: Form, work: Fieldwork) -> None:
    second = first.press(G1="4")
    assert second.press(token=work.tokens[STRATUM][1]).page.status_code == 400


def test_a_page_left_open_for_a_day_is_told_so(first: Form, clock: list[datetime], database: Database) -> None:
    second = first.press(G1="4")
    clock[0] += timedelta(hours=24, seconds=1)
    over = second.press(N1="some")
    assert over.page.status_code == 410
    assert "mở quá lâu" in over.html
    assert stored(database) == []


def test_a_wave_that_ends_meanwhile_hands_back_what_was_written(
    app: Flask, first: Form, clock: list[datetime], database: Database
) -> None:
    last = first.press(G1="4").press().press().press().press()
    clock[0] = datetime(2026, 11, 30, 17, tzinfo=UTC)
    over = last.press(K1=COMMENT)
    assert over.page.status_code == 410
    assert "<blockquote>Chờ lâu &lt;quá&gt; &amp; mệt</blockquote>" in over.html


def test_what_an_answer_brings_up_is_asked_without_a_script(app: Flask, quick: Fieldwork, database: Database) -> None:
    client = app.test_client()
    page = Form(client, client.get(f"/t/{quick.tokens['B.land'][0]}", follow_redirects=True))
    assert page.asked == {"G1", "K1"}
    more = page.press(G1="1", K1="Chưa tốt")
    assert (more.page.status_code, more.asked) == (200, {"G1", "W1", "K1"})
    assert re.search(r'name="W1" value="access" autofocus', more.html)
    assert more.fields["K1"] == ["Chưa tốt"]
    more.press(W1="staff").press(W2="Lịch sự hơn")
    assert stored(database) == [({"G1": "1", "W1": "staff"}, {"K1": "Chưa tốt", "W2": "Lịch sự hơn"})]


def test_whoever_is_satisfied_is_thanked_at_once_and_what_was_hidden_is_dropped(
    app: Flask, quick: Fieldwork, database: Database
) -> None:
    client = app.test_client()
    page = Form(client, client.get(f"/t/{quick.tokens['B.land'][0]}", follow_redirects=True))
    assert RECEIPT.findall(page.press(G1="5", W1="staff").html)
    assert stored(database) == [({"G1": "5"}, {})]


def test_a_declined_receipt_is_not_shown_and_the_answer_counts(
    app: Flask, quick: Fieldwork, database: Database
) -> None:
    client = app.test_client()
    page = Form(client, client.get(f"/t/{quick.tokens['B.land'][0]}", follow_redirects=True))
    thanks = page.press(G1="5", receipt="no")
    assert thanks.page.status_code == 200
    assert not RECEIPT.findall(thanks.html)
    assert 'href="/receipt' not in thanks.html
    assert len(stored(database)) == 1


def test_khmer_letters_are_fetched_only_when_asked_for(app: Flask, quick: Fieldwork) -> None:
    client = app.test_client()
    client.get(f"/t/{quick.tokens['B.land'][0]}")
    khmer = Form(client, client.get("/answer?language=km"))
    assert "@font-face" not in khmer.html
    lettered = khmer.press("font", G1="2")
    assert "@font-face" in lettered.html
    assert lettered.fields["G1"] == ["2"]
    assert "@font-face" in client.get("/answer?language=km").text
    assert "@font-face" not in client.get("/answer?language=en").text
    font = client.get(re.findall(r"src:url\(([^)]*)\)", lettered.html)[0])
    assert font.data[:4] == b"wOF2"
