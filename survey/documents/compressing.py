"""Gzip of a page that is the same for everybody but for a few words: the rest is compressed once.

Each fixed piece is one byte-aligned run of deflate blocks (RFC 1951, ended by a full flush), each word a stored block;
together they are one ordinary gzip stream (RFC 1952).
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

GZIP_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff"
LAST_BLOCK = b"\x03\x00"
LONGEST_STORED_BLOCK = 0xFFFF


@dataclass(frozen=True, slots=True)
class CompressedPieces:
    """Fixed pieces of a page with their deflate runs."""

    plain: tuple[bytes, ...]
    deflated: tuple[bytes, ...]

    def join(self, words: Sequence[bytes]) -> bytes:
        """The gzip stream of piece, word, piece, word ... piece. One word fewer than pieces, each under 64 kB."""
        parts = [GZIP_HEADER]
        checksum = size = 0
        for number, plain in enumerate(self.plain):
            parts.append(self.deflated[number])
            checksum = zlib.crc32(plain, checksum)
            size += len(plain)
            if number < len(words):
                word = words[number]
                parts.append(_stored(word))
                checksum = zlib.crc32(word, checksum)
                size += len(word)
        parts += [LAST_BLOCK, struct.pack("<II", checksum, size & 0xFFFFFFFF)]
        return b"".join(parts)


def compress_pieces(plain: Sequence[bytes]) -> CompressedPieces:
    """Compress the fixed pieces, each on its own."""
    return CompressedPieces(tuple(plain), tuple(_deflate(piece) for piece in plain))


def _deflate(piece: bytes) -> bytes:
    compressor = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return compressor.compress(piece) + compressor.flush(zlib.Z_FULL_FLUSH)


def _stored(word: bytes) -> bytes:
    if len(word) > LONGEST_STORED_BLOCK:
        raise ValueError(f"A word of {len(word)} bytes does not fit one stored block: render the page whole.")
    return b"\x00" + struct.pack("<HH", len(word), len(word) ^ 0xFFFF) + word
