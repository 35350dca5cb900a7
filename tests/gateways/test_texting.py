"""One description serves any provider: what is sent, what counts as taken, refused and delivered."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from outside import LOOPBACK, PATTERNS, Provider

from survey.gateways.errors import GatewayUnavailable, RecipientRefused
from survey.gateways.outbound import allow
from survey.gateways.texting import TextGateway

AWKWARD = 'Mời "Ông/Bà" góp ý\\n: {to} {text} & <b> \u1780\u17c2 %s'


def gateway(provider: Provider, **changes: object) -> TextGateway:
    values: dict[str, object] = {
        "url": provider.url,
        "allowed": allow("127.0.0.1", LOOPBACK),
        "success": re.compile(PATTERNS["success"]),
        "refused": re.compile(PATTERNS["refused"]),
        "headers": {"Content-Type": "application/json", "Authorization": "Bearer x"},
        "body": '{"to": "{to}", "text": "{text}", "id": "{id}"}',
    }
    return TextGateway(**{**values, **changes})  # type: ignore[arg-type]


def test_a_message_arrives_letter_by_letter_whatever_it_holds(provider: Provider) -> None:
    assert gateway(provider).send("84912345678", AWKWARD, "n1") is None
    [request] = provider.requests
    assert request.json == {"to": "84912345678", "text": AWKWARD, "id": "n1"}
    assert (request.method, request.headers["Authorization"]) == ("POST", "Bearer x")


def test_a_form_is_filled_in_as_a_form(provider: Provider) -> None:
    headers = {"content-type": "application/x-www-form-urlencoded"}
    gateway(provider, headers=headers, body="to={to}&text={text}").send("84912345678", AWKWARD, "n1")
    fields = parse_qs(provider.requests[0].body.decode())
    assert fields == {"to": ["84912345678"], "text": [AWKWARD]}


def test_an_address_is_filled_in_as_an_address(provider: Provider) -> None:
    gateway(provider, method="GET", url=provider.url + "?to={to}&text={text}", body="").send(
        "84912345678", AWKWARD, "n"
    )
    [request] = provider.requests
    assert request.method == "GET"
    assert parse_qs(urlsplit(request.path).query) == {"to": ["84912345678"], "text": [AWKWARD]}


@pytest.mark.parametrize(
    ("status", "body"),
    [(200, '{"status": "error"}'), (500, '{"status": "ok", "id": "m1"}'), (401, "no"), (302, "moved"), (204, "")],
)
def test_what_does_not_say_success_may_be_tried_again(provider: Provider, status: int, body: str) -> None:
    provider.says(status, body)
    with pytest.raises(GatewayUnavailable):
        gateway(provider).send("84912345678", "a", "n1")


def test_a_number_that_will_never_work_is_told_apart(provider: Provider) -> None:
    provider.says(400, '{"error": "invalid number"}')
    with pytest.raises(RecipientRefused):
        gateway(provider).send("84912345678", "a", "n1")


def test_delivery_is_asked_for_until_it_is_known(provider: Provider) -> None:
    asked = gateway(
        provider,
        report_url=provider.url + "/report/{id}",
        delivered=re.compile("DELIVRD"),
        failed=re.compile("UNDELIV"),
    )
    assert asked.send("84912345678", "a", "n1") == "m1"
    provider.says(200, "ENROUTE")
    assert asked.is_delivered("m1") is False
    provider.says(200, "DELIVRD")
    assert asked.is_delivered("../m 1") is True
    provider.says(200, "UNDELIV")
    with pytest.raises(RecipientRefused):
        asked.is_delivered("m1")
    assert [request.path for request in provider.requests[1:]] == [
        "/send/report/m1",
        "/send/report/..%2Fm%201",
        "/send/report/m1",
    ]
