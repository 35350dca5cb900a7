"""What devices and the server say to each other in secret: envelopes that only the server opens, signed requests.

An envelope is ECDH on P-256 with a fresh key, HKDF-SHA256 and AES-256-GCM: point (65 bytes), nonce (12), ciphertext.
The idempotency key is authenticated with it, so that nobody can pass one envelope off under another's key.
P-256 and not Ed25519, because every browser that a kiosk may run keeps such keys without letting them out.
"""

from __future__ import annotations

from hashlib import sha256

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

CURVE = ec.SECP256R1()
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
POINT_BYTES, NONCE_BYTES, TAG_BYTES = 65, 12, 16
PURPOSE = b"hailong/envelope"


class Unreadable(ValueError):
    """This is no envelope to this server under this key."""


def server_key(secret: bytes) -> ec.EllipticCurvePrivateKey:
    """The server's private key: 48 bytes of HKDF reduced to 1..n-1 (FIPS 186-5, A.2.1), so it needs no file."""
    stretched = HKDF(algorithm=SHA256(), length=48, salt=None, info=PURPOSE + b"/server").derive(secret)
    return ec.derive_private_key(int.from_bytes(stretched, "big") % (ORDER - 1) + 1, CURVE)


def public_point(key: ec.EllipticCurvePrivateKey) -> bytes:
    """A public key as its uncompressed point (65 bytes), as WebCrypto's "raw" format has it."""
    return key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def open_envelope(key: ec.EllipticCurvePrivateKey, envelope: bytes, idempotency_key: str) -> bytes:
    """What a device put in. Raises Unreadable."""
    if len(envelope) < POINT_BYTES + NONCE_BYTES + TAG_BYTES:
        raise Unreadable
    point, rest = envelope[:POINT_BYTES], envelope[POINT_BYTES:]
    try:
        shared = key.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(CURVE, point))
        return AESGCM(_stretch(shared)).decrypt(rest[:NONCE_BYTES], rest[NONCE_BYTES:], idempotency_key.encode())
    except (ValueError, InvalidTag) as wrong:
        raise Unreadable from wrong


def seal_envelope(point: bytes, nonce: bytes, content: bytes, idempotency_key: str) -> bytes:
    """What a device does, for devices that are not browsers. The nonce is 12 random bytes."""
    once = ec.generate_private_key(CURVE)
    shared = once.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(CURVE, point))
    return public_point(once) + nonce + AESGCM(_stretch(shared)).encrypt(nonce, content, idempotency_key.encode())


def request_message(path: str, device: str, clock: str, body: bytes) -> bytes:
    """What a device signs of a request."""
    return "\n".join(("hailong/device", path, device, clock, sha256(body).hexdigest())).encode()


def is_signed_by(point: bytes, message: bytes, signature: bytes) -> bool:
    """Whether a signature (r and s, 32 bytes each, as WebCrypto writes it) is of this message by this key."""
    if len(signature) != 64:
        return False
    written = encode_dss_signature(int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big"))
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(CURVE, point).verify(written, message, ec.ECDSA(SHA256()))
    except (ValueError, InvalidSignature):
        return False
    return True


def _stretch(shared: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=bytes(32), info=PURPOSE).derive(shared)
