"""Secrets: what is derived from the installation's secret key, tokens and their keyed hashes, the signing key."""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass
from hashlib import sha256

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from survey.proof import NoteSigner, Signer
from survey.settings import Settings, write_private
from survey.signing import RemoteSigner

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
FORGIVEN = str.maketrans("OIL", "011", " -\t\r\n")
TOKEN_BYTES = 16
TOKEN_LENGTH = 26
CODE_LENGTH = 10
SIGNING_KEY_FILE = "checkpoint.key"


@dataclass(frozen=True, slots=True)
class Keys:
    """Keys for one purpose each, derived by HKDF (RFC 5869) from the installation's secret key."""

    token: bytes
    receipt: bytes
    staff_session: bytes
    web_session: bytes
    unit: bytes
    applicant: bytes
    contact: bytes
    contact_seal: bytes
    stop: bytes
    device: bytes
    form: bytes
    client: bytes
    recovery: bytes
    staff_invitation: bytes
    factor_seal: bytes

    def token_hash(self, token: str) -> bytes:
        """Keyed hash of a token in its canonical spelling: all that is ever stored of it (32 bytes)."""
        return hmac.digest(self.token, token.encode(), sha256)

    def unit_hash(self, dossier: str) -> bytes:
        """Keyed hash of a dossier code (32 bytes): tells duplicates apart and names nobody."""
        return hmac.digest(self.unit, dossier.encode(), sha256)

    def applicant_hash(self, wave_code: str, applicant: str) -> bytes:
        """Keyed hash of who filed, for one wave (32 bytes): no wave's applicants can be found in another's."""
        return hmac.digest(self.applicant, f"{wave_code}\0{applicant}".encode(), sha256)

    def pairing_hash(self, code: str) -> bytes:
        """Keyed hash of a device's one-time pairing code in its canonical spelling (32 bytes)."""
        return hmac.digest(self.device, code.encode(), sha256)

    def contact_hash(self, contact: str) -> bytes:
        """Keyed hash of a telephone number or e-mail address in its canonical spelling (32 bytes)."""
        return hmac.digest(self.contact, contact.encode(), sha256)

    def stop_hash(self, code: str) -> bytes:
        """Keyed hash of a code that was used to stop messages (32 bytes); not the one that invitations keep."""
        return hmac.digest(self.stop, code.encode(), sha256)

    def session_hash(self, session: str) -> bytes:
        """Keyed hash of a staff session's cookie value (32 bytes)."""
        return hmac.digest(self.staff_session, session.encode(), sha256)

    def recovery_hash(self, name: str, code: str) -> bytes:
        """Keyed hash of a recovery code of an account, in its canonical spelling (32 bytes)."""
        return hmac.digest(self.recovery, f"{name}\0{code}".encode(), sha256)

    def staff_invitation_hash(self, token: str) -> bytes:
        """Keyed hash of the token of a staff invitation (32 bytes)."""
        return hmac.digest(self.staff_invitation, token.encode(), sha256)


def derive_keys(secret_key: bytes) -> Keys:
    """All keys of an installation, from its one secret."""
    return Keys(**{purpose: _derive(secret_key, purpose) for purpose in Keys.__slots__})


def new_token() -> str:
    """A token for a link: 128 random bits as 26 Crockford base32 characters."""
    number = int.from_bytes(secrets.token_bytes(TOKEN_BYTES), "big")
    return "".join(CROCKFORD[(number >> shift) & 31] for shift in range(5 * (TOKEN_LENGTH - 1), -1, -5))


def new_code() -> str:
    """A code to be typed: 50 random bits as ten Crockford characters, and one that catches a slip of the hand."""
    letters = "".join(secrets.choice(CROCKFORD) for _ in range(CODE_LENGTH))
    return letters + _check_letter(letters)


def canonical_token(text: str) -> str | None:
    """The one spelling of what somebody opened (a link's token) or typed (a slip's code); None when it can be neither.

    Case, spaces and hyphens do not matter, nor O for 0, nor I or L for 1 (Crockford's base32).
    """
    if len(text) > 4 * TOKEN_LENGTH:
        return None
    letters = text.upper().translate(FORGIVEN)
    if not set(letters) <= set(CROCKFORD):
        return None
    is_code = len(letters) == CODE_LENGTH + 1 and letters[-1] == _check_letter(letters[:-1])
    return letters if is_code or len(letters) == TOKEN_LENGTH else None


def open_signer(settings: Settings) -> NoteSigner:
    """Whoever signs checkpoints: the process that HAILONG_SIGNER names, else the key in the home."""
    return RemoteSigner(settings.signer) if settings.signer else load_signer(settings)


def load_signer(settings: Settings) -> Signer:
    """What signs checkpoints; made on first use in the home (embedded mode: not separated from the web process)."""
    path = settings.key_folder / SIGNING_KEY_FILE
    if not path.exists():
        path.parent.mkdir(mode=0o700, exist_ok=True)
        log_name = f"hailong-{secrets.token_hex(4)}"
        write_private(path, Signer(log_name, secrets.token_bytes(32)).skey.encode() + b"\n")
    return Signer.parse(path.read_text(encoding="ascii").strip())


def _check_letter(letters: str) -> str:
    """Sum of the letters times growing powers of a generator of GF(32): one wrong letter, or two neighbours swapped,
    always change it (a Reed-Solomon code of distance 2; x^5 + x^2 + 1 is primitive)."""
    check, power = 0, 1
    for letter in letters:
        power = _times(power, 2)
        check ^= _times(power, CROCKFORD.index(letter))
    return CROCKFORD[check]


def _times(one: int, other: int) -> int:
    product = 0
    while other:
        if other & 1:
            product ^= one
        one <<= 1
        if one & 32:
            one ^= 0b100101
        other >>= 1
    return product


def _derive(secret_key: bytes, purpose: str) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=b"hailong/" + purpose.encode()).derive(secret_key)
