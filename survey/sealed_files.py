"""Files that only named key holders can open: written and read as a stream, however large.

A random file key is encrypted to every recipient (HPKE, RFC 9180: X25519, HKDF-SHA256, AES-256-GCM); the content
follows in chunks under AES-256-GCM, whose nonces count the chunks and mark the last one, so that none can be moved,
repeated or cut off unseen (the STREAM construction: Hoang, Reyhanitabar, Rogaway and Vizár 2015). The header is
authenticated with them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from io import RawIOBase
from typing import TYPE_CHECKING, BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer, WriteableBuffer

MAGIC = b"hailong-sealed-file/1\n"
PURPOSE = b"hailong/sealed-file"
CHUNK = 1 << 20
TAG = 16
LONGEST_HEADER = 1 << 16
SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)


class NotSealedForThisKey(ValueError):
    """None of a file's recipients is this private key."""


class SealBroken(ValueError):
    """A sealed file was changed or cut off, or is none."""


class SealingFile(RawIOBase):
    """A file to write to: what is written reaches `target` sealed to the recipients' X25519 public keys by name.

    `close` writes the last chunk; without it the file cannot be opened.
    """

    def __init__(self, target: BinaryIO, recipients: Mapping[str, bytes]) -> None:
        key = AESGCM.generate_key(256)
        sealed = {
            name: SUITE.encrypt(key, X25519PublicKey.from_public_bytes(public), PURPOSE).hex()
            for name, public in recipients.items()
        }
        header = json.dumps(sealed, sort_keys=True).encode() + b"\n"
        target.write(MAGIC + header)
        self._target, self._chunks, self._waiting = target, _Chunks(key, header), bytearray()

    def writable(self) -> bool:
        return True

    def write(self, content: ReadableBuffer, /) -> int:
        self._waiting += content
        while len(self._waiting) > CHUNK:
            self._target.write(self._chunks.seal(bytes(self._waiting[:CHUNK]), last=False))
            del self._waiting[:CHUNK]
        return memoryview(content).nbytes

    def close(self) -> None:
        if not self.closed:
            self._target.write(self._chunks.seal(bytes(self._waiting), last=True))
        super().close()


class OpenedFile(RawIOBase):
    """What a sealed file holds, to be read once from the beginning.

    Raises NotSealedForThisKey at once, SealBroken when a chunk does not follow from the one before.
    """

    def __init__(self, source: BinaryIO, private_key: bytes) -> None:
        if source.read(len(MAGIC)) != MAGIC:
            raise SealBroken("This is no sealed file of Hài Lòng.")
        header = source.readline(LONGEST_HEADER)
        self._source, self._chunks = source, _Chunks(_find_key(header, private_key), header)
        self._next, self._plain = source.read(CHUNK + TAG), b""
        if not self._next:
            raise SealBroken("The file ends behind its head. Take another copy of it.")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        if not self._plain and self._next:
            self._plain = self._open_next()
        target = memoryview(buffer).cast("B")
        count = min(len(target), len(self._plain))
        target[:count], self._plain = self._plain[:count], self._plain[count:]
        return count

    def _open_next(self) -> bytes:
        sealed, self._next = self._next, self._source.read(CHUNK + TAG)
        return self._chunks.open(sealed, last=not self._next)


class _Chunks:
    """The running number of chunks under one key that is used for one file only."""

    def __init__(self, key: bytes, header: bytes) -> None:
        self._cipher, self._bound, self._number = AESGCM(key), sha256(header).digest(), 0

    def seal(self, plain: bytes, *, last: bool) -> bytes:
        return self._cipher.encrypt(self._nonce(last=last), plain, self._bound)

    def open(self, sealed: bytes, *, last: bool) -> bytes:
        try:
            return self._cipher.decrypt(self._nonce(last=last), sealed, self._bound)
        except (InvalidTag, ValueError) as wrong:
            raise SealBroken(
                f"The file was changed or cut off at {self._number * CHUNK:,} bytes. Take another copy of it."
            ) from wrong

    def _nonce(self, *, last: bool) -> bytes:
        self._number += 1
        return self._number.to_bytes(11, "big") + bytes([last])


def _find_key(header: bytes, private_key: bytes) -> bytes:
    private = X25519PrivateKey.from_private_bytes(private_key)
    try:
        sealed = [bytes.fromhex(each) for each in json.loads(header).values()]
    except (ValueError, AttributeError, TypeError) as wrong:
        raise SealBroken("The head of the sealed file was changed or cut off. Take another copy of it.") from wrong
    for each in sealed:
        try:
            return SUITE.decrypt(each, private, PURPOSE)
        except (InvalidTag, ValueError):
            continue
    raise NotSealedForThisKey("This file was sealed to other keys than this one, or its head was changed.")
