"""Telling portals what happened: the audit trail is the source, so that nothing is told that was not committed.

Each webhook reads the trail on from where it stopped. A body is fixed when it is queued and sent byte for byte at every
attempt, with its own code, so a portal that hears it twice knows. Nobody is named: only waves, releases and counts.
"""

from __future__ import annotations

import hmac
import json
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from survey.gateways.errors import GatewayError, GatewayForbidden
from survey.gateways.webhooks import Webhook
from survey.keys import Keys
from survey.store import audits, webhooks
from survey.store.database import Connection, Database
from survey.store.webhooks import Delivery

AT_ONCE = 200
LONGEST_TOLD = 200
PING = "ping"
# What a portal hears of an entry of the trail, and which of its numbers.
EVENTS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "wave-opened": ("wave.opened", ()),
    "wave-closed": ("wave.closed", ()),
    "invited": ("sample.drawn", ("count",)),
    "invited-nightly": ("sample.drawn", ("count",)),
    "release-published": ("release.published", ()),
    "questionnaire-published": ("questionnaire.published", ()),
}
HEARD = tuple(dict.fromkeys(name for name, _ in EVENTS.values()))
# After the first attempt; then it is given up, after a day and a half, until somebody asks for another attempt.
WAITS = tuple(timedelta(minutes=each) for each in (1, 5, 30, 120, 360, 720, 1440))


class UnknownWebhook(LookupError):
    """No webhook of this name is listed; the message says where they are."""


class UnknownDelivery(LookupError):
    """There is no such delivery to try again."""


def tell_portals(database: Database, keys: Keys, hooks: Mapping[str, Webhook], now: datetime) -> int:
    """Queue what is new and send what is due; how many were delivered."""
    for name, hook in hooks.items():
        _queue(database, name, hook, now)
    with database.reading() as connection:
        due = [each for each in webhooks.list_due(connection, now, AT_ONCE) if each.name in hooks]
    return sum(_send(database, keys, hooks[each.name], each, now) for each in due)


def ping(database: Database, keys: Keys, hooks: Mapping[str, Webhook], name: str, now: datetime) -> Delivery:
    """Send a webhook a trial now, once; what came of it. Raises UnknownWebhook."""
    if name not in hooks:
        raise UnknownWebhook(
            f"There is no webhook {name[:80]}. They are listed as [webhook.NAME] in the gateways' file."
        )
    trial = _delivery(name, PING, _body(PING, now, "", {}), now, f"ping-{now.timestamp():.6f}")
    with database.writing("webhook-ping") as connection:
        webhooks.add_deliveries(connection, [trial])
    _send(database, keys, hooks[name], trial, now, give_up=True)
    with database.reading() as connection:
        return next(each for each in webhooks.list_deliveries(connection, AT_ONCE) if each.code == trial.code)


def try_again(database: Database, code: str, now: datetime) -> None:
    """Let a delivery that was given up be tried once more from the start. Raises UnknownDelivery."""
    with database.writing("webhook-again") as connection:
        if not webhooks.try_again(connection, code, now):
            raise UnknownDelivery(f"No delivery {code[:80]} was given up. `hailong webhook deliveries` lists them.")


def list_deliveries(database: Database, most: int = 100) -> list[Delivery]:
    with database.reading() as connection:
        return webhooks.list_deliveries(connection, most)


def secret_of(keys: Keys, name: str, turn: int) -> bytes:
    """The secret that a webhook's deliveries are signed with. It is stored nowhere."""
    return hmac.digest(keys.client, f"webhook/{name}/{turn}".encode(), sha256)


def show_secret(keys: Keys, hooks: Mapping[str, Webhook], name: str) -> str:
    """The secret as the portal takes it. Raises UnknownWebhook."""
    if name not in hooks:
        raise UnknownWebhook(
            f"There is no webhook {name[:80]}. They are listed as [webhook.NAME] in the gateways' file."
        )
    return f"whsec_{b64encode(secret_of(keys, name, hooks[name].turn)).decode()}"


def _queue(database: Database, name: str, hook: Webhook, now: datetime) -> None:
    with database.reading() as connection:
        head, _ = audits.find_head(connection)
    with database.writing("webhook-queue") as connection:
        start = webhooks.hold_progress(connection, name)
        if start is not None and start >= head:
            return
        # A new webhook hears of what happens from now on: the trail before it is not poured out.
        new = [] if start is None else _list_new(connection, name, hook, start, head, now)
        webhooks.add_deliveries(connection, new)
        webhooks.move_progress(connection, name, head)


def _list_new(connection: Connection, name: str, hook: Webhook, start: int, head: int, now: datetime) -> list[Delivery]:
    found = []
    for entry in audits.list_entries(connection, start=start):
        event, told = EVENTS.get(entry.event, ("", ()))
        if entry.position < head and event and hook.hears(event):
            detail = json.loads(entry.detail)
            numbers = {each: detail[each] for each in told if each in detail}
            body = _body(event, entry.at.replace(tzinfo=UTC), entry.subject, numbers)
            found.append(_delivery(name, event, body, now, f"{entry.position:09}"))
    return found


def _body(event: str, at: datetime, subject: str, numbers: Mapping[str, int]) -> str:
    values = {"type": event, "timestamp": at.isoformat(timespec="seconds"), "data": {"subject": subject, **numbers}}
    return json.dumps(values, ensure_ascii=False, separators=(",", ":"))


def _delivery(name: str, event: str, body: str, now: datetime, number: str) -> Delivery:
    return Delivery(f"{number}.{name}", name, event, body, webhooks.WAITING, 0, now, "")


def _send(
    database: Database, keys: Keys, hook: Webhook, delivery: Delivery, now: datetime, *, give_up: bool = False
) -> bool:
    secret = secret_of(keys, delivery.name, hook.turn)
    attempts = delivery.attempts + 1
    try:
        status = hook.tell(delivery.code, int(now.timestamp()), delivery.body, secret)
        changed = replace(delivery, state=webhooks.DELIVERED, attempts=attempts, told=str(status))
    except GatewayError as failure:
        over = give_up or attempts > len(WAITS) or isinstance(failure, GatewayForbidden)
        later = now if over else now + WAITS[attempts - 1]
        state = webhooks.GIVEN_UP if over else webhooks.WAITING
        changed = replace(delivery, state=state, attempts=attempts, due_at=later, told=str(failure)[:LONGEST_TOLD])
    with database.writing("webhook-sent") as connection:
        webhooks.change_delivery(connection, changed)
    return changed.state == webhooks.DELIVERED
