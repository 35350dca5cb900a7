"""Pages that are the same for everybody but for a few words: rendered once, cut open there, spliced per visit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from itertools import chain

from survey.documents.compressing import CompressedPieces, compress_pieces

CUT = "\ue000"


@dataclass(frozen=True, slots=True)
class SplicedPage:
    """A rendered page cut open where a visit differs: `pieces[i]` is followed by the part named `parts[i]`."""

    pieces: tuple[bytes, ...]
    parts: tuple[str, ...]

    def splice(self, **words: str) -> bytes:
        """The page for one visit. Words are escaped; the cost is one join."""
        filled = self._fill(words)
        return b"".join(chain.from_iterable(zip(self.pieces, filled, strict=False))) + self.pieces[-1]

    def splice_gzip(self, **words: str) -> bytes:
        """The same page as a gzip stream; only the few words of this visit are not compressed beforehand."""
        return _compressed(self.pieces).join(self._fill(words))

    def _fill(self, words: Mapping[str, str]) -> list[bytes]:
        escaped = {part: escape(word).encode() for part, word in words.items()}
        return [escaped[part] for part in self.parts]


def cut_page(text: str, marks: Mapping[str, str]) -> SplicedPage:
    """Cut a page where the marks stand: `marks` maps a part's name to the private-use character that stands for it."""
    names = {mark: part for part, mark in marks.items()}
    parts = tuple(names[character] for character in text if character in names)
    for mark in names:
        text = text.replace(mark, CUT)
    return SplicedPage(tuple(piece.encode() for piece in text.split(CUT)), parts)


@lru_cache(maxsize=128)
def _compressed(pieces: tuple[bytes, ...]) -> CompressedPieces:
    return compress_pieces(pieces)
