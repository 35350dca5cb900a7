"""A language that nobody signed serves pilots only: an official wave neither shows it nor records it."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

import pytest
from fieldwork import TODAY, Fieldwork, begin_fieldwork
from flask.testing import FlaskClient
from sqlalchemy import event

from survey.actions import building, keying, kiosks
from survey.actions.open_voice import open_voice
from survey.app import CITIZENS, create_app
from survey.keys import Keys
from survey.proof import Signer
from survey.settings import Settings
from survey.store import responses
from survey.store.audits import By
from survey.store.database import Database
from survey.store.tables import inbox
from survey.web.services import EXTENSION

# Nothing here differs between databases.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

NOON = datetime(2026, 11, 24, 5, tzinfo=UTC)
ASKED = "onequestion@1"


def begin(database: Database, keys: Keys, signer: Signer, purpose: str) -> Fieldwork:
    """A wave whose Khmer and English are drafts."""
    return begin_fieldwork(database, keys, signer, {("A", "land"): 20}, invited=3, purpose=purpose, signed=False)


@pytest.fixture
def official(database: Database, keys: Keys, signer: Signer) -> Fieldwork:
    return begin(database, keys, signer, "official")


@pytest.fixture
def client(settings: Settings, database: Database) -> FlaskClient:
    return create_app(settings, (CITIZENS,), now=lambda: NOON).test_client()


def open_page(client: FlaskClient, token: str, language: str) -> str:
    client.get(f"/t/{token}")
    return client.get(f"/answer?language={language}").text


def spoken(page: str) -> str:
    return re.findall(r'<html lang="(\w+)"', page)[0]


def offered(page: str) -> set[str]:
    return set(re.findall(r'(?:name="go" value|hreflang)="(vi|km|en)"', page))


def sign(database: Database, language: str) -> None:
    building.sign_language(database, ASKED, language, "Bà Sơn, Sở Dân tộc", by=By("lan", NOON), today=TODAY)


def test_an_official_wave_is_asked_in_vietnamese_until_somebody_signs(
    client: FlaskClient, official: Fieldwork, database: Database
) -> None:
    token = official.tokens["A.land"][0]
    page = open_page(client, token, "km")
    assert (spoken(page), offered(page)) == ("vi", {"vi"})
    sign(database, "km")
    page = open_page(client, token, "km")
    assert (spoken(page), offered(page)) == ("km", {"vi", "km"})
    sign(database, "en")
    assert offered(open_page(client, token, "en")) == {"vi", "km", "en"}


def test_who_signed_is_no_question_of_its_own(client: FlaskClient, official: Fieldwork) -> None:
    """The one statement of a visit is compiled beforehand; what SQLAlchemy makes anew costs more than all the rest."""
    token = official.tokens["A.land"][0]
    open_page(client, token, "km")
    made: list[str] = []
    engine = client.application.extensions[EXTENSION].database.engine
    event.listen(engine, "before_cursor_execute", lambda *given: made.append(given[2]))
    open_page(client, token, "km")
    assert made == []
    client.get("/receipt?code=0123456789")
    assert made, "the control: other pages are seen to ask"


@pytest.mark.parametrize("purpose", ["pilot", "training", "demo"])
def test_what_never_counts_is_asked_in_drafts_too(
    client: FlaskClient, database: Database, keys: Keys, signer: Signer, purpose: str
) -> None:
    work = begin(database, keys, signer, purpose)
    page = open_page(client, work.tokens["A.land"][0], "km")
    assert (spoken(page), offered(page)) == ("km", {"vi", "km", "en"})


def test_neither_a_button_nor_an_error_leads_to_a_draft(client: FlaskClient, official: Fieldwork) -> None:
    page = open_page(client, official.tokens["A.land"][0], "vi")
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))
    assert spoken(client.post("/answer", data={**fields, "language": "km"}).text) == "vi"
    assert spoken(client.post("/answer", data={**fields, "go": "km", "G1": "4"}).text) == "vi"


def test_a_draft_is_not_recorded_as_the_language_of_an_answer(
    client: FlaskClient, official: Fieldwork, database: Database
) -> None:
    page = open_page(client, official.tokens["A.land"][0], "vi")
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))
    assert client.post("/answer", data={**fields, "language": "km", "G1": "4"}).status_code == 200
    with database.reading() as connection:
        assert responses.count_waiting(connection)
        assert b'"language":"vi"' in connection.scalars(inbox.select().with_only_columns(inbox.c.codes)).one()


def test_open_voice_kiosks_and_paper_hold_to_it_too(
    client: FlaskClient, official: Fieldwork, database: Database, keys: Keys
) -> None:
    open_voice(database, official.wave)
    page = client.get("/v/A?language=km").text
    assert (spoken(page), offered(page)) == ("vi", {"vi"})
    kiosks.pair_device(database, keys, "K", agency="A", wave=official.wave, now=NOON, actor="test")
    device = kiosks.find_device(database, "K")
    assert kiosks.describe_work(database, keys, device, TODAY)["languages"] == ("vi",)
    with pytest.raises(keying.CannotPrint, match="in one of vi"):
        keying.print_batches(database, official.wave, 1, "km", seed=1, today=TODAY, by=By("op", NOON))
    sign(database, "km")
    assert kiosks.describe_work(database, keys, device, date(2026, 11, 24))["languages"] == ("vi", "km")
