"""Who may call the API: a name and a secret, with which every request is signed. No secret is stored.

A secret is derived from the installation's key, the client's name and a turn: whoever copies the database can sign
nothing, and the next turn ends the secret before it.
"""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256

from survey.keys import Keys
from survey.store import clients
from survey.store.audits import By
from survey.store.clients import Client
from survey.store.database import Database

NAME = re.compile(r"[a-z0-9][a-z0-9.-]{0,62}")
SCHEME = "HAILONG-HMAC-SHA256"
SECONDS_APART = 300
AUTHORIZATION = re.compile(SCHEME + r" client=([a-z0-9.-]{1,63}),time=(\d{1,12}),signature=([0-9a-f]{64})", re.ASCII)


class BadClient(ValueError):
    """A client cannot be called this, or there is one already, or none; the message says what to do."""


class NotSigned(ValueError):
    """A request is not signed as it must be; the message says what is wrong and never which secret would do."""


@dataclass(frozen=True, slots=True)
class Request:
    """What a signature covers: the method, the target with its query, the Idempotency-Key, the body."""

    method: str
    target: str
    key: str
    body: bytes


def add_client(database: Database, keys: Keys, name: str, *, on: date, recorded: By) -> str:
    """Add a client; its secret, which is shown once. Raises BadClient."""
    if not NAME.fullmatch(name):
        raise BadClient(f"A client is called by 1 to 63 small letters, digits, points and hyphens, not {name[:80]!r}.")
    with database.writing("add-client") as connection:
        if clients.find_client(connection, name) is not None:
            raise BadClient(f"There is a client {name} already. `hailong client renew {name}` makes another secret.")
        clients.add_client(connection, name, on)
        recorded.record(connection, "client-added", name)
    return secret_of(keys, name, 1)


def renew_client(database: Database, keys: Keys, name: str, *, recorded: By) -> str:
    """Another secret for a client; the one before opens nothing from now on. Raises BadClient."""
    with database.writing("renew-client") as connection:
        client = clients.find_client(connection, name)
        if client is None or client.retired_on is not None:
            raise BadClient(f"There is no client {name[:80]}. `hailong client list` names them.")
        clients.renew_client(connection, name)
        recorded.record(connection, "client-renewed", name)
    return secret_of(keys, name, client.turn + 1)


def retire_client(database: Database, name: str, *, on: date, recorded: By) -> None:
    """Let a client call no more. Raises BadClient."""
    with database.writing("retire-client") as connection:
        if clients.find_client(connection, name) is None:
            raise BadClient(f"There is no client {name[:80]}. `hailong client list` names them.")
        clients.retire_client(connection, name, on)
        recorded.record(connection, "client-retired", name)


def list_clients(database: Database) -> list[Client]:
    with database.reading() as connection:
        return clients.list_clients(connection)


def secret_of(keys: Keys, name: str, turn: int) -> str:
    """The secret of a client: 64 hexadecimal digits."""
    return hmac.digest(keys.client, f"{name}/{turn}".encode(), sha256).hex()


def sign(secret: str, request: Request, seconds: int) -> str:
    """HMAC-SHA256 under the secret's text, as `openssl dgst -hmac` takes it, over five lines: method, target,
    seconds since 1970, Idempotency-Key, SHA-256 of the body."""
    lines = (request.method, request.target, str(seconds), request.key, sha256(request.body).hexdigest())
    return hmac.new(secret.encode(), "\n".join(lines).encode(), sha256).hexdigest()


def authorize(name: str, secret: str, request: Request, seconds: int) -> str:
    """The Authorization header of a request."""
    return f"{SCHEME} client={name},time={seconds},signature={sign(secret, request, seconds)}"


def check_signature(database: Database, keys: Keys, authorization: str, request: Request, now: datetime) -> Client:
    """The client that signed a request within the last five minutes. Raises NotSigned."""
    found = AUTHORIZATION.fullmatch(authorization)
    if found is None:
        raise NotSigned(f"The header Authorization must be: {SCHEME} client=NAME,time=SECONDS,signature=HEX")
    name, seconds, signature = found[1], int(found[2]), found[3]
    if abs(now.timestamp() - seconds) > SECONDS_APART:
        raise NotSigned("The request was signed more than five minutes ago, or a clock is wrong: sign it again.")
    with database.reading() as connection:
        client = clients.find_client(connection, name)
    expected = sign(secret_of(keys, name, client.turn if client else 0), request, seconds)
    if not hmac.compare_digest(expected, signature) or client is None or client.retired_on is not None:
        raise NotSigned(
            "The client is not known, or the signature is not its own: check the secret and what it covers."
        )
    return client
