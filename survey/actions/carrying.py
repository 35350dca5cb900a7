"""What a form in steps carries: the answers of its other steps, encrypted in the page and kept nowhere else.

AES-GCM (NIST SP 800-38D) under a key derived for this alone. What is sealed is bound to the keyed hash of the token, to
the form's idempotency key and to the questionnaire, so it opens in no other form; and to a day after which it does not
open at all.
"""

from __future__ import annotations

import json
import secrets
import zlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from survey.actions.answering import ExpiredForm, StaleForm

NONCE_BYTES = 12
LIFETIME = timedelta(hours=24)
EXPIRY_BYTES = 6
LONGEST_CARRIED = 48 * 1024


@dataclass(frozen=True, slots=True)
class Carrier:
    """Seals and opens what one form carries."""

    key: bytes
    token_hash: bytes
    form_key: str
    questionnaire: str

    def seal(self, answers: Mapping[str, str], now: datetime) -> str:
        """Answers by item code as text for a hidden field; nothing is sealed as the empty text."""
        if not answers:
            return ""
        expires = int((now + LIFETIME).timestamp()).to_bytes(EXPIRY_BYTES, "big")
        packed = zlib.compress(json.dumps(answers, ensure_ascii=False, separators=(",", ":")).encode(), 9)
        nonce = secrets.token_bytes(NONCE_BYTES)
        sealed = AESGCM(self.key).encrypt(nonce, packed, self._bound(expires))
        return urlsafe_b64encode(expires + nonce + sealed).rstrip(b"=").decode()

    def open(self, carried: str, now: datetime) -> dict[str, str]:
        """The answers again. Raises StaleForm when it was not made for this form, ExpiredForm when its day is over."""
        if not carried:
            return {}
        raw = _decode(carried)
        expires, nonce, sealed = raw[:EXPIRY_BYTES], raw[EXPIRY_BYTES:][:NONCE_BYTES], raw[EXPIRY_BYTES + NONCE_BYTES :]
        try:
            packed = AESGCM(self.key).decrypt(nonce, sealed, self._bound(expires))
        except (InvalidTag, ValueError) as forged:
            raise StaleForm from forged
        if now.timestamp() > int.from_bytes(expires, "big"):
            raise ExpiredForm
        answers: dict[str, str] = json.loads(zlib.decompress(packed))
        return answers

    def _bound(self, expires: bytes) -> bytes:
        parts = (expires, self.token_hash, self.form_key.encode(), self.questionnaire.encode())
        return b"".join(len(part).to_bytes(2, "big") + part for part in parts)


def _decode(carried: str) -> bytes:
    if len(carried) > LONGEST_CARRIED or not carried.isascii():
        raise StaleForm
    try:
        return urlsafe_b64decode(carried + "=" * (-len(carried) % 4))
    except (NotBase64, ValueError) as broken:
        raise StaleForm from broken
