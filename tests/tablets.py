"""A device without a browser: it keeps a key, puts answers in envelopes and signs what it sends."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass, field
from datetime import date, datetime

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from survey.envelopes import CURVE, public_point, request_message, seal_envelope

Sent = tuple[str, bytes]


def new_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(CURVE)


def clock_of(now: datetime) -> int:
    return int(now.timestamp() * 1000)


@dataclass
class Tablet:
    """A device's key and the server's public point."""

    server: bytes
    name: str = "QUAY-1"
    key: ec.EllipticCurvePrivateKey = field(default_factory=new_key)

    @property
    def point(self) -> bytes:
        return public_point(self.key)

    def sign(self, message: bytes) -> bytes:
        r, s = decode_dss_signature(self.key.sign(message, ec.ECDSA(SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")

    def sign_pairing(self, code: str) -> bytes:
        return self.sign(request_message("/kiosk/pair", "", "", code.encode()))

    def headers(self, path: str, body: bytes, clock: int) -> dict[str, str]:
        signature = self.sign(request_message(path, self.name, str(clock), body))
        return {"Device": self.name, "Device-Clock": str(clock), "Device-Signature": signature.hex()}

    def put(
        self,
        code: str | None,
        *,
        on: date,
        answers: dict[str, str] | None = None,
        key: str | None = None,
        **others: object,
    ) -> Sent:
        """An answer as the device keeps it: (idempotency key, envelope)."""
        said: dict[str, object] = {
            "code": code,
            "on": on.isoformat(),
            "answers": answers or {"G1": "5"},
            "language": "vi",
        }
        said |= {"wave": "W", "agency": "A", "questionnaire": "onequestion@1"}
        return self.seal(json.dumps({**said, **others}).encode(), key)

    def seal(self, content: bytes, key: str | None = None) -> Sent:
        key = key or secrets.token_hex(16)
        return key, seal_envelope(self.server, secrets.token_bytes(12), content, key)
