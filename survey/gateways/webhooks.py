"""Telling a portal that something happened: one signed POST, as https://www.standardwebhooks.com describes it."""

from __future__ import annotations

import hmac
from base64 import b64encode
from dataclasses import dataclass
from hashlib import sha256

from survey.gateways.errors import GatewayUnavailable
from survey.gateways.outbound import Allowed, call


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where a portal listens. `events` are what it hears of, all when none is named; `turn` numbers its secrets."""

    url: str
    allowed: Allowed
    events: tuple[str, ...] = ()
    turn: int = 1

    def hears(self, event: str) -> bool:
        return not self.events or event in self.events

    def tell(self, code: str, seconds: int, body: str, secret: bytes) -> int:
        """Send once; the status of the answer, which is of the 200s.

        Raises GatewayForbidden, GatewayUnavailable, Malformed.
        """
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "hailong",
            "webhook-id": code,
            "webhook-timestamp": str(seconds),
            "webhook-signature": sign(code, seconds, body, secret),
        }
        answer = call(self.allowed, self.url, method="POST", headers=headers, body=body.encode())
        if not 200 <= answer.status < 300:
            raise GatewayUnavailable(f"The portal answered {answer.status}.")
        return answer.status


def sign(code: str, seconds: int, body: str, secret: bytes) -> str:
    """`v1,` and the base64 of HMAC-SHA256 over id, timestamp and body, joined by points."""
    signed = hmac.digest(secret, f"{code}.{seconds}.{body}".encode(), sha256)
    return f"v1,{b64encode(signed).decode()}"
