"""Keys for one purpose each, tokens of 128 bits, codes that forgive spelling and catch a slip of the hand."""

from __future__ import annotations

import hmac
import stat
from dataclasses import astuple
from hashlib import sha256
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from survey.keys import CROCKFORD, Keys, canonical_token, derive_keys, load_signer, new_code, new_token
from survey.settings import Settings

SECRET = b"a secret of the tests, long enough to pass"


def test_keys_are_derived_by_rfc_5869_one_for_each_purpose() -> None:
    """HKDF with SHA-256 by hmac alone: extract with an empty salt, expand once with the purpose and the byte 1."""
    keys = derive_keys(SECRET)
    extracted = hmac.digest(bytes(32), SECRET, sha256)
    for purpose in Keys.__slots__:
        assert getattr(keys, purpose) == hmac.digest(extracted, f"hailong/{purpose}".encode() + b"\x01", sha256)
    assert len(set(astuple(keys))) == len(Keys.__slots__)


def test_another_secret_gives_other_hashes() -> None:
    token = new_token()
    assert derive_keys(SECRET).token_hash(token) != derive_keys(SECRET + b"!").token_hash(token)


def test_a_token_is_26_letters_of_128_random_bits() -> None:
    """26 letters of 5 bits are 130: the first two bits are 0, so the first letter is one of eight."""
    tokens = [new_token() for _ in range(400)]
    assert len(set(tokens)) == 400
    assert all(len(token) == 26 and set(token) <= set(CROCKFORD) for token in tokens)
    assert {token[0] for token in tokens} == set(CROCKFORD[:8])


@given(st.lists(st.sampled_from(CROCKFORD), min_size=26, max_size=26), st.integers(0, 26))
def test_spelling_does_not_matter(letters: list[str], cut: int) -> None:
    token = "".join(letters)
    typed = token.lower().replace("0", "o").replace("1", "i")
    assert canonical_token(f" {typed[:cut]}-{typed[cut:]} ") == token


@given(st.integers(0, 10), st.sampled_from(CROCKFORD))
def test_one_wrong_letter_of_a_code_is_always_caught(place: int, letter: str) -> None:
    code = new_code()
    assert canonical_token(code.lower()) == code
    if code[place] != letter:
        assert canonical_token(code[:place] + letter + code[place + 1 :]) is None


@given(st.integers(0, 9))
def test_two_neighbours_that_changed_places_are_always_caught(place: int) -> None:
    code = new_code()
    swapped = code[:place] + code[place + 1] + code[place] + code[place + 2 :]
    assert swapped == code or canonical_token(swapped) is None


@given(st.text())
def test_any_text_is_a_token_or_is_not(text: str) -> None:
    canonical = canonical_token(text)
    assert canonical is None or (len(canonical) in (11, 26) and set(canonical) <= set(CROCKFORD))


def test_the_signing_key_is_made_once_and_is_its_owners_alone(tmp_path: Path) -> None:
    settings = Settings(tmp_path, "sqlite://", SECRET)
    first, again = load_signer(settings), load_signer(settings)
    assert first.skey == again.skey
    (path,) = settings.key_folder.iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    other = tmp_path / "other"
    other.mkdir()
    assert load_signer(Settings(other, "sqlite://", SECRET)).skey != first.skey, "the secret key does not sign"
