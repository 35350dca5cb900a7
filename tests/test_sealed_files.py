"""A sealed file is opened whole by those it was sealed to, by nobody else, and never after a change."""

from __future__ import annotations

from io import BytesIO

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from survey.sealed_files import CHUNK, NotSealedForThisKey, OpenedFile, SealBroken, SealingFile

AN, BINH, STRANGER = (X25519PrivateKey.from_private_bytes(bytes([number]) * 32) for number in (1, 2, 3))
RECIPIENTS = {"an": AN.public_key().public_bytes_raw(), "binh": BINH.public_key().public_bytes_raw()}


def sealed(content: bytes) -> bytes:
    target = BytesIO()
    with SealingFile(target, RECIPIENTS) as file:
        file.write(content)
    return target.getvalue()


def opened(content: bytes, key: X25519PrivateKey) -> bytes:
    return OpenedFile(BytesIO(content), key.private_bytes_raw()).readall()


@pytest.mark.parametrize("length", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK])
@pytest.mark.parametrize("key", [AN, BINH])
def test_each_recipient_opens_all_of_it(length: int, key: X25519PrivateKey) -> None:
    content = (b"hai long " * (length // 9 + 1))[:length]
    assert opened(sealed(content), key) == content


def test_nobody_else_opens_it() -> None:
    with pytest.raises(NotSealedForThisKey):
        opened(sealed(b"answers"), STRANGER)


def test_the_same_content_is_never_sealed_to_the_same_bytes() -> None:
    assert sealed(b"answers") != sealed(b"answers")


def test_nothing_of_the_content_can_be_read_in_it() -> None:
    assert b"answers" not in sealed(b"answers" * 1000)


@settings(max_examples=60, deadline=None)
@given(place=st.integers(min_value=0), flip=st.integers(1, 255))
def test_a_changed_byte_is_found(place: int, flip: int) -> None:
    whole = bytearray(sealed(b"answers" * 50))
    whole[place % len(whole)] ^= flip
    with pytest.raises((SealBroken, NotSealedForThisKey)):
        opened(bytes(whole), AN)


def test_chunks_cannot_be_cut_off_repeated_or_exchanged() -> None:
    """Three chunks of the head's length, the middle ones of one size."""
    whole = sealed(b"a" * CHUNK + b"b" * CHUNK + b"c")
    size = CHUNK + 16
    last = len(whole) - 17
    head, first, second = whole[: last - 2 * size], whole[last - 2 * size : last - size], whole[last - size : last]
    assert opened(head + first + second + whole[last:], AN)[CHUNK : CHUNK + 1] == b"b"  # the control
    for broken in (
        head + first + second,
        head + first,
        head + second + first + whole[last:],
        head + first + first + second + whole[last:],
        head,
    ):
        with pytest.raises(SealBroken):
            opened(broken, AN)


@pytest.mark.parametrize("content", [b"", b"PNG", b"hailong-sealed-file/1\n", b"hailong-sealed-file/1\n[]\n"])
def test_what_is_no_sealed_file_is_told(content: bytes) -> None:
    with pytest.raises((SealBroken, NotSealedForThisKey)):
        opened(content, AN)
