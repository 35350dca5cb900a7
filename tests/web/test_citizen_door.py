"""What a citizen meets over HTTP: looking spends nothing, sending stores once, every refusal says what to do."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from fieldwork import Fieldwork, begin_fieldwork
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from survey.app import CITIZENS, create_app
from survey.keys import Keys, new_token
from survey.proof import Signer
from survey.settings import Settings
from survey.store import invitations, responses
from survey.store.database import Database
from tests.posting import RECEIPT

NOON = datetime(2026, 11, 24, 5, tzinfo=UTC)
LANGUAGES = ("vi", "en", "km")
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), interest-cohort=()",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-store",
}


@pytest.fixture
def work(database: Database, keys: Keys, signer: Signer) -> Fieldwork:
    return begin_fieldwork(
        database, keys, signer, {("A", "certification"): 50}, invited=5, questionnaire="procedures@1"
    )


@pytest.fixture
def app(settings: Settings, work: Fieldwork) -> Flask:
    return create_app(settings, (CITIZENS,), now=lambda: NOON)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def token(work: Fieldwork) -> str:
    return work.tokens["A.certification"][0]


def read_fields(page: TestResponse) -> dict[str, str]:
    return dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page.text))


def open_form(client: FlaskClient, token: str) -> TestResponse:
    return client.get(f"/t/{token}", follow_redirects=True)


def send(client: FlaskClient, token: str, **answers: str) -> TestResponse:
    return client.post("/answer", data={**read_fields(open_form(client, token)), **answers})


def count_stored(work: Fieldwork) -> tuple[int, int]:
    """Responses that wait, tokens that are spent."""
    with work.database.reading() as connection:
        waiting = sum(responses.count_waiting(connection).values())
        return waiting, sum(invitations.count_spent(connection, work.wave).values())


def read_receipt(page: TestResponse) -> str:
    return RECEIPT.findall(page.text)[0]


def test_opening_a_link_a_hundred_times_spends_and_stores_nothing(
    client: FlaskClient, work: Fieldwork, token: str
) -> None:
    for _ in range(100):
        assert open_form(client, token).status_code == 200
    assert count_stored(work) == (0, 0)


def test_a_link_moves_its_token_into_a_cookie_and_out_of_the_address(client: FlaskClient, token: str) -> None:
    page = client.get(f"/t/{token}")
    assert page.status_code == 303
    assert page.headers["Location"] == "/answer"
    assert "HttpOnly" in page.headers["Set-Cookie"]
    assert "SameSite=Lax" in page.headers["Set-Cookie"]


def test_over_https_the_cookie_is_bound_to_this_host(client: FlaskClient, token: str) -> None:
    cookie = client.get(f"/t/{token}", base_url="https://localhost").headers["Set-Cookie"]
    assert cookie.startswith("__Host-token=")
    assert "Secure" in cookie
    assert "Path=/" in cookie
    assert "Domain" not in cookie


def test_an_answer_is_stored_once_and_thanked_with_a_receipt(client: FlaskClient, work: Fieldwork, token: str) -> None:
    page = send(client, token, G1="5", A1="4")
    assert page.status_code == 200
    assert read_receipt(page)
    assert count_stored(work) == (1, 1)


def test_the_same_form_sent_twice_gives_the_same_receipt(client: FlaskClient, work: Fieldwork, token: str) -> None:
    fields = read_fields(open_form(client, token))
    first = client.post("/answer", data={**fields, "G1": "5"})
    again = client.post("/answer", data={**fields, "G1": "5"})
    assert read_receipt(first) == read_receipt(again)
    assert count_stored(work) == (1, 1)


def test_a_token_opens_no_second_form_and_takes_no_second_answer(
    client: FlaskClient, work: Fieldwork, token: str
) -> None:
    fields = read_fields(open_form(client, token))
    send(client, token, G1="5")
    assert open_form(client, token).status_code == 409
    other = client.post("/answer", data={**fields, "key": "f" * 32, "G1": "1"})
    assert other.status_code == 409
    assert count_stored(work) == (1, 1)


def test_a_missing_required_answer_keeps_everything_that_was_typed(client: FlaskClient, token: str) -> None:
    page = send(client, token, A1="4", K1="Cảm ơn cán bộ tiếp nhận")
    assert page.status_code == 422
    assert "Cảm ơn cán bộ tiếp nhận" in page.text
    assert re.search(r'name="A1" value="4"[^>]* checked', page.text)
    assert read_fields(page)["token"] == token
    sent = client.post("/answer", data={**read_fields(page), "G1": "5", "A1": "4"})
    assert sent.status_code == 200


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_unknown_token_has_its_own_page(client: FlaskClient, language: str) -> None:
    page = client.get(f"/t/{new_token()}?language={language}", follow_redirects=True)
    assert page.status_code == 404
    assert f'<html lang="{language}">' in page.text


@pytest.mark.parametrize(
    ("moved", "status"), [(timedelta(days=30), 410), (timedelta(days=-60), 403)], ids=["closed", "not open yet"]
)
@pytest.mark.parametrize("language", LANGUAGES)
def test_outside_its_days_a_wave_says_so(
    settings: Settings, work: Fieldwork, token: str, moved: timedelta, status: int, language: str
) -> None:
    then = create_app(settings, (CITIZENS,), now=lambda: NOON + moved).test_client()
    page = then.get(f"/t/{token}?language={language}", follow_redirects=True)
    assert page.status_code == status
    assert "2026" in page.text or "២០២៦" in page.text
    assert count_stored(work) == (0, 0)


def test_a_body_over_64_kb_is_refused_with_a_page_and_the_token_stays_good(
    client: FlaskClient, work: Fieldwork, token: str
) -> None:
    page = send(client, token, G1="5", K1="a" * 70_000)
    assert page.status_code == 413
    assert "<h1>" in page.text
    assert send(client, token, G1="5").status_code == 200
    assert count_stored(work) == (1, 1)


@pytest.mark.parametrize(
    ("answers", "status"),
    [
        ({"G1": "6"}, 422),
        ({"G1": "5", "Z9": "1"}, 400),
        ({"G1": "5", "excluded": "1"}, 400),
        ({"G1": "5"} | {f"x{number}": "1" for number in range(1000)}, 400),
        ({"G1": "5", "key": "short"}, 400),
    ],
    ids=["unknown choice", "unknown item", "mass assignment", "1,000 fields", "bad key"],
)
def test_what_the_form_does_not_have_is_refused_and_nothing_is_stored(
    client: FlaskClient, work: Fieldwork, token: str, answers: dict[str, str], status: int
) -> None:
    assert send(client, token, **answers).status_code == status
    assert count_stored(work) == (0, 0)


def test_a_form_without_its_token_is_refused(client: FlaskClient, work: Fieldwork, token: str) -> None:
    fields = read_fields(open_form(client, token)) | {"token": "x", "G1": "5"}
    assert client.post("/answer", data=fields).status_code == 404
    assert count_stored(work) == (0, 0)


@pytest.mark.parametrize(
    "text",
    ["Tốt", "Tố́t" + "\u0301" * 500, "\x00\x07ok\u202e", "\ud83d".encode("utf-16", "surrogatepass").decode("latin1")],
)
def test_strange_letters_never_break_it(client: FlaskClient, token: str, text: str) -> None:
    assert send(client, token, G1="5", K1=text).status_code == 200


def test_a_comment_reaches_the_inbox_in_one_normal_form(client: FlaskClient, work: Fieldwork, token: str) -> None:
    send(client, token, G1="5", K1="Tô\u0301t" + "\u0301" * 50)
    with work.database.reading() as connection:
        stored = responses.list_responses(connection, work.wave, ["A.certification"], 10)
    assert stored[0].text.decode() == '{"K1":"Tốt' + "\u0301" * 4 + '"}'


def test_another_site_cannot_post(client: FlaskClient, work: Fieldwork, token: str) -> None:
    fields = {**read_fields(open_form(client, token)), "G1": "1"}
    assert client.post("/answer", data=fields, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert client.post("/answer", data=fields, headers={"Origin": "https://evil.example"}).status_code == 403
    assert count_stored(work) == (0, 0)
    assert client.post("/answer", data=fields, headers={"Origin": "null"}).status_code == 200


@pytest.mark.parametrize("path", ["/", "/answer", "/receipt", "/nothing", "/t/ABC"])
def test_every_answer_carries_the_whole_set_of_headers(client: FlaskClient, path: str) -> None:
    found = client.get(path).headers
    assert {name: found.get(name) for name in HEADERS} == HEADERS
    policy = found["Content-Security-Policy"]
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy


def test_the_compressed_page_is_the_plain_page_and_small(client: FlaskClient, token: str) -> None:
    client.get(f"/t/{token}")
    plain = client.get("/answer").data
    packed = client.get("/answer", headers={"Accept-Encoding": "gzip"})
    hide: Callable[[bytes], bytes] = lambda page: re.sub(rb'(nonce|name="key" value)="[^"]*"', b"", page)  # noqa: E731
    assert packed.headers["Content-Encoding"] == "gzip"
    assert hide(gzip.decompress(packed.data)) == hide(plain)
    assert len(packed.data) <= 6_000


def test_the_citizens_door_has_no_staff_route(client: FlaskClient) -> None:
    assert client.get("/staff/sign-in").status_code == 404
    assert client.get("/staff/scoreboard").status_code == 404


def test_a_receipt_page_tells_only_where_it_is_counted(client: FlaskClient, work: Fieldwork, signer: Signer) -> None:
    tokens = work.tokens["A.certification"]
    receipts = [read_receipt(send(client, tokens[number], G1=level)) for number, level in enumerate("15")]
    waiting = [client.get(f"/receipt?code={code}").text.replace(code, "") for code in receipts]
    work.seal_and_tally()
    counted = [client.get(f"/receipt?code={code.lower()}").text.replace(code.lower(), "") for code in receipts]
    hide = [re.sub(r'nonce="[^"]*"', "", page) for page in (*waiting, *counted)]
    assert hide[0] == hide[1]
    assert hide[2] == hide[3]
    assert hide[0] != hide[2]
    assert "số 1" in counted[0]


def test_failures_are_braked_but_a_valid_token_never_is(
    client: FlaskClient, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from survey.web import citizen_pages
    from survey.web.limits import FailureBrake

    monkeypatch.setattr(citizen_pages, "brake", FailureBrake(most=3, per_second=0))
    statuses = [client.get(f"/t/{new_token()}", follow_redirects=True).status_code for _ in range(5)]
    assert statuses == [404, 404, 404, 429, 429]
    assert open_form(client, token).status_code == 200


def test_the_date_is_the_provinces_not_greenwichs(settings: Settings, work: Fieldwork, token: str) -> None:
    """The wave closes on 30 November; at 16:59 UTC it is 23:59 there, at 17:00 UTC it is 1 December."""
    last = datetime(2026, 11, 30, 16, 59, tzinfo=UTC)
    open_still = create_app(settings, (CITIZENS,), now=lambda: last).test_client()
    assert open_form(open_still, token).status_code == 200
    over = create_app(settings, (CITIZENS,), now=lambda: last + timedelta(minutes=1)).test_client()
    assert open_form(over, token).status_code == 410
    assert date(2026, 11, 30) == last.date()
