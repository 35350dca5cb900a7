"""Webhooks: a portal hears what was committed, signed, once and again until it answers; nobody is named."""

from __future__ import annotations

import hmac
from base64 import b64decode, b64encode
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from outside import LOOPBACK, Provider, text_provider

from survey.actions.telling import WAITS, list_deliveries, ping, show_secret, tell_portals, try_again
from survey.gateways.configuring import GatewaysWrong, load_gateways
from survey.gateways.outbound import allow
from survey.gateways.webhooks import Webhook
from survey.keys import Keys
from survey.store.audits import By
from survey.store.database import Database

ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
NOON = datetime(2026, 11, 24, 5, tzinfo=UTC)


@pytest.fixture
def portal() -> Iterator[Provider]:
    with text_provider() as running:
        yield running


def hook(portal: Provider, *events: str) -> dict[str, Webhook]:
    return {"portal": Webhook(portal.url, allow("127.0.0.1", LOOPBACK), events)}


def record(database: Database, event: str, subject: str, **detail: object) -> None:
    with database.writing("test") as connection:
        By("an", NOON).record(connection, event, subject, **detail)


def is_signed(secret: str, portal: Provider) -> bool:
    """As a portal checks it by https://www.standardwebhooks.com: HMAC-SHA256 of id.timestamp.body."""
    request = portal.requests[-1]
    given = {name.lower(): value for name, value in request.headers.items()}
    text = f"{given['webhook-id']}.{given['webhook-timestamp']}.".encode() + request.body
    expected = hmac.digest(b64decode(secret.removeprefix("whsec_")), text, sha256)
    return hmac.compare_digest(given["webhook-signature"], f"v1,{b64encode(expected).decode()}")


@ON_SQLITE
def test_a_portal_hears_what_happens_from_now_on_signed_and_without_names(
    database: Database, keys: Keys, portal: Provider
) -> None:
    hooks = hook(portal)
    record(database, "wave-opened", "BEFORE")
    assert tell_portals(database, keys, hooks, NOON) == 0
    record(database, "invited", "W", count=400, seed="secret of the draw")
    record(database, "staff-added", "binh")
    assert tell_portals(database, keys, hooks, NOON) == 1
    assert [each.json for each in portal.requests] == [
        {
            "type": "sample.drawn",
            "timestamp": "2026-11-24T05:00:00+00:00",
            "data": {"subject": "W", "count": 400},
        }
    ]
    assert is_signed(show_secret(keys, hooks, "portal"), portal)
    later = {"portal": replace(hooks["portal"], turn=2)}
    assert not is_signed(show_secret(keys, later, "portal"), portal), "the control: another secret does not fit"
    assert tell_portals(database, keys, hooks, NOON) == 0


@ON_SQLITE
def test_only_the_events_that_are_named_are_told(database: Database, keys: Keys, portal: Provider) -> None:
    hooks = hook(portal, "release.published")
    tell_portals(database, keys, hooks, NOON)
    record(database, "wave-opened", "W")
    record(database, "release-published", "W.1")
    assert tell_portals(database, keys, hooks, NOON) == 1
    assert [each.event for each in list_deliveries(database)] == ["release.published"]


@ON_SQLITE
def test_a_portal_that_is_down_is_tried_again_with_the_same_bytes_and_then_given_up(
    database: Database, keys: Keys, portal: Provider
) -> None:
    hooks = hook(portal)
    tell_portals(database, keys, hooks, NOON)
    record(database, "wave-closed", "W")
    portal.says(503, "later")
    now = NOON
    assert tell_portals(database, keys, hooks, now) == 0
    assert tell_portals(database, keys, hooks, now + timedelta(seconds=59)) == 0
    assert len(portal.requests) == 1
    for wait in WAITS:
        now += wait
        tell_portals(database, keys, hooks, now)
    assert len(portal.requests) == 1 + len(WAITS)
    assert len({each.body for each in portal.requests}) == 1
    assert len({each.headers["webhook-id"] for each in portal.requests}) == 1
    [lost] = list_deliveries(database)
    assert (lost.state, lost.attempts, lost.told) == ("given_up", 8, "The portal answered 503.")
    portal.says(204, "")
    assert tell_portals(database, keys, hooks, now + timedelta(days=9)) == 0
    try_again(database, lost.code, now)
    assert tell_portals(database, keys, hooks, now) == 1


@pytest.mark.parametrize(
    "allowed",
    [allow("portal.example", LOOPBACK), allow("127.0.0.1"), allow("127.0.0.1", ("10.0.0.0/8",))],
    ids=["another host", "no closed network", "another network"],
)
@ON_SQLITE
def test_nobody_is_called_who_is_not_listed(database: Database, keys: Keys, portal: Provider, allowed: object) -> None:
    hooks = {"portal": replace(hook(portal)["portal"], allowed=allowed)}  # type: ignore[arg-type]
    assert ping(database, keys, hooks, "portal", NOON).state == "given_up"
    assert portal.requests == []


@ON_SQLITE
def test_a_redirect_is_an_answer_that_is_not_followed(database: Database, keys: Keys, portal: Provider) -> None:
    portal.says(302, "", Location="http://169.254." + "169.254/")
    assert ping(database, keys, hook(portal), "portal", NOON).told == "The portal answered 302."
    assert len(portal.requests) == 1


def test_the_list_is_a_file_that_names_each_portal(tmp_path: Path) -> None:
    path = tmp_path / "gateways.toml"
    path.write_text('[webhook.portal]\nurl = "https://portal.example/in"\nevents = ["sample.drawn"]\nturn = 2\n')
    path.chmod(0o600)
    [found] = load_gateways(path, {}).webhooks.values()
    assert (found.url, found.allowed.host, found.turn) == ("https://portal.example/in", "portal.example", 2)
    assert (found.hears("sample.drawn"), found.hears("wave.opened")) == (True, False)
    path.write_text('[webhook.portal]\nurl = "https://me:secret@portal.example/in"\n')
    with pytest.raises(GatewaysWrong, match="no password"):
        load_gateways(path, {})
